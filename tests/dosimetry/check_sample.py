"""A small plan whose every figure can be worked out by hand: boxes in a dose that falls along y.

The dose is ``top - slope * max(0, y)`` Gy: flat in front of y = 0, falling behind it. All boxes have slices 2 mm apart.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from portico.directive import Directive, read_directive, seal
from portico.rt import (
    Beam,
    BeamDelivery,
    Contour,
    ControlPoints,
    DoseGrid,
    DoseReference,
    FractionGroup,
    Grid,
    Plan,
    PlanSet,
    Structure,
    StructureSet,
)

ROOT = Path(__file__).parents[2]
FRAME = "1.2.3.4"
STEP = 2.0


def box(number, name, x, y, z, kind=None, properties=None):
    """A box from x, y, z ranges in mm."""
    heights = np.arange(z[0] + STEP / 2, z[1], STEP)
    ring = np.array([[x[0], y[0]], [x[1], y[0]], [x[1], y[1]], [x[0], y[1]]])
    contours = tuple(Contour(np.column_stack([ring, np.full(4, height)]), "CLOSED_PLANAR") for height in heights)
    return Structure(number, name, contours, kind, FRAME, properties=properties)


def dose(top=24.5, slope=1.2, low=(-80, -80, -80), high=(80, 80, 80), spacing=2.0):
    low, high = np.array(low, float), np.array(high, float)
    size = ((high - low) / spacing).astype(int) + 1
    y = low[1] + spacing * np.arange(size[1])
    gy = np.maximum(0.0, top - slope * np.maximum(0.0, y))
    filled = np.broadcast_to(gy[None, :, None], (size[2], size[1], size[0]))
    grid = Grid(low, np.full(3, spacing), np.eye(3), (size[2], size[1], size[0]))
    return DoseGrid(grid, np.ascontiguousarray(filled), "PLAN", FRAME, "PHYSICAL", ("1.9.1",), uid="1.9.2")


def structures(**replaced):
    """The usual structures by name; a keyword replaces or adds one, None takes it away."""
    usual = {
        "External": box(1, "External", (-70, 70), (-70, 70), (-60, 60), "EXTERNAL"),
        "PTV": box(2, "PTV", (-20, 20), (-20, 0), (-20, 20), "PTV"),
        "SpinalCord": box(3, "SpinalCord", (-5, 5), (12, 22), (-50, 50), "ORGAN"),
        "SpinalCord_PRV": box(4, "SpinalCord_PRV02", (-7, 7), (10, 24), (-50, 50), "ORGAN"),
        "Esophagus": box(5, "Esophagus", (-8, 8), (26, 36), (-50, 50), "ORGAN"),
        "Lung_L": box(6, "Lung_L", (30, 60), (25, 60), (-50, 50), "ORGAN"),
        "Lung_R": box(7, "Lung_R", (-60, -30), (25, 60), (-50, 50), "ORGAN"),
        "Heart": box(8, "Heart", (-25, 25), (-60, -30), (-50, 0), "ORGAN"),
        "Trachea": box(9, "Trachea", (-8, 8), (40, 55), (-50, 50), "ORGAN"),
    }
    usual |= replaced
    return [one for one in usual.values() if one is not None]


def plan(fractions=2, prescribed=24.0, references=None, beams=None):
    point = ControlPoints(
        np.array([0.0, 1.0]), np.zeros(2), np.zeros(2), np.zeros(2), np.zeros((2, 3)), np.full(2, 6.0), "NONE"
    )
    beam = Beam(1, "1", "STATIC", "PHOTON", "TREATMENT", "MU", "PHANTOM", "STANDARD", 1.0, point)
    delivery = beams or (BeamDelivery(1, prescribed / fractions if fractions else None, 2400.0, None),)
    given = references
    if given is None:
        given = (DoseReference(1, "VOLUME", "TARGET", None, 2, None, prescribed, None, None, None, None),)
    return Plan(
        "1.9.1", "plan", "APPROVED", "PALLIATIVE", "PATIENT", FRAME, ("1.9.3",), (), ("HFS",),
        {1: FractionGroup(1, fractions, delivery)}, {1: beam}, given,
    )  # fmt: skip


def plan_set(found=None, gy=None, made=None, refused=None):
    found = structures() if found is None else found
    whole = StructureSet({one.number: one for one in found}, FRAME, "1.9.3", refused=refused or {})
    return PlanSet(plan() if made is None else made, whole, dose() if gy is None else gy, None)


def directive(name="spine-24-2", **changed) -> Directive:
    found = read_directive(ROOT / "examples" / "directives" / f"{name}.json")
    return seal(found.model_copy(update={**changed, "hash": None})) if changed else found


def items(check, **wanted):
    """Items of a check with these fields."""
    return [one for one in check.result.items if all(getattr(one, key) == value for key, value in wanted.items())]
