"""Whether a plan may be begun: what is missing, contradicts itself, or must be said beside every figure."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from portico.directive import Directive
from portico.errors import CannotTell, InputRefused
from portico.geometry import distance_mm
from portico.planning.case import PlanCase

__all__ = ["BODY_NAMES", "METAL_NEAR_MM", "CordSource", "body_of", "check_case", "neural_of"]

Mask = NDArray[np.bool_]
CordSource = Literal["t2_mri", "ct_myelogram"]
#: Names of the outline of the body, TG-263 first.
BODY_NAMES: Final = ("External", "BODY", "Body")
_STEREOTACTIC: Final = ("sbrt", "sib")
#: Share of a target outside the body in percent beyond which it is a mistake and not a margin in air.
_OUTSIDE: Final = 1.0
#: Metal nearer than this to the cord in mm: no RTPLAN is written.
METAL_NEAR_MM: Final = 20.0


def body_of(case: PlanCase) -> str:
    """Name of the outline of the body.

    Raises
    ------
    InputRefused : ``no-body``
    """
    for name in BODY_NAMES:
        if name in case.masks and case.masks[name].any():
            return name
    raise InputRefused(
        "There is no outline of the body.", code="no-body", fix="Draw External, or name it by --match External=NUMBER."
    )


def neural_of(directive: Directive) -> tuple[str, ...]:
    """Neural organs that the Directive limits, by structure name, in its order."""
    return tuple(dict.fromkeys(one.roi for one in directive.limits if one.neural))


def check_case(
    case: PlanCase, directive: Directive, *, cord_source: CordSource | None = None, metal: Mask | None = None
) -> tuple[str, ...]:
    """What must be said beside every figure.

    Parameters
    ----------
    cord_source : image that the cord was drawn on; None when nobody said
    metal : (k, j, i) voxels of implants; None when nobody looked

    Raises
    ------
    InputRefused : ``directive-not-for-planning``, ``no-body``, ``structure-missing``, ``target-outside-body``, ``no-cord``,
        ``cord-in-boost``
    CannotTell : ``cord-source-missing``
    """
    if not directive.for_planning or any(one.dose_gy is None or one.fractions is None for one in directive.levels):
        raise InputRefused(
            "This Directive is not for planning.", code="directive-not-for-planning",
            path="; ".join(directive.blockers_for_planning), fix="Settle what stands against it first.",
        )  # fmt: skip
    body = case.mask(body_of(case))
    for level in directive.levels:
        target = case.mask(level.roi)
        outside = 100.0 * float((target & ~body).sum()) / float(target.sum())
        if outside > _OUTSIDE:
            raise InputRefused(
                f"{outside:.0f} % of {level.roi} lies outside the body.", code="target-outside-body", path=level.roi,
                fix="Check structure and frame of reference; a target in air is cropped to the body first.",
            )  # fmt: skip
    notes = []
    stereotactic = directive.technique in _STEREOTACTIC
    neural = neural_of(directive)
    there = [name for name in neural if name in case.masks and case.masks[name].any()]
    if stereotactic and not there:
        raise InputRefused(
            "The Directive limits the cord or the sac, and none is drawn.", code="no-cord", path=", ".join(neural),
            fix="Draw it; no plan near the cord without it.",
        )  # fmt: skip
    if there and cord_source is None:
        if stereotactic:
            raise CannotTell(
                "Nobody says which image the cord was drawn on: no stereotactic plan.", code="cord-source-missing",
                fix="Give --cord-source t2_mri or ct_myelogram.",
            )  # fmt: skip
        notes.append("Nobody says which image the cord was drawn on.")
    high = max(directive.levels, key=lambda one: one.dose_gy or 0.0)
    for name in there:
        shared = float((case.masks[name] & case.masks[high.roi]).sum()) * case.grid.voxel_cm3
        if shared > 0.0 and high.name == "boost":
            raise InputRefused(
                f"{shared:.2f} cm3 of {name} lie inside {high.roi}.", code="cord-in-boost", path=high.roi,
                fix="Take the cord's PRV out of the boost.",
            )  # fmt: skip
        if shared > 0.0:
            notes.append(f"{shared:.2f} cm3 of {name} lie inside {high.roi}: they cannot have both doses.")
    if metal is not None and metal.any():
        notes.append(_metal_words(case, metal, there))
    if directive.status != "signed":
        notes.append("The Directive is not signed: what is planned from it is an exercise.")
    return tuple(notes)


def _metal_words(case: PlanCase, metal: Mask, neural: list[str]) -> str:
    """What metal does to the figures: a pencil beam does not know it."""
    says = f"{float(metal.sum()) * case.grid.voxel_cm3:.1f} cm3 of metal in the CT: a pencil beam knows nothing of what scatters at it"
    if neural:
        cord = np.logical_or.reduce([case.masks[name] for name in neural])
        nearest = float(distance_mm(cord, case.grid)[metal].min())
        if nearest <= METAL_NEAR_MM:
            return f"{says}; it lies {nearest:.0f} mm from the cord, so the dose of the cord is not known well and no RTPLAN is written."
    return f"{says}."
