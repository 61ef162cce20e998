"""REST: cases, advice, explanations, decisions and Directives."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from portico.advice import Advice, advise
from portico.advice.explained import explained
from portico.advice.json_text import advice_text
from portico.case import Case, case_from, case_problems
from portico.directive import directive_from
from portico.errors import Blocked
from portico.report import render_directive_pdf, render_html, render_pdf
from portico.service import api_models as shapes
from portico.service.api_body import api_router, json_answer
from portico.service.deciding import decided
from portico.service.guards import COOKIE, session_of, token_of
from portico.service.people import who

if TYPE_CHECKING:
    from portico.service.application import Parts

__all__ = ["case_routes", "file_of"]


def file_of(kind: str) -> dict[int | str, dict[str, Any]]:
    """How a file is described as an answer."""
    return {200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}}}}}


CaseId = Annotated[str, Path(max_length=64, examples=["0123456789abcdef"])]
Seal = Annotated[str, Path(max_length=64, examples=["0" * 64])]


def case_routes(parts: Parts) -> APIRouter:
    """The routes."""
    router = api_router()
    store, engine = parts.store, parts.engine

    def stored(case_id: str) -> tuple[Any, Case, Advice]:
        row = store.case(case_id)
        case = case_from(json.loads(row.content))
        return row, case, advise(case, engine)

    def document(advice: Advice) -> Response:
        return Response(advice_text(advice).encode("utf-8", "replace"), media_type="application/json")

    @router.get("/token", response_model=shapes.TokenGiven, tags=["service"])
    def token(request: Request) -> Response:
        """The token for a browser that sends requests which change something."""
        session = session_of(request)
        made = json_answer({"token": token_of(parts.key, session)})
        made.set_cookie(COOKIE, session, httponly=True, samesite="strict", secure=parts.settings.secure)
        return made

    @router.get("/cases", response_model=list[shapes.CaseVersion], tags=["cases"])
    def list_cases(limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Response:
        """Newest versions of all cases, newest first."""
        return json_answer([_version(row) for row in store.cases()[:limit]])

    @router.post("/cases", response_model=shapes.CaseStored, status_code=201, tags=["cases"])
    def save_case(asked: shapes.CaseGiven) -> Response:
        """Store a new case; one that contradicts itself is refused with every problem."""
        case_from(asked.case)
        name, number = store.save_case(asked.case, by=who().subject)
        return json_answer({"id": name, "version": number}, 201, {"location": f"/api/v1/cases/{name}"})

    @router.post("/cases/validate", response_model=shapes.Validated, tags=["cases"])
    def validate(asked: shapes.CaseGiven) -> Response:
        """Everything that is wrong with a case; nothing is stored."""
        case, problems = case_problems(asked.case)
        valid = case is not None and not problems
        return json_answer({"valid": valid, "problems": [one.to_dict() for one in problems]})

    @router.get("/cases/{case_id}", response_model=shapes.CaseVersion, tags=["cases"])
    def read_case(case_id: CaseId) -> Response:
        """The newest version of a case."""
        return json_answer(_version(store.case(case_id)))

    @router.put("/cases/{case_id}", response_model=shapes.CaseStored, tags=["cases"])
    def change_case(case_id: CaseId, asked: shapes.CaseChanged) -> Response:
        """Store the next version; refused when someone stored another one meanwhile."""
        case_from(asked.case)
        _, number = store.save_case(asked.case, by=who().subject, case_id=case_id, version=asked.version)
        return json_answer({"id": case_id, "version": number})

    @router.get("/cases/{case_id}/history", response_model=list[shapes.CaseVersion], tags=["cases"])
    def history(case_id: CaseId) -> Response:
        """Every version of a case, newest first."""
        store.case(case_id)
        return json_answer([_version(row) for row in store.history(case_id)])

    @router.post("/advice", response_model=shapes.Document, tags=["advice"])
    async def advice_on(asked: shapes.AdviceAsked) -> Response:  # a few milliseconds of work: a thread would cost more
        """Options side by side for a case that is not stored: the document of ``portico advise --json``."""
        return document(advise(case_from(asked.case), engine))

    @router.get("/cases/{case_id}/advice", response_model=shapes.Document, tags=["advice"])
    def advice_of(case_id: CaseId) -> Response:
        """Options side by side for a stored case."""
        return document(stored(case_id)[2])

    @router.get(
        "/cases/{case_id}/advice.html", response_class=Response, responses=file_of("text/html"), tags=["advice"]
    )
    def advice_page(case_id: CaseId) -> Response:
        """The report of the options as HTML."""
        text = render_html(stored(case_id)[2], engine.library)
        return Response(text, media_type="text/html; charset=utf-8")

    @router.get(
        "/cases/{case_id}/advice.pdf", response_class=Response, responses=file_of("application/pdf"), tags=["advice"]
    )
    def advice_pdf(case_id: CaseId) -> Response:
        """The report of the options as PDF."""
        return Response(render_pdf(stored(case_id)[2], engine.library), media_type="application/pdf")

    @router.post("/explain", response_model=shapes.Document, tags=["advice"])
    def explain(asked: shapes.ExplainAsked) -> Response:
        """Why a rule holds or an option stands where it stands: the document of ``portico explain --json``."""
        return json_answer(explained(engine, asked.id, case_from(asked.case).row()))

    @router.post("/cases/{case_id}/sign", response_model=shapes.Signed, status_code=201, tags=["directives"])
    def sign_case(case_id: CaseId, asked: shapes.SignAsked) -> Response:
        """Sign an option; the same decision twice is stored once. Blocked while something urgent is not excluded."""
        row, case, advice = stored(case_id)
        if asked.version != row.version:
            raise Blocked(
                "The case was changed after it was read; nothing was signed.", code="changed-meanwhile",
                fix="Look at the options again.",
            )  # fmt: skip
        signed = decided(
            case, advice, engine, who(), option=asked.option, by=asked.by, reason=asked.reason, role=asked.role,
            dose=asked.dose, override=asked.override, volume=asked.volume, plain_field=asked.plain_field,
        )  # fmt: skip
        by = who().subject if who().signed_in else str(asked.by)
        seal = store.save_directive(signed, case_id=case_id, version=row.version, by=by)
        made = {"hash": seal, "directive": signed.to_dict()}
        return json_answer(made, 201, {"location": f"/api/v1/directives/{seal}"})

    @router.get("/cases/{case_id}/directives", response_model=list[shapes.Signed], tags=["directives"])
    def directives_of(case_id: CaseId) -> Response:
        """Signed Directives of a case, newest first."""
        store.case(case_id)
        found = store.directives(case_id)
        return json_answer([{"hash": row.hash, "directive": json.loads(row.content)} for row in found])

    @router.get("/directives/{seal}", response_model=shapes.Signed, tags=["directives"])
    def read_directive(seal: Seal) -> Response:
        """A signed Directive."""
        row = store.directive(seal)
        return json_answer({"hash": row.hash, "directive": json.loads(row.content)})

    @router.get(
        "/directives/{seal}/pdf", response_class=Response, responses=file_of("application/pdf"), tags=["directives"]
    )
    def directive_pdf(seal: Seal) -> Response:
        """A signed Directive on one page."""
        found = directive_from(json.loads(store.directive(seal).content))
        return Response(render_directive_pdf(found, engine.library), media_type="application/pdf")

    return router


def _version(row: Any) -> dict[str, Any]:
    return {
        "id": row.case_id, "version": row.version, "at": row.at, "by": row.by, "case": json.loads(row.content),
    }  # fmt: skip
