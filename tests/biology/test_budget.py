"""What is left for a new course agrees with the conditions themselves."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portico.biology import (
    Course,
    Interval,
    ReirradiationConditions,
    Verdict,
    dose_for_eqd2,
    eqd2,
    evaluate_reirradiation,
    remaining_budget,
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
LONG = Interval(60, "by hand")


@pytest.mark.parametrize(
    ("dose", "count", "left", "bound_by"),
    [
        (30.0, 10, 25.0, ("new_course_eqd2",)),
        (50.0, 25, 20.0, ("cumulative_eqd2",)),
        (8.0, 1, 20.0, ("new_to_cumulative",)),
        (45.0, 25, 25.0, ("new_course_eqd2",)),
        (80.0, 40, 0.0, ("cumulative_eqd2",)),
        (70.0, 35, 0.0, ("cumulative_eqd2",)),
    ],
)
def test_which_condition_binds(dose: float, count: int, left: float, bound_by: tuple[str, ...]) -> None:
    budget = remaining_budget([Course(dose, count, "thecal_sac")], 1, CONDITIONS)
    assert budget.eqd2_gy == pytest.approx(left)
    assert budget.bound_by == bound_by
    assert budget.prior_eqd2_gy == pytest.approx(eqd2(dose, count, 2.0))
    assert budget.source_ids == CONDITIONS.source_ids
    assert budget.contour == "thecal_sac"


def test_two_conditions_can_bind_together() -> None:
    budget = remaining_budget([Course(50.0, 25, "thecal_sac")], 1, replace(CONDITIONS, new_course_eqd2_max_gy=20.0))
    assert budget.bound_by == ("cumulative_eqd2", "new_course_eqd2")


@given(st.floats(min_value=0.5, max_value=69.0), st.integers(1, 5))
def test_the_whole_budget_meets_the_conditions_and_no_more_does(prior_eqd2: float, fractions: int) -> None:
    prior = [Course(dose_for_eqd2(prior_eqd2, 10, 2.0), 10, "thecal_sac")]
    budget = remaining_budget(prior, fractions, CONDITIONS)
    assume(budget.dose_gy > 0.1)
    assert budget.fractions == fractions

    def dose_verdicts(dose: float) -> list[Verdict]:
        new = Course(dose, fractions, "thecal_sac")
        return [factor.verdict for factor in evaluate_reirradiation(prior, new, LONG, CONDITIONS).factors[:3]]

    assert dose_verdicts(budget.dose_gy) == [Verdict.MET] * 3
    assert Verdict.NOT_MET in dose_verdicts(budget.dose_gy * 1.0001)


@given(st.floats(min_value=0.5, max_value=69.0), st.integers(1, 4))
def test_more_fractions_leave_more_physical_dose(prior_eqd2: float, fractions: int) -> None:
    prior = [Course(dose_for_eqd2(prior_eqd2, 10, 2.0), 10, "thecal_sac")]
    few, more = (remaining_budget(prior, count, CONDITIONS) for count in (fractions, fractions + 1))
    assert few.eqd2_gy == more.eqd2_gy
    assert few.dose_gy < more.dose_gy


@pytest.mark.parametrize(
    ("prior", "fractions", "code"),
    [
        ([], 1, "no-prior-course"),
        ([Course(None, 10, "thecal_sac")], 1, "prior-unknown"),
        ([Course(30.0, None, "thecal_sac")], 1, "prior-unknown"),
        ([Course(30.0, 10, "true_cord")], 1, "prior-unknown"),
        ([Course(30.0, 10)], 1, "prior-unknown"),
        ([Course(0.0, 10, "thecal_sac")], 1, "no-prior-dose"),
        ([Course(30.0, 10, "thecal_sac")], 6, "outside-published-fractions"),
    ],
)
def test_without_a_known_base_there_is_no_number(prior: list[Course], fractions: int, code: str) -> None:
    with pytest.raises(CannotTell) as caught:
        remaining_budget(prior, fractions, CONDITIONS)
    assert caught.value.code == code


def test_bad_fractions_are_refused() -> None:
    with pytest.raises(QuantityRefused):
        remaining_budget([Course(30.0, 10, "thecal_sac")], 0, CONDITIONS)
