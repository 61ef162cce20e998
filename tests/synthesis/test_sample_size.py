"""Sample sizes: published and hand-worked numbers, and simulations of none of them: formulas are closed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.errors import CannotTell, InputRefused, UsageError
from portico.synthesis import (
    PROPORTION_FORMULAS,
    log_rank,
    log_rank_with_competing_death,
    noninferior_hazards,
    noninferior_proportions,
    two_proportions,
)


def code(call, *arguments, **more):
    with pytest.raises((CannotTell, InputRefused, UsageError)) as caught:
        call(*arguments, **more)
    return caught.value.code


def test_the_missing_trial():
    """10.8 % against 4.6 %: 289.05 an arm; "about 289" is this, and 290 once patients are whole."""
    need = two_proportions(0.108, 0.046)
    assert need.per_arm == pytest.approx(289.051, abs=0.001)
    assert (need.first, need.second, need.enrol) == (290, 290, 580)
    others = {formula: two_proportions(0.108, 0.046, formula=formula).per_arm for formula in PROPORTION_FORMULAS}
    assert others["unpooled"] == pytest.approx(286.3, abs=0.1)
    assert others["arcsine"] == pytest.approx(278.6, abs=0.5)
    assert others["continuity"] == pytest.approx(321.0, abs=1.0)
    by_hand = (1.96 * math.sqrt(2 * 0.077 * 0.923) + 0.84 * math.sqrt(0.108 * 0.892 + 0.046 * 0.954)) ** 2 / 0.062**2
    assert math.ceil(by_hand) == 289


def test_loss_and_unequal_arms():
    need = two_proportions(0.3, 0.15, ratio=2.0, lost=0.2)
    assert need.second == pytest.approx(2 * need.first, abs=1)
    assert need.enrol == math.ceil(need.first / 0.8) + math.ceil(need.second / 0.8)
    assert need.first < two_proportions(0.3, 0.15).first < need.first + need.second
    assert "20 % lost" in need.assumed


@given(st.floats(0.05, 0.95), st.floats(0.05, 0.95), st.sampled_from(list(PROPORTION_FORMULAS)))
def test_arms_are_alike_and_power_costs(p1, p2, formula):
    if abs(p1 - p2) < 0.02:
        return
    one = two_proportions(p1, p2, formula=formula)
    assert two_proportions(p2, p1, formula=formula).per_arm == pytest.approx(one.per_arm)
    assert two_proportions(p1, p2, formula=formula, power=0.9).per_arm > one.per_arm
    assert two_proportions(p1, p2, formula=formula, alpha=0.01).per_arm > one.per_arm
    assert one.first >= one.per_arm - 1e-6


def test_events_of_a_log_rank_test():
    """Schoenfeld: 4 (1.96 + 0.84)² / ln(HR)²; Freedman 1982, table: hazard ratio 0.5 needs 71 events."""
    assert log_rank(0.5, 0.6).events == 66
    assert log_rank(0.5, 0.6, formula="freedman").events == 71
    assert log_rank(2.0, 0.6).events == 66
    need = log_rank(0.5, 0.6)
    assert need.per_arm == pytest.approx(65.3459 / (0.6 + 1 - math.sqrt(0.4)), rel=1e-4)
    given_share = log_rank(0.5, 0.6, second_event_share=0.3)
    assert given_share.per_arm == pytest.approx(65.3459 / 0.9, rel=1e-4)


def test_death_takes_patients_but_no_events():
    alive = log_rank_with_competing_death(0.5, 0.02, 0.0, accrual=24, follow_up=12)
    dying = log_rank_with_competing_death(0.5, 0.02, 0.06, accrual=24, follow_up=12)
    assert alive.events == dying.events and dying.first > 1.5 * alive.first
    plain = log_rank(0.5, 1 - math.exp(-0.02 * 12), second_event_share=1 - math.exp(-0.01 * 12))
    at_once = log_rank_with_competing_death(0.5, 0.02, 0.0, accrual=0, follow_up=12)
    assert at_once.per_arm == pytest.approx(plain.per_arm)
    soon = log_rank_with_competing_death(0.5, 0.02, 0.06, accrual=1e-6, follow_up=12)
    none = log_rank_with_competing_death(0.5, 0.02, 0.06, accrual=0, follow_up=12)
    assert soon.per_arm == pytest.approx(none.per_arm, rel=1e-5)
    assert "competing" in dying.formula and "death 0.06" in dying.assumed


def test_non_inferiority():
    """Blackwelder: 10 % in both arms, margin 5 points, one-sided 2.5 %, power 80 %: 566 an arm."""
    need = noninferior_proportions(0.10, 0.10, 0.05)
    assert need.first == 566 and not need.two_sided
    assert (
        noninferior_proportions(0.10, 0.08, 0.05).first < need.first < noninferior_proportions(0.10, 0.12, 0.05).first
    )
    hazards = noninferior_hazards(1.3, 0.5)
    assert hazards.events == math.ceil(4 * (1.959964 + 0.841621) ** 2 / math.log(1.3) ** 2) and hazards.first > 0
    assert noninferior_hazards(1.3, 0.5, hazard_ratio=0.9).events < hazards.events


def test_refusals():
    assert code(two_proportions, 0.1, 0.1) == "no-difference"
    assert code(two_proportions, 0.0, 0.1) == "not-a-probability"
    assert code(two_proportions, 0.2, 0.1, power=0.01) == "power-too-low"
    assert code(two_proportions, 0.2, 0.1, lost=1.0) == "not-a-share"
    assert code(two_proportions, 0.2, 0.1, ratio=0) == "not-positive"
    assert code(two_proportions, 0.2, 0.1, formula="exact") == "unknown-option"
    assert code(log_rank, 1.0, 0.5) == "no-difference"
    assert code(log_rank, -1.0, 0.5) == "not-positive"
    assert code(log_rank, 0.5, 0.5, formula="exact") == "unknown-option"
    assert code(noninferior_proportions, 0.1, 0.2, 0.05) == "beyond-margin"
    assert code(noninferior_hazards, 1.2, 0.5, hazard_ratio=1.3) == "beyond-margin"
    assert code(log_rank_with_competing_death, 0.5, 0.1, -1.0, accrual=0, follow_up=1) == "negative"
    assert code(log_rank_with_competing_death, 0.5, 0.1, 0.1, accrual=math.nan, follow_up=1) == "negative"
