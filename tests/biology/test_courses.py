"""Courses, levels and sums: own fractions first, then the sum; unknown is named, never guessed."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.biology import Course, Repair, bed, eqd2, sib_levels, sum_bed, sum_eqd2
from portico.errors import CannotTell, QuantityRefused

known_courses = st.builds(
    Course,
    st.floats(min_value=0.0, max_value=100.0),
    st.integers(min_value=1, max_value=40),
)
several = st.lists(known_courses, min_size=1, max_size=5)
ratios = st.floats(min_value=0.5, max_value=20.0)


@pytest.mark.parametrize(
    ("dose", "count"), [(-1.0, 5), (math.nan, 5), (math.inf, 5), (20.0, 0), (20.0, 5.0), (True, 5)]
)
def test_a_course_refuses_bad_numbers(dose: float, count: int) -> None:
    with pytest.raises(QuantityRefused):
        Course(dose, count)


def test_unknown_stays_unknown() -> None:
    assert Course(None, 5).dose_per_fraction_gy is None
    assert Course(20.0, None).dose_per_fraction_gy is None
    assert Course(20.0, 5).dose_per_fraction_gy == 4.0
    assert Course(20.0, 5).contour is None


@given(several, ratios)
def test_a_sum_is_the_sum_of_its_parts(courses: list[Course], ratio: float) -> None:
    pairs = [course.known("x") for course in courses]
    both = sum_eqd2(courses, ratio, repair=Repair.none())
    assert both.parts_gy == tuple(eqd2(dose, count, ratio) for dose, count in pairs)
    assert both.total_gy == pytest.approx(math.fsum(both.parts_gy))
    assert both.quantity == "EQD2"
    assert both.alpha_beta_gy == ratio
    effect = sum_bed(courses, ratio, repair=Repair.none())
    assert effect.total_gy == pytest.approx(sum(bed(dose, count, ratio) for dose, count in pairs))
    assert effect.quantity == "BED"


@given(several, ratios, st.randoms())
def test_without_repair_the_order_does_not_matter(courses: list[Course], ratio: float, random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(courses)
    random.shuffle(shuffled)
    first = sum_eqd2(courses, ratio, repair=Repair.none()).total_gy
    assert sum_eqd2(shuffled, ratio, repair=Repair.none()).total_gy == pytest.approx(first)


@given(several, known_courses, ratios)
def test_one_more_course_never_lessens_the_sum(courses: list[Course], more: Course, ratio: float) -> None:
    before = sum_eqd2(courses, ratio, repair=Repair.none()).total_gy
    after = sum_eqd2([*courses, more], ratio, repair=Repair.none()).total_gy
    assert after >= before or after == pytest.approx(before)


def test_two_courses_are_not_one_course_of_the_same_dose() -> None:
    apart = sum_eqd2([Course(30.0, 10), Course(8.0, 1)], 2.0, repair=Repair.none()).total_gy
    assert apart == pytest.approx(37.5 + 20.0)
    assert apart != pytest.approx(eqd2(38.0, 11, 2.0))


@pytest.mark.parametrize(
    ("course", "path"),
    [(Course(None, 5), "courses[1].dose_gy"), (Course(20.0, None), "courses[1].fractions")],
)
def test_an_unknown_course_is_named(course: Course, path: str) -> None:
    for add in (sum_eqd2, sum_bed):
        with pytest.raises(CannotTell) as caught:
            add([Course(30.0, 10), course], 2.0, repair=Repair.none())
        assert caught.value.code == "course-unknown"
        assert caught.value.problem.path == path


def test_no_course_is_refused_and_not_zero() -> None:
    with pytest.raises(QuantityRefused) as caught:
        sum_eqd2([], 2.0, repair=Repair.none())
    assert caught.value.code == "no-courses"


def test_a_sum_that_overflows_is_refused() -> None:
    big = Course(1.2e154, 1)  # its BED is just below the largest float
    assert sum_bed([big], 1.0, repair=Repair.none()).total_gy > 1e308
    with pytest.raises(QuantityRefused):
        sum_bed([big, big], 1.0, repair=Repair.none())


def test_repair_must_be_stated() -> None:
    with pytest.raises(TypeError):
        sum_eqd2([Course(30.0, 10)], 2.0)  # type: ignore[call-arg]


def test_repair_credit_is_for_display_and_spares_the_newest_course() -> None:
    credit = Repair.fractional("quarter recovered", 0.25, "example-source")
    total = sum_eqd2([Course(30.0, 10), Course(8.0, 1)], 2.0, repair=credit)
    assert total.total_gy == pytest.approx(0.75 * 37.5 + 20.0)
    assert total.parts_gy == pytest.approx((37.5, 20.0))
    assert total.repair.display_only
    assert not Repair.none().display_only
    assert Repair.none().source_id is None


@pytest.mark.parametrize("part", [0.0, 1.0, -0.1, math.nan])
def test_repair_credit_outside_its_range_is_refused(part: float) -> None:
    with pytest.raises(QuantityRefused):
        Repair.fractional("some", part, "example-source")


@pytest.mark.parametrize(
    ("name", "source", "display_only"),
    [(" ", "s", True), ("n", "", True), ("n", None, True), ("n", "s", False)],
)
def test_repair_credit_without_name_source_or_display_is_refused(
    name: str, source: str | None, display_only: bool
) -> None:
    with pytest.raises(QuantityRefused) as caught:
        Repair(name, 0.25, source, display_only)
    assert caught.value.code == "repair-without-source"


def test_repair_of_false_is_no_number() -> None:
    with pytest.raises(QuantityRefused):
        Repair("none", False, None, False)


def test_levels_are_converted_at_their_own_dose_per_fraction() -> None:
    boost, elective = sib_levels([("boost", 40.0), ("elective", 30.0)], 10, 10.0)
    assert (boost.dose_per_fraction_gy, elective.dose_per_fraction_gy) == (4.0, 3.0)
    assert boost.bed_gy == pytest.approx(56.0)
    assert elective.bed_gy == pytest.approx(39.0)
    assert boost.eqd2_gy == pytest.approx(46.6667, abs=1e-4)
    assert elective.eqd2_gy == pytest.approx(32.5)
    assert boost.fractions == elective.fractions == 10


def test_a_level_without_a_sourced_dose_stays_empty() -> None:
    boost, elective = sib_levels([("boost", 48.5), ("elective", None)], 10, 10.0)
    assert boost.bed_gy == pytest.approx(72.0225)
    assert (elective.dose_gy, elective.dose_per_fraction_gy, elective.bed_gy, elective.eqd2_gy) == (None,) * 4


@pytest.mark.parametrize(
    ("levels", "count", "ratio", "code"),
    [
        ([], 10, 10.0, "no-levels"),
        ([("boost", 40.0), ("boost", 30.0)], 10, 10.0, "level-twice"),
        ([("boost", None)], 0, 10.0, "count-out-of-range"),
        ([("boost", None)], 10, 0.0, "not-positive"),
        ([("boost", -40.0)], 10, 10.0, "negative"),
    ],
)
def test_bad_levels_are_refused(levels: list[tuple[str, float | None]], count: int, ratio: float, code: str) -> None:
    with pytest.raises(QuantityRefused) as caught:
        sib_levels(levels, count, ratio)
    assert caught.value.code == code
