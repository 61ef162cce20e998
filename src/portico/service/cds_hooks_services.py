"""The services of the hooks: what they are, what they want prefetched, and how a call becomes a bundle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote

from portico.errors import InputRefused, Problem
from portico.interop.fhir_import_bundle import listed
from portico.interop.fhir_import_facts import COLUMNS

__all__ = ["SERVICES", "NotEnough", "discovery", "prefetched"]

_NEEDED: Final = ("patient", "conditions", "procedures")
#: Performance status, and every code of Portico's own columns: no more of the record than is read.
_CODES: Final = ",".join(
    quote(token, safe=":/") for token in ("http://loinc.org|89247-1", "http://loinc.org|89243-0", f"{COLUMNS}|")
)
_PREFETCH: Final[Mapping[str, str]] = {
    "patient": "Patient/{{context.patientId}}",
    "conditions": "Condition?patient={{context.patientId}}",
    "procedures": "Procedure?patient={{context.patientId}}",
    "observations": f"Observation?patient={{{{context.patientId}}}}&code={_CODES}",
    "medications": "MedicationRequest?patient={{context.patientId}}&status=active",
    "volumes": "BodyStructure?patient={{context.patientId}}",
    "devices": "Device?patient={{context.patientId}}",
}
_TITLES: Final[Mapping[str, tuple[str, str]]] = {
    "patient-view": (
        "Radiotherapy after surgery for bone metastases",
        "Shows what is urgent, the published options with their certainty, and what of the record could not be used.",
    ),
    "order-select": (
        "Options beside a radiotherapy order",
        "Holds a selected radiotherapy order against the published options after surgery for bone metastases.",
    ),
    "order-sign": (
        "Radiotherapy order before signing",
        "Holds radiotherapy orders against the published options after surgery for bone metastases before they are signed.",
    ),
}
SERVICES: Final[Mapping[str, str]] = {f"portico-{hook}": hook for hook in _TITLES}
"""Hook of each service."""


class NotEnough(InputRefused):
    """The prefetched data do not suffice, and nothing is fetched from a server."""

    default_code = "not-prefetched"


def discovery() -> dict[str, Any]:
    """The list of services."""
    return {
        "services": [
            {
                "hook": hook,
                "title": _TITLES[hook][0],
                "description": _TITLES[hook][1],
                "id": name,
                "prefetch": dict(_PREFETCH),
                "usageRequirements": (
                    "Patient, conditions and procedures must be prefetched whole: the service fetches nothing from a FHIR server."
                ),
            }
            for name, hook in SERVICES.items()
        ]
    }


def prefetched(request: Mapping[str, Any]) -> dict[str, Any]:
    """The prefetched resources as one bundle; keys that were not asked for are not read.

    Parameters
    ----------
    request : a call that holds

    Raises
    ------
    NotEnough : ``not-prefetched``, ``prefetch-page``
    InputRefused : ``another-patient``
    """
    given = request.get("prefetch", {})
    missing = [key for key in _NEEDED if key not in given or (key == "patient" and given[key] is None)]
    if missing:
        problems = tuple(Problem("not-prefetched", "This must be prefetched.", f"prefetch.{key}") for key in missing)
        raise NotEnough("The service needs prefetched data and fetches nothing itself.", problems=problems)
    seen: dict[tuple[str, str], None] = {}
    entries = []
    for key in _PREFETCH:
        value = given.get(key)
        if not isinstance(value, Mapping):
            continue
        if value.get("resourceType") == "Bundle":
            if any(link.get("relation") == "next" for link in listed(value.get("link"))):
                raise NotEnough(
                    "The prefetched data are one page of several; CDS Hooks 2.0 wants them whole.",
                    code="prefetch-page", path=f"prefetch.{key}",
                )  # fmt: skip
            resources = [(entry.get("fullUrl"), entry.get("resource")) for entry in listed(value.get("entry"))]
        else:
            resources = [(None, value)]
        for url, resource in resources:
            if not isinstance(resource, Mapping):
                continue
            name = (str(resource.get("resourceType")), str(resource.get("id")))
            if resource.get("id") is not None and name in seen:
                continue
            seen[name] = None
            entries.append({"resource": resource} | ({"fullUrl": url} if isinstance(url, str) else {}))
    patient = given["patient"]
    if not isinstance(patient, Mapping) or patient.get("id") != request["context"]["patientId"]:
        raise InputRefused(
            "The prefetched patient is not the one of the context.", code="another-patient", path="prefetch.patient"
        )
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}
