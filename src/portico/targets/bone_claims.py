"""Claims of fields of long bones for ``portico verify``, chapter ``targets``: lengths and shares on a made-up femur under tilt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from portico.claims import Claim, chapter, claim_number
from portico.directive import Volume
from portico.targets.bone_axis import bone_axis
from portico.targets.bone_fields import bone_draft
from portico.targets.bone_phantom import BED_MM, BONE_MM, LEG_MM, NAIL_MM, femur
from portico.targets.phantom import turn

__all__ = ["bone_field_claims"]

MADE: Final = "a femur of cylinders and balls with a nail, 2 mm"
TILTS: Final = ((0, 0, 0), (20, 0, 0), (-40, 0, 0), (0, 40, 0), (30, 20, 0), (0, 80, 0))
MARGIN_MM: Final = 10.0
#: Radius of the bed, the widest part of its field.
BED_RADIUS_MM: Final = 18.0


@chapter("targets")
def bone_field_claims() -> Iterator[Claim]:
    """Length of the bone, length of each field, share and length of the nail covered, and the strip spared."""
    bone, nail, bed = (two[1] - two[0] for two in (BONE_MM, NAIL_MM, BED_MM))
    volumes = [
        Volume.model_validate({"roi": "CTV", "recipe": recipe, "says": "a way", "chosen": recipe == "whole_hardware"})
        for recipe in ("whole_hardware", "surgical_bed", "whole_bone")
    ]
    for tilt in TILTS:
        made = femur(turn(*tilt), screw=False)
        where = f"tilt of {tilt[0]}, {tilt[1]} and {tilt[2]} degrees"
        axis = bone_axis(made.bone, made.grid)
        off = float(np.degrees(np.arccos(np.clip(abs(axis.direction @ made.shaft), 0.0, 1.0))))
        yield claim_number(
            "targets", f"{where}: length of the bone in mm", source=MADE, expected=bone, got=round(axis.length_mm, 2), tolerance=2.0,
        )  # fmt: skip
        yield claim_number(
            "targets", f"{where}: axis off the shaft in degrees", source=MADE, expected=0.0, got=round(off, 2), tolerance=1.0,
        )  # fmt: skip
        draft = bone_draft(
            made.grid, None, made.bone, hardware=made.hardware, bed=made.bed, body=made.body,
            directive_volumes=volumes, margin_mm=MARGIN_MM,
        )  # fmt: skip
        facts = {one.roi: {fact.name: fact.value for fact in one.facts} for one in draft.volumes}
        for roi, name, right, tolerance in (
            ("CTV", "length", (nail + 2.0 * MARGIN_MM) / 10.0, 0.2),
            ("CTV_Bed", "length", (bed + 2.0 * MARGIN_MM) / 10.0, 0.2),
            ("CTV_Bone", "length", bone / 10.0, 0.2),
            ("CTV", "hardware covered", 100.0, 0.01),
            ("CTV_Bed", "hardware covered", 100.0 * (bed + 2.0 * MARGIN_MM) / nail, 2.0),
            ("CTV_Bed", "hardware length covered", (bed + 2.0 * MARGIN_MM) / 10.0, 0.2),
        ):
            got = facts[roi][name]
            yield claim_number(
                "targets", f"{where}: {name} of {roi}", source=MADE, expected=round(right, 3),
                got=float("nan") if got is None else round(got, 3), tolerance=tolerance,
            )  # fmt: skip
        strip = facts["CTV_Bed"]["widest strip spared"]
        if strip is not None:  # the leg is cut by the grid under some tilts
            yield claim_number(
                "targets", f"{where}: widest strip spared beside CTV_Bed in mm", source=MADE,
                expected=LEG_MM - BED_RADIUS_MM - MARGIN_MM, got=round(strip, 2), tolerance=2.0,
            )  # fmt: skip
