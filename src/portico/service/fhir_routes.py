"""FHIR over HTTP: import of a bundle, options as GuidanceResponse, and ``$apply`` on the rules. Nothing is stored."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from portico import __version__
from portico.advice import advise
from portico.errors import InputRefused, PorticoError, Problem
from portico.intended_use import INTENDED_USE_SHORT
from portico.interop.fhir_apply import apply_plan
from portico.interop.fhir_codes import load_codes, site_codes
from portico.interop.fhir_decision import decision_bundle
from portico.interop.fhir_evidence import BASE
from portico.interop.fhir_import import Imported, import_bundle
from portico.interop.fhir_import_bundle import BUNDLE_LIMITS, day_of
from portico.interop.fhir_import_json import quick_json
from portico.interop.fhir_plan import plan_definition
from portico.service.api_body import TOKEN_HEADER, as_json
from portico.service.cds_hooks import CODES
from portico.service.guards import check_token

if TYPE_CHECKING:
    from portico.service.application import Parts

__all__ = ["FHIR_JSON", "fhir_routes"]

FHIR_JSON: Final = "application/fhir+json"
_TYPES: Final = (FHIR_JSON, "application/json")


def fhir_routes(parts: Parts) -> APIRouter:
    """The routes of FHIR."""
    router = APIRouter(prefix="/fhir", include_in_schema=False)
    own = parts.settings.folder / CODES
    codes = site_codes(own) if own.exists() else load_codes()
    plan = as_json(plan_definition(parts.engine.library))

    def imported(data: bytes, day: str | None) -> tuple[Imported, str | None]:
        as_of = day_of(day)
        if day is not None and (as_of is None or as_of.isoformat() != day):
            raise InputRefused("A date is written as YYYY-MM-DD.", code="bad-date", path="as-of")
        value = quick_json(data, name="body", limits=BUNDLE_LIMITS)
        if isinstance(value, dict) and value.get("resourceType") == "Parameters":
            value = _parameter(value)
        found = import_bundle(value if isinstance(value, dict) else {}, as_of=as_of, codes=codes, name="body")
        return found, _reference(value)

    def draft(data: bytes, day: str | None) -> Any:
        return imported(data, day)[0].to_dict()

    def options(data: bytes, day: str | None) -> Any:
        found, patient = imported(data, day)
        return decision_bundle(advise(found.case, parts.engine), parts.engine.library, patient=patient)

    def apply(data: bytes, day: str | None) -> Any:
        found, patient = imported(data, day)
        return apply_plan(found.case, parts.engine, patient=patient)

    @router.get("/metadata")
    def metadata() -> Response:
        return Response(as_json(_capabilities()), media_type=FHIR_JSON)

    @router.get("/PlanDefinition/portico-rules")
    def rules() -> Response:
        return Response(plan, media_type=FHIR_JSON)

    @router.post("/$import")
    async def import_(request: Request) -> Response:
        return await _served(request, draft, "application/json")

    @router.post("/$options")
    async def options_(request: Request) -> Response:
        return await _served(request, options, FHIR_JSON)

    @router.post("/PlanDefinition/portico-rules/$apply")
    async def apply_(request: Request) -> Response:
        return await _served(request, apply, FHIR_JSON)

    return router


def _capabilities() -> dict[str, Any]:
    """What this end of FHIR can do; nothing else is offered."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-28",
        "kind": "instance",
        "software": {"name": "Portico", "version": __version__},
        "implementation": {"description": f"Portico. {INTENDED_USE_SHORT}"},
        "fhirVersion": "4.0.1",
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "documentation": "Nothing is stored: bundles are read into a draft, and rules and options are given back.",
                "resource": [
                    {
                        "type": "PlanDefinition",
                        "interaction": [{"code": "read"}],
                        "operation": [
                            {
                                "name": "apply",
                                "definition": "http://hl7.org/fhir/OperationDefinition/PlanDefinition-apply",
                            }
                        ],
                    }
                ],
                "operation": [
                    {"name": name, "definition": f"{BASE}/OperationDefinition/portico-{name}"}
                    for name in ("import", "options")
                ],
            }
        ],
    }


def _outcome(problems: Sequence[Problem], status: int) -> Response:
    """A refusal as FHIR has it; it says where and what, and nothing of what was sent."""
    kind = {401: "login", 403: "forbidden", 413: "too-long", 415: "not-supported", 503: "transient"}.get(
        status, "invalid"
    )
    issues = []
    for one in problems:
        issue: dict[str, Any] = {
            "severity": "error",
            "code": kind,
            "details": {"coding": [{"system": f"{BASE}/CodeSystem/errors", "code": one.code}], "text": one.message},
        }
        if one.fix:
            issue["diagnostics"] = one.fix
        if one.path:
            issue["expression"] = [one.path]
        issues.append(issue)
    return Response(as_json({"resourceType": "OperationOutcome", "issue": issues}), status, media_type=FHIR_JSON)


def _parameter(value: dict[str, Any]) -> Any:
    """The bundle of a Parameters resource: its parameter ``data``, as $apply has it."""
    found = value.get("parameter")
    for one in found if isinstance(found, list) else []:
        if isinstance(one, dict) and one.get("name") == "data":
            return one.get("resource")
    raise InputRefused("The parameter data with a bundle is missing.", code="not-a-bundle", path="parameter")


def _reference(value: Any) -> str | None:
    """A reference to the patient of a bundle, where it has the plain form."""
    for entry in value.get("entry", ()) if isinstance(value, dict) else ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict) and resource.get("resourceType") == "Patient":
            name = resource.get("id")
            if isinstance(name, str) and re.fullmatch(r"[A-Za-z0-9\-.]{1,64}", name):
                return f"Patient/{name}"
    return None


async def _served(request: Request, act: Callable[[bytes, str | None], Any], kind: str) -> Response:
    from portico.service.application import status_of

    try:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _TYPES:
            return _outcome([Problem("wrong-type", "The body must be sent as FHIR JSON.")], 415)
        if request.headers.get(
            "cookie"
        ):  # a browser brings its cookies by itself: it must prove that a page of ours asks
            check_token(request.app.state.parts.key, request, request.headers.get(TOKEN_HEADER))
        data = await request.body()
        found = await run_in_threadpool(act, data, request.query_params.get("as-of"))
    except PorticoError as error:
        return _outcome(error.problems, status_of(error))
    return Response(as_json(found), media_type=kind)
