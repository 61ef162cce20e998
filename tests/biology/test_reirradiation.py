"""The four conditions: each answered alone, unknown kept, never a verdict of safe or forbidden."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.biology import (
    Course,
    Interval,
    ReirradiationConditions,
    Verdict,
    dose_for_eqd2,
    evaluate_reirradiation,
)
from portico.errors import CannotTell, QuantityRefused

CONDITIONS = ReirradiationConditions(
    cumulative_eqd2_max_gy=70.0,
    new_course_eqd2_max_gy=25.0,
    new_to_cumulative_max=0.5,
    interval_min_months=5,
    alpha_beta_gy=2.0,
    contour="thecal_sac",
    fractions_low=1,
    fractions_high=5,
    source_ids=("sahgal-2021-hytec-cord",),
)
CODES = ("cumulative_eqd2", "new_course_eqd2", "new_to_cumulative", "interval")
FIVE = Interval(5, "by hand")
PRIOR = Course(30.0, 10, "thecal_sac")
NEW = Course(9.0, 1, "thecal_sac")
MET, NOT_MET, CANNOT_TELL = Verdict.MET, Verdict.NOT_MET, Verdict.CANNOT_TELL


def verdicts(prior: list[Course], new: Course, interval: Interval | None = FIVE) -> tuple[Verdict, ...]:
    review = evaluate_reirradiation(prior, new, interval, CONDITIONS)
    assert review.overall == "review"
    assert review.assumption == "no repair credit"
    assert tuple(factor.code for factor in review.factors) == CODES
    return tuple(factor.verdict for factor in review.factors)


def at_eqd2(value_gy: float, fractions: int) -> Course:
    return Course(dose_for_eqd2(value_gy, fractions, 2.0), fractions, "thecal_sac")


def test_all_met_with_their_numbers() -> None:
    review = evaluate_reirradiation([PRIOR], NEW, FIVE, CONDITIONS)
    assert [factor.verdict for factor in review.factors] == [MET] * 4
    assert review.factor("cumulative_eqd2").value == pytest.approx(62.25)
    assert review.factor("new_course_eqd2").value == pytest.approx(24.75)
    assert review.factor("new_to_cumulative").value == pytest.approx(24.75 / 62.25)
    assert review.factor("interval").value == 5
    assert [(factor.limit, factor.op, factor.unit) for factor in review.factors] == [
        (70.0, "<=", "Gy EQD2(2)"),
        (25.0, "<=", "Gy EQD2(2)"),
        (0.5, "<=", "1"),
        (5.0, ">=", "months"),
    ]
    assert all(factor.source_ids == ("sahgal-2021-hytec-cord",) for factor in review.factors)


@pytest.mark.parametrize(
    ("prior", "new", "interval", "failing"),
    [
        (Course(50.0, 25, "thecal_sac"), NEW, FIVE, 0),
        (PRIOR, Course(10.0, 1, "thecal_sac"), FIVE, 1),
        (Course(8.0, 1, "thecal_sac"), NEW, FIVE, 2),
        (PRIOR, NEW, Interval(4, "by hand"), 3),
    ],
)
def test_each_condition_fails_alone(prior: Course, new: Course, interval: Interval, failing: int) -> None:
    expected = [MET] * 4
    expected[failing] = NOT_MET
    assert list(verdicts([prior], new, interval)) == expected


def test_all_can_fail_and_it_is_still_a_review() -> None:
    new = Course(20.0, 1, "thecal_sac")
    assert verdicts([PRIOR], new, Interval(0, "by hand")) == (NOT_MET,) * 4


@pytest.mark.parametrize("fractions", [1, 2, 3, 4, 5])
def test_a_value_on_the_border_meets_the_condition(fractions: int) -> None:
    assert verdicts([at_eqd2(45.0, 20)], at_eqd2(25.0, fractions)) == (MET,) * 4
    assert verdicts([at_eqd2(20.0, 10)], at_eqd2(20.0, fractions))[2] is MET


@pytest.mark.parametrize("fractions", [1, 3, 5])
def test_a_value_just_above_the_border_does_not(fractions: int) -> None:
    assert verdicts([at_eqd2(45.0, 20)], at_eqd2(25.0001, fractions))[:2] == (NOT_MET, NOT_MET)
    assert verdicts([at_eqd2(20.0, 10)], at_eqd2(20.0001, fractions))[2] is NOT_MET


@pytest.mark.parametrize(
    ("last", "first", "expected"),
    [
        (date(2024, 3, 15), date(2024, 8, 14), NOT_MET),
        (date(2024, 3, 15), date(2024, 8, 15), MET),
        (date(2023, 9, 30), date(2024, 2, 29), NOT_MET),
        (date(2023, 9, 30), date(2024, 3, 1), MET),
    ],
)
def test_five_months_on_the_calendar(last: date, first: date, expected: Verdict) -> None:
    assert verdicts([PRIOR], NEW, Interval.between(last, first))[3] is expected


@pytest.mark.parametrize(("days", "expected"), [(153, NOT_MET), (154, NOT_MET), (155, MET)])
def test_five_months_of_days(days: int, expected: Verdict) -> None:
    assert verdicts([PRIOR], NEW, Interval.from_days(days))[3] is expected


def test_unknown_interval_cannot_be_told() -> None:
    review = evaluate_reirradiation([PRIOR], NEW, None, CONDITIONS)
    assert [factor.verdict for factor in review.factors] == [MET, MET, MET, CANNOT_TELL]
    assert review.factor("interval").value is None
    assert "unknown" in review.factor("interval").reason


@pytest.mark.parametrize(
    ("prior", "place"),
    [
        (Course(None, 10, "thecal_sac"), "prior[0].dose_gy"),
        (Course(30.0, None, "thecal_sac"), "prior[0].fractions"),
    ],
)
def test_unknown_earlier_course_leaves_the_sums_open(prior: Course, place: str) -> None:
    review = evaluate_reirradiation([prior], NEW, FIVE, CONDITIONS)
    assert [factor.verdict for factor in review.factors] == [CANNOT_TELL, MET, CANNOT_TELL, MET]
    assert place in review.factor("cumulative_eqd2").reason
    assert place in review.factor("new_to_cumulative").reason


def test_known_courses_alone_can_break_the_sum() -> None:
    prior = [Course(60.0, 30, "thecal_sac"), Course(None, None, "thecal_sac")]
    review = evaluate_reirradiation(prior, NEW, FIVE, CONDITIONS)
    factor = review.factor("cumulative_eqd2")
    assert factor.verdict is NOT_MET
    assert factor.value == pytest.approx(84.75)
    assert "prior[1].dose_gy" in factor.reason
    assert review.factor("new_to_cumulative").verdict is CANNOT_TELL


@pytest.mark.parametrize("contour", ["true_cord", "prv+2", None])
def test_another_contour_cannot_be_told(contour: str | None) -> None:
    assert verdicts([replace(PRIOR, contour=contour)], NEW) == (CANNOT_TELL, MET, CANNOT_TELL, MET)
    new = replace(NEW, contour=contour)
    assert verdicts([PRIOR], new) == (CANNOT_TELL, CANNOT_TELL, CANNOT_TELL, MET)
    review = evaluate_reirradiation([PRIOR], new, FIVE, CONDITIONS)
    assert "thecal_sac" in review.factor("new_course_eqd2").reason


def test_a_high_dose_on_another_contour_is_not_judged_either() -> None:
    assert verdicts([PRIOR], Course(30.0, 1, "true_cord"))[1] is CANNOT_TELL


def test_outside_the_published_fractions_nothing_of_the_new_course_is_met() -> None:
    six = at_eqd2(20.0, 6)
    assert verdicts([PRIOR], six) == (MET, CANNOT_TELL, CANNOT_TELL, CANNOT_TELL)
    review = evaluate_reirradiation([PRIOR], six, FIVE, CONDITIONS)
    assert review.factor("new_course_eqd2").value == pytest.approx(20.0)
    assert "not for 6" in review.factor("new_course_eqd2").reason
    high = at_eqd2(60.0, 6)
    assert verdicts([PRIOR], high, Interval(1, "by hand")) == (NOT_MET,) * 4


def test_unknown_fractions_of_the_new_course() -> None:
    assert verdicts([PRIOR], Course(9.0, None, "thecal_sac")) == (CANNOT_TELL,) * 4


def test_no_dose_at_all_has_no_share() -> None:
    nothing = Course(0.0, 5, "thecal_sac")
    assert verdicts([nothing], nothing) == (MET, MET, CANNOT_TELL, MET)


def test_no_earlier_course_is_another_question() -> None:
    with pytest.raises(CannotTell) as caught:
        evaluate_reirradiation([], NEW, FIVE, CONDITIONS)
    assert caught.value.code == "no-prior-course"


def test_absurd_doses_are_refused_and_not_met() -> None:
    huge = Course(1e154, 1, "thecal_sac")
    most = Course(1.8e154 * 1.4, 1, "thecal_sac")
    with pytest.raises(QuantityRefused):
        evaluate_reirradiation([huge, most, most, most], NEW, FIVE, CONDITIONS)


eqd2_values = st.floats(min_value=0.1, max_value=120.0)


@given(eqd2_values, eqd2_values, st.integers(1, 5), st.integers(0, 24), st.floats(min_value=0.01, max_value=50.0))
def test_more_dose_never_turns_not_met_into_met(
    prior: float, new: float, fractions: int, months: int, more: float
) -> None:
    interval = Interval(months, "by hand")
    before = verdicts([at_eqd2(prior, 10)], at_eqd2(new, fractions), interval)
    higher = verdicts([at_eqd2(prior, 10)], at_eqd2(new + more, fractions), interval)
    for old, now in zip(before[:3], higher[:3], strict=True):
        assert (old, now) != (NOT_MET, MET)
    earlier = verdicts([at_eqd2(prior + more, 10)], at_eqd2(new, fractions), interval)
    assert (before[0], earlier[0]) != (NOT_MET, MET)


@given(eqd2_values, eqd2_values, st.one_of(st.none(), st.integers(0, 24)))
def test_an_answer_given_with_unknowns_never_changes_when_they_are_filled(
    prior: float, new: float, months: int | None
) -> None:
    full = (at_eqd2(prior, 10), at_eqd2(new, 3), None if months is None else Interval(months, "by hand"))
    complete = verdicts([PRIOR, full[0]], full[1], full[2])
    blanks = [
        ([PRIOR, replace(full[0], dose_gy=None)], full[1], full[2]),
        ([PRIOR, replace(full[0], fractions=None)], full[1], full[2]),
        ([PRIOR, replace(full[0], contour=None)], full[1], full[2]),
        ([PRIOR, full[0]], replace(full[1], dose_gy=None), full[2]),
        ([PRIOR, full[0]], full[1], None),
    ]
    for prior_courses, new_course, interval in blanks:
        for told, truth in zip(verdicts(prior_courses, new_course, interval), complete, strict=True):
            assert told in (truth, CANNOT_TELL)


def test_to_dict_is_plain_and_sorted() -> None:
    document = evaluate_reirradiation([PRIOR], NEW, None, CONDITIONS).to_dict()
    assert list(document) == sorted(document)
    first = document["factors"][0]
    assert list(first) == sorted(first)
    assert first["verdict"] == "met"
    assert type(first["verdict"]) is str
    assert document["factors"][3]["value"] is None
    assert first["source_ids"] == ["sahgal-2021-hytec-cord"]


def test_factor_asks_for_a_known_code() -> None:
    with pytest.raises(KeyError):
        evaluate_reirradiation([PRIOR], NEW, None, CONDITIONS).factor("safety")


@pytest.mark.parametrize(
    "change",
    [
        {"cumulative_eqd2_max_gy": 0.0},
        {"new_course_eqd2_max_gy": -1.0},
        {"new_to_cumulative_max": 1.0},
        {"interval_min_months": 0},
        {"alpha_beta_gy": 0.0},
        {"contour": " "},
        {"fractions_low": 0},
        {"fractions_low": 6},
        {"source_ids": ()},
        {"source_ids": ("",)},
    ],
)
def test_conditions_must_be_whole(change: dict[str, object]) -> None:
    with pytest.raises(QuantityRefused):
        replace(CONDITIONS, **change)
