"""The order policy: steps, bands, burden, and that an unknown step cannot pass unnoticed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from portico.advice import Engine
from portico.advice.eligibility import formulas, targets_of, verdict
from portico.advice.order import Candidate, OrderPolicy, find_band, order_keys, rank
from portico.advice.timing import clock_state, state_text, wound_condition
from portico.knowledge import load_library

ENGINE = Engine(load_library())


def row(**known: Any) -> dict[str, Any]:
    return {**dict.fromkeys(ENGINE.columns.names), **known}


@pytest.mark.parametrize(
    ("known", "band"),
    [
        ({}, None),
        ({"survival_months_high": 0.5, "survival_months_low": 0.1}, "last_weeks"),
        ({"survival_months_high": 2.0, "survival_months_low": 1.0}, "under_three_months"),
        ({"survival_months_high": 9.0, "survival_months_low": 4.0}, "months"),
        ({"survival_months_high": 9.0, "survival_months_low": 4.0, "goal": "comfort"}, "comfort_first"),
        ({"survival_months_high": 9.0, "survival_months_low": 4.0, "goal": "local_control"}, "durable"),
        ({"survival_months_high": 36.0, "survival_months_low": 12.0}, "durable"),
        ({"survival_months_high": 36.0, "survival_months_low": 12.0, "histology": "myeloma"}, "durable_sensitive"),
        (
            {
                "survival_months_high": 36.0,
                "survival_months_low": 12.0,
                "site_region": "spine",
                "radiosensitivity": "radioresistant",
            },
            "durable_resistant_spine",
        ),
        ({"survival_months_high": 6.0, "survival_months_low": 1.0}, "around_three_months"),
        ({"survival_months_high": 6.0}, None),
        ({"resection": "wide", "margin": "R0", "residual_disease": False}, "nothing_left"),
    ],
)
def test_bands(known: dict[str, Any], band: str | None) -> None:
    found = find_band(ENGINE.order, row(**known))
    assert found.id == band
    if not known:
        assert found.possible


def keys(option: str, **known: Any) -> dict[str, tuple[int, str]]:
    candidate = Candidate(ENGINE.regimens[option], (), ())
    given = row(**known)
    steps = order_keys(ENGINE.order, candidate, given, find_band(ENGINE.order, given))
    return {step.step: (step.key, step.text) for step in steps}


def test_burden() -> None:
    assert keys("conv-30-10")["burden"][0] == 0
    assert keys("conv-30-10", max_visits=10)["burden"] == (0, "10 of at most 10 visits")
    assert keys("conv-30-10", max_visits=5)["burden"][0] == 2
    assert keys("conv-myeloma-20-25", max_visits=9)["burden"][0] == 2
    assert keys("conv-45", max_visits=9)["burden"][0] == 1


def test_refusal_puts_no_radiotherapy_first() -> None:
    assert keys("none", declines_radiotherapy=True)["refusal"][0] == 0
    assert keys("conv-8-1", declines_radiotherapy=True)["refusal"][0] == 1
    assert keys("conv-8-1")["refusal"] == (0, "no refusal recorded")


def test_evidence_counts_comparative_reasons_only() -> None:
    strong = ENGINE.statements["prefer-high-dose-three"]
    assert strong.comparative
    plain = replace(strong, comparative=False)
    regimen = ENGINE.regimens["sbrt-27-3"]
    given = row()
    band = find_band(ENGINE.order, given)

    def evidence(*statements: Any, against: Any = ()) -> int:
        steps = order_keys(ENGINE.order, Candidate(regimen, statements, against), given, band)
        return next(step.key for step in steps if step.step == "evidence")

    assert evidence(plain) == 0
    assert evidence(strong) < 0
    assert evidence(strong, against=(strong,)) == 0
    assert evidence(against=(strong,)) > 0


def test_an_unknown_step_is_refused() -> None:
    policy = ENGINE.library.policy["order"]
    body = {**policy.body, "steps": [{"id": "dose", "says": "more is better"}]}
    broken = OrderPolicy(replace(policy, body=body), lambda text: lambda row: None)
    with pytest.raises(ValueError, match="dose"):
        order_keys(broken, Candidate(ENGINE.regimens["none"], (), ()), row(), find_band(broken, row()))


def test_rank_shares_places() -> None:
    a = keys_of("conv-20-5")
    b = keys_of("conv-24-6")
    c = keys_of("conv-45")
    assert rank({"a": a, "b": b, "c": c}) == {"a": (1, True), "b": (1, True), "c": (3, False)}
    assert rank({}) == {}


def keys_of(option: str) -> Any:
    given = row(survival_months_low=12.0, survival_months_high=24.0)
    return order_keys(ENGINE.order, Candidate(ENGINE.regimens[option], (), ()), given, find_band(ENGINE.order, given))


def test_formula_without_indication_is_never_eligible() -> None:
    rules = [rule for rule in ENGINE.rules.values() if rule.kind == "gate"]
    found = formulas(rules, ENGINE.regimens, ENGINE.nodes)
    assert found["conv-30-10"].node is None
    truth = dict.fromkeys(ENGINE.rules, False)
    assert verdict(found["conv-30-10"], truth) is False


def test_targets_by_group_and_by_id() -> None:
    regimens = ENGINE.regimens.values()
    assert targets_of(ENGINE.rules["contra-40-5-epidural"], regimens) == {"sbrt-40-5"}
    assert "none" not in targets_of(ENGINE.rules["gate-wound"], regimens)
    assert len(targets_of(ENGINE.rules["gate-wound"], regimens)) == len(ENGINE.regimens) - 1


def test_table_names_options_without_indication() -> None:
    from portico.advice.table import frame_from_rows

    engine = Engine(ENGINE.library)
    engine.formulas["none"] = replace(engine.formulas["none"], node=None)
    found = engine.table(frame_from_rows([row()], engine.columns))
    assert found["option:none"].to_list() == [False]


NON_SPINE = {"usual_from": 21, "usual_to": 28, "refer_by": 42}
SPINE = {"earliest": 14, "wound_watch_until": 21, "aim_by": 28, "late_after": 40, "very_late_after": 90}


@pytest.mark.parametrize(
    ("region", "day", "state"),
    [
        ("spine", None, "unknown"),
        ("spine", 13, "early"),
        ("spine", 14, "open"),
        ("spine", 28, "open"),
        ("spine", 29, "past aim"),
        ("spine", 40, "past aim"),
        ("spine", 41, "late"),
        ("spine", 89, "late"),
        ("spine", 90, "very late"),
        ("non_spine", 20, "before the usual weeks"),
        ("non_spine", 21, "open"),
        ("non_spine", 28, "open"),
        ("non_spine", 29, "past the usual weeks"),
        ("non_spine", 42, "past the usual weeks"),
        ("non_spine", 43, "past referral mark"),
    ],
)
def test_clock(region: str, day: int | None, state: str) -> None:
    marks = SPINE if region == "spine" else NON_SPINE
    assert clock_state(region, day, marks, wound_ready=True) == state
    assert clock_state(region, day, marks, wound_ready=None) == state
    assert clock_state(region, day, marks, wound_ready=False) == "wound first"
    assert state_text(state)


@pytest.mark.parametrize(
    ("known", "ready"),
    [
        ({"wound_state": "open"}, False),
        ({"wound_state": "healed", "infection": True}, False),
        ({"wound_state": "healed", "infection": False, "csf_leak": True, "site_region": "spine"}, False),
        ({"wound_state": "healed", "infection": False, "csf_leak": True, "site_region": "non_spine"}, True),
        ({"wound_state": "healed", "infection": False, "site_region": "spine"}, None),
        ({"wound_state": "healed", "infection": False, "site_region": "non_spine"}, True),
        ({"wound_state": "healing", "infection": False, "csf_leak": False}, True),
        ({"infection": False}, None),
        ({}, None),
    ],
)
def test_wound(known: dict[str, Any], ready: bool | None) -> None:
    found, text = wound_condition(row(**known))
    assert found is ready
    assert text
