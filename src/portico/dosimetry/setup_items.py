"""Items of the set-up: references and frames, approval, intent, position, body, couch and isocentre."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from portico.directive import CheckItem, Directive
from portico.dosimetry.plan_beams import single_isocentres, treatment_beams
from portico.dosimetry.plan_check import StructureDose
from portico.dosimetry.plan_contours import contains, slices_for, target_slices
from portico.dosimetry.plan_fact import Verdict, fact, listed
from portico.dosimetry.target_items import level_targets
from portico.geometry import Slices, edges_of
from portico.rt.plan import Plan
from portico.rt.plan_set import PlanSet

__all__ = ["setup_items"]

#: Findings of the reader that other items say, or that only inform.
_SAID_ELSEWHERE: Final = frozenset({"dose-summed", "summation-unknown"})
_INFORM: Final = frozenset({"image-by-frame"})
_NOT_FOR_TREATMENT: Final = frozenset({"VERIFICATION", "MACHINE_QA", "RESEARCH", "SERVICE"})


def setup_items(
    plan_set: PlanSet, directive: Directive, structures: Sequence[StructureDose], policy: Mapping[str, Any]
) -> tuple[CheckItem, ...]:
    """Whether the objects belong together, and whether the plan may be treated as it is set up.

    Parameters
    ----------
    plan_set : what was read, with the findings of the reader
    policy : ``isocentre_tolerance_mm``
    """
    items = _references(plan_set)
    if plan_set.plan is not None:
        items += [_approval(plan_set.plan), _intent(plan_set.plan), _geometry(plan_set.plan), _position(plan_set)]
    items += _body(plan_set, structures)
    if plan_set.plan is not None:
        items.append(_couch(plan_set.plan, plan_set, structures))
        items += _isocentres(plan_set.plan, plan_set, directive, structures, float(policy["isocentre_tolerance_mm"]))
    return tuple(items)


def _references(plan_set: PlanSet) -> list[CheckItem]:
    items = []
    for finding in plan_set.findings:
        if finding.code in _SAID_ELSEWHERE:
            continue
        verdict: Verdict = "info" if finding.code in _INFORM else "cannot_tell"
        items.append(fact("integrity", finding.code, verdict, finding.message))
    if all(item.verdict == "info" for item in items):
        why = "Plan, structures, dose and images refer to one another and are in one frame of reference."
        items.insert(0, fact("integrity", "references", "met", why))
    return items


def _approval(plan: Plan) -> CheckItem:
    said: dict[str | None, tuple[Verdict, str]] = {
        "APPROVED": ("met", "The plan is approved."),
        "UNAPPROVED": ("not_met", "The plan is not approved."),
        "REJECTED": ("not_met", "The plan was rejected."),
    }
    verdict, why = said.get(plan.approval, ("cannot_tell", "Whether the plan is approved is not stated."))
    return fact("integrity", "approval", verdict, why)


def _intent(plan: Plan) -> CheckItem:
    if plan.intent is None:
        return fact("integrity", "plan-intent", "info", "The plan does not state its intent.")
    words = plan.intent.replace("_", " ").lower()
    if plan.intent in _NOT_FOR_TREATMENT:
        return fact(
            "integrity", "plan-intent", "not_met", f"The plan is marked as {words}, not for the treatment of a patient."
        )
    return fact("integrity", "plan-intent", "met", f"The plan is marked as {words}.")


def _geometry(plan: Plan) -> CheckItem:
    if plan.geometry == "PATIENT":
        return fact("integrity", "plan-geometry", "met", "The plan is on the anatomy of the patient.")
    if plan.geometry is None:
        why = "Whether the plan is on the anatomy of the patient is not stated."
        return fact("integrity", "plan-geometry", "cannot_tell", why)
    why = "The plan is on the geometry of the machine, not on the anatomy of the patient."
    return fact("integrity", "plan-geometry", "not_met", why)


def _position(plan_set: PlanSet) -> CheckItem:
    assert plan_set.plan is not None
    code, planned = "patient-position", sorted(set(plan_set.plan.patient_positions))
    scanned = plan_set.image.patient_position if plan_set.image is not None else None
    if not planned or scanned is None:
        absent = listed([name for name, known in (("plan", planned), ("images", scanned)) if not known])
        return fact("integrity", code, "cannot_tell", f"The position of the patient is not known from: {absent}.")
    said = f"Planned in {listed(planned)}, scanned in {scanned}."
    return fact("integrity", code, "met" if planned == [scanned] else "not_met", said)


def _bodies(plan_set: PlanSet, structures: Sequence[StructureDose]) -> list[Slices]:
    return target_slices(plan_set, [one for one in structures if one.role == "external"])


def _body(plan_set: PlanSet, structures: Sequence[StructureDose]) -> list[CheckItem]:
    if plan_set.structure_set is None:
        return []
    found = _bodies(plan_set, structures)
    if not found:
        why = "No outer contour of the body is drawn; without it no dose can be computed and no depth is known."
        return [fact("integrity", "external", "not_met", why)]
    if len(found) > 1:
        why = (
            f"{len(found)} structures are outer contours of the body; which one the dose was computed in is not known."
        )
        return [fact("integrity", "external", "cannot_tell", why)]
    return [fact("integrity", "external", "met", "The outer contour of the body is drawn.")]


def _couch(plan: Plan, plan_set: PlanSet, structures: Sequence[StructureDose]) -> CheckItem:
    """Beams whose source stands below the couch top pass the couch; then it must be in the dose."""
    couch = [one for one in structures if one.role == "support" and slices_for(plan_set, one) is not None]
    if couch:
        return fact(
            "integrity", "couch", "met", "The couch is contoured.", structure=couch[0] if len(couch) == 1 else None
        )
    gantry = {beam.number: beam.control_points.gantry_deg for beam in treatment_beams(plan)}
    if not gantry or any(math.isnan(angle) for angles in gantry.values() for angle in angles):
        return fact("integrity", "couch", "cannot_tell", "No couch is contoured, and the gantry angles are not known.")
    behind = [number for number, angles in gantry.items() if min(math.cos(math.radians(a)) for a in angles) < -1e-6]
    if not behind:
        return fact("integrity", "couch", "info", "No couch is contoured, and no beam comes from below it.")
    beams = f"beam{'s' if len(behind) > 1 else ''} {listed(behind)}"
    why = f"No couch is contoured, and {beams} come from below: whether the couch is in the dose cannot be told."
    return fact("integrity", "couch", "cannot_tell", why)


def _isocentres(
    plan: Plan, plan_set: PlanSet, directive: Directive, structures: Sequence[StructureDose], tolerance: float
) -> list[CheckItem]:
    points = single_isocentres(plan, tolerance)
    if not points:
        return [fact("integrity", "isocentre", "cannot_tell", "The plan states no isocentre.")]
    number = (
        "one isocentre" if len(points) == 1 else f"{len(points)} isocentres; the junction of their fields needs a look"
    )
    items = [fact("integrity", "isocentre", "info", f"The plan has {number}.")]
    bodies = _bodies(plan_set, structures)
    if len(bodies) == 1:
        outside = [point for point in points if not contains(bodies[0], point)]
        why = "Every isocentre lies in the body."
        if outside:
            why = f"{len(outside)} of {len(points)} isocentres lie outside the body."
        items.append(fact("integrity", "isocentre-in-body", "not_met" if outside else "met", why))
    else:
        why = "Whether the isocentre lies in the body cannot be told without exactly one outer contour."
        items.append(fact("integrity", "isocentre-in-body", "cannot_tell", why))
    targets = target_slices(
        plan_set, [one.structure for one in level_targets(directive, structures) if one.structure is not None]
    )
    if targets:
        away = max(min(_distance_mm(slices, point) for slices in targets) for point in points)
        why = (
            "Every isocentre lies in a target."
            if away <= 0.0
            else f"An isocentre lies {away:.0f} mm from the nearest target."
        )
        items.append(fact("integrity", "isocentre-target", "info", why))
    return items


def _distance_mm(slices: Slices, point: tuple[float, float, float]) -> float:
    """Distance in mm of a point to the outlines of a structure; 0 inside."""
    if contains(slices, point):
        return 0.0
    nearest = math.inf
    for z, rings in zip(slices.z, slices.polygons, strict=True):
        for x1, y1, x2, y2 in edges_of(rings):
            ex, ey = x2 - x1, y2 - y1
            length2 = ex * ex + ey * ey
            t = 0.0 if length2 == 0.0 else min(1.0, max(0.0, ((point[0] - x1) * ex + (point[1] - y1) * ey) / length2))
            away = math.dist(point, (x1 + t * ex, y1 + t * ey, float(z)))
            nearest = min(nearest, away)
    return nearest
