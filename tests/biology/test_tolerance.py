"""Dose-response formulas: values, properties, and refusal outside their range."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.biology import Exposure, ModelRange, geud, lkb, schultheiss_logistic
from portico.errors import CannotTell, QuantityRefused

RANGE = ModelRange(1.8, 2.0, "spinal_cord", "conventional", "schultheiss-2008")
AT_TWO = Exposure(2.0, "spinal_cord", "conventional")
OUTSIDE = [
    Exposure(20.0, "spinal_cord", "conventional"),
    Exposure(1.79, "spinal_cord", "conventional"),
    Exposure(2.01, "spinal_cord", "conventional"),
    Exposure(0.0, "spinal_cord", "conventional"),
    Exposure(2.0, "spinal_cord", "sbrt"),
    Exposure(2.0, "spinal_cord", None),
    Exposure(2.0, "cauda_equina", "conventional"),
    Exposure(2.0, None, "conventional"),
    Exposure(None, "spinal_cord", "conventional"),
]
doses = st.floats(min_value=0.0, max_value=150.0)
histograms = st.lists(st.tuples(doses, st.floats(min_value=0.01, max_value=50.0)), min_size=1, max_size=8).map(
    lambda rows: tuple(zip(*rows, strict=True))
)


def logistic(dose_gy: float, d50_gy: float | None = 69.4, k: float | None = 18.95) -> float:
    return schultheiss_logistic(dose_gy, d50_gy, k, exposure=AT_TWO, model_range=RANGE)


def uniform_dose(doses_gy: list[float], volumes: list[float], n: float | None) -> float:
    return geud(doses_gy, volumes, n, exposure=AT_TWO, model_range=RANGE)


@pytest.mark.parametrize("exposure", OUTSIDE)
def test_outside_its_range_a_model_has_no_number(exposure: Exposure) -> None:
    reason = RANGE.refuse_reason(exposure)
    assert reason
    assert "schultheiss-2008" in reason
    calls = (
        lambda: schultheiss_logistic(45.0, 69.4, 18.95, exposure=exposure, model_range=RANGE),
        lambda: geud([45.0], [1.0], 0.05, exposure=exposure, model_range=RANGE),
        lambda: lkb([45.0], [1.0], td50_gy=60.0, n=0.1, m=0.2, exposure=exposure, model_range=RANGE),
    )
    for call in calls:
        with pytest.raises(CannotTell) as caught:
            call()
        assert caught.value.code == "model-out-of-range"
        assert reason in str(caught.value)


@pytest.mark.parametrize("size", [1.8, 1.9, 2.0])
def test_inside_its_range_a_model_is_used(size: float) -> None:
    exposure = Exposure(size, "spinal_cord", "conventional")
    assert RANGE.refuse_reason(exposure) is None
    assert 0 < schultheiss_logistic(50.0, 69.4, 18.95, exposure=exposure, model_range=RANGE) < 0.01


def test_a_range_that_is_no_range_is_refused() -> None:
    with pytest.raises(QuantityRefused) as caught:
        ModelRange(2.0, 1.8, "spinal_cord", "conventional", "x")
    assert caught.value.code == "range-reversed"
    with pytest.raises(QuantityRefused):
        ModelRange(math.nan, 2.0, "spinal_cord", "conventional", "x")
    with pytest.raises(QuantityRefused):
        Exposure(-2.0, "spinal_cord", "conventional")


@given(doses, st.floats(min_value=0.1, max_value=20.0))
def test_more_dose_is_never_less_risk(dose: float, more: float) -> None:
    low, high = logistic(dose), logistic(dose + more)
    assert 0.0 <= low <= high <= 1.0


@given(st.floats(min_value=1.0, max_value=120.0))
def test_logistic_equals_the_printed_formula(dose: float) -> None:
    assert logistic(dose) == pytest.approx(1.0 / (1.0 + (69.4 / dose) ** 18.95), rel=1e-9)


def test_logistic_ends() -> None:
    assert logistic(0.0) == 0.0
    assert logistic(69.4) == pytest.approx(0.5)
    assert logistic(1e-300) == 0.0
    assert logistic(1e300) == 1.0


@pytest.mark.parametrize(("d50", "k", "path"), [(None, 18.95, "d50_gy"), (69.4, None, "k")])
def test_an_unsourced_parameter_gives_no_number(d50: float | None, k: float | None, path: str) -> None:
    with pytest.raises(CannotTell) as caught:
        logistic(45.0, d50, k)
    assert caught.value.code == "model-parameter-unknown"
    assert caught.value.problem.path == path


def test_lkb_parameters_of_the_record_are_unknown() -> None:
    # lkb-cord-srs-fit gives n and α/β but neither TD50 nor m.
    srs = ModelRange(18.0, 30.0, "spinal_cord", "srs", "daly-lkb")
    exposure = Exposure(20.0, "spinal_cord", "srs")
    for td50, m in ((None, 0.2), (60.0, None)):
        with pytest.raises(CannotTell) as caught:
            lkb([20.0], [1.0], td50_gy=td50, n=0.023, m=m, exposure=exposure, model_range=srs)
        assert caught.value.code == "model-parameter-unknown"
    with pytest.raises(CannotTell):
        geud([20.0], [1.0], None, exposure=exposure, model_range=srs)


@pytest.mark.parametrize(("dose", "d50", "k"), [(-1.0, 69.4, 18.95), (45.0, 0.0, 18.95), (45.0, 69.4, -1.0)])
def test_logistic_refuses_bad_numbers(dose: float, d50: float, k: float) -> None:
    with pytest.raises(QuantityRefused):
        logistic(dose, d50, k)


@given(histograms, st.floats(min_value=0.01, max_value=1.0))
def test_geud_lies_between_mean_and_maximum(histogram, n: float) -> None:  # type: ignore[no-untyped-def]
    bins, volumes = histogram
    value = uniform_dose(list(bins), list(volumes), n)
    mean = uniform_dose(list(bins), list(volumes), 1.0)
    assert mean == pytest.approx(sum(d * v for d, v in zip(bins, volumes, strict=True)) / sum(volumes))
    assert mean * (1 - 1e-9) <= value <= max(bins) * (1 + 1e-9)


@given(histograms, st.floats(min_value=0.02, max_value=1.0), st.floats(min_value=0.1, max_value=10.0))
def test_the_unit_of_volume_does_not_matter(histogram, n: float, scale: float) -> None:  # type: ignore[no-untyped-def]
    bins, volumes = histogram
    scaled = [volume * scale for volume in volumes]
    assert uniform_dose(list(bins), scaled, n) == pytest.approx(uniform_dose(list(bins), list(volumes), n))


def test_geud_ends() -> None:
    assert uniform_dose([0.0, 0.0], [1.0, 2.0], 0.05) == 0.0
    assert uniform_dose([50.0], [3.0], 0.05) == pytest.approx(50.0)
    assert uniform_dose([10.0, 99.0], [1.0, 0.0], 0.05) == pytest.approx(10.0)
    assert uniform_dose([20.0, 60.0], [0.5, 0.5], 0.001) == pytest.approx(60.0, rel=1e-3)


@pytest.mark.parametrize(
    ("bins", "volumes", "code"),
    [
        ([], [], "bins-do-not-match"),
        ([1.0], [1.0, 2.0], "bins-do-not-match"),
        ([1.0], [0.0], "no-volume"),
        ([1.0], [-1.0], "negative"),
        ([-1.0], [1.0], "negative"),
        ([math.nan], [1.0], "not-finite"),
        ([1.0, 1.0], [1e308, 1e308], "not-finite"),
    ],
)
def test_bad_histograms_are_refused(bins: list[float], volumes: list[float], code: str) -> None:
    with pytest.raises(QuantityRefused) as caught:
        uniform_dose(bins, volumes, 0.05)
    assert caught.value.code == code


def test_lkb_is_the_normal_distribution() -> None:
    def at(dose: float) -> float:
        return lkb([dose], [1.0], td50_gy=50.0, n=0.5, m=0.2, exposure=AT_TWO, model_range=RANGE)

    assert at(50.0) == 0.5
    assert at(60.0) == pytest.approx(0.841344746)
    assert at(40.0) == pytest.approx(0.158655254)
    assert at(0.0) == pytest.approx(2.866516e-7, rel=1e-5)
    assert at(0.0) < at(10.0) < at(70.0) < 1.0


def test_lkb_refuses_a_slope_that_vanishes() -> None:
    with pytest.raises(QuantityRefused):
        lkb([1.0], [1.0], td50_gy=1e-200, n=0.5, m=1e-200, exposure=AT_TWO, model_range=RANGE)
