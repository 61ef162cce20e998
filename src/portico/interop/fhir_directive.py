"""A Directive as CodeX radiation therapy: one course prescription, one phase, the volumes, and the sealed Directive itself.

The coded part says what a treatment system asks for: dose and fractions of each volume, site, order of the courses. What CodeX has no
place for (limits, their sources, how volumes are made, who disagrees) stands in the Directive that is attached, whole and sealed.
Reading back takes the attached one and refuses a bundle whose coded part says something else.
"""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from portico.directive import Directive, canonical_json, directive_from, verify_seal
from portico.errors import CannotTell, DirectiveRefused, Problem
from portico.interop.fhir_codes import load_codes
from portico.interop.fhir_evidence import BASE
from portico.interop.fhir_import_bundle import extension, listed, text_of
from portico.interop.fhir_import_courses import CODEX
from portico.interop.fhir_import_facts import LATERALITY
from portico.reading import parse_json

__all__ = ["UNNAMED", "course_prescription", "directive_bundle", "read_directive_bundle"]

SCT: Final = "http://snomed.info/sct"
UCUM: Final = "http://unitsofmeasure.org"
#: Who is meant when no patient is named: a Directive holds no patient.
UNNAMED: Final[Mapping[str, str]] = {"display": "the patient of this Directive"}
_COURSE: Final = {"system": SCT, "code": "1217123003", "display": "Radiotherapy course of treatment (regime/therapy)"}
_PHASE: Final = {"system": SCT, "code": "1222565005", "display": "Radiotherapy treatment phase (regime/therapy)"}
_RADIOTHERAPY: Final = {"system": SCT, "code": "1287742003", "display": "Radiotherapy (procedure)"}
_PTV: Final = {"system": SCT, "code": "228793007", "display": "Planning target volume (observable entity)"}
_DOSE: Final = f"{CODEX}codexrt-radiotherapy-dose-prescribed-to-volume"
_FRACTIONS: Final = f"{CODEX}codexrt-radiotherapy-fractions-prescribed"
_AGAIN: Final = f"{CODEX}codexrt-radiotherapy-course-involves-reirradiation"
_ATTACHED: Final = "application/vnd.portico.directive+json"
_NAMES: Final = uuid.UUID("6d1f2a0e-30a8-5b5c-9a55-0c4f3d1f3f10")


def directive_bundle(directive: Directive, *, patient: str | None = None) -> dict[str, Any]:
    """The bundle of one Directive.

    Example
    -------
    >>> from portico.directive import read_directive
    >>> bundle = directive_bundle(read_directive("examples/directives/femur-30-10.json"))
    >>> [entry["resource"]["resourceType"] for entry in bundle["entry"]]
    ['ServiceRequest', 'ServiceRequest', 'BodyStructure', 'DocumentReference']

    Parameters
    ----------
    directive : proposed or signed
    patient : reference such as ``Patient/123``; without one the subject is named in words only

    Raises
    ------
    CannotTell : ``no-prescription``, when the Directive prescribes nothing or a dose is not sourced

    Notes
    -----
    The requests are drafts: a signature in Portico is no order in the record. Technique and modality are left out, for a Directive
    states neither beam nor energy and stereotactic treatment has no technique code; the label says what was chosen. Doses are in cGy,
    as mCODE and CodeX have them.

    Source: HL7 CodeX Radiation Therapy 2.0.0, course and phase prescription; HL7 mCODE 4.0.0, radiotherapy volume.
    """
    course = course_prescription(directive, patient=patient)
    seed = directive.hash or directive.id
    subject = course["subject"]
    volumes = [_volume(directive, i, seed, subject) for i in range(len(directive.levels))]
    count = directive.fractions
    phase = {
        **course,
        "id": _id(seed, "phase"),
        "meta": {"profile": [f"{CODEX}codexrt-radiotherapy-phase-prescription"]},
        "extension": [
            {"url": _FRACTIONS, "valuePositiveInt": count},
            *(_dose(directive, i, seed, phase=True) for i in range(len(directive.levels))),
        ],
        "identifier": _identifiers(directive, seed, "phase"),
        "basedOn": [{"reference": f"ServiceRequest/{course['id']}"}],
        "code": {"coding": [dict(_PHASE)]},
    }
    document = {
        "resourceType": "DocumentReference",
        "id": _id(seed, "directive"),
        "status": "current",
        "docStatus": "final" if directive.status == "signed" else "preliminary",
        "type": {"text": "Portico Directive, schema directive/1"},
        "subject": subject,
        "content": [
            {
                "attachment": {
                    "contentType": _ATTACHED,
                    "title": directive.id,
                    "data": base64.b64encode(canonical_json(directive.to_dict())).decode("ascii"),
                }
            }
        ],
    }
    resources = [course, phase, *volumes, document]
    return {
        "resourceType": "Bundle",
        "id": _id(seed, "bundle"),
        "type": "collection",
        "entry": [{"fullUrl": f"{BASE}/fhir/{one['resourceType']}/{one['id']}", "resource": one} for one in resources],
    }


