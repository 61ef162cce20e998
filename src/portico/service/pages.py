"""The pages of the main task: case, options, signing, Directive."""

from __future__ import annotations

import json
import re
import secrets
from functools import partial
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from portico.advice import Advice, advise
from portico.case import Case, case_from
from portico.directive import Directive, directive_from
from portico.errors import Blocked, PorticoError, UsageError
from portico.report import (
    render_directive_html,
    render_directive_pdf,
    render_html,
    render_pdf,
)
from portico.service.audit_pages import audit_pages
from portico.service.case_form import Read, read_form, sections, words
from portico.service.case_page import case_page_view
from portico.service.deciding import decided
from portico.service.evidence_pages import evidence_pages
from portico.service.form_body import form_of
from portico.service.form_page import form_page_of
from portico.service.hints import hints
from portico.service.job_pages import job_pages
from portico.service.people import who
from portico.service.plan_pages import plan_pages
from portico.service.views import page, report, script_text, style_sheet

if TYPE_CHECKING:
    from portico.service.application import Parts

__all__ = ["pages"]


_ONCE = re.compile(r"[0-9a-f]{16}")


def pages(parts: Parts) -> APIRouter:
    """The routes of the pages."""
    router = APIRouter(include_in_schema=False)
    store = parts.store

    formed = partial(form_page_of, parts)

    def stored(case_id: str) -> tuple[Any, Case, Advice]:
        row = store.case(case_id)
        case = case_from(json.loads(row.content))
        return row, case, advise(case, parts.engine)

    def form_page(request: Request, answers: dict[str, str], read: Read, action: str, version: int | None,
                  status: int = 200, *, refused: bool = False, once: str | None = None) -> HTMLResponse:  # fmt: skip
        case, _, wrong = read
        matter = hints(advise(case, parts.engine), read[1])
        shown = sections(answers, read, frozenset(one.column for one in matter))
        names = {field.name for section in shown for field in (*section.fields, *section.later)}
        return formed(
            request, "case_form.html.j2", status, script="form.js", sections=shown, wrong=wrong if refused else (), action=action,
            version=version, once=once or secrets.token_hex(8),
            hints=[one for one in matter if one.column in names], title="Change the case" if version else "New case",
        )  # fmt: skip

    @router.get("/static/portico.css")
    def css() -> Response:
        return Response(style_sheet(), media_type="text/css", headers={"cache-control": "max-age=3600"})

    @router.get("/static/form.js")
    def form_script() -> Response:
        return _script("form.js")

    @router.get("/static/job.js")
    def job_script() -> Response:
        return _script("job.js")

    @router.get("/")
    def start(request: Request) -> HTMLResponse:
        rows = [
            {"id": row.case_id, "label": json.loads(row.content).get("label"), "at": row.at, "version": row.version}
            for row in store.cases()
        ]
        return page("start.html.j2", cases=rows, knowledge=parts.engine.library.version[:12])

    @router.get("/cases/new")
    def new_case(request: Request) -> HTMLResponse:
        return form_page(request, {}, read_form({}), "/cases/new", None)

    @router.post("/cases/new")
    async def save_new(request: Request) -> Response:
        answers = await form_of(request, parts.key)
        return await run_in_threadpool(_save, request, answers, None)

    @router.get("/cases/{case_id}/edit")
    def edit(request: Request, case_id: str) -> HTMLResponse:
        row = store.case(case_id)
        if row.answers is None:
            raise UsageError(
                "This case came from a file; the form would lose what it has no question for.", code="from-file"
            )
        answers = json.loads(row.answers)
        return form_page(request, answers, read_form(answers), f"/cases/{case_id}/edit", row.version)

    @router.post("/cases/{case_id}/edit")
    async def save_edit(request: Request, case_id: str) -> Response:
        answers = await form_of(request, parts.key)
        return await run_in_threadpool(_save, request, answers, case_id)

    def _save(request: Request, answers: dict[str, str], case_id: str | None) -> Response:
        version = _version(answers.pop("version", None)) if case_id else None
        action = f"/cases/{case_id}/edit" if case_id else "/cases/new"
        once = _once(answers.pop("once", None))
        only_hints = answers.pop("do", "") == "hints"
        read = read_form(answers)
        _, content, wrong = read
        if wrong or only_hints:
            status = 422 if wrong else 200
            return form_page(request, answers, read, action, version, status, refused=bool(wrong), once=once)
        name, _ = store.save_case(
            content, by=who().subject, answers=answers, case_id=case_id, version=version, once=None if case_id else once
        )
        return RedirectResponse(f"/cases/{name}", status_code=303)

    @router.get("/cases/{case_id}")
    def show_case(case_id: str) -> HTMLResponse:
        row, case, advice = stored(case_id)
        return page(
            "case.html.j2", case_id=case_id, label=case.label, row=row, advice=advice,
            hints=hints(advice, json.loads(row.content)), history=store.history(case_id),
            directives=[(one, json.loads(one.content)["decision"]) for one in store.directives(case_id)],
            **case_page_view(advice, parts.engine.library),
        )  # fmt: skip

    @router.get("/cases/{case_id}/json")
    def case_json(case_id: str) -> Response:
        row = store.case(case_id)
        name = f'attachment; filename="case-{row.case_id}.json"'
        return Response(row.content, media_type="application/json", headers={"content-disposition": name})

    @router.get("/cases/{case_id}/advice")
    def show_advice(case_id: str) -> HTMLResponse:
        _, _, advice = stored(case_id)
        links = [
            (f"/cases/{case_id}", "Back to the case"),
            (f"/cases/{case_id}/advice.pdf", "As PDF"),
            (f"/cases/{case_id}/sign", "Sign or override"),
        ]
        return report(render_html(advice, parts.engine.library), links)

    @router.get("/cases/{case_id}/advice.pdf")
    def advice_pdf(case_id: str) -> Response:
        _, _, advice = stored(case_id)
        return _pdf(render_pdf(advice, parts.engine.library), "advice")

    @router.get("/cases/{case_id}/sign")
    def sign_form(request: Request, case_id: str, option: str = "") -> HTMLResponse:
        row, case, advice = stored(case_id)
        return _sign_page(request, row, case, advice, {"option": option})

    def _sign_page(request: Request, row: Any, case: Case, advice: Advice, answers: dict[str, str],
                   error: PorticoError | None = None, status: int = 200) -> HTMLResponse:  # fmt: skip
        options = sorted(advice.options, key=lambda one: (one.rank is None, one.rank or 0))
        return formed(
            request, "sign.html.j2", status, row=row, label=case.label, advice=advice, options=options, answers=answers,
            problems=error.problems if error else (), words=words,
        )  # fmt: skip

    @router.post("/cases/{case_id}/sign")
    async def sign_case(request: Request, case_id: str) -> Response:
        answers = await form_of(request, parts.key)
        return await run_in_threadpool(_sign, request, case_id, answers)

    def _sign(request: Request, case_id: str, answers: dict[str, str]) -> Response:
        row, case, advice = stored(case_id)
        if _version(answers.get("version")) != row.version:
            raise Blocked(
                "The case was changed after you opened it; nothing was signed.", code="changed-meanwhile",
                fix="Look at the options again.",
            )  # fmt: skip
        try:
            signed = _signed(case, advice, answers)
        except PorticoError as error:
            return _sign_page(request, row, case, advice, answers, error, 409 if isinstance(error, Blocked) else 422)
        by = who().subject if who().signed_in else answers["by"]
        seal = store.save_directive(signed, case_id=case_id, version=row.version, by=by)
        return RedirectResponse(f"/directives/{seal}", status_code=303)

    def _signed(case: Case, advice: Advice, answers: dict[str, str]) -> Directive:
        return decided(
            case, advice, parts.engine, who(), option=answers.get("option"), by=answers.get("by"),
            reason=answers.get("reason"), role=answers.get("role"), dose=answers.get("dose"),
            override=answers.get("override") == "yes",
        )  # fmt: skip

    @router.get("/directives/{seal}")
    def show_directive(seal: str) -> HTMLResponse:
        row = store.directive(seal)
        links = [
            (f"/cases/{row.case_id}", "Back to the case"),
            (f"/directives/{seal}/pdf", "As PDF"),
            (f"/directives/{seal}/json", "As JSON"),
            (f"/directives/{seal}/check", "Check a plan against it"),
            (f"/directives/{seal}/targets", "Draft its volumes"),
            (f"/directives/{seal}/plan", "How far can the dose be raised"),
        ]
        return report(render_directive_html(_directive(row), parts.engine.library), links)

    @router.get("/directives/{seal}/pdf")
    def directive_pdf(seal: str) -> Response:
        return _pdf(
            render_directive_pdf(_directive(store.directive(seal)), parts.engine.library), f"directive-{seal[:8]}"
        )

    @router.get("/directives/{seal}/json")
    def directive_json(seal: str) -> Response:
        row = store.directive(seal)
        name = f'attachment; filename="directive-{seal[:8]}.json"'
        return Response(row.content, media_type="application/json", headers={"content-disposition": name})

    for more in (evidence_pages, plan_pages, job_pages, audit_pages):
        router.include_router(more(parts))
    return router


def _directive(row: Any) -> Directive:
    return directive_from(json.loads(row.content))


def _once(text: str | None) -> str | None:
    """The id that the form chose for a new case, so that sending it again stores it once; None when it has none."""
    return text if text is not None and _ONCE.fullmatch(text) else None


def _version(text: str | None) -> int:
    if text is None or not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise UsageError("The form does not say which version of the case it changes.", code="no-version")
    return int(text)


def _script(name: str) -> Response:
    return Response(script_text(name), media_type="text/javascript", headers={"cache-control": "max-age=3600"})


def _pdf(data: bytes, name: str) -> Response:
    return Response(
        data, media_type="application/pdf", headers={"content-disposition": f'inline; filename="{name}.pdf"'}
    )
