"""CDS Hooks 2.0: the list of services, their calls and the feedback on their cards.

A call is answered from what it brings: nothing is fetched from a server, nothing of the patient is stored or logged.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from portico.advice import advise
from portico.errors import PorticoError, ReadingRefused
from portico.interop.fhir_codes import CodeTable, load_codes, site_codes
from portico.interop.fhir_import import import_bundle
from portico.interop.fhir_import_json import quick_json
from portico.reading import Limits
from portico.service.api_body import json_answer, refusal
from portico.service.cds_hooks_cards import CardMaker, radiotherapy_orders, topics_of
from portico.service.cds_hooks_clients import Clients, NotTrusted, read_clients
from portico.service.cds_hooks_feedback import as_plain, feedback_of, save_feedback
from portico.service.cds_hooks_ids import CardNames
from portico.service.cds_hooks_rules import feedback_problems, request_problems
from portico.service.cds_hooks_services import SERVICES, NotEnough, discovery, prefetched

if TYPE_CHECKING:
    from portico.service.application import Parts

__all__ = ["cds_routes"]

_LIMITS: Final = Limits(max_bytes=64 * 1024 * 1024, max_depth=44, max_nodes=400_000)
CODES: Final = "fhir-codes.yaml"


def cds_routes(
    parts: Parts, clients: Clients | None = None, *, today: Callable[[], dt.date] = dt.date.today
) -> APIRouter:
    """The routes of CDS Hooks.

    Parameters
    ----------
    clients : who may call; those of the folder of the service when None
    today : the day of a call, which is the day of the decision

    Raises
    ------
    ReadingRefused, KnowledgeRefused : clients or codes of the folder do not hold
    """
    router = APIRouter(include_in_schema=False)
    known = clients or read_clients(parts.settings)
    topics = topics_of(parts.engine)
    names = CardNames(parts.key, parts.engine.library.version, topics)
    maker = CardMaker(parts.engine, names, known.base_url)
    own = parts.settings.folder / CODES
    codes = site_codes(own) if own.exists() else load_codes()

    def called(service: str, data: bytes, header: str | None) -> Response:
        address = f"{known.base_url}/cds-services/{service}"
        known.trusted(header, (address,))
        body = _body(data)
        problems = request_problems(body, SERVICES[service])
        if problems:
            return refusal(problems, 400)
        return json_answer({"cards": _cards(body, SERVICES[service], maker, codes, today())})

    def answered(service: str, data: bytes, header: str | None) -> Response:
        address = f"{known.base_url}/cds-services/{service}"
        client = known.trusted(header, (address, f"{address}/feedback"))
        body = _body(data)
        problems = feedback_problems(body)
        if problems:
            return refusal(problems, 400)
        save_feedback(parts.store, names, service, body, client=client)
        return Response(status_code=200)

    @router.get("/cds-services")
    def services() -> Response:
        return json_answer(discovery())

    @router.get("/cds-feedback")
    def given() -> Response:
        try:
            rows = feedback_of(parts.store)
        except PorticoError as error:
            return refusal(error.problems, 503)
        counts = Counter((row.topic, row.outcome) for row in rows)
        summary = [{"topic": topic, "outcome": outcome, "n": n} for (topic, outcome), n in sorted(counts.items())]
        return json_answer({"schema": "cds-feedback/1", "counts": summary, "feedback": [as_plain(row) for row in rows]})

    @router.post("/cds-services/{service}")
    async def call(service: str, request: Request) -> Response:
        return await _guarded(called, service, request)

    @router.post("/cds-services/{service}/feedback")
    async def feedback(service: str, request: Request) -> Response:
        return await _guarded(answered, service, request)

    return router


async def _guarded(act: Callable[[str, bytes, str | None], Response], service: str, request: Request) -> Response:
    """Serve one call; a refusal is JSON, and says nothing of what was sent."""
    from portico.service.application import status_of

    if service not in SERVICES:
        return refusal([ReadingRefused("There is no such service.", code="unknown-service").problem], 404)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return refusal([ReadingRefused("The body must be sent as application/json.", code="wrong-type").problem], 415)
    try:
        data = await request.body()
        return await run_in_threadpool(act, service, data, request.headers.get("authorization"))
    except NotTrusted as error:
        made = refusal(error.problems, 401)
        made.headers["www-authenticate"] = "Bearer"
        return made
    except NotEnough as error:
        return refusal(error.problems, 412)
    except PorticoError as error:
        return refusal(error.problems, status_of(error))


def _body(data: bytes) -> Any:
    return quick_json(data, name="body", limits=_LIMITS)


def _cards(
    body: Mapping[str, Any], hook: str, maker: CardMaker, codes: CodeTable, today: dt.date
) -> list[dict[str, Any]]:
    context = body["context"]
    orders = None if hook == "patient-view" else radiotherapy_orders(context, hook)
    if orders == []:  # nothing that this service speaks of, whatever was prefetched
        return []
    bundle = prefetched(body)
    imported = import_bundle(bundle, as_of=today, codes=codes, name="prefetch")
    return maker.cards(imported, advise(imported.case, maker.engine), str(context["patientId"]), orders)
