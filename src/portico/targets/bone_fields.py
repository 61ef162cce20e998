"""Fields of a long bone after stabilisation: whole hardware, surgical bed and whole bone, drawn side by side.

Which of them is the CTV is the Directive's choice; the others are shown beside it with the same facts. The margin is the
physician's: no record gives one that is verified, so without it nothing is drawn and the draft asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, Literal, cast

import numpy as np
from numpy.typing import NDArray

from portico.directive import Volume
from portico.errors import CannotTell, InputRefused
from portico.geometry import grown
from portico.knowledge import Library, load_library
from portico.rt import Grid
from portico.targets.bone_axis import BoneAxis, bone_axis, main_pieces
from portico.targets.bone_facts import field_facts
from portico.targets.bone_inputs import Scene, body_in, hardware_in, limb_of, place_map, solid
from portico.targets.bone_recipes import RECIPES, drawn_volume, margin_choice_of
from portico.targets.cropping import box_round, cropped_grid, pasted
from portico.targets.draft import Choice, Draft, DraftVolume, Fact, Kind, Verified
from portico.targets.margins import StatedMargin, with_margin

__all__ = ["MOST_BONE_MM", "bone_draft"]

Mask = NDArray[np.bool_]
#: A margin in mm beyond which a typing error is likelier than a plan.
MOST_BONE_MM: Final = 100.0
_PTV_ROW: Final = "ptv-non-spine-trial"


def bone_draft(
    grid: Grid,
    hu: NDArray[Any] | None,
    bone: Mask,
    *,
    hardware: Mask | None = None,
    look_for_metal: bool = True,
    bed: Mask | None = None,
    body: Mask | None = None,
    directive_volumes: Sequence[Volume],
    margin_mm: float | None,
    ptv_margin_mm: float | StatedMargin | None = None,
    prior: Sequence[Mask] = (),
    prior_use: Literal["subtract", "show"] = "show",
    frame_uid: str | None = None,
    beyond_joint: bool = False,
    library: Library | None = None,
) -> Draft:
    """Every field of the Directive that can be drawn, with its facts.

    Parameters
    ----------
    grid : of every mask, of any orientation
    hu : (k, j, i) HU; None leaves hardware and body to what is given
    bone : (k, j, i) a whole long bone
    hardware : (k, j, i) as the physician drew it; None when there is none
    look_for_metal : without ``hardware``, look for metal near the bone in the CT by the thresholds of the policy ``plan-check``
    bed : (k, j, i) surgical or tumour bed as the physician drew it; None when there is none
    body : (k, j, i) outline of the body; None takes what is brighter than -300 HU
    directive_volumes : of the Directive; the chosen one is drawn as CTV, the others as alternatives
    margin_mm : along and around, in mm, stated by the physician; 0 is a margin; None draws nothing and asks
    ptv_margin_mm : round the CTV, in mm, stated by the physician or from a named record; None draws no PTV and asks
    prior : (k, j, i) fields of earlier courses, or what got a stated dose
    prior_use : ``subtract`` takes them out of what is drawn, ``show`` only states the overlap
    frame_uid : frame of reference of the image
    beyond_joint : True lets the margin run on beyond the ends of the bone
    library : gives thresholds and verification levels; the shipped one when left out

    Raises
    ------
    InputRefused : ``mask-shape``, ``bad-margin``, ``prior-use``
    CannotTell : ``bone-too-short``; ``margin-below-voxel``; ``nothing-to-draw`` when a margin is there and no volume can be made
    """
    _check(grid, (bone, hardware, bed, body, *prior), margin_mm, ptv_margin_mm, prior_use)
    library = library or load_library()
    notes: list[str] = []
    hardware, bed = _filled_or_none(hardware), _filled_or_none(bed)
    how = "given"
    outline = _filled_or_none(body)
    if outline is None and hu is not None:
        outline = _filled_or_none(body_in(hu))
        notes.append("The outline of the body was taken at -300 HU: a couch or cast that touches it counts as body.")
    if hardware is None and not look_for_metal:
        notes.append("Metal was not looked for: this was asked for.")
    elif hardware is None and hu is not None:
        how = "found in the CT"
        try:
            hardware, said = hardware_in(hu, grid, bone, body, library.policy["plan-check"].body["hardware"])
            notes += said
        except CannotTell as error:
            notes.append(f"Metal was not looked for: {error.problem.message}")
    drawn = [one for one in (bone, hardware, bed, outline, *prior) if one is not None]
    box = box_round(drawn, grid, 2.0 * float(grid.spacing.max()) + (0.0 if outline is not None else 2.0 * MOST_BONE_MM))
    whole, grid = grid, cropped_grid(grid, box)
    bone = bone[box]
    hardware, bed, outline = (None if one is None else one[box] for one in (hardware, bed, outline))
    prior = [one[box] for one in prior]
    axis = bone_axis(bone, grid)
    notes += axis.notes
    given = _inputs(grid, bone, hardware, bed, prior, how)
    ptv = ptv_margin_mm if isinstance(ptv_margin_mm, StatedMargin | None) else StatedMargin(float(ptv_margin_mm))
    volumes: list[DraftVolume] = []
    choices: list[Choice] = []
    recipes = {one.recipe: one for one in reversed(directive_volumes)}
    chosen = [one.recipe for one in recipes.values() if one.chosen]
    if len(chosen) != 1:
        options = tuple(
            (one.recipe, one.says, library.verified_of(one.rule_id) or "" if one.rule_id else "")
            for one in directive_volumes
        )
        choices.append(Choice("CTV", "Which volume is the CTV?", options, "Choose one volume in the Directive."))
    if margin_mm is not None:
        reach = margin_mm + (ptv.mm if ptv else 0.0)
        scene = _scene(grid, axis, bone, hardware, bed, outline, reach)
        missing: list[str] = []
        for one in directive_volumes:
            if one is not recipes.get(one.recipe):
                continue
            made = drawn_volume(one, scene, bed, margin_mm, beyond_joint, library)
            if isinstance(made, Choice):
                choices.append(made)
                missing.append(made.question)
                continue
            mask, says, own = made
            name = "CTV" if [one.recipe] == chosen else RECIPES[one.recipe]
            level = cast("Verified | None", library.verified_of(one.rule_id) if one.rule_id else None)
            made_from = DraftVolume(
                name, "CTV", mask, says, source_ids=one.source_ids, verified=level,
                role="drawn" if one.chosen else "alternative", notes=own,
            )  # fmt: skip
            volumes += _finished(made_from, scene, prior, prior_use, ptv if name == "CTV" else None)
        if not volumes:
            raise CannotTell(
                f"No field can be drawn. {' '.join(missing)}".strip(),
                code="nothing-to-draw",
                fix="Give what is asked for, or choose another volume in the Directive.",
            )
    else:
        choices += [margin_choice_of(one) for one in directive_volumes if one.recipe in RECIPES]
    if ptv is None:
        row = library.volumes[_PTV_ROW]
        ask = "Which margin between CTV and PTV?"
        choices.append(
            Choice(
                "PTV",
                ask,
                ((row.id, row.says, row.verified),),
                "Give --ptv with millimetres of your own or the name of the record.",
            )
        )
    volumes.sort(key=lambda one: one.role != "drawn")
    small = Draft(grid, (*volumes, *given), choices=tuple(choices), notes=tuple(notes), frame_uid=frame_uid)
    return pasted(small, whole, hu, box)


def _finished(
    volume: DraftVolume, scene: Scene, prior: Sequence[Mask], prior_use: str, ptv: StatedMargin | None
) -> list[DraftVolume]:
    """The volume, and its PTV, with earlier fields taken out or their overlap stated, and facts."""
    pairs = [(volume, volume.mask)]
    if ptv is not None:
        says = f"CTV with {ptv.says} all round."
        rows, sources = ((ptv.row.id,), ptv.row.source_ids) if ptv.row is not None else ((), ())
        wide = with_margin(volume.mask, scene.grid, ptv.mm, "PTV")
        made = DraftVolume(
            "PTV", "PTV", wide, says, rows=rows, source_ids=sources, verified=ptv.verified, role=volume.role
        )
        pairs.append((made, wide))
    found = []
    for one, whole in pairs:
        mask, facts, notes, says = whole, list[Fact](), list(one.notes), one.says
        if prior:
            before = np.logical_or.reduce(list(prior))
            shared = float((mask & before).sum()) * scene.grid.voxel_cm3
            if prior_use == "subtract":
                mask = mask & ~before
                facts.append(Fact("removed for earlier fields", shared, "cm3"))
                says += f" Earlier fields are taken out ({shared:.1f} cm3)."
            else:
                facts.append(Fact("overlap with earlier fields", shared, "cm3"))
        if mask.any():
            own, said = field_facts(mask, scene)
            facts, notes = [*own, *facts], [*notes, *said]
        else:
            notes.append("Nothing is left of it.")
        found.append(replace(one, mask=mask, says=says, facts=tuple(facts), notes=tuple(notes)))
    return found


def _check(
    grid: Grid,
    masks: Sequence[Mask | None],
    margin_mm: float | None,
    ptv_margin_mm: float | StatedMargin | None,
    prior_use: str,
) -> None:
    if any(one is not None and one.shape != grid.shape for one in masks):
        raise InputRefused("The mask does not have the shape of its grid.", code="mask-shape")
    ptv = ptv_margin_mm.mm if isinstance(ptv_margin_mm, StatedMargin) else ptv_margin_mm
    if any(one is not None and not 0.0 <= one <= MOST_BONE_MM for one in (margin_mm, ptv)):  # also refuses NaN
        raise InputRefused(f"A margin lies between 0 and {MOST_BONE_MM:g} mm.", code="bad-margin")
    if prior_use not in ("subtract", "show"):
        raise InputRefused("Earlier fields are subtracted or shown.", code="prior-use", fix="Write subtract or show.")


def _filled_or_none(mask: Mask | None) -> Mask | None:
    return mask if mask is not None and mask.any() else None


def _scene(
    grid: Grid, axis: BoneAxis, bone: Mask, hardware: Mask | None, bed: Mask | None, body: Mask | None, reach: float
) -> Scene:
    """What the fields are drawn and measured on; places are known wherever a field may come to lie."""
    whole = solid(main_pieces(bone), grid, axis)
    core = whole if hardware is None else whole | hardware
    body = None if body is None else body | core
    limb = None if body is None else limb_of(body, core, grid, axis)
    known = grown(core if bed is None else core | bed, grid, reach + 2.0 * float(np.linalg.norm(grid.spacing)))
    where = known if limb is None else known | limb
    return Scene(grid, axis, whole, hardware, body, limb, place_map(where, grid, axis))


def _inputs(
    grid: Grid, bone: Mask, hardware: Mask | None, bed: Mask | None, prior: Sequence[Mask], how: str
) -> list[DraftVolume]:
    """What was given or found, to be shown beside the fields."""
    named: list[tuple[str, Kind, Mask | None, str]] = [
        ("Bone", "ORGAN", bone, "The bone as given."),
        ("Hardware", "CONTROL", hardware, f"The hardware, {how}."),
        ("Surgical_Bed", "CONTROL", bed, "The surgical or tumour bed as given."),
    ]
    named += [(f"Prior_{n}", "CONTROL", one, "A field of an earlier course.") for n, one in enumerate(prior, start=1)]
    return [
        DraftVolume(roi, kind, mask, says, role="input", facts=(Fact("volume", float(mask.sum()) * grid.voxel_cm3, "cm3"),))
        for roi, kind, mask, says in named
        if mask is not None
    ]  # fmt: skip
