"""Prognostic scores side by side, values entered from elsewhere, and the chapter of ``portico verify``."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from portico import claims
from portico.errors import QuantityRefused, UsageError
from portico.knowledge import score_claims
from portico.knowledge.scores import (
    ScoreResult,
    SurvivalBounds,
    class_bounds,
    compute,
    disagreement,
    enter_value,
    load_scores,
    result_bounds,
)

SCORES = load_scores()


def nrf(**answers: str | int) -> ScoreResult:
    return compute(SCORES["nrf_chow"], answers)


GOOD_NRF = nrf(breast_primary="yes", bone_only_mets="yes", kps=90)
BAD_NRF = nrf(breast_primary="no", bone_only_mets="no", kps=50)
LOW_TEACHH = compute(
    SCORES["teachh"],
    {"cancer_type": "lung", "ecog": 3, "age": 70, "prior_palliative_chemo_courses": 2,
     "hospitalisations_3_months": 1, "hepatic_mets": "yes"},
)  # fmt: skip


@pytest.mark.parametrize(
    ("score", "found", "low", "high"),
    [
        ("tokuhashi_revised", "score_0_8", 0, 6),
        ("tokuhashi_revised", "score_9_11", 6, math.inf),
        ("tokuhashi_revised", "score_12_15", 12, math.inf),
        ("teachh", "group_b", 4.3, 5.6),
        ("katagiri_2014", "score_0_3", 24, math.inf),
        ("katagiri_2014", "score_4_6", 0, 12),
        ("katagiri_2014", "score_7_10", 0, 6),
        ("nrf_chow", "group_ii", 6.5, 6.5),
        ("rades_mscc_survival_2008", "score_31_35", 0, 6),
        ("van_der_linden", "group_c", 19, 19),
    ],
)
def test_what_a_class_says_about_median_survival(score: str, found: str, low: float, high: float) -> None:
    assert class_bounds(SCORES[score].find_class(found)) == SurvivalBounds(low, high)


def test_a_class_without_figures_says_nothing() -> None:
    assert class_bounds(SCORES["tomita"].find_class("score_2_3")) is None
    assert class_bounds(SCORES["nesms"].find_class("score_1")) is None


def test_scores_that_cannot_both_hold_are_flagged() -> None:
    flag = disagreement([GOOD_NRF, LOW_TEACHH], SCORES)
    assert flag is not None
    for line in (3, 6, 12):
        assert f"At {line} months: half or more alive by Number of risk factors" in flag
    assert "half or fewer by TEACHH" in flag


def test_the_order_does_not_matter() -> None:
    assert disagreement([GOOD_NRF, LOW_TEACHH], SCORES) == disagreement([LOW_TEACHH, GOOD_NRF], SCORES)


def test_scores_that_agree_raise_no_flag() -> None:
    assert disagreement([BAD_NRF, LOW_TEACHH], SCORES) is None
    assert disagreement([], SCORES) is None
    assert disagreement([GOOD_NRF], SCORES) is None


def test_an_open_score_has_no_vote_where_its_classes_reach_across_the_line() -> None:
    open_nrf = nrf(breast_primary="no", bone_only_mets="no")
    assert result_bounds(open_nrf, SCORES["nrf_chow"]) == SurvivalBounds(2.3, 6.5)
    flag = disagreement([open_nrf, GOOD_NRF], SCORES)
    assert flag is not None
    assert "At 12 months" in flag
    assert "At 6 months" not in flag


def test_a_score_that_describes_the_bone_has_no_vote() -> None:
    sins = compute(SCORES["sins"], {})
    assert disagreement([sins, GOOD_NRF], SCORES) is None


def test_exactly_on_a_line_is_no_disagreement_by_itself() -> None:
    linden = compute(SCORES["van_der_linden"], {"kps": 30, "primary": "lung", "visceral_mets": "yes"})
    assert result_bounds(linden, SCORES["van_der_linden"]) == SurvivalBounds(3, 3)
    assert disagreement([linden, BAD_NRF], SCORES) is None


def test_an_entered_class_votes_with_its_published_median() -> None:
    entered = enter_value(SCORES["metsss"], class_id="high_risk", source="web page, 2024-05-02")
    assert (entered.entered_from, entered.total, entered.class_label) == (
        "web page, 2024-05-02",
        None,
        "High risk",
    )
    assert entered.outcomes[0].value == 3.28
    flag = disagreement([GOOD_NRF, entered], SCORES)
    assert flag is not None
    assert "At 12 months" in flag


def test_an_entered_total_finds_its_class() -> None:
    entered = enter_value(SCORES["rades_mscc_survival_2008"], total=33, source="worked out on paper")
    assert (entered.class_id, entered.outcomes[0].value, entered.outcomes[0].at_months) == (
        "score_31_35",
        48,
        6,
    )
    assert any("Entered, not computed here" in note for note in entered.notes)


def test_a_remembered_score_stays_marked_when_entered() -> None:
    entered = enter_value(SCORES["nesms"], total=2, source="clinic letter")
    assert entered.amber
    assert any("not read in any source" in note for note in entered.notes)


@pytest.mark.parametrize(
    ("score", "given", "error", "code"),
    [
        ("metsss", {"class_id": "high_risk", "source": " "}, UsageError, "source-missing"),
        ("metsss", {"source": "x"}, UsageError, "value-missing"),
        (
            "rades_mscc_survival_2008",
            {"total": 33, "class_id": "score_31_35", "source": "x"},
            UsageError,
            "value-missing",
        ),
        ("metsss", {"class_id": "hgh_risk", "source": "x"}, UsageError, "unknown-class"),
        ("pathfx_3", {"class_id": "a", "source": "x"}, UsageError, "unknown-class"),
        ("metsss", {"total": 3, "source": "x"}, UsageError, "no-range"),
        ("rades_mscc_survival_2008", {"total": 46, "source": "x"}, QuantityRefused, "out-of-range"),
        ("rades_mscc_survival_2008", {"total": 19, "source": "x"}, QuantityRefused, "out-of-range"),
    ],
)
def test_an_entered_value_that_cannot_be_used_is_refused(
    score: str, given: dict[str, object], error: type[Exception], code: str
) -> None:
    with pytest.raises(error) as caught:
        enter_value(SCORES[score], **given)  # type: ignore[arg-type]
    assert caught.value.code == code  # type: ignore[attr-defined]


def test_every_claim_of_the_chapter_holds() -> None:
    found = list(claims.run(["scores"]))
    assert [claim for claim in found if not claim.ok] == []
    assert len(found) > 100
    assert all(claim.chapter == "scores" and claim.source for claim in found)


def test_the_chapter_covers_every_computed_sum() -> None:
    named = " ".join(claim.claim for claim in score_claims.score_ranges())
    sums = [s for s in SCORES.values() if s.computable and s.kind == "sum"]
    assert len(sums) == 11
    assert all(s.name in named for s in sums)


def test_figures_follow_the_direction_of_their_score() -> None:
    for name, rising in (("nrf_chow", False), ("teachh", False), ("van_der_linden", True)):
        bounds = [class_bounds(found) for found in SCORES[name].classes]
        assert all(bound is not None for bound in bounds)
        for first, second in pairwise(bounds):
            assert first is not None
            assert second is not None
            assert (second.low > first.low) is rising
