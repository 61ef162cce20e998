"""The audit of a registry: a form for the file, the audits so far, each with its report."""

from __future__ import annotations

import json
import secrets
import shutil
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from portico.errors import PorticoError, UsageError
from portico.service.form_body import form_with_file
from portico.service.form_page import form_page_of
from portico.service.people import who
from portico.service.plan_pages import kept_upload
from portico.service.work_forms import FORMS, request_of

if TYPE_CHECKING:
    from portico.service.application import Parts

__all__ = ["audit_pages"]

_FORM: Final = FORMS["audit"]
_PARQUET: Final = b"PAR1"
"""First bytes of a Parquet file; everything else is read as CSV."""


def audit_pages(parts: Parts) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    queue = parts.queue

    def shown(request: Request, status: int = 200, **values: Any) -> HTMLResponse:
        rows = [one for one in queue.jobs(by=who().subject) if one.kind == "audit"]
        ended = {one.id: json.loads(one.result) for one in rows if one.result is not None}
        given = {"problems": (), "fields": {}, **values}
        return form_page_of(parts, request, "audit.html.j2", status, form=_FORM, rows=rows, ended=ended, **given)

    @router.get("/audit")
    def audits(request: Request) -> HTMLResponse:
        return shown(request)

    @router.post("/audit")
    async def ask(request: Request) -> Response:
        fields, file = await form_with_file(request, parts.key)
        job = secrets.token_hex(8)
        folder = queue.folder / job
        try:
            if file is None or not file.size:
                raise UsageError("Choose a file.", code="no-file", path="file")
            asked = request_of(_FORM, None, fields)
            head = await file.read(len(_PARQUET))
            await file.seek(0)
            name = "registry.parquet" if head == _PARQUET else "registry.csv"
            await kept_upload(file, folder / "in" / name)
            await run_in_threadpool(lambda: queue.ask("audit", {**asked, "file": name}, by=who().subject, name=job))
        except PorticoError as error:
            await run_in_threadpool(shutil.rmtree, folder, True)
            return shown(request, 422, problems=error.problems, fields=fields)
        finally:
            if file is not None:
                await file.close()
        parts.workers.wake()
        return RedirectResponse(f"/jobs/{job}", status_code=303)

    return router
