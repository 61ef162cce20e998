"""A Directive as plain data for its one page: the same for HTML, PDF and terminal."""

from __future__ import annotations

from typing import Any

from portico.directive import Directive, Limit, PlainField
from portico.knowledge import Library
from portico.report import wording
from portico.report.amounts import day_text, dose_text, limit_text
from portico.report.references import References
from portico.report.second_course import review_view

__all__ = ["sheet_view"]


def sheet_view(directive: Directive, library: Library) -> dict[str, Any]:
    """A Directive as plain data.

    Parameters
    ----------
    directive : proposed or signed; what it leaves open is printed as open
    library : gives the citations of the records it names
    """
    references = References(library)
    site = directive.site
    place = [wording.words(site.bone) if site.bone else "bone not stated", ", ".join(site.levels), site.side or ""]
    stamps = directive.stamps
    decision = directive.decision
    view: dict[str, Any] = {
        "title": f"Directive {directive.id}",
        "description": site.description or "",
        "status": "Signed" if directive.status == "signed" else "Proposed, not signed",
        "signed": directive.status == "signed",
        "for_planning": directive.for_planning,
        "blockers": list(directive.blockers_for_planning),
        "place": " · ".join(part for part in place if part),
        "technique": wording.technique(directive.technique),
        "course": "second course at this site" if directive.course == "reirradiation" else "first course at this site",
        "notices": list(directive.notices),
        "decision": None
        if decision is None
        else {
            "label": decision.label,
            "by": decision.by if decision.role is None else f"{decision.by}, {decision.role}",
            "date": day_text(decision.date),
            "reason": decision.reason,
            "override": decision.override,
            "override_of": decision.override_of,
            "certainty": wording.certainty(decision.certainty),
            "directness": wording.directness(decision.directness),
            "disagreements": [
                {"text": item.says, "records": references.cite(item.source_id)} for item in decision.disagreements
            ],
        },
        "levels": [
            {
                "name": level.name,
                "roi": level.roi,
                "dose": dose_text(level.dose_gy, level.fractions),
                "goals": "; ".join(
                    f"{g.metric} {'≤' if g.op == '<=' else '≥'} {g.value:g} {g.unit} ({g.strength})"
                    for g in level.goals
                )
                or wording.NOT_STATED,
            }
            for level in directive.levels
        ],
        "no_limit": [
            {"roi": item.roi, "why": item.why, "neural": item.neural, "candidates": list(item.candidates)}
            for item in sorted(directive.no_limit, key=lambda item: not item.neural)
        ],
        "limits": [_limit(limit, references) for limit in directive.limits],
        "volumes": [
            {
                "roi": volume.roi,
                "name": wording.recipe(volume.recipe),
                "chosen": volume.chosen,
                "made_from": ", ".join(volume.made_from) or wording.TO_BE_STATED,
                "text": volume.says,
                "records": references.cite(volume.rule_id, *volume.source_ids),
            }
            for volume in sorted(directive.volumes, key=lambda volume: not volume.chosen)
        ],
        "plain_field": _plain_field(directive.plain_field),
        "timing": {
            "surgery": day_text(directive.timing.surgery_date),
            "wound": directive.timing.wound_condition or wording.NOT_STATED,
            "marks": [
                {
                    "name": wording.mark_name(mark.name),
                    "day": mark.day,
                    "date": day_text(mark.date),
                    "text": mark.says,
                    "records": references.cite(mark.source_id),
                }
                for mark in directive.timing.marks
            ],
        },
        "follow_up": [
            {
                "what": item.what,
                "when": day_text(item.due)
                if item.due
                else (f"{item.weeks} weeks after the end" if item.weeks is not None else wording.TO_BE_STATED),
                "text": item.says,
                "records": references.cite(item.source_id),
            }
            for item in directive.follow_up
        ],
        "prior": [
            {
                "dose": dose_text(course.dose_gy, course.fractions),
                "end": day_text(course.end),
                "cord": "cord dose unknown"
                if course.cord_dmax_gy is None
                else f"Dmax {course.cord_dmax_gy:g} Gy on {wording.words(course.defined_on)}",
            }
            for course in directive.prior_courses
        ],
        "reirradiation": None
        if directive.reirradiation is None
        else review_view(directive.reirradiation.model_dump(mode="json"), references),
        "intended_use": directive.intended_use,
        "watermark": stamps.watermark or library.watermark,
        "signatures_site": stamps.signatures_site,
        "stamp": f"Portico {stamps.software_version}, knowledge {stamps.knowledge_version[:12]}, policy {stamps.policy_id}",
        "case": stamps.case_sha256,
        "hash": directive.hash or "none: not sealed",
    }
    view["references"], view["records"] = references.studies(), references.others()
    return view


def _limit(limit: Limit, references: References) -> dict[str, Any]:
    strength = {"hard": "binds", "goal": "goal", "info": "shown, does not bind"}[limit.strength]
    return {
        "roi": limit.roi,
        "defined_on": wording.words(limit.defined_on),
        "text": limit_text(limit),
        "strength": strength,
        "hard": limit.strength == "hard",
        "fractions": "sum of courses" if limit.scope == "cumulative" else f"in {limit.fractions}",
        "kind": wording.kind(limit.kind),
        "verified": wording.verified(limit.verified),
        "verified_level": limit.verified,
        "sign": wording.verified_sign(limit.verified),
        "signed_by": limit.signed_by,
        "why": limit.why,
        "records": references.cite(limit.source_id, limit.limit_id),
    }


def _plain_field(field: PlainField | None) -> list[dict[str, Any]] | None:
    if field is None:
        return None
    return [
        {"name": wording.plain_item(name), "text": value or wording.TO_BE_STATED, "open": value is None}
        for name, value in field.model_dump().items()
    ]
