"""Cumulative BED of the cord beside its published figures: shown, never a limit."""

from dataclasses import replace

import pytest

from portico.biology import Course, Interval, NiederConditions, Verdict, bed, evaluate_nieder
from portico.errors import CannotTell, QuantityRefused

CONDITIONS = NiederConditions(
    cumulative_bed_no_case_gy=120.0,
    cumulative_bed_small_risk_gy=135.5,
    course_bed_max_gy=98.0,
    interval_min_months=6,
    alpha_beta_gy=2.0,
    contour="true_cord",
    source_ids=("nieder-2006",),
)
PRIOR = Course(30.0, 10, "true_cord")
SIX = Interval(6, "by hand")
MET, NOT_MET, CANNOT_TELL = Verdict.MET, Verdict.NOT_MET, Verdict.CANNOT_TELL


def verdicts(prior: list[Course], new: Course, interval: Interval | None = SIX) -> tuple[Verdict, ...]:
    review = evaluate_nieder(prior, new, interval, CONDITIONS)
    assert review.overall == "display"
    assert [factor.code for factor in review.factors] == [
        "cumulative_bed_no_case",
        "cumulative_bed_small_risk",
        "highest_course_bed",
        "interval",
    ]
    return tuple(factor.verdict for factor in review.factors)


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (Course(15.0, 5, "true_cord"), (MET, MET, MET, MET)),
        (Course(18.0, 6, "true_cord"), (MET, MET, MET, MET)),  # 75 + 45 = 120, the figure itself
        (Course(20.0, 5, "true_cord"), (NOT_MET, MET, MET, MET)),
        (Course(24.0, 6, "true_cord"), (NOT_MET, NOT_MET, MET, MET)),
        (Course(14.0, 1, "true_cord"), (NOT_MET, NOT_MET, NOT_MET, MET)),
    ],
)
def test_each_figure(new: Course, expected: tuple[Verdict, ...]) -> None:
    assert verdicts([PRIOR], new) == expected


def test_numbers_and_units() -> None:
    review = evaluate_nieder([PRIOR], Course(20.0, 5, "true_cord"), SIX, CONDITIONS)
    assert [factor.value for factor in review.factors] == pytest.approx([135.0, 135.0, 75.0, 6.0])
    assert [factor.unit for factor in review.factors] == ["Gy BED(2)"] * 3 + ["months"]


def test_a_high_single_course_is_found_wherever_it_stands() -> None:
    high = Course(50.0, 20, "true_cord")
    assert bed(50.0, 20, 2.0) > 98
    for prior, new in (([high, PRIOR], PRIOR), ([PRIOR, high], PRIOR), ([PRIOR], high)):
        assert verdicts(prior, new)[2] is NOT_MET


def test_interval() -> None:
    new = Course(15.0, 5, "true_cord")
    assert verdicts([PRIOR], new, Interval(5, "by hand"))[3] is NOT_MET
    assert verdicts([PRIOR], new, None)[3] is CANNOT_TELL


def test_unknown_courses() -> None:
    new = Course(15.0, 5, "true_cord")
    assert verdicts([Course(None, 10, "true_cord")], new) == (CANNOT_TELL, CANNOT_TELL, CANNOT_TELL, MET)
    assert verdicts([replace(PRIOR, contour="thecal_sac")], new)[:3] == (CANNOT_TELL,) * 3
    both = evaluate_nieder([Course(60.0, 20, "true_cord"), Course(None, 1, "true_cord")], new, SIX, CONDITIONS)
    assert [factor.verdict for factor in both.factors][:3] == [NOT_MET] * 3
    assert "prior[1].dose_gy" in both.factor("highest_course_bed").reason
    unread = replace(new, contour=None)
    assert verdicts([replace(PRIOR, contour=None)], unread)[:3] == (CANNOT_TELL,) * 3


def test_no_earlier_course() -> None:
    with pytest.raises(CannotTell):
        evaluate_nieder([], PRIOR, SIX, CONDITIONS)


@pytest.mark.parametrize(
    "change",
    [
        {"cumulative_bed_no_case_gy": 140.0},
        {"cumulative_bed_small_risk_gy": 0.0},
        {"course_bed_max_gy": -1.0},
        {"interval_min_months": 0},
        {"alpha_beta_gy": 0.0},
        {"contour": ""},
        {"source_ids": ()},
    ],
)
def test_conditions_must_be_whole(change: dict[str, object]) -> None:
    with pytest.raises(QuantityRefused):
        replace(CONDITIONS, **change)
