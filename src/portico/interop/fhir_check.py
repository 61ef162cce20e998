"""FHIR resources held against the models of the standard, and references against what is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portico.errors import KnowledgeRefused
from portico.interop.fhir_evidence import unresolved

__all__ = ["checked_fhir"]


def checked_fhir(bundle: Mapping[str, Any], plan: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The same resources, checked: the bundle as R5, the plan as R4B, which has R4's PlanDefinition.

    Raises
    ------
    KnowledgeRefused : ``citation-unresolved``, ``fhir-invalid``
    """
    from fhir.resources.bundle import Bundle
    from fhir.resources.R4B.plandefinition import PlanDefinition
    from pydantic import ValidationError

    missing = unresolved(bundle)
    if missing:
        raise KnowledgeRefused(f"A statement cites {missing[0]}, which is not there.", code="citation-unresolved")
    known = {one["label"] for one in plan["relatedArtifact"]}
    dangling = [
        one["label"]
        for action in plan["action"]
        for one in action.get("documentation", ())
        if one["label"] not in known
    ]
    if dangling:
        raise KnowledgeRefused(f"A rule cites {dangling[0]}, which is not there.", code="citation-unresolved")
    for model, value in ((Bundle, bundle), (PlanDefinition, plan)):
        try:
            model.model_validate(value)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            raise KnowledgeRefused(
                f"A resource does not hold: {first['msg']}.", code="fhir-invalid", path=place
            ) from error
    return bundle, plan
