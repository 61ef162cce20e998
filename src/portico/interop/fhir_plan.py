"""The rules as a FHIR R4 PlanDefinition: one action a rule, its predicate as written, its sources as citations.

The predicates are the closed subset of SQL that the engine reads; a system that does not read it shows the text and must
not act on it.
"""

from __future__ import annotations

from typing import Any, Final

from portico.interop.fhir_evidence import BASE
from portico.knowledge import Library, Rule

__all__ = ["LANGUAGE", "plan_definition"]

#: Language of the predicates: the closed subset of SQL described in docs/reference.
LANGUAGE: Final = "text/x-portico-predicate"
_PRIORITY: Final = {"urgent": "stat", "gate": "urgent"}


def plan_definition(library: Library) -> dict[str, Any]:
    """Every acting rule; rules that wait for a site's signature are not in it.

    Parameters
    ----------
    library : with or without a site's signatures
    """
    sources = dict.fromkeys(source.id for rule in library.rules.values() for source in rule.sources)
    return {
        "resourceType": "PlanDefinition",
        "id": "portico-rules",
        "url": f"{BASE}/PlanDefinition/portico-rules",
        "version": library.version[:12],
        "name": "PorticoRules",
        "title": "Radiotherapy after surgery for bone metastases: rules of the library",
        "type": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/plan-definition-type", "code": "eca-rule"}]
        },
        "status": "draft",
        "experimental": True,
        "description": (
            "Decision support for professionals; no CE mark, no FDA clearance. Each action says what a rule says where its predicate "
            "holds; an unknown input makes a rule unknown, not false."
        ),
        "relatedArtifact": [_artifact(library, name) for name in sources],
        "action": [_action(rule) for rule in library.rules.values()],
    }


def _artifact(library: Library, name: str) -> dict[str, Any]:
    study = library.study(name)
    made: dict[str, Any] = {"type": "citation", "label": name, "citation": name if study is None else study.citation}
    if study is not None and study.doi:
        made["url"] = f"https://doi.org/{study.doi}"
    return made


def _action(rule: Rule) -> dict[str, Any]:
    made: dict[str, Any] = {
        "prefix": rule.kind,
        "title": rule.title or rule.id,
        "description": rule.says,
        "textEquivalent": f"{rule.says} (certainty {rule.certainty.replace('_', ' ')}, {rule.directness.replace('_', ' ')})",
        "code": [{"text": rule.id}],
        "condition": [
            {
                "kind": "applicability",
                "expression": {
                    "description": "Predicate over the columns of the case row",
                    "language": LANGUAGE,
                    "expression": rule.when,
                },
            }
        ],
    }
    if rule.sources:
        made["documentation"] = [
            {"type": "citation", "label": source.id, "display": source.where or source.id} for source in rule.sources
        ]
    if rule.kind in _PRIORITY:
        made["priority"] = _PRIORITY[rule.kind]
    return made