def course_prescription(directive: Directive, *, patient: str | None = None) -> dict[str, Any]:
    """The course prescription alone, as a suggestion carries it; see :func:`directive_bundle`.

    Raises
    ------
    CannotTell : ``no-prescription``
    """
    if not directive.levels:
        raise CannotTell("The Directive prescribes no radiotherapy.", code="no-prescription")
    if directive.fractions is None or any(level.dose_gy is None for level in directive.levels):
        raise CannotTell(
            "Dose or fractions are not stated for every level, so nothing can be prescribed.", code="no-prescription"
        )
    seed = directive.hash or directive.id
    made: dict[str, Any] = {
        "resourceType": "ServiceRequest",
        "id": _id(seed, "course"),
        "meta": {"profile": [f"{CODEX}codexrt-radiotherapy-course-prescription"]},
        "extension": [
            *(_dose(directive, i, seed, phase=False) for i in range(len(directive.levels))),
            {"url": _AGAIN, "valueBoolean": directive.course == "reirradiation"},
        ],
        "identifier": _identifiers(directive, seed, "course"),
        "status": "draft",
        "intent": "original-order",
        "category": [{"coding": [dict(_RADIOTHERAPY)]}],
        "code": {"coding": [dict(_COURSE)]},
        "subject": {"reference": patient} if patient else dict(UNNAMED),
    }
    site = _sites(directive)
    if site:
        made["bodySite"] = site
    if directive.timing.earliest and directive.timing.aim_by:
        made["occurrencePeriod"] = {
            "start": directive.timing.earliest.isoformat(),
            "end": directive.timing.aim_by.isoformat(),
        }
    if directive.decision is not None:
        made["authoredOn"] = directive.decision.date.isoformat()
        made["requester"] = {"display": directive.decision.by}
    made["note"] = [{"text": text} for text in _notes(directive)]
    return made


def _notes(directive: Directive) -> list[str]:
    notes = [directive.intended_use]
    if directive.decision is not None:
        notes.append(f"Chosen: {directive.decision.label}. Reason: {directive.decision.reason}")
    notes += [f"NO LIMIT: {one.roi}. {one.why}" for one in directive.no_limit if one.neural]
    notes += [f"Not for planning: {text}" for text in directive.blockers_for_planning]
    if directive.timing.wound_condition:
        notes.append(directive.timing.wound_condition)
    return notes


def _id(seed: str, name: str) -> str:
    return f"portico-{name}-{seed[:16].lower()}".replace("_", "-").replace(".", "-")


def _uid(seed: str, name: str) -> str:
    """A DICOM UID derived from a UUID (PS3.5, B.2): the same Directive has the same one."""
    return f"urn:oid:2.25.{uuid.uuid5(_NAMES, f'{seed}/{name}').int}"


def _identifiers(directive: Directive, seed: str, name: str) -> list[dict[str, str]]:
    return [
        {"use": "usual", "system": f"{BASE}/identifier/directive", "value": directive.id},
        {"use": "official", "system": "urn:dicom:uid", "value": _uid(seed, name)},
    ]


def _cgy(gy: float, fractions: int = 1) -> dict[str, Any]:
    amount = Decimal(str(gy)) * 100 / fractions
    whole = amount == amount.to_integral_value()
    return {"value": int(amount) if whole else round(float(amount), 4), "unit": "cGy", "system": UCUM, "code": "cGy"}


def _dose(directive: Directive, number: int, seed: str, *, phase: bool) -> dict[str, Any]:
    level = directive.levels[number]
    assert level.dose_gy is not None
    assert level.fractions is not None
    reference = f"BodyStructure/{_id(seed, f'volume-{number + 1}')}"
    parts: list[dict[str, Any]] = [
        {"url": "volume", "valueReference": {"reference": reference, "display": level.roi}},
        {"url": "totalDose", "valueQuantity": _cgy(level.dose_gy)},
    ]
    if phase:
        parts.insert(1, {"url": "fractionDose", "valueQuantity": _cgy(level.dose_gy, level.fractions)})
    else:
        parts.append({"url": "fractions", "valuePositiveInt": level.fractions})
    return {"url": _DOSE, "extension": parts}


def _volume(directive: Directive, number: int, seed: str, subject: dict[str, Any]) -> dict[str, Any]:
    level = directive.levels[number]
    name = f"volume-{number + 1}"
    made: dict[str, Any] = {
        "resourceType": "BodyStructure",
        "id": _id(seed, name),
        "meta": {"profile": [f"{CODEX}codexrt-radiotherapy-volume"]},
        "identifier": [
            {"use": "usual", "system": f"{BASE}/identifier/volume", "value": level.roi},
            {"use": "official", "system": "urn:dicom:uid", "value": _uid(seed, name)},
        ],
        "morphology": {"coding": [dict(_PTV)]} if level.roi.startswith("PTV") else {"text": level.roi},
        "description": f"{level.roi}, level {level.name}",
        "patient": subject,
    }
    sites = _sites(directive)
    if sites:
        made["location"] = {"coding": sites[0]["coding"]}
    return made


