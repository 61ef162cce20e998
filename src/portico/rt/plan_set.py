"""A plan with what it refers to; references and frames of reference are verified, not assumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from portico.errors import Problem
from portico.rt.dose import DoseGrid, sum_doses
from portico.rt.image import Image
from portico.rt.plan import Plan
from portico.rt.refusals import refused
from portico.rt.structures import StructureSet

__all__ = ["PlanSet", "assembled"]

#: Summations taken as a whole dose where there is no plan to ask.
_WHOLE: Final = ("PLAN", "MULTI_PLAN", "UNKNOWN")


@dataclass(frozen=True, slots=True, eq=False)
class PlanSet:
    """Objects that belong together.

    Parameters
    ----------
    plan : None when there is no RTPLAN
    structure_set : the one that the plan refers to; None when it is not there
    dose : the plan's dose, or the sum of its beams' doses; None when it is not there
    image : the series that the structures refer to; None when it is not there
    findings : what could not be verified: ``plan-missing``, ``structures-missing``, ``dose-missing``,
        ``image-missing``, ``frame-unknown``, ``dose-summed``, ``image-by-frame``, ``beams-missing``, ``summation-unknown``
    """

    plan: Plan | None
    structure_set: StructureSet | None
    dose: DoseGrid | None
    image: Image | None
    findings: tuple[Problem, ...] = ()


def assembled(
    plan: Plan | None, structure_sets: Sequence[StructureSet], doses: Sequence[DoseGrid], images: Sequence[Image]
) -> PlanSet:
    """Put together what a plan refers to; see :meth:`portico.rt.Study.plan_set`."""
    findings: list[Problem] = []
    if plan is None:
        findings.append(Problem("plan-missing", "There is no plan; structures and dose are not tied to one."))
    structure_set = _structures(plan, structure_sets, findings)
    dose = _dose(plan, doses, findings)
    image = _image(structure_set, dose, images, findings)
    _check_frames(plan, structure_set, dose, image, findings)
    return PlanSet(plan, structure_set, dose, image, tuple(findings))


def _structures(
    plan: Plan | None, structure_sets: Sequence[StructureSet], findings: list[Problem]
) -> StructureSet | None:
    if plan is not None:
        fitting = [one for one in structure_sets if one.uid is not None and one.uid in plan.structure_set_uids]
    else:
        fitting = list(structure_sets)
    if len(fitting) > 1:
        raise refused("several-structure-sets", "More than one structure set fits.")
    if not fitting:
        message = "There is no structure set." if not structure_sets else "The plan refers to no structure set here."
        findings.append(Problem("structures-missing", message))
        return None
    return fitting[0]


def _dose(plan: Plan | None, doses: Sequence[DoseGrid], findings: list[Problem]) -> DoseGrid | None:
    if plan is None:
        whole = [dose for dose in doses if dose.summation in _WHOLE]
        beams: list[DoseGrid] = []
        if len({dose.plan_uids for dose in doses}) > 1:
            raise refused("several-plans", "The doses belong to more than one plan.", fix="Add the plan.")
    else:
        whole = [dose for dose in doses if plan.uid in dose.plan_uids and dose.summation == "PLAN"]
        beams = [dose for dose in doses if plan.uid in dose.plan_uids and dose.summation == "BEAM"]
    if len(whole) > 1:
        raise refused("several-doses", "There is more than one dose of the whole plan.")
    if whole:
        if whole[0].summation == "UNKNOWN":
            findings.append(Problem("summation-unknown", "The dose does not say whether it is that of a whole plan."))
        return whole[0]
    if plan is not None and beams:
        treated = {beam.number for group in plan.fraction_groups.values() for beam in group.beams}
        given = {number for dose in beams for number in dose.beam_numbers}
        if given < treated or not treated:
            findings.append(Problem("beams-missing", "There is no plan dose, and not every beam has a dose."))
            return None
        if given != treated:
            raise refused("beam-unknown", "A dose is of a beam that the fraction groups lack.")
        findings.append(Problem("dose-summed", "The plan dose is the sum of the doses of its beams."))
        return sum_doses(beams)
    findings.append(Problem("dose-missing", "There is no dose of the whole plan."))
    return None


def _image(
    structure_set: StructureSet | None, dose: DoseGrid | None, images: Sequence[Image], findings: list[Problem]
) -> Image | None:
    if structure_set is not None and structure_set.series_uids:
        fitting = [image for image in images if image.series_uid in structure_set.series_uids]
        if len(fitting) == 1:
            return fitting[0]
    frame = structure_set.frame_uid if structure_set is not None else dose.frame_uid if dose is not None else None
    by_frame = [image for image in images if frame is not None and image.frame_uid == frame]
    if len(by_frame) == 1:
        findings.append(Problem("image-by-frame", "The image was found by its frame of reference alone."))
        return by_frame[0]
    findings.append(Problem("image-missing", "The image that the structures refer to is not here."))
    return None


def _check_frames(
    plan: Plan | None,
    structure_set: StructureSet | None,
    dose: DoseGrid | None,
    image: Image | None,
    findings: list[Problem],
) -> None:
    if structure_set is not None:
        inside = {one.frame_uid for one in structure_set.structures.values() if one.frame_uid is not None}
        if len(inside) > 1:
            raise refused("frames-mixed", "The structures are in more than one frame of reference.")
    frames = {
        "structures": structure_set.frame_uid if structure_set is not None else None,
        "dose": dose.frame_uid if dose is not None else None,
        "image": image.frame_uid if image is not None else None,
        "plan": plan.frame_uid if plan is not None else None,
    }
    known = {role: uid for role, uid in frames.items() if uid is not None}
    if len(set(known.values())) > 1:
        roles = ", ".join(sorted(known))
        raise refused("frame-differs", f"These are not all in one frame of reference: {roles}.")
    for role, there in (("structures", structure_set), ("dose", dose), ("image", image)):
        if there is not None and frames[role] is None:
            findings.append(Problem("frame-unknown", f"The frame of reference is unknown: {role}."))
