"""FHIR resources held against the models of the standard, and references against what is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portico.errors import KnowledgeRefused
from portico.interop.fhir_evidence import unresolved
from portico.interop.fhir_r4 import checked_r4

__all__ = ["checked_fhir"]


def checked_fhir(bundle: Mapping[str, Any], plan: Mapping[str, Any]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The same resources, checked: the bundle as R5, the plan as R4; see :mod:`portico.interop.fhir_r4`.

    Raises
    ------
    KnowledgeRefused : ``citation-unresolved``, ``fhir-invalid``
    """
    from fhir.resources.bundle import Bundle
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
    try:
        Bundle.model_validate(bundle)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise KnowledgeRefused(f"A resource does not hold: {first['msg']}.", code="fhir-invalid", path=place) from error
    checked_r4(plan)
    return bundle, plan
