"""Closing a case, and taking it away whole as a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from portico.service.form_body import form_of
from portico.service.form_page import form_page_of
from portico.service.people import who
from portico.service.retention import close_case, closed_at, export_case

if TYPE_CHECKING:
    from portico.service.application import Parts

__all__ = ["closing_pages"]


def closing_pages(parts: Parts) -> APIRouter:
    """The routes of closing and export."""
    router = APIRouter(include_in_schema=False)
    store = parts.store

    @router.get("/cases/{case_id}/close")
    def close_form(request: Request, case_id: str) -> Response:
        at = closed_at(store, case_id)
        return form_page_of(parts, request, "close.html.j2", case_id=case_id, closed_at=at)

    @router.post("/cases/{case_id}/close")
    async def close(request: Request, case_id: str) -> Response:
        await form_of(request, parts.key)
        await run_in_threadpool(close_case, store, case_id, by=who().subject)
        return RedirectResponse(f"/cases/{case_id}/close", status_code=303)

    @router.post("/cases/{case_id}/export")
    async def export(request: Request, case_id: str) -> Response:
        await form_of(request, parts.key)
        data = await run_in_threadpool(export_case, store, case_id, by=who().subject)
        name = f'attachment; filename="case-{case_id}.zip"'
        return Response(data, media_type="application/zip", headers={"content-disposition": name})

    return router
