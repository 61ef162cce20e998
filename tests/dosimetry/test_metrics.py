"""Metrics of the grammar, and named sets of figures."""

from __future__ import annotations

import numpy as np
import pytest

from portico.biology import eqd2
from portico.directive import parse_metric
from portico.dosimetry import (
    Prescription,
    dvh,
    evaluate_metric,
    gradient_index,
    homogeneity_icru83,
    icru91,
    isodose_volume_cm3,
    paddick_conformity,
    r50,
    stereotactic_grid_warning,
)
from portico.errors import CannotTell, UsageError
from portico.geometry import Slices
from portico.rt.dose import DoseGrid
from portico.rt.grid import Grid

TURN = 2.0 * np.pi * np.arange(200) / 200
CIRCLE = np.column_stack([np.cos(TURN), np.sin(TURN)])


def ball(radius, step=2.0):
    z = np.arange(-radius + 0.6, radius, step)
    return Slices(z, tuple((np.sqrt(radius**2 - h * h) * CIRCLE,) for h in z))


def peak(spacing=1.5, half=36.0):
    """Dose that falls 1 Gy per mm from 40 Gy at the origin: isodoses are balls."""
    n = int(2 * half / spacing) + 1
    line = -half + spacing * np.arange(n)
    radius = np.sqrt(line[:, None, None] ** 2 + line[None, :, None] ** 2 + line[None, None, :] ** 2)
    return DoseGrid(
        Grid(np.full(3, -half), np.full(3, spacing), np.eye(3), (n, n, n)), np.maximum(0, 40 - radius), "PLAN"
    )


DOSE = peak()
TARGET = dvh(ball(12.0), DOSE)


def volume(radius):
    return 4.0 / 3.0 * np.pi * radius**3 / 1000.0


def test_metrics_of_the_grammar():
    def value(text, **more):
        return evaluate_metric(TARGET, parse_metric(text), Prescription(30.0, 5), **more).value

    assert value("D50%") == pytest.approx(40 - 12 * 0.5 ** (1 / 3), abs=0.1)
    assert value("D0.03cc") == pytest.approx(40 - (30 / (4 / 3 * np.pi)) ** (1 / 3), abs=0.35)
    assert value("V30Gy", unit="%") == pytest.approx(100 * (10 / 12) ** 3, abs=0.8)
    assert value("V30Gy", unit="cm3") == pytest.approx(volume(10.0), abs=0.06)
    assert value("Dmin") == pytest.approx(28.0, abs=0.2) and value("Dmean") == pytest.approx(31.0, abs=0.1)
    assert value("EQD2_2:Dmax") == pytest.approx(eqd2(value("Dmax"), 5, 2.0))
    gy = value("D50%")
    assert value(f"V{eqd2(gy, 5, 2.0):.4f}Gy".replace("V", "EQD2_2:V"), unit="%") == pytest.approx(50.0, abs=0.1)
    edges, parts = TARGET.differential(2000)
    middle = 0.5 * (edges[1:] + edges[:-1])
    by_bins = sum(p * eqd2(float(m), 5, 3.0) for m, p in zip(middle, parts, strict=True)) / parts.sum()
    assert value("EQD2_3:Dmean") == pytest.approx(by_bins, abs=0.01)
    assert value("EQD2_3:Dmean") > eqd2(value("Dmean"), 5, 3.0)


def test_units_and_fractions_are_never_implied():
    with pytest.raises(UsageError):
        evaluate_metric(TARGET, parse_metric("V20Gy"))
    with pytest.raises(UsageError):
        evaluate_metric(TARGET, parse_metric("D95%"), unit="%")
    with pytest.raises(CannotTell) as caught:
        evaluate_metric(TARGET, parse_metric("BED_10:D95%"))
    assert caught.value.code == "fractions-unknown"
    for bad in ((0.0, 5), (30.0, 0), (float("nan"), 5), (30.0, 2.5)):
        with pytest.raises(UsageError):
            Prescription(*bad)


def test_maximum_of_a_structure_partly_off_the_grid_is_a_lower_bound():
    cut = DoseGrid(Grid([-36, -36, -36], [1.5] * 3, np.eye(3), (49, 49, 20)), DOSE.gy[:, :, :20].copy(), "PLAN")
    found = evaluate_metric(dvh(ball(12.0), cut), parse_metric("Dmax"))
    assert found.bound == "at_least" and 28.0 < found.value < 40.0
    with pytest.raises(CannotTell):
        evaluate_metric(dvh(ball(12.0), cut), parse_metric("D2%"))


def test_isodose_volumes_and_the_two_gradients():
    for gy in (30.0, 20.0, 15.0):
        assert isodose_volume_cm3(DOSE, gy) == pytest.approx(volume(40 - gy), rel=0.02)
    assert gradient_index(DOSE, 30.0) == pytest.approx((25 / 10) ** 3, rel=0.03)
    assert r50(TARGET, DOSE, 30.0) == pytest.approx((25 / 12) ** 3, rel=0.02)
    assert paddick_conformity(TARGET, DOSE, 30.0) == pytest.approx((10 / 12) ** 3, rel=0.03)
    with pytest.raises(CannotTell) as caught:
        isodose_volume_cm3(DOSE, 2.0)
    assert caught.value.code == "isodose-cut-off"
    with pytest.raises(CannotTell) as caught:
        paddick_conformity(TARGET, DOSE, 50.0)
    assert caught.value.code == "no-dose"


def test_icru_sets():
    large, small = icru91(TARGET), icru91(dvh(ball(6.0), DOSE))
    assert large.near_max_metric == "D2%" and large.near_max_gy == TARGET.dose_at_percent(2.0)
    assert small.near_max_metric == "D0.035cc"
    assert small.near_max_gy == pytest.approx(40 - (35 / (4 / 3 * np.pi)) ** (1 / 3), abs=0.35)
    assert large.near_min_gy < large.median_gy < large.near_max_gy
    assert homogeneity_icru83(TARGET) == pytest.approx((large.near_max_gy - large.near_min_gy) / large.median_gy)


def test_warning_for_a_coarse_stereotactic_grid():
    assert stereotactic_grid_warning(DOSE) is None
    assert stereotactic_grid_warning(peak(2.0)) is None
    assert "2.50 mm" in (stereotactic_grid_warning(peak(2.5)) or "")
