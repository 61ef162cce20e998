"""Pages of work on a plan: its check against a Directive, a draft of volumes, and how far the dose can be raised.

A small archive is checked while the browser waits; everything else becomes a job, whose page says how far it is.
"""

from __future__ import annotations

import json
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile

from portico.directive import directive_from
from portico.errors import PorticoError, UsageError
from portico.report import render_plan_html
from portico.service.form_body import form_with_file
from portico.service.form_page import form_page_of
from portico.service.job_kinds import UPLOADED
from portico.service.people import who
from portico.service.plan_upload import check_upload
from portico.service.views import report
from portico.service.work_forms import FORMS, request_of

if TYPE_CHECKING:
    from portico.service.application import Parts

__all__ = ["AT_ONCE", "kept_upload", "plan_pages"]

AT_ONCE: Final = 4 * 1024 * 1024
"""Bytes of an archive up to which a plan is checked at once; a larger one takes long enough for a page of its own."""


def plan_pages(parts: Parts) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    store, queue = parts.store, parts.queue

    def formed(request: Request, kind: str, row: Any, status: int = 200, **values: Any) -> HTMLResponse:
        checks = store.checks(row.hash) if kind == "check" else ()
        given = {"problems": (), "fields": {}, **values}
        return form_page_of(parts, request, "work.html.j2", status, form=FORMS[kind], row=row, checks=checks, **given)

    def add(kind: str) -> None:
        async def show(request: Request, seal: str) -> HTMLResponse:
            return await run_in_threadpool(lambda: formed(request, kind, store.directive(seal)))

        async def ask(request: Request, seal: str) -> Response:
            row = await run_in_threadpool(store.directive, seal)
            fields, file = await form_with_file(request, parts.key)
            job = secrets.token_hex(8)
            folder = queue.folder / job
            try:
                if file is None or not file.size:
                    raise UsageError("Choose a zip file.", code="no-file", path="file")
                asked = request_of(FORMS[kind], seal, fields)
                path = await kept_upload(file, folder / "in" / UPLOADED["dicom"])
                if kind == "check" and file.size <= AT_ONCE and not asked["match"]:
                    return await run_in_threadpool(_at_once, row, path, fields.get("plan"))
                return await run_in_threadpool(_as_job, kind, asked, row, job)
            except PorticoError as error:
                await run_in_threadpool(shutil.rmtree, folder, True)
                return formed(request, kind, row, 422, problems=error.problems, fields=fields)
            finally:
                if file is not None:
                    await file.close()

        router.add_api_route(f"/directives/{{seal}}/{kind}", show, methods=["GET"])
        router.add_api_route(f"/directives/{{seal}}/{kind}", ask, methods=["POST"])

    for kind in ("check", "targets", "plan"):
        add(kind)

    def _at_once(row: Any, path: Path, which: str | None) -> Response:
        try:
            made = check_upload(path, directive_from(json.loads(row.content)), parts.engine.library, which)
        finally:
            shutil.rmtree(path.parent.parent, ignore_errors=True)
        result = made.result
        assert result is not None
        text = render_plan_html(made, parts.engine.library)
        name = store.save_check(row.hash, result.exit_status, text, by=who().subject)
        return RedirectResponse(f"/checks/{name}", status_code=303)

    def _as_job(kind: str, asked: dict[str, Any], row: Any, job: str) -> Response:
        asked = {**asked, "directive_document": json.loads(row.content), "upload": job}
        queue.ask(kind, asked, by=who().subject, name=job)
        parts.workers.wake()
        return RedirectResponse(f"/jobs/{job}", status_code=303)

    @router.get("/checks/{check_id}")
    def show_check(check_id: str) -> HTMLResponse:
        row = store.check(check_id)
        links = [(f"/directives/{row.directive_hash}", "Back to the Directive")]
        return report(row.page.decode("utf-8"), links)

    return router


async def kept_upload(file: UploadFile, path: Path) -> Path:
    """Lay an upload beside its job."""

    def write(data: bytes) -> None:
        stream.write(data)

    await run_in_threadpool(lambda: path.parent.mkdir(parents=True, mode=0o700))
    with path.open("xb") as stream:
        while block := await file.read(1 << 20):
            await run_in_threadpool(write, block)
    return path
