"""BED, EQD2 and their inverse: values, properties, refusals."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.biology import (
    bed,
    dose_for_eqd2,
    eqd2,
    isoeffect_line,
    lq_validity,
    organ_bed,
    organ_eqd2,
)
from portico.errors import QuantityRefused

doses = st.floats(min_value=0.0, max_value=200.0)
some_dose = st.floats(min_value=0.01, max_value=200.0)
counts = st.integers(min_value=1, max_value=60)
ratios = st.floats(min_value=0.3, max_value=30.0)


def test_values_by_hand() -> None:
    assert bed(30.0, 10, 10.0) == pytest.approx(39.0)
    assert bed(8.0, 1, 10.0) == pytest.approx(14.4)
    assert eqd2(30.0, 10, 10.0) == pytest.approx(32.5)
    assert eqd2(20.0, 5, 2.0) == pytest.approx(30.0)
    assert bed(0.0, 5, 3.0) == 0.0
    assert eqd2(0.0, 5, 3.0) == 0.0


@given(doses, counts, ratios)
def test_eqd2_is_bed_over_the_two_gray_factor(dose: float, count: int, ratio: float) -> None:
    assert eqd2(dose, count, ratio) == pytest.approx(bed(dose, count, ratio) / (1 + 2 / ratio), abs=1e-9)


@given(counts, ratios)
def test_two_gray_fractions_are_their_own_eqd2(count: int, ratio: float) -> None:
    assert eqd2(2.0 * count, count, ratio) == pytest.approx(2.0 * count)


@given(doses, counts, ratios)
def test_inverse_returns_the_dose(dose: float, count: int, ratio: float) -> None:
    assert dose_for_eqd2(eqd2(dose, count, ratio), count, ratio) == pytest.approx(dose, abs=1e-9)


@given(doses, counts, ratios)
def test_inverse_returns_the_eqd2(target: float, count: int, ratio: float) -> None:
    assert eqd2(dose_for_eqd2(target, count, ratio), count, ratio) == pytest.approx(target, abs=1e-9)


@given(some_dose, st.floats(min_value=0.01, max_value=50.0), counts, ratios)
def test_more_dose_is_more_effect(dose: float, more: float, count: int, ratio: float) -> None:
    assert bed(dose + more, count, ratio) > bed(dose, count, ratio)
    assert eqd2(dose + more, count, ratio) > eqd2(dose, count, ratio)
    assert dose_for_eqd2(dose + more, count, ratio) > dose_for_eqd2(dose, count, ratio)


@given(some_dose, counts, ratios)
def test_more_fractions_are_less_effect(dose: float, count: int, ratio: float) -> None:
    assert bed(dose, count + 1, ratio) < bed(dose, count, ratio)
    assert eqd2(dose, count + 1, ratio) < eqd2(dose, count, ratio)


@given(some_dose, counts, ratios)
def test_lower_alpha_beta_is_more_bed(dose: float, count: int, ratio: float) -> None:
    assert bed(dose, count, ratio) > bed(dose, count, ratio * 1.1)
    assert bed(dose, count, ratio) >= dose


@given(counts, counts, st.floats(min_value=0.1, max_value=20.0), ratios)
def test_fractions_of_one_size_add_up(first: int, second: int, size: float, ratio: float) -> None:
    together = bed(size * (first + second), first + second, ratio)
    assert together == pytest.approx(bed(size * first, first, ratio) + bed(size * second, second, ratio))


@given(doses, counts, ratios)
def test_organ_dose_is_converted_with_the_fractions_of_the_course(dose: float, count: int, ratio: float) -> None:
    assert organ_eqd2(dose, count, ratio) == eqd2(dose, count, ratio)
    assert organ_bed(dose, count, ratio) == bed(dose, count, ratio)


BAD = [
    (math.nan, 10, 2.0, "dose_gy"),
    (math.inf, 10, 2.0, "dose_gy"),
    (-0.1, 10, 2.0, "dose_gy"),
    (None, 10, 2.0, "dose_gy"),
    (30.0, 0, 2.0, "fractions"),
    (30.0, -1, 2.0, "fractions"),
    (30.0, 2.5, 2.0, "fractions"),
    (30.0, None, 2.0, "fractions"),
    (30.0, 10, 0.0, "alpha_beta_gy"),
    (30.0, 10, -2.0, "alpha_beta_gy"),
    (30.0, 10, math.nan, "alpha_beta_gy"),
    (30.0, 10, math.inf, "alpha_beta_gy"),
    (30.0, 10, None, "alpha_beta_gy"),
]


@pytest.mark.parametrize(("dose", "count", "ratio", "path"), BAD)
def test_bad_numbers_are_refused_by_name(dose: float, count: int, ratio: float, path: str) -> None:
    for formula in (bed, eqd2, organ_bed, organ_eqd2):
        with pytest.raises(QuantityRefused) as caught:
            formula(dose, count, ratio)
        assert caught.value.problem.path == path
    with pytest.raises(QuantityRefused) as caught:
        dose_for_eqd2(dose, count, ratio)
    assert caught.value.problem.path == path.replace("dose_gy", "eqd2_gy")


def test_a_result_that_overflows_is_refused() -> None:
    with pytest.raises(QuantityRefused):
        bed(1e200, 1, 1e-200)
    with pytest.raises(QuantityRefused):
        eqd2(1e300, 1, 2.0)
    with pytest.raises(QuantityRefused):
        dose_for_eqd2(1e200, 1, 1e-200)
    with pytest.raises(QuantityRefused):
        dose_for_eqd2(1e100, 1, 1e-150)


def test_isoeffect_line_keeps_the_order_and_the_effect() -> None:
    line = isoeffect_line(44.6, 2.0, [5, 1, 10])
    assert [point.fractions for point in line] == [5, 1, 10]
    for point in line:
        assert eqd2(point.dose_gy, point.fractions, 2.0) == pytest.approx(44.6)
        assert point.dose_per_fraction_gy == point.dose_gy / point.fractions
    assert isoeffect_line(44.6, 2.0, []) == ()


def test_lq_note_begins_above_the_threshold() -> None:
    assert lq_validity(10.0, 10.0) is None
    assert lq_validity(0.0, 10.0) is None
    note = lq_validity(10.5, 10.0)
    assert note is not None
    assert "10.5 Gy" in note
    assert "above 10 Gy" in note


@pytest.mark.parametrize(("size", "threshold"), [(-1.0, 10.0), (math.nan, 10.0), (8.0, 0.0), (8.0, None)])
def test_lq_note_refuses_bad_numbers(size: float, threshold: float) -> None:
    with pytest.raises(QuantityRefused):
        lq_validity(size, threshold)
