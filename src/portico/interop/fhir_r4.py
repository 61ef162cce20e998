"""Resources held against the models of the standard: R4, by way of R4B.

fhir.resources 8 has models of R4B (4.3.0) and none of R4 (4.0.1). For the types below the two are the same, but for the elements that
R4B added, which are refused here. The structure is checked, not the profiles and not the value sets: the official validator is Java
and not part of Portico.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

from portico.errors import KnowledgeRefused
from portico.interop.fhir_import_bundle import listed

__all__ = ["R4_TYPES", "checked_r4", "r4_problems"]

#: Types whose R4B model describes R4 too.
R4_TYPES: Final = frozenset(
    {
        "BodyStructure", "Bundle", "CapabilityStatement", "CarePlan", "Condition", "Device",
        "DocumentReference", "GuidanceResponse", "MedicationRequest", "MedicationStatement", "Observation",
        "OperationOutcome", "Parameters", "Patient", "PlanDefinition", "Procedure", "RequestGroup", "ServiceRequest",
    }
)  # fmt: skip
#: Elements that R4B has and R4 has not.
_ADDED: Final[Mapping[str, frozenset[str]]] = {"PlanDefinition": frozenset({"subjectCanonical"})}
_PART: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{0,40}")
_MOST: Final = 20


def r4_problems(resource: object) -> tuple[str, ...]:
    """What does not hold in a resource, as places with the kind of error; never a value.

    >>> r4_problems({"resourceType": "Patient", "birthDate": "soon"})
    ('Patient.birthDate: value_error',)

    Parameters
    ----------
    resource : plain data; a bundle is checked entry by entry, each by its own type
    """
    from pydantic import ValidationError

    if not isinstance(resource, Mapping):
        return ("a resource is a mapping",)
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or kind not in R4_TYPES:
        return ("the type of the resource is none of those that are checked",)
    added = sorted(_ADDED.get(kind, frozenset()) & set(resource))
    found = [f"{kind}.{name}: not in R4" for name in added]
    if kind == "Bundle":
        for i, entry in enumerate(listed(resource.get("entry"))):
            inner = r4_problems(entry.get("resource"))
            found += [f"Bundle.entry[{i}].{one}" for one in inner]
        resource = {key: value for key, value in resource.items() if key != "entry"}
    model = getattr(import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)
    try:
        model.model_validate(dict(resource))
    except ValidationError as error:
        found += [f"{kind}.{_place(one['loc'])}: {_kind(one['type'])}" for one in error.errors(include_input=False)]
    except (RecursionError, TypeError, ValueError, AttributeError, OverflowError):
        found.append(f"{kind}: cannot be read")
    return tuple(found[:_MOST])


def _kind(name: str) -> str:
    return name if re.fullmatch(r"[a-z_.]{1,60}", name) else "wrong"


def _place(parts: tuple[Any, ...]) -> str:
    shown = [f"[{p}]" if isinstance(p, int) else (str(p) if _PART.fullmatch(str(p)) else "?") for p in parts]
    return ".".join(shown).replace(".[", "[") or "?"


def checked_r4(resource: Mapping[str, Any]) -> dict[str, Any]:
    """The same resource, checked.

    Raises
    ------
    KnowledgeRefused : ``fhir-invalid``
    """
    problems = r4_problems(resource)
    if problems:
        raise KnowledgeRefused(f"A resource does not hold as R4: {problems[0]}.", code="fhir-invalid")
    return dict(resource)
