"""Pages of long work: how far a job is, stopping it, running it again, and what it gave."""

from __future__ import annotations

import json
import mimetypes
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from portico.service.form_body import form_of
from portico.service.form_page import form_page_of
from portico.service.jobs import ENDED
from portico.service.people import who
from portico.service.storage import NotFound
from portico.service.views import page, report

if TYPE_CHECKING:
    from portico.service.application import Parts

__all__ = ["job_pages"]

#: The page that each kind of job writes, and what the pages call its work.
_PAGES: Final = {
    "check": "check.html",
    "dvh": "dvh.html",
    "targets": "draft.html",
    "plan": "plan.html",
    "audit": "audit.html",
}
_WORDS: Final = {
    "check": "Check of a plan", "dvh": "Histograms of a plan", "targets": "Draft of volumes", "plan": "Plan and frontier",
    "audit": "Audit of a registry",
}  # fmt: skip


def job_pages(parts: Parts) -> APIRouter:
    """The routes."""
    router = APIRouter(include_in_schema=False)
    queue = parts.queue

    @router.get("/jobs")
    def jobs() -> HTMLResponse:
        rows = queue.jobs(by=who().subject)
        return page("jobs.html.j2", rows=rows, words=_WORDS)

    @router.get("/jobs/{job_id}")
    def job(request: Request, job_id: str) -> Response:
        row = queue.job(job_id)
        asked, ended = json.loads(row.request), json.loads(row.result) if row.result is not None else {}
        seal = asked.get("directive")
        if row.state == "done" and row.kind == "check" and seal is not None:
            return RedirectResponse(f"/checks/{job_id}", status_code=303)
        runs = row.state not in ENDED
        names = [one["name"] for one in ended.get("files", ())]
        return form_page_of(
            parts, request, "job.html.j2", script="job.js" if runs else "", row=row, runs=runs, seal=seal,
            title=_WORDS.get(row.kind, row.kind), error=ended.get("error"), exit_status=ended.get("exit_status"),
            has_page=_PAGES.get(row.kind) in names, files=[name for name in names if not name.endswith((".html", ".json"))],
        )  # fmt: skip

    @router.post("/jobs/{job_id}/cancel")
    async def cancel(request: Request, job_id: str) -> Response:
        return await _act(request, job_id, queue.cancel)

    @router.post("/jobs/{job_id}/resume")
    async def resume(request: Request, job_id: str) -> Response:
        return await _act(request, job_id, queue.resume)

    async def _act(request: Request, job_id: str, act: Any) -> Response:
        await form_of(request, parts.key)
        await run_in_threadpool(lambda: act(job_id, by=who().subject))
        parts.workers.wake()
        return RedirectResponse(f"/jobs/{job_id}", status_code=303)

    @router.get("/jobs/{job_id}/report")
    def shown(job_id: str) -> HTMLResponse:
        row = queue.job(job_id)
        if row.kind not in _PAGES:
            raise NotFound("The job has no report.")
        return report(queue.file(job_id, _PAGES[row.kind]).decode("utf-8"), [(f"/jobs/{job_id}", "Back to the job")])

    @router.get("/jobs/{job_id}/files/{name}")
    def file(job_id: str, name: str) -> Response:
        data = queue.file(job_id, name)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(data, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})

    return router