def _sites(directive: Directive) -> list[dict[str, Any]]:
    """Bone, or each level, as coded in the value set of mCODE; empty where the table has no code for it."""
    table, site = load_codes(), directive.site
    wanted = [{"bone": site.bone, "level": level} for level in site.levels] or (
        [{"bone": site.bone}] if site.bone else []
    )
    found = []
    for one in wanted:
        bone, level = str(one["bone"]), one.get("level")
        means = (
            {"bone": bone}
            if level is None
            else {"bone": "sacrum" if level.startswith("S") else "vertebra", "level": level}
        )
        coding = table.coding(SCT, **means, part="body") or table.coding(SCT, **means)
        if coding is None:
            continue
        made: dict[str, Any] = {"coding": [coding]}
        side = table.coding(SCT, side=site.side) if site.side in ("left", "right", "bilateral") else None
        if side is not None:
            made["extension"] = [{"url": LATERALITY, "valueCodeableConcept": {"coding": [side]}}]
        found.append(made)
    return found


def read_directive_bundle(bundle: Mapping[str, Any]) -> Directive:
    """The Directive of a bundle that was exported here.

    Parameters
    ----------
    bundle : plain data, read with bounds

    Raises
    ------
    DirectiveRefused : ``not-exported``, ``seal-broken``, ``coded-part-differs``
    """
    resources = [one for entry in listed(bundle.get("entry")) for one in listed(entry.get("resource"))]
    attached = [
        one["attachment"]
        for resource in resources
        if resource.get("resourceType") == "DocumentReference"
        for one in listed(resource.get("content"))
        if isinstance(one.get("attachment"), Mapping) and one["attachment"].get("contentType") == _ATTACHED
    ]
    if len(attached) != 1 or (data := text_of(attached[0].get("data"))) is None:
        raise DirectiveRefused("The bundle does not hold exactly one Directive of Portico.", code="not-exported")
    try:
        text = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise DirectiveRefused("The attached Directive cannot be read.", code="not-exported") from None
    directive = directive_from(parse_json(text, name="<attached Directive>").value)
    if directive.hash is not None and not verify_seal(directive):
        raise DirectiveRefused("The attached Directive was changed after it was sealed.", code="seal-broken")
    reference = _patient_of(resources)
    wanted = directive_bundle(directive, patient=reference)
    problems = [
        Problem(
            "coded-part-differs", f"The {one['resourceType']} says something else than the Directive.", f"entry[{i}]"
        )
        for i, one in enumerate(entry["resource"] for entry in wanted["entry"])
        if one not in resources
    ]
    if problems or len(resources) != len(wanted["entry"]):
        raise DirectiveRefused(
            "The coded part of the bundle and the Directive in it differ; nothing was taken.",
            code="coded-part-differs",
            problems=tuple(problems),
        )
    return directive


def _patient_of(resources: list[Mapping[str, Any]]) -> str | None:
    for resource in resources:
        subject = resource.get("subject")
        if isinstance(subject, Mapping) and text_of(subject.get("reference")):
            return str(subject["reference"])
    return None


def prescribed(request: Mapping[str, Any]) -> list[tuple[float, int | None]]:
    """Total dose in Gy and fractions of each volume of a radiotherapy request; empty when it states none that can be read.

    >>> dose = {"url": "totalDose", "valueQuantity": {"value": 3000, "code": "cGy", "system": "http://unitsofmeasure.org"}}
    >>> count = {"url": "fractions", "valuePositiveInt": 10}
    >>> prescribed({"extension": [{"url": _DOSE, "extension": [dose, count]}]})
    [(30.0, 10)]
    """
    whole = next((one.get("valuePositiveInt") for one in extension(request, _FRACTIONS)), None)
    found: list[tuple[float, int | None]] = []
    for one in extension(request, _DOSE):
        quantity = next((part.get("valueQuantity") for part in extension(one, "totalDose")), None)
        count = next((part.get("valuePositiveInt") for part in extension(one, "fractions")), whole)
        gy = _gy(quantity)
        if gy is None:
            return []
        known = isinstance(count, int) and not isinstance(count, bool) and 1 <= count <= 60
        found.append((gy, count if known else None))
    return found


def _gy(quantity: object) -> float | None:
    if not isinstance(quantity, Mapping) or quantity.get("system") != UCUM or quantity.get("comparator") is not None:
        return None
    amount, unit = quantity.get("value"), quantity.get("code")
    if isinstance(amount, bool) or not isinstance(amount, int | float) or not 0 < amount < 1e6:
        return None
    if unit == "Gy":
        return float(amount)
    return float(Decimal(str(amount)) / 100) if unit == "cGy" else None
