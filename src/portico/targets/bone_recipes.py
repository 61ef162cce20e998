"""How each recipe of the Directive is drawn on a long bone, and the sentence that says so."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from portico.directive import Volume
from portico.knowledge import Library
from portico.targets.bone_axis import extent
from portico.targets.bone_inputs import Scene
from portico.targets.draft import Choice
from portico.targets.margins import with_margin

__all__ = ["RECIPES", "drawn_volume", "margin_choice_of"]

Mask = NDArray[np.bool_]
#: Recipe to the name of its alternative, by TG-263.
RECIPES: Final = {"whole_hardware": "CTV_Hardware", "surgical_bed": "CTV_Bed", "whole_bone": "CTV_Bone"}


def drawn_volume(
    volume: Volume, scene: Scene, bed: Mask | None, margin: float, beyond_joint: bool, library: Library
) -> tuple[Mask, str, tuple[str, ...]] | Choice:
    """Mask, sentence and notes of one recipe, or what has to be given first.

    Parameters
    ----------
    volume : of the Directive
    bed : (k, j, i) or None
    margin : mm along and around, stated by the physician
    beyond_joint : True lets the margin run on beyond the ends of the bone
    library : gives the level of the rule
    """
    name = RECIPES.get(volume.recipe)
    if name is None:
        return Choice(
            volume.roi,
            f"How is {volume.recipe} drawn on a long bone?",
            tuple((recipe, name, "") for recipe, name in RECIPES.items()),
            "Choose one of these volumes in the Directive, or contour it by hand.",
        )
    grid, axis, notes = scene.grid, scene.axis, list[str]()
    stated = f"a margin of {margin:g} mm along and around (stated by the physician, no record)"
    if volume.recipe == "surgical_bed":
        if bed is None:
            ask = "Which structure is the surgical or tumour bed?"
            return Choice(name, ask, (), "Give --bed NAME.")
        first, last, _ = _stretch(
            bed, scene
        )  # under tilt a margin from the outside of voxels would reach too far along
        within = (scene.place >= first - margin - 1e-3) & (scene.place <= last + margin + 1e-3)
        mask = with_margin(bed, grid, margin, name) & within
        how = f"the bed as given with {stated}"
    else:
        seen = scene.place[scene.bone]  # the last voxel of a round end lies beyond the end as measured
        ends = (min(0.0, float(seen.min())), max(axis.length_mm, float(seen.max())))
        if volume.recipe == "whole_hardware":
            if scene.hardware is None:
                ask = "Where is the hardware? None is known near the bone."
                return Choice(name, ask, (), "Give --hardware-structure NAME: carbon-fibre PEEK shows no metal.")
            first, last, length = _stretch(scene.hardware, scene)
            start, stop, core = first - margin, last + margin, scene.bone | scene.hardware
            ends = (min(ends[0], first), max(ends[1], last))
            how = f"the hardware ({length / 10.0:.1f} cm along the bone) and the bone round it with {stated}"
        else:
            start, stop, core = ends[0] - margin, ends[1] + margin, scene.bone
            how = f"the whole bone ({axis.length_mm / 10.0:.1f} cm seen) with {stated}"
        if not beyond_joint:
            for end, past in ((axis.low_end, start < ends[0]), (axis.high_end, stop > ends[1])):
                if past:
                    notes.append(f"The margin ends at the {end} end of the bone: what lies beyond is not in the field.")
            start, stop = max(start, ends[0]), min(stop, ends[1])
        within = (scene.place >= start - 1e-3) & (scene.place <= stop + 1e-3)
        mask = with_margin(core & within, grid, margin, name) & within
        if margin > 0 and (start <= 0.0 or stop >= axis.length_mm):
            notes.append(
                "Near the joint the margin around takes in what lies beside the bone, a joint's other bone too."
            )
    if 0.0 < margin < float(grid.spacing.max()):
        notes.append(f"The margin is met to half a voxel: voxels are up to {grid.spacing.max():.3g} mm.")
    if scene.body is not None:
        mask &= scene.body
    if axis.cut and volume.recipe == "whole_bone":
        notes.append("The bone is cut by the field's edge: this is not the whole bone.")
    level = library.verified_of(volume.rule_id) if volume.rule_id else None
    rule = f"rule {volume.rule_id} ({', '.join(volume.source_ids)}; {level or 'level not known'})"
    record = rule if volume.rule_id else "no rule"
    return mask, f"{volume.recipe}, {record}: {volume.says} Drawn: {how}.", tuple(notes)


def _stretch(mask: Mask, scene: Scene) -> tuple[float, float, float]:
    """First and last place of a mask along the bone, no voxel left out, and its length, in mm."""
    places = scene.place[mask].astype(np.float64)
    low, high = extent(places, scene.axis.width_mm(scene.grid))
    return min(low, float(places.min())), max(high, float(places.max())), high - low


def margin_choice_of(volume: Volume) -> Choice:
    """The question for the margin of a volume that could be drawn: there is no record to choose from."""
    ask = "Which margin along the bone and around? No record gives one that is verified."
    return Choice(RECIPES[volume.recipe], ask, (), "Give --bone-margin MM; 0 is a margin, too.")
