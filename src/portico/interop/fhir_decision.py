"""A decision as GuidanceResponse and RequestGroup: what stops, what fits, what was chosen and why.

Urgent states and gates stand first, then the options in their order; nothing is recommended, and choosing is left to the reader. An
option that does not fit is not among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from portico.advice import Advice
from portico.advice.model import Notice, Option
from portico.directive import Directive
from portico.intended_use import INTENDED_USE
from portico.interop.fhir_directive import UNNAMED, directive_bundle
from portico.interop.fhir_evidence import BASE
from portico.knowledge import Library

__all__ = ["decision_bundle", "guidance_response", "request_group"]

PLAN: Final = f"{BASE}/PlanDefinition/portico-rules"


def request_group(
    advice: Advice, library: Library, *, patient: str | None = None, decision: Directive | None = None
) -> dict[str, Any]:
    """Notices and options as one group of actions.

    Parameters
    ----------
    advice, library : what was said, and the records it rests on
    patient : reference such as ``Patient/123``
    decision : the Directive that was chosen from it; its option is marked and its reason noted
    """
    options = [one for one in advice.options if one.status == "eligible"]
    stops = [_stop(notice, library) for notice in advice.notices]
    choice = {
        "title": "Options",
        "description": advice.why_this_order,
        "groupingBehavior": "logical-group",
        "selectionBehavior": "at-most-one",
        "action": [_option(option, library, decision) for option in options],
    }
    actions = stops + ([choice] if options else [])
    made: dict[str, Any] = {
        "resourceType": "RequestGroup",
        "id": f"portico-options-{advice.case_sha256[:16]}",
        "instantiatesCanonical": [f"{PLAN}|{advice.knowledge_version[:12]}"],
        "status": "draft" if decision is None or decision.status != "signed" else "active",
        "intent": "proposal" if decision is None else "plan",
        "subject": {"reference": patient} if patient else dict(UNNAMED),
        "note": [{"text": text} for text in _notes(advice, decision)],
    }
    if decision is not None and decision.decision is not None:
        made["authoredOn"] = decision.decision.date.isoformat()
    if actions:
        made["action"] = actions
    return made


def _notes(advice: Advice, decision: Directive | None) -> list[str]:
    notes = [INTENDED_USE, advice.evidence_note.text]
    if advice.watermark:
        notes.append(advice.watermark)
    chosen = decision.decision if decision is not None else None
    if chosen is not None:
        notes.append(f"{'Override' if chosen.override else 'Chosen'}: {chosen.label}. Reason: {chosen.reason}")
    return notes


def _stop(notice: Notice, library: Library) -> dict[str, Any]:
    open_ = notice.state == "unknown"
    made: dict[str, Any] = {
        "prefix": notice.kind,
        "title": f"NOT EXCLUDED: {notice.title}" if open_ else notice.title,
        "description": notice.text,
        "textEquivalent": notice.text,
        "priority": "stat" if notice.kind == "urgent" else "urgent",
        "code": [{"text": notice.rule}],
    }
    documents = _documents(notice.records, library)
    return made | ({"documentation": documents} if documents else {})


def _option(option: Option, library: Library, decision: Directive | None) -> dict[str, Any]:
    chosen = decision.decision if decision is not None else None
    for_, against = [s.text for s in option.reasons_for], [s.text for s in option.reasons_against]
    told = [f"Certainty {option.certainty.replace('_', ' ')}, {option.directness.replace('_', ' ')}."]
    told += [f"For: {text}" for text in for_] + [f"Against: {text}" for text in against]
    made: dict[str, Any] = {
        "prefix": str(option.rank),
        "title": option.label,
        "description": option.note or option.label,
        "textEquivalent": " ".join(told),
        "code": [{"text": option.id}],
    }
    if chosen is not None and chosen.option_id == option.id and not chosen.override:
        made["precheckBehavior"] = "yes"
    documents = _documents(option.records, library)
    return made | ({"documentation": documents} if documents else {})


def _documents(records: tuple[str, ...], library: Library) -> list[dict[str, str]]:
    found = []
    for name in dict.fromkeys(records):
        study = library.study(name)
        if study is None:
            continue
        one = {"type": "citation", "label": name, "citation": study.citation}
        if study.doi:
            one["url"] = f"https://doi.org/{study.doi}"
        found.append(one)
    return found


def guidance_response(
    advice: Advice, group: Mapping[str, Any], *, patient: str | None = None, request: str | None = None
) -> dict[str, Any]:
    """What was asked and what is missing, with the group of options as its result.

    Parameters
    ----------
    request : identifier of what was asked, such as the hookInstance of a CDS client
    """
    missing = [
        {
            "type": "Observation",
            "mustSupport": [one.column],
            "codeFilter": [
                {
                    "path": "code",
                    "code": [{"system": f"{BASE}/CodeSystem/case-columns", "code": one.column, "display": one.ask}],
                }
            ],
        }
        for one in advice.missing
    ]
    made: dict[str, Any] = {
        "resourceType": "GuidanceResponse",
        "id": f"portico-guidance-{advice.case_sha256[:16]}",
        "moduleCanonical": f"{PLAN}|{advice.knowledge_version[:12]}",
        "status": "data-required" if advice.signing_blocked else "success",
        "subject": {"reference": patient} if patient else dict(UNNAMED),
        "note": [{"text": INTENDED_USE}],
        "result": {"reference": f"RequestGroup/{group['id']}"},
    }
    if request is not None:
        made["requestIdentifier"] = {"system": f"{BASE}/identifier/request", "value": request}
    if missing:
        made["dataRequirement"] = missing
    return made


def decision_bundle(
    advice: Advice, library: Library, *, patient: str | None = None, directive: Directive | None = None
) -> dict[str, Any]:
    """GuidanceResponse and RequestGroup, and with a Directive its prescription too.

    Parameters
    ----------
    directive : the Directive that was decided on; None while nothing is decided
    """
    group = request_group(advice, library, patient=patient, decision=directive)
    resources = [guidance_response(advice, group, patient=patient), group]
    if directive is not None and directive.levels:
        resources += [entry["resource"] for entry in directive_bundle(directive, patient=patient)["entry"]]
    return {
        "resourceType": "Bundle",
        "id": f"portico-decision-{advice.case_sha256[:16]}",
        "type": "collection",
        "entry": [{"fullUrl": f"{BASE}/fhir/{one['resourceType']}/{one['id']}", "resource": one} for one in resources],
    }
