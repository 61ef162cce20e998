"""Claims of this room for ``portico verify``: chapter ``dosimetry``.

Bodies whose histograms can be written down, as contours at several slice phases, in a dose with a slope of 1 Gy per
mm: an error of 0.1 Gy is an error of 0.1 mm. Each claim is the worst over its phases. A flat end cannot be known to
better than the slice: the reference of cylinders and of a cone's base ends where the stated rule says.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from portico.claims import Claim, chapter, claim_equal, claim_number
from portico.dosimetry.analytic import (
    Body,
    DoseShape,
    ball_of,
    cone_of,
    contours_of,
    cylinder_of,
    dose_of,
    flat_ended,
    slice_heights,
)
from portico.dosimetry.dvh import dvh
from portico.geometry import EndCap, pieces_of

__all__ = ["accuracy_claims", "rule_claims", "small_claims", "worst_errors"]

SOURCE = "closed forms of solid geometry; bars of issue 3"
DOSES: tuple[DoseShape, ...] = ("linear x", "linear z", "gauss")
GRIDS_MM = (1.0, 2.0, 3.0)
#: Diameters in mm and slice phases of each; 98.5 mm is a ball of 500 cm3.
SIZES = ((10.0, 10), (24.0, 10), (98.5, 2))
#: Diameter in mm of a ball of 0.06 cm3.
SMALL_MM = 4.86
#: Diameters in mm at which volumes are compared with what each end-cap rule says, from 0.06 to 500 cm3.
RULE_SIZES_MM = (SMALL_MM, 6.0, 10.0, 24.0, 50.0, 98.5)
#: How far each rule extends the first and last contour, as a share of the slice step.
RULES: tuple[tuple[EndCap, float], ...] = (("none", 0.0), ("half", 0.5), ("full", 1.0))
#: Largest error of a volume in % and of a dose in Gy; a 3 mm dose grid bends away from a Gaussian by more.
VOLUME_PERCENT = 0.5
DOSE_GY = {1.0: 0.2, 2.0: 0.2, 3.0: 0.4}


def bodies(size: float) -> dict[str, Body]:
    """Ball, cylinder twice as high as wide, cone as high as wide, of that diameter in mm."""
    return {
        "ball": ball_of(0.5 * size),
        "cylinder": cylinder_of(0.5 * size, 2.0 * size),
        "cone": cone_of(0.5 * size, size),
    }


def worst_errors(name: str, body: Body, shape: DoseShape, step: float, phases: int) -> dict[str, float]:
    """Largest absolute error of each metric over equally spaced slice phases, volume in % and doses in Gy.

    Parameters
    ----------
    name : ``ball``, ``cylinder`` or ``cone``
    body : the body
    shape : dose
    step : slice step and dose grid in mm
    phases : number of phases; the dose grid moves with them
    """
    worst: dict[str, float] = {}
    for phase in (np.arange(phases) + 0.5) / phases:
        right = body if name == "ball" else flat_ended(body, step, phase, bottom=True, top=name == "cylinder")
        found = dvh(contours_of(body, step, phase), dose_of(right, shape, step, (7 * phase) % 1), slice_mm=step)
        volume = right.volume_mm3
        errors = {"volume": 100.0 * (found.volume_cm3 * 1000.0 / volume - 1.0)}
        for percent in (2.0, 50.0, 95.0, 98.0, 99.0):
            errors[f"D{percent:g}%"] = found.dose_at_percent(percent) - right.dose_with_hot_volume(
                shape, percent / 100.0 * volume
            )
        errors["D0.03cc"] = found.dose_at_volume_cm3(0.03) - right.dose_with_hot_volume(shape, 30.0)
        errors["Dmin"] = found.min - right.dose_with_hot_volume(shape, volume * (1.0 - 1e-11))
        errors["Dmax"] = found.max - right.dose_with_hot_volume(shape, volume * 1e-11)
        for metric, error in errors.items():
            worst[metric] = max(worst.get(metric, 0.0), abs(error))
    return worst


@chapter("dosimetry")
def accuracy_claims() -> Iterator[Claim]:
    """Errors of volume and dose metrics from 10 to 98.5 mm."""
    for size, phases in SIZES:
        for step in GRIDS_MM:
            for name, body in bodies(size).items():
                for shape in DOSES:
                    worst = worst_errors(name, body, shape, step, phases)
                    for metric, error in worst.items():
                        unit = "%" if metric == "volume" else "Gy"
                        yield claim_number(
                            "dosimetry",
                            f"{name} {size:g} mm, {shape}, grid and slices {step:g} mm: error of {metric} in {unit}",
                            source=SOURCE,
                            expected=0.0,
                            got=round(error, 4),
                            tolerance=VOLUME_PERCENT if metric == "volume" else DOSE_GY[step],
                            note=f"worst of {phases} slice phases; end cap tapered",
                        )


@chapter("dosimetry")
def small_claims() -> Iterator[Claim]:
    """A ball of 0.06 cm³: exact at 1 mm; beyond, between the end-cap rules, and how far these lie apart."""
    ball = ball_of(0.5 * SMALL_MM)
    for metric, error in worst_errors("ball", ball, "linear z", 1.0, 20).items():
        yield claim_number(
            "dosimetry",
            f"ball {SMALL_MM} mm, linear z, grid and slices 1 mm: error of {metric}",
            source=SOURCE,
            expected=0.0,
            got=round(error, 4),
            tolerance=VOLUME_PERCENT if metric == "volume" else DOSE_GY[1.0],
            note="worst of 20 slice phases",
        )
    for size, step in ((SMALL_MM, 2.0), (SMALL_MM, 3.0), (5.0, 3.0)):
        ball = ball_of(0.5 * size)
        dose = dose_of(ball, "linear z", step, 0.0)
        low, high, worst, within = np.inf, -np.inf, 0.0, True
        for phase in (np.arange(20) + 0.5) / 20:
            slices = contours_of(ball, step, phase)
            full = dvh(slices, dose, end_cap="full", slice_mm=step).volume_cm3 * 1000.0 / ball.volume_mm3
            none = 0.0
            if len(slices.z) > 1:
                none = dvh(slices, dose, end_cap="none").volume_cm3 * 1000.0 / ball.volume_mm3
            got = dvh(slices, dose, slice_mm=step).volume_cm3 * 1000.0 / ball.volume_mm3
            low, high, worst = min(low, none), max(high, full), max(worst, abs(got - 1.0))
            within = within and none <= 1.0 <= full and none <= got <= full
        yield claim_equal(
            "dosimetry",
            f"ball {size:g} mm, slices {step:g} mm: solid and result lie between the rules none and full",
            source=SOURCE,
            expected=True,
            got=within,
            note=f"rules from {100 * (low - 1):+.0f} to {100 * (high - 1):+.0f} %, tapered within {100 * worst:.1f} %",
        )


@chapter("dosimetry")
def rule_claims() -> Iterator[Claim]:
    """Volumes of every size against the volume that each end-cap rule defines for the contours."""
    for step in GRIDS_MM:
        for rule, share in RULES:
            worst, count = 0.0, 0
            for size in RULE_SIZES_MM:
                for body in bodies(size).values():
                    for phase in (np.arange(10) + 0.5) / 10:
                        right = _ruled_mm3(body, step, phase, share)
                        pieces = pieces_of(contours_of(body, step, phase), end_cap=rule, slice_mm=step)
                        error = sum(piece.span.volume_mm3 for piece in pieces) - right
                        worst, count = max(worst, abs(error) / max(right, 1.0)), count + 1
            yield claim_number(
                "dosimetry",
                f"balls, cylinders and cones from {SMALL_MM} to 98.5 mm, slices {step:g} mm: error of the volume "
                f"that end cap {rule} defines in %",
                source=SOURCE,
                expected=0.0,
                got=round(100.0 * worst, 4),
                tolerance=VOLUME_PERCENT,
                note=f"worst of {count} sets of contours",
            )


def _ruled_mm3(body: Body, step: float, phase: float, share: float) -> float:
    """Volume of the solid between its first and last contour and of these two drawn out by a share of the step.

    Two contours alone tell nothing of the solid between them: there the area runs straight from one to the other.
    """
    z = slice_heights(body, step, phase)
    low, high = (float(np.pi * body.radius(z[[end]])[0] ** 2) for end in (0, -1))
    inner = (
        Body(float(z[0]), float(z[-1]), body.radius).volume_mm3 if len(z) > 2 else 0.5 * (low + high) * (z[-1] - z[0])
    )
    return float(inner + share * step * (low + high))
