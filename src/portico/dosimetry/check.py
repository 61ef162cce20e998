"""Check a plan against a Directive: everything that is asked of it, item by item.

Order of the items: organs without a limit, limits, targets, prescription, identity, integrity, hardware, earlier dose. Nothing
that cannot be told is called met, and nothing that is only information is called anything.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from portico import __version__
from portico.directive import CheckItem, CheckResult, Directive, PlanObject, summarise
from portico.dosimetry.beam_items import beam_items
from portico.dosimetry.beam_path_items import beam_path_items
from portico.dosimetry.contour_items import contour_items
from portico.dosimetry.dose_items import dose_items
from portico.dosimetry.grid_items import grid_items
from portico.dosimetry.hardware import HardwareSearch, find_implants
from portico.dosimetry.hardware_items import hardware_items
from portico.dosimetry.identity_items import identity_items
from portico.dosimetry.label_doses import label_doses
from portico.dosimetry.limit_items import LimitContext, limit_items
from portico.dosimetry.names import NameTable
from portico.dosimetry.organ_items import organ_items
from portico.dosimetry.plan_check import PlanCheck, StructureDose
from portico.dosimetry.plan_fact import fact
from portico.dosimetry.point_items import point_items
from portico.dosimetry.prescription_items import prescription_items
from portico.dosimetry.second_course import EarlierCourse
from portico.dosimetry.second_course_items import second_course_items
from portico.dosimetry.setup_items import setup_items
from portico.dosimetry.structure_doses import structure_doses
from portico.dosimetry.target_items import LevelTarget, level_targets, target_items
from portico.errors import DirectiveRefused, Problem
from portico.geometry import EndCap
from portico.intended_use import ANALYSIS_USE
from portico.knowledge import Library
from portico.rt.dose import DoseGrid
from portico.rt.plan_set import PlanSet
from portico.rt.volumes import Labels

__all__ = ["CheckOptions", "check_plan", "name_table", "plan_histograms", "plan_objects"]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """How a plan is read.

    Parameters
    ----------
    end_cap : rule by which structures end beyond their last contour
    names : rows of a department's own table of names; None takes the shipped one
    chosen : name in the file for a TG-263 name, as the user says
    start : day of the first fraction; None when it is not known, and the interval is then not judged
    stated : what a person states of something that no file holds, by the code of its item, e.g. ``algorithm``; shown, not judged
    hardware : False leaves the hardware alone
    earlier : earlier courses at this site
    unusable : objects of the study that could not be used, and why
    progress : called with what is done, the number done and their number
    """

    end_cap: EndCap = "tapered"
    names: Sequence[Mapping[str, Any]] | None = None
    chosen: Mapping[str, str] = field(default_factory=dict)
    start: dt.date | None = None
    stated: Mapping[str, str] = field(default_factory=dict)
    hardware: bool = True
    earlier: tuple[EarlierCourse, ...] = ()
    unusable: tuple[Problem, ...] = ()
    progress: Progress | None = None


def name_table(library: Library, options: CheckOptions) -> NameTable:
    """The table of names in force."""
    rows = options.names if options.names is not None else library.policy["structure-names"].body["names"]
    return NameTable.of(rows, options.chosen)


def plan_objects(plan_set: PlanSet) -> tuple[PlanObject, ...]:
    """The objects of a plan by the SHA-256 of their UID."""
    image = plan_set.image
    found = (
        ("plan", plan_set.plan.uid if plan_set.plan is not None else None),
        ("dose", plan_set.dose.uid if plan_set.dose is not None else None),
        ("structures", plan_set.structure_set.uid if plan_set.structure_set is not None else None),
        ("image", image.series_uid if image is not None else None),
    )
    return tuple(
        PlanObject.model_validate({"kind": kind, "sop_uid_sha256": hashlib.sha256(uid.encode()).hexdigest()})
        for kind, uid in found
        if uid is not None
    )


def plan_histograms(plan_set: PlanSet, library: Library, options: CheckOptions | None = None) -> PlanCheck:
    """Histograms of a plan without a Directive.

    Parameters
    ----------
    plan_set : structures and dose that belong together
    library : for the table of names
    """
    options = options or CheckOptions()
    structures = _structures(plan_set, library, options)
    return PlanCheck(plan_set, None, structures, (), None, tuple(_notes(structures)))


def label_histograms(
    labels: Labels, dose: DoseGrid, called: Mapping[int, str], library: Library, options: CheckOptions | None = None
) -> PlanCheck:
    """Histograms of a label map in a dose; the volume of a label is that of its voxels.

    Parameters
    ----------
    labels : label map in the frame of reference of the dose, which neither format states: the user vouches for it
    dose : dose in Gy
    called : names of labels by number
    library : for the table of names

    Raises
    ------
    InputRefused : see :func:`portico.dosimetry.label_doses`
    """
    options = options or CheckOptions()
    say = options.progress
    step = None if say is None else lambda done, of: say("histograms", done, of)
    found = label_doses(labels, dose, name_table(library, options), called, step)
    notes = (
        "The frame of reference of a label map is not stated: that it is the dose's is the user's word.",
        "Highest and lowest dose are those at the outermost corners of the voxels of a label, not at their centres.",
    )
    return PlanCheck(PlanSet(None, None, dose, None), None, found, (), None, (*notes, *_notes(found)))


def check_plan(
    plan_set: PlanSet, directive: Directive, library: Library, options: CheckOptions | None = None
) -> PlanCheck:
    """Check a plan against a Directive.

    Parameters
    ----------
    plan_set : plan, structures, dose and image that belong together; what is missing makes items that cannot be told
    directive : sealed; signed or not is an item of its own
    library : for the table of names, the house policy and the wording of limits

    Raises
    ------
    DirectiveRefused : ``not-sealed``, ``no-radiotherapy``
    """
    options = options or CheckOptions()
    if directive.hash is None:
        raise DirectiveRefused("The Directive carries no seal.", code="not-sealed", fix="Sign it with `portico sign`.")
    if directive.technique == "none":
        raise DirectiveRefused("The Directive says that no radiotherapy is given.", code="no-radiotherapy")
    policy = library.policy["plan-check"].body
    structures = _structures(plan_set, library, options)
    targets = level_targets(directive, structures)
    search = _search(plan_set, directive, structures, policy, options)
    items = (
        *organ_items(directive, structures, policy),
        *_limit_items(plan_set, directive, structures, targets, library, policy, options),
        *_target_items(plan_set, directive, structures, targets, policy),
        *second_course_items(
            directive, plan_set, structures, options.earlier, options.start, library, end_cap=options.end_cap
        ),
        *_plan_items(plan_set, directive, structures, policy, options),
        *_identity(directive, library),
        *identity_items(plan_set, directive, structures, options.start),
        *(hardware_items(search, directive, structures, plan_set) if search is not None else ()),
        *(beam_path_items(plan_set, search.implants) if search is not None else ()),
    )
    ordered = (
        *(one for one in items if one.verdict == "no_limit"),
        *(one for one in items if one.verdict != "no_limit"),
    )
    summary, status = summarise(ordered)
    result = CheckResult.model_validate(
        {
            "schema": "check-result/1",
            "directive_hash": directive.hash,
            "plan": plan_objects(plan_set),
            "items": ordered,
            "summary": summary,
            "exit_status": status,
            "end_cap": options.end_cap,
            "watermark": directive.stamps.watermark,
            "intended_use": ANALYSIS_USE,
            "software_version": __version__,
        }
    )
    implants = search.implants if search is not None else ()
    return PlanCheck(plan_set, directive, structures, implants, result, tuple(_notes(structures)))


def _structures(plan_set: PlanSet, library: Library, options: CheckOptions) -> tuple[StructureDose, ...]:
    say = options.progress
    step = None if say is None else lambda done, of: say("histograms", done, of)
    return structure_doses(plan_set, name_table(library, options), end_cap=options.end_cap, progress=step)


def _search(
    plan_set: PlanSet,
    directive: Directive,
    structures: Sequence[StructureDose],
    policy: Mapping[str, Any],
    options: CheckOptions,
) -> HardwareSearch | None:
    """Hardware of the plan; None when it is left alone."""
    if not options.hardware:
        return None
    if options.progress is not None:
        options.progress("hardware", 0, 1)
    return find_implants(plan_set, structures, min(directive.doses_gy, default=None), policy["hardware"])


def _limit_items(
    plan_set: PlanSet,
    directive: Directive,
    structures: Sequence[StructureDose],
    targets: Sequence[LevelTarget],
    library: Library,
    policy: Mapping[str, Any],
    options: CheckOptions,
) -> tuple[CheckItem, ...]:
    numbers = tuple(one.structure.number for one in targets if one.structure is not None)
    first = directive.course == "first" and not options.earlier
    context = LimitContext(plan_set, structures, numbers, library, policy, first or None)
    return limit_items(directive, context)


def _target_items(
    plan_set: PlanSet,
    directive: Directive,
    structures: Sequence[StructureDose],
    targets: Sequence[LevelTarget],
    policy: Mapping[str, Any],
) -> tuple[CheckItem, ...]:
    if directive.plain_field is not None and all(one.structure is None for one in targets):
        return point_items(directive, plan_set, policy)
    fractions = plan_set.plan.fractions if plan_set.plan is not None else None
    return target_items(directive, targets, structures, plan_set.dose, fractions, policy)


def _plan_items(
    plan_set: PlanSet,
    directive: Directive,
    structures: Sequence[StructureDose],
    policy: Mapping[str, Any],
    options: CheckOptions,
) -> tuple[CheckItem, ...]:
    """Prescription and integrity."""
    return (
        *prescription_items(plan_set, directive, structures, policy),
        *dose_items(plan_set, directive, structures),
        *(
            fact("integrity", "object-refused", "cannot_tell", f"An object of the study cannot be used. {one.message}")
            for one in options.unusable
        ),
        *setup_items(plan_set, directive, structures, policy),
        *grid_items(plan_set, directive, structures, policy),
        *contour_items(plan_set, directive, structures, policy),
        *beam_items(plan_set, directive, policy, options.stated),
    )


def _identity(directive: Directive, library: Library) -> tuple[CheckItem, ...]:
    ready = directive.status == "signed" and directive.for_planning
    why = "The Directive is signed and for planning."
    if directive.status != "signed":
        why = "The Directive is a proposal: nobody has signed it."
    elif not directive.for_planning:
        why = f"The Directive is not for planning: {'; '.join(directive.blockers_for_planning)}."
    made = [fact("identity", "directive-signed", "met" if ready else "not_met", why)]
    if directive.stamps.knowledge_version != library.version:
        made.append(
            fact(
                "identity",
                "knowledge-version",
                "info",
                "The Directive was made with another version of the knowledge than this one.",
            )
        )
    return tuple(made)


def _notes(structures: Sequence[StructureDose]) -> list[str]:
    notes = []
    guessed = [one for one in structures if one.how == "guessed"]
    if guessed:
        notes.append(f"{len(guessed)} structure names were guessed: they are marked, and a guess is never called met.")
    without = [one for one in structures if one.dvh is None]
    if without:
        notes.append(f"{len(without)} structures have no histogram; the table says why.")
    return notes
