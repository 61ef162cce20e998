"""What contradicts itself in a Directive: each change below makes exactly the problems named."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from portico.biology import Course, Interval, ReirradiationConditions, evaluate_reirradiation
from portico.directive import (
    Directive,
    Limit,
    check_directive,
    cited_records,
    directive_from,
    directive_problems,
    seal,
)
from portico.errors import DirectiveRefused

Data = dict[str, Any]
Sample = Callable[[str], Data]


def put(data: Data, path: str, value: Any) -> Data:
    """Set one place, written as keys and positions joined by points."""
    spot: Any = data
    *steps, last = path.split(".")
    for step in steps:
        spot = spot[int(step)] if isinstance(spot, list) else spot[step]
    spot[int(last) if isinstance(spot, list) else last] = value
    return data


def codes(data: Data) -> list[tuple[str, str]]:
    return [(problem.code, problem.path) for problem in check_directive(Directive.model_validate(data))]


@pytest.mark.parametrize("kind", ["femur", "spine", "sib", "again"])
def test_samples_hold_together(sample: Sample, kind: str) -> None:
    directive = directive_from(sample(kind))
    assert check_directive(directive) == ()
    assert directive.to_dict() == Directive.model_validate(directive.to_dict()).to_dict()


@pytest.mark.parametrize(
    ("kind", "changes", "expected"),
    [
        # levels
        ("femur", {"levels": []}, [("no-levels", "levels"), ("planning-blocked", "levels")]),
        ("femur", {"technique": "none", "plain_field": None}, [("no-levels", "levels")]),
        ("sib", {"levels.1.fractions": 5}, [("fractions-mismatch", "levels"), ]),
        ("sib", {"levels.0.name": "target"}, [("level-names", "levels"), ("level-names", "technique")]),
        ("sib", {"technique": "sbrt"}, [("level-names", "technique")]),
        ("femur", {"technique": "sib", "plain_field": None}, [("level-names", "technique")]),
        ("femur", {"levels.0.name": "elective"}, [("level-names", "levels")]),
        ("sib", {"levels.1.roi": "PTV_High"}, [("level-repeated", "levels")]),
        ("sib", {"levels.0.dose_gy": 30}, [("level-order", "levels")]),
        ("sib", {"levels.0.dose_gy": 29.9}, [("level-order", "levels")]),
        # goals
        ("spine", {"levels.0.goals.0.unit": "Gy"}, [("unit-mismatch", "levels[0].goals[0].unit")]),
        ("spine", {"levels.0.goals.0.value": 101}, [("volume-implausible", "levels[0].goals[0].value")]),
        (
            "spine", {"levels.0.goals.0.strength": "hard", "levels.0.goals.0.source_id": None},
            [("goal-without-source", "levels[0].goals[0].source_id")],
        ),
        ("spine", {"levels.0.goals.0.strength": "hard"}, []),
        # limits: exactly the fractions of the course
        ("spine", {"limits.1.fractions": 3}, [("fractions-mismatch", "limits[1].fractions")]),
        ("spine", {"limits.1.fractions": None}, [("fractions-unknown", "limits[1].fractions")]),
        ("spine", {"no_limit.0.fractions": 5}, [("fractions-mismatch", "no_limit[0].fractions")]),
        ("spine", {"no_limit.0.fractions": None}, []),
        ("again", {"limits.0.fractions": 2}, []),
        ("again", {"limits.0.fractions": 3}, [("fractions-mismatch", "limits[0].fractions")]),
        # limits: unit, direction, setting, scope
        ("spine", {"limits.0.unit": "cm3"}, [("unit-mismatch", "limits[0].unit")]),
        ("spine", {"limits.0.metric": "V10Gy"}, [("unit-mismatch", "limits[0].unit")]),
        ("spine", {"limits.0.metric": "V10Gy", "limits.0.unit": "%"}, []),
        ("spine", {"limits.0.op": ">="}, [("limit-direction", "limits[0].op")]),
        ("spine", {"limits.1.op": ">="}, []),
        ("spine", {"limits.1.setting": "reirradiation"}, [("setting-mismatch", "limits[1].setting")]),
        ("again", {"limits.1.setting": "de_novo"}, [("setting-mismatch", "limits[1].setting")]),
        ("again", {"limits.1.setting": "postoperative"}, [("setting-mismatch", "limits[1].setting")]),
        ("again", {"limits.1.setting": "palliative_conventional", "limits.1.strength": "info"},
         [("setting-mismatch", "limits[1].setting")]),
        ("spine", {"limits.0.scope": "cumulative"}, [("scope-mismatch", "limits[0].scope")]),
        # limits: what may bind
        ("spine", {"limits.1.kind": "practice_survey"}, [("limit-does-not-bind", "limits[1].kind")]),
        ("spine", {"limits.1.kind": "observed"}, [("limit-does-not-bind", "limits[1].kind")]),
        ("spine", {"limits.1.kind": "planning_study"}, [("limit-does-not-bind", "limits[1].kind")]),
        ("spine", {"limits.1.kind": "observed", "limits.1.strength": "info"}, []),
        ("spine", {"limits.1.signed_by": None}, [("limit-does-not-bind", "limits[1].signed_by")]),
        ("spine", {"limits.1.signed_by": None, "limits.1.verified": "derived"},
         [("limit-does-not-bind", "limits[1].signed_by")]),
        ("spine", {"limits.1.signed_by": None, "limits.1.verified": "full_text"}, []),
        ("spine", {"limits.1.signed_by": None, "limits.1.strength": "goal"}, []),
        ("spine", {"limits.1.verified": "memory"}, [("memory-refused", "limits[1].verified")]),
        ("spine", {"limits.1.verified": "memory", "limits.1.strength": "info"},
         [("memory-refused", "limits[1].verified")]),
        ("spine", {"stamps.signatures_site": None}, [("signature-site-missing", "stamps.signatures_site")]),
        # organs without limit
        ("spine", {"no_limit.0.roi": "Esophagus"}, [("limit-contradiction", "no_limit[0]")]),
        ("spine", {"no_limit.0.roi": "Esophagus", "no_limit.0.defined_on": "organ"},
         [("limit-contradiction", "no_limit[0]")]),
        ("spine", {"no_limit.0.roi": "Esophagus", "no_limit.0.defined_on": "prv+3"}, []),
        ("spine", {"no_limit.0.roi": "Esophagus", "limits.1.strength": "info"}, []),
        # planning
        ("spine", {"no_limit.0.neural": True}, [("planning-blocked", "no_limit[0]")]),
        ("spine", {"no_limit.0.neural": True, "for_planning": False, "blockers_for_planning": ["Lung_L: none"]}, []),
        ("spine", {"no_limit.0.neural": True, "for_planning": False, "blockers_for_planning": ["Lung_L2: none"]},
         [("blocker-missing", "blockers_for_planning")]),
        ("spine", {"for_planning": False}, [("planning-blocked", "for_planning")]),
        ("spine", {"blockers_for_planning": ["why"]}, [("planning-blocked", "for_planning")]),
        ("spine", {"limits.0.strength": "goal"}, [("neural-unbound", "limits[0]"), ("neural-unbound", "limits")]),
        ("spine", {"limits.0.roi": "Heart", "limits.0.defined_on": "organ"}, [("neural-unbound", "limits")]),
        ("femur", {"site.region": None}, [("planning-blocked", "site.region")]),
        ("femur", {"levels.0.dose_gy": None}, [("planning-blocked", "levels")]),
        ("femur", {"levels.0.fractions": None}, [("planning-blocked", "levels")]),
        ("femur", {"levels.0.fractions": None, "for_planning": False, "blockers_for_planning": ["no source"]}, []),
        # earlier courses
        ("again", {"prior_courses": []}, [("prior-contradiction", "prior_courses")]),
        ("femur", {"prior_courses": [{}]}, [("prior-contradiction", "prior_courses")]),
        ("again", {"prior_courses.0.end": "2026-02-08"}, [("date-order", "prior_courses[0].end")]),
        ("again", {"reirradiation": None}, []),
        ("again", {"reirradiation.factors.0.verdict": "not_met"},
         [("review-contradiction", "reirradiation.factors[0].verdict")]),
        ("again", {"reirradiation.factors.1.verdict": "met"},
         [("review-contradiction", "reirradiation.factors[1].verdict")]),
        ("again", {"reirradiation.factors.2.verdict": "met"},
         [("review-contradiction", "reirradiation.factors[2].verdict")]),
        ("again", {"reirradiation.factors.2.verdict": "not_met"}, []),
        ("again", {"reirradiation.factors.1.verdict": "cannot_tell"}, []),
        # time
        ("femur", {"timing.aim_by": "2026-01-23"}, [("date-order", "timing")]),
        ("femur", {"timing.late_after": "2026-01-09"}, [("date-order", "timing")]),
        ("femur", {"timing.marks.0.day": 15}, [("date-order", "timing.marks[0].date")]),
        ("femur", {"timing.marks.0.date": None}, []),
        ("femur", {"timing.surgery_date": None}, [("date-order", "timing.marks[0].date")]),
        ("femur", {"follow_up.0.due": "2026-01-09"}, [("date-order", "follow_up[0].due")]),
        ("femur", {"follow_up.0.due": None}, []),
        # volumes
        ("femur", {"volumes.1.chosen": True}, [("volume-chosen-twice", "volumes")]),
        ("femur", {"volumes.1.chosen": True, "volumes.1.roi": "CTV_Bed"}, []),
        ("spine", {"plain_field": {}}, [("plain-field-mismatch", "plain_field")]),
        # records
        ("femur", {"records": ["study-follow", "study-volume", "volume-hardware"]}, [("record-not-listed", "records")]),
    ],
)  # fmt: skip
def test_contradiction(sample: Sample, kind: str, changes: Data, expected: list[tuple[str, str]]) -> None:
    data = sample(kind)
    for path, value in changes.items():
        put(data, path, value)
    assert codes(data) == expected
    if expected:
        with pytest.raises(DirectiveRefused) as caught:
            directive_from(data)
        assert caught.value.code == expected[0][0]


def test_de_novo_limit_in_reirradiation(sample: Sample, limit: Callable[..., Data]) -> None:
    data = sample("again")
    data["limits"].append(limit(metric="Dmax", limit_id="cord-2"))
    assert codes(data) == [("setting-mismatch", "limits[2].setting")]


def test_two_hard_limits_for_one_contour(sample: Sample, limit: Callable[..., Data]) -> None:
    data = sample("spine")
    data["limits"] += [limit(value=12), limit(value=12, strength="info"), limit(defined_on="thecal_sac")]
    assert codes(data) == [("limit-repeated", "limits[2]")]


def test_limit_for_unknown_fractions(sample: Sample) -> None:
    data = put(sample("spine"), "levels.0.fractions", None)
    found = codes(data)
    assert ("fractions-unknown", "limits[0].fractions") in found
    assert ("fractions-mismatch", "no_limit[0].fractions") in found


def test_sib_with_different_fractions_knows_no_fractions(sample: Sample) -> None:
    directive = Directive.model_validate(put(sample("sib"), "levels.1.fractions", 5))
    assert directive.fractions is None
    assert directive_from(sample("sib")).fractions == 10


def test_no_radiotherapy(sample: Sample) -> None:
    data = sample("femur")
    data.update(technique="none", levels=[], plain_field=None, volumes=[], for_planning=False)
    data["blockers_for_planning"] = ["No radiotherapy is given."]
    directive = directive_from(data)
    assert directive.fractions is None
    data["site"]["region"] = "spine"
    assert codes(data) == []


@pytest.mark.parametrize(
    ("contour", "neural"),
    [
        ("true_cord", True), ("prv", True), ("prv+2", True), ("thecal_sac", True), ("cauda_equina", True),
        ("canal", True), ("organ", False),
    ],
)  # fmt: skip
def test_neural_contours(limit: Callable[..., Data], contour: str, neural: bool) -> None:
    assert Limit.model_validate(limit(defined_on=contour)).neural is neural


# --- decision and signature -------------------------------------------------------------------------------------


def signed(sample: Sample, decision: Callable[[], Data], kind: str = "femur") -> Directive:
    data = {**sample(kind), "status": "signed", "decision": decision()}
    return seal(Directive.model_validate(data))


@pytest.mark.parametrize("kind", ["femur", "spine", "sib", "again"])
def test_signed(sample: Sample, decision: Callable[[], Data], kind: str) -> None:
    assert check_directive(signed(sample, decision, kind)) == ()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"decision": None}, [("not-complete", "decision")]),
        ({"levels.0.dose_gy": None, "for_planning": False, "blockers_for_planning": ["dose"]},
         [("not-complete", "levels[0].dose_gy")]),
        ({"levels.0.fractions": None, "for_planning": False, "blockers_for_planning": ["dose"]},
         [("not-complete", "levels[0].fractions")]),
        ({"volumes.0.chosen": False}, [("not-complete", "volumes")]),
        ({"decision.override_of": "option-b"}, [("override-contradiction", "decision.override_of")]),
        ({"decision.override_of": "option-b", "decision.override": True}, []),
        ({"decision.override": True}, []),
        ({"decision.date": "2026-01-09"}, [("date-order", "decision.date")]),
        ({"decision.disagreements.0.source_id": "study-new"}, [("record-not-listed", "records")]),
    ],
)  # fmt: skip
def test_signed_and_incomplete(
    sample: Sample, decision: Callable[[], Data], changes: Data, expected: list[tuple[str, str]]
) -> None:
    data = {**sample("femur"), "status": "signed", "decision": decision()}
    for path, value in changes.items():
        put(data, path, value)
    found = check_directive(seal(Directive.model_validate(data)))
    assert [(problem.code, problem.path) for problem in found] == expected


def test_signed_without_seal(sample: Sample, decision: Callable[[], Data]) -> None:
    data = {**sample("femur"), "status": "signed", "decision": decision()}
    assert codes(data) == [("not-complete", "hash")]


def test_earlier_course_after_the_decision(sample: Sample, decision: Callable[[], Data]) -> None:
    data = {**sample("again"), "decision": decision()}
    put(data, "prior_courses.0.end", "2026-01-21")
    assert codes(data) == [("date-order", "prior_courses[0].end")]


# --- the review as the biology room gives it --------------------------------------------------------------------


@pytest.mark.parametrize("prior_gy", [None, 0.0, 30.0, 90.0])
@pytest.mark.parametrize("new_gy", [None, 9.0, 40.0])
def test_review_of_the_biology_room_is_taken_as_it_is(
    sample: Sample, prior_gy: float | None, new_gy: float | None
) -> None:
    conditions = ReirradiationConditions(
        cumulative_eqd2_max_gy=70.0, new_course_eqd2_max_gy=25.0, new_to_cumulative_max=0.5,
        interval_min_months=5, alpha_beta_gy=2.0, contour="thecal_sac", fractions_low=1, fractions_high=5,
        source_ids=("study-again",),
    )  # fmt: skip
    review = evaluate_reirradiation(
        [Course(prior_gy, 10, "thecal_sac")],
        Course(new_gy, 2, "thecal_sac"),
        Interval.between(_day("2025-01-31"), _day("2026-01-20")),
        conditions,
    )
    data = sample("again")
    by_object = directive_from({**data, "reirradiation": review})
    by_data = directive_from({**data, "reirradiation": review.to_dict()})
    assert by_object == by_data
    assert by_object.reirradiation is not None
    assert by_object.reirradiation.overall == "review"


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def test_arithmetic_noise_at_the_figure_is_no_contradiction(sample: Sample) -> None:
    data = put(sample("again"), "reirradiation.factors.1.value", 0.5000000000000001)
    data["reirradiation"]["factors"][1]["verdict"] = "met"
    assert codes(data) == []


# --- records ----------------------------------------------------------------------------------------------------


def test_cited_records_finds_every_id(sample: Sample, decision: Callable[[], Data]) -> None:
    data = {**sample("again"), "decision": decision()}
    directive = Directive.model_validate(data)
    assert cited_records(directive) == (
        "cord-2", "lung-2", "study-again", "study-clock", "study-cord", "study-follow", "study-goal", "study-other",
        "study-volume", "volume-hardware",
    )  # fmt: skip
    for record in cited_records(directive):
        missing = {**data, "records": [r for r in data["records"] if r != record]}
        assert codes(missing) == [("record-not-listed", "records")]


def test_not_a_mapping() -> None:
    for value in (None, [], "directive", 3):
        directive, problems = directive_problems(value)
        assert directive is None
        assert [problem.code for problem in problems] == ["not-a-mapping"]
        with pytest.raises(DirectiveRefused):
            directive_from(value)
