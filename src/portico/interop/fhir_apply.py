"""``$apply`` on the rules as a PlanDefinition: the rules of the engine, matched by their ids, for one case.

An action whose rule holds is in the care plan; one whose rule does not hold is not; one whose rule is unknown is told with the answers
it waits for. The predicates of the PlanDefinition are not evaluated from its text: the engine has them compiled, and an action that
names no rule of the engine is refused rather than guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portico.advice import Engine
from portico.case import Case
from portico.directive import sha256_of
from portico.errors import KnowledgeRefused
from portico.intended_use import INTENDED_USE
from portico.interop.fhir_directive import UNNAMED
from portico.interop.fhir_plan import plan_definition

__all__ = ["apply_plan"]


def apply_plan(
    case: Case, engine: Engine, *, plan: Mapping[str, Any] | None = None, patient: str | None = None
) -> dict[str, Any]:
    """The care plan that the rules give for a case.

    Example
    -------
    >>> from portico.case import case_from
    >>> from portico.knowledge import load_library
    >>> plan = apply_plan(case_from({"schema": "case/1"}), Engine(load_library()))
    >>> plan["resourceType"], plan["contained"][0]["resourceType"]
    ('CarePlan', 'RequestGroup')

    Parameters
    ----------
    case : with its unknowns
    plan : the PlanDefinition; the one of the engine's library when None
    patient : reference such as ``Patient/123``

    Raises
    ------
    KnowledgeRefused : ``unknown-rule``, when an action names no rule of the engine

    Source: FHIR R4, PlanDefinition, operation $apply.
    """
    wanted = plan_definition(engine.library) if plan is None else plan
    truths = engine.truths(case.row())
    holds, waits = [], []
    for action in wanted.get("action", ()):
        rule = _rule_of(action)
        if rule not in truths:
            raise KnowledgeRefused("An action names no rule that this engine has.", code="unknown-rule")
        truth = truths[rule]
        if truth is True:
            holds.append(_action(action))
        elif truth is None:
            waits.append((rule, sorted(c for c in engine.columns_of[rule] if case.row()[c] is None)))
    seed = sha256_of(case.to_dict())[:16]
    subject = {"reference": patient} if patient else dict(UNNAMED)
    canonical = f"{wanted['url']}|{wanted['version']}"
    group: dict[str, Any] = {
        "resourceType": "RequestGroup",
        "id": "rules-that-hold",
        "instantiatesCanonical": [canonical],
        "status": "draft",
        "intent": "proposal",
        "subject": subject,
    }
    if holds:
        group["action"] = holds
    contained: list[dict[str, Any]] = [group]
    if waits:
        contained.append(
            {
                "resourceType": "OperationOutcome",
                "id": "rules-that-wait",
                "issue": [
                    {
                        "severity": "warning" if engine.rules[rule].kind in ("urgent", "gate") else "information",
                        "code": "required",
                        "details": {"text": rule},
                        "diagnostics": f"{_open(engine, rule)}waits for: {', '.join(columns)}",
                    }
                    for rule, columns in waits
                ],
            }
        )
    return {
        "resourceType": "CarePlan",
        "id": f"portico-plan-{seed}",
        "contained": contained,
        "instantiatesCanonical": [canonical],
        "status": "draft",
        "intent": "proposal",
        "title": wanted["title"],
        "subject": subject,
        "activity": [{"reference": {"reference": "#rules-that-hold"}}],
        "note": [{"text": INTENDED_USE}],
        **({"supportingInfo": [{"reference": "#rules-that-wait"}]} if waits else {}),
    }


def _open(engine: Engine, rule: str) -> str:
    return "NOT EXCLUDED: " if engine.rules[rule].kind in ("urgent", "gate") else ""


def _rule_of(action: Mapping[str, Any]) -> str:
    try:
        return str(action["code"][0]["text"])
    except (KeyError, IndexError, TypeError):
        return ""


def _action(action: Mapping[str, Any]) -> dict[str, Any]:
    """The action of a RequestGroup: what the plan says, without its condition, for that held."""
    kept = ("prefix", "title", "description", "textEquivalent", "code", "documentation", "priority")
    return {key: action[key] for key in kept if key in action}
