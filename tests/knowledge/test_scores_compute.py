"""Computing scores: missing answers widen the result and are never filled in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.errors import CannotTell, PorticoError, QuantityRefused, UsageError
from portico.knowledge.scores import ScoreResult, compute, load_scores
from portico.knowledge.scores_compute import AMBER_NOTE, BEFORE_SURGERY_NOTE
from portico.knowledge.scores_model import Input, Score

SCORES = load_scores()
SUMS = sorted(name for name, s in SCORES.items() if s.kind == "sum" and s.computable)
CLASSIFIED = sorted(name for name, s in SCORES.items() if s.kind == "classification")
COMPUTED = sorted(name for name, s in SCORES.items() if s.computable)


def run(name: str, **answers: Any) -> ScoreResult:
    return compute(SCORES[name], answers)


def values(question: Input) -> list[str | int]:
    """Answers that the published table has a place for."""
    if question.type == "choice":
        return [c.id for c in question.choices if c.out_of_scope is None and c.undefined is None]
    if question.bands:
        step = question.step or 1
        return [
            v for v in range(0, 131, step) if any(b.holds(v) for b in question.bands) and v <= (question.maximum or 131)
        ]
    return list(range(int(question.minimum or 0), int(question.maximum or 10) + 1, question.step or 1))


@st.composite
def whole(draw: st.DrawFn, score: Score) -> dict[str, str | int]:
    """A complete set of answers."""
    answers: dict[str, str | int] = {}
    for question in score.inputs:
        if all(answers.get(name) == wanted for name, wanted in question.only_if.items()):
            answers[question.id] = draw(st.sampled_from(values(question)))
    return answers


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_whole_set_of_answers_lies_inside_what_a_part_of_it_leaves_open(data: st.DataObject) -> None:
    score = SCORES[data.draw(st.sampled_from(SUMS + CLASSIFIED))]
    answers = data.draw(whole(score))
    part = {k: v for k, v in answers.items() if data.draw(st.booleans())}
    full, some = compute(score, answers), compute(score, part)
    assert set(full.classes_possible) <= set(some.classes_possible)
    if score.kind == "sum":
        assert full.total is not None
        assert some.low is not None
        assert some.high is not None
        assert some.low <= full.total <= some.high
        assert score.range is not None
        assert score.range.low <= full.total <= score.range.high
        if some.total is not None:
            assert some.total == full.total
    if some.class_id is not None:
        assert some.class_id == full.class_id
    assert set(some.missing).isdisjoint(part)


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_every_open_class_can_be_reached(data: st.DataObject) -> None:
    """The interval is no wider than the completions need."""
    score = SCORES[data.draw(st.sampled_from(["nrf_chow", "van_der_linden", "tomita", "bauer_modified", "mirels"]))]
    answers = data.draw(whole(score))
    hidden = data.draw(st.sampled_from(sorted(answers)))
    part = {k: v for k, v in answers.items() if k != hidden}
    totals = {compute(score, {**part, hidden: v}).total for v in values(score.input(hidden))}
    some = compute(score, part)
    assert (some.low, some.high) == (min(totals), max(totals))  # type: ignore[type-var]


@pytest.mark.parametrize("name", COMPUTED)
def test_no_answers_mean_nothing_is_settled(name: str) -> None:
    result = run(name)
    assert result.total is None
    assert result.class_id is None
    assert result.outcomes == ()
    assert result.missing


@pytest.mark.parametrize("name", COMPUTED)
def test_unknown_none_and_absent_are_the_same(name: str) -> None:
    score = SCORES[name]
    given_none: dict[str, Any] = {q.id: None for q in score.inputs}
    given_word: dict[str, Any] = {q.id: "unknown" for q in score.inputs}
    assert compute(score, given_none) == compute(score, given_word) == compute(score, {})


@pytest.mark.parametrize("name", COMPUTED)
def test_a_result_is_plain_json_in_alphabetical_order(name: str) -> None:
    plain = run(name).to_dict()
    assert list(plain) == sorted(plain)
    assert json.loads(json.dumps(plain)) == plain


@pytest.mark.parametrize("name", COMPUTED)
def test_amber_exactly_when_less_than_an_abstract_was_read(name: str) -> None:
    result = run(name)
    assert result.amber == (result.verified in ("secondary", "derived", "memory"))
    assert (AMBER_NOTE in result.notes) == result.amber


def test_amber_scores_are_those_of_the_records() -> None:
    assert {name for name in COMPUTED if not run(name).amber} == {"msts93", "nrf_chow", "teachh"}


@pytest.mark.parametrize("name", ["mirels", "sins", "harrington_acetabular"])
def test_a_state_before_surgery_says_so(name: str) -> None:
    result = run(name)
    assert result.applies_to_fixed_bone is False
    assert result.describes == "bone_before_surgery"
    assert result.notes[0] == BEFORE_SURGERY_NOTE


def test_the_epidural_grade_is_given_again_after_surgery() -> None:
    result = run("escc_bilsky")
    assert result.applies_to_fixed_bone is False
    assert "describes the bone before surgery" in result.notes[0]
    assert "again on an MRI after surgery" in result.notes[0]


@pytest.mark.parametrize("name", [n for n in COMPUTED if SCORES[n].describes == "prognosis"])
def test_each_prognosis_says_whether_its_cohort_was_operated(name: str) -> None:
    result = run(name)
    assert result.operated in ("yes", "no", "mixed", "unknown")
    assert any("operated" in note for note in result.notes)
    assert any("dose or volume" in note for note in result.notes)


def test_a_class_is_settled_when_the_missing_answer_cannot_move_it() -> None:
    result = run("mirels", site="upper_limb", pain="mild", lesion_type="blastic")
    assert (result.total, result.low, result.high, result.class_id) == (None, 4, 6, "up_to_7")
    assert result.missing == ("size",)
    assert result.outcomes[0].high == 4


def test_only_reachable_totals_open_a_class() -> None:
    """Visceral 0, 2 or 4 on top of 4 cannot give 5."""
    result = run("tomita", primary_growth="moderate", bone_mets="multiple")
    assert (result.low, result.high) == (4, 8)
    assert result.classes_possible == ("score_4_5", "score_6_7", "score_8_10")


def test_exactly_half_collapsed_is_asked_and_not_guessed() -> None:
    result = run("sins", location="semirigid", pain="mechanical", bone_lesion="lytic", alignment="normal",
                 collapse="exactly_half", posterolateral="none")  # fmt: skip
    assert (result.total, result.low, result.high) == (None, 8, 9)
    assert result.missing == ("collapse",)
    assert any("exactly 50%" in note for note in result.notes)


def test_exactly_half_at_a_boundary_leaves_two_classes() -> None:
    result = run("sins", location="rigid", pain="painless", bone_lesion="lytic", alignment="new_deformity",
                 collapse="exactly_half", posterolateral="none")  # fmt: skip
    assert (result.low, result.high, result.class_id) == (6, 7, None)
    assert result.classes_possible == ("stable", "potentially_unstable")


def test_below_the_conus_is_not_graded() -> None:
    with pytest.raises(CannotTell) as caught:
        run("escc_bilsky", grade="3", level="below_conus")
    assert caught.value.code == "outside-score-scope"


def test_a_grade_without_its_level_is_not_settled() -> None:
    result = run("escc_bilsky", grade="2")
    assert result.class_id is None
    assert result.classes_possible == ("high_grade",)
    assert result.missing == ("level",)


def test_a_whole_number_may_stand_for_a_grade() -> None:
    assert run("escc_bilsky", grade=2, level="at_or_above_conus").class_id == "high_grade"


def test_both_readings_of_the_vertebral_item_are_shown() -> None:
    answers = {
        "kps": 90,
        "extraspinal_bone_mets": 0,
        "major_organ_mets": "none",
        "primary_site": "other",
        "palsy": "frankel_e",
    }
    one = run("tokuhashi_revised", **answers, vertebral_mets=1)
    assert one.total == 12
    assert one.class_id == "score_12_15"
    assert [(v.low, v.high, v.says) for v in one.variants] == [(11, 11, "9-11")]
    assert run("tokuhashi_revised", **answers, vertebral_mets=2).variants == ()
    assert run("tokuhashi_revised", **answers, vertebral_mets=3).variants == ()


def test_unknown_as_an_answer_is_not_the_unknown_primary_of_the_table() -> None:
    assert run("tomita", primary_growth="unknown").low == 2
    assert run("tomita", primary_growth="rapid_or_no_primary_found").low == 5


def test_resectability_decides_alone() -> None:
    assert run("harrington_acetabular", solitary_resectable_for_cure="yes").class_id == "class_iv"
    open_case = run("harrington_acetabular", lateral_wall_or_roof_deficient="yes")
    assert open_case.classes_possible == ("class_iii", "class_iv")
    assert open_case.missing == ("solitary_resectable_for_cure", "medial_wall_deficient")


def test_no_conversion_picks_one_map() -> None:
    result = run("ecog_kps_map", kps=70)
    assert [v.says for v in result.variants] == ["ECOG 1", "ECOG 2", "ECOG 2"]
    assert (result.total, result.class_id) == (None, None)
    assert any("disagree" in note for note in result.notes)
    assert any("The maps agree." in note for note in run("ecog_kps_map", kps=100).notes)
    assert [v.says for v in run("ecog_kps_map", kps=0).variants] == ["no place for this value"] * 3
    assert [(v.low, v.high) for v in run("ecog_kps_map", ecog=2).variants] == [(50, 60), (60, 70), (70, 70)]


def test_both_scales_leave_nothing_to_convert() -> None:
    with pytest.raises(UsageError) as caught:
        run("ecog_kps_map", kps=70, ecog=1)
    assert caught.value.code == "answered-twice"


def test_pain_means() -> None:
    items = {f"interference_{i}": i for i in range(1, 8)}
    result = run("bpi_sf", worst=8, least=2, average=5, now=5, **items)
    assert [(p.id, p.value) for p in result.parts] == [("severity", 5.0), ("interference", 4.0)]
    assert result.missing == ()


def test_interference_needs_four_of_seven() -> None:
    four = run("bpi_sf", interference_1=2, interference_2=4, interference_3=6, interference_4=8)
    assert four.parts[1].value == 5.0
    assert any("4 of 7" in note for note in four.notes)
    three = run("bpi_sf", interference_1=2, interference_2=4, interference_3=6)
    assert three.parts[1].value is None
    assert "interference_4" in three.missing


def test_severity_needs_all_four() -> None:
    result = run("bpi_sf", worst=8, least=2, average=5)
    assert (result.parts[0].value, result.parts[0].low, result.parts[0].high) == (None, 3.75, 6.25)


def test_conflicting_cut_points_of_pain_stand_side_by_side() -> None:
    assert [v.says for v in run("bpi_sf", worst=5).variants] == ["moderate", "mild"]
    assert [v.says for v in run("bpi_sf", worst=0).variants] == ["mild", "no place for this value"]
    assert [v.says for v in run("bpi_sf", worst=4.5).variants] == ["no place for this value", "mild"]


def test_function_as_sum_and_percent() -> None:
    items = {"pain": 3, "function": 2, "emotional_acceptance": 3}
    result = run("msts93", limb="upper", **items, hand_positioning=2, dexterity=3, lifting=2)
    assert (result.total, result.parts[0].value) == (15, 50.0)
    assert run("msts93", **items).missing[0] == "limb"
    with pytest.raises(UsageError) as caught:
        run("msts93", limb="upper", gait=3)
    assert caught.value.code == "input-not-applicable"
    with pytest.raises(UsageError):
        run("msts93", gait=3, dexterity=3)


@pytest.mark.parametrize(
    ("name", "answers", "error", "code"),
    [
        ("sins", {"pian": "mechanical"}, UsageError, "unknown-input"),
        ("sins", {"pain": "mechanicl"}, UsageError, "unknown-choice"),
        ("sins", {"pain": 3}, UsageError, "unknown-choice"),
        ("teachh", {"hepatic_mets": True}, UsageError, "unknown-choice"),
        ("frankel_asia", {"grade": "c"}, UsageError, "unknown-choice"),
        ("mirels", {"site": "pelvis"}, UsageError, "unknown-choice"),
        ("nrf_chow", {"kps": 101}, QuantityRefused, "out-of-range"),
        ("nrf_chow", {"kps": -10}, QuantityRefused, "out-of-range"),
        ("nrf_chow", {"kps": 65}, QuantityRefused, "between-steps"),
        ("nrf_chow", {"kps": "70%"}, QuantityRefused, "not-a-number"),
        ("nrf_chow", {"kps": float("nan")}, QuantityRefused, "not-a-number"),
        ("nrf_chow", {"kps": float("inf")}, QuantityRefused, "not-a-number"),
        ("nrf_chow", {"kps": "9" * 400}, QuantityRefused, "not-a-number"),
        ("nrf_chow", {"kps": 10**400}, QuantityRefused, "not-a-number"),
        ("nrf_chow", {"kps": True}, QuantityRefused, "not-a-number"),
        ("teachh", {"ecog": 1.5}, QuantityRefused, "not-whole"),
        ("teachh", {"ecog": 5}, QuantityRefused, "out-of-range"),
        ("rades_mscc_short_life", {"ecog": 0}, CannotTell, "outside-score-scope"),
        ("rades_mscc_short_life", {"ecog": 1}, CannotTell, "outside-score-scope"),
        ("rades_mscc_short_life", {"interval_months": -1}, QuantityRefused, "out-of-range"),
        ("van_der_linden", {"kps": 10}, CannotTell, "outside-score-scope"),
        ("tokuhashi_revised", {"vertebral_mets": 0}, CannotTell, "outside-score-scope"),
        ("katagiri_2014", {"laboratory": "normal", "crp_mg_dl": 5}, UsageError, "answered-twice"),
    ],
)
def test_an_answer_that_cannot_be_used_is_refused(
    name: str, answers: dict[str, Any], error: type[PorticoError], code: str
) -> None:
    with pytest.raises(error) as caught:
        compute(SCORES[name], answers)
    assert caught.value.code == code


def test_a_slip_of_spelling_is_answered_with_the_nearest_and_not_echoed() -> None:
    with pytest.raises(UsageError, match="Did you mean mechanical") as caught:
        run("sins", pain="mechanicl")
    assert "mechanicl." not in str(caught.value)
    with pytest.raises(UsageError, match="Did you mean pain"):
        run("sins", pian="mechanical")


def test_numbers_may_come_as_text() -> None:
    assert run("nrf_chow", breast_primary="yes", bone_only_mets="yes", kps="60") == run(
        "nrf_chow", breast_primary="yes", bone_only_mets="yes", kps=60
    )


@pytest.mark.parametrize("name", sorted(n for n, s in SCORES.items() if not s.computable))
def test_a_score_without_published_points_is_never_computed(name: str) -> None:
    with pytest.raises(CannotTell) as caught:
        compute(SCORES[name], {})
    assert caught.value.code == "score-not-computable"
    assert "enter its value" in caught.value.problem.fix
