"""REST: uploads and long work."""

from __future__ import annotations

import json
import mimetypes
import secrets
import shutil
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Header, Path, Query, Request, Response

from portico.directive import directive_from
from portico.errors import PorticoError, UsageError
from portico.service import api_models as shapes
from portico.service.api_body import api_router, json_answer
from portico.service.api_case import file_of
from portico.service.job_kinds import STRUCTURES, UPLOADED
from portico.service.jobs_work import RESULT
from portico.service.people import who
from portico.service.uploads import Uploads

if TYPE_CHECKING:
    from portico.service.application import Parts

__all__ = ["job_routes"]

JobId = Annotated[str, Path(max_length=64, examples=["0123456789abcdef"])]
Key = Annotated[str | None, Header(alias="Idempotency-Key", max_length=100, description="The same key, the same job.")]
#: Parts of an earlier course that name files; files are uploaded, never named.
_NAMES_FILES: Final = ("dose", "registration")


def job_routes(parts: Parts) -> APIRouter:
    """The routes."""
    router = api_router()
    store, queue = parts.store, parts.queue
    uploads = Uploads(parts.settings.folder)

    @router.post(
        "/uploads", response_model=shapes.UploadGiven, status_code=201, tags=["jobs"],
        openapi_extra={"requestBody": {"required": True, "content": {
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}},
    )  # fmt: skip
    async def upload(request: Request) -> Response:
        """Send a zip of DICOM files (or a ``case.npz`` to plan on) for a job; it is kept for a day."""
        name, size = await uploads.take(request.stream(), who().subject)
        return json_answer({"id": name, "bytes": size}, 201)

    @router.post("/jobs/check", response_model=shapes.JobState, status_code=202, tags=["jobs"])
    def check(asked: shapes.CheckAsked, key: Key = None) -> Response:
        """Check a plan against its Directive: ``portico check``."""
        if asked.earlier is not None:
            _refuse_files(asked.earlier)
        return _ask("check", asked, key)

    @router.post("/jobs/dvh", response_model=shapes.JobState, status_code=202, tags=["jobs"])
    def dvh(asked: shapes.DvhAsked, key: Key = None) -> Response:
        """Histograms and metrics of a plan: ``portico dvh``."""
        return _ask("dvh", asked, key)

    @router.post("/jobs/targets", response_model=shapes.JobState, status_code=202, tags=["jobs"])
    def targets(asked: shapes.TargetsAsked, key: Key = None) -> Response:
        """Draft the volumes of a Directive: ``portico targets``."""
        return _ask("targets", asked, key)

    @router.post("/jobs/plan", response_model=shapes.JobState, status_code=202, tags=["jobs"])
    def plan(asked: shapes.PlanAsked, key: Key = None) -> Response:
        """Plan a Directive, with the frontier of the cord if wanted: ``portico plan``."""
        return _ask("plan", asked, key)

    @router.post("/jobs/audit", response_model=shapes.JobState, status_code=202, tags=["jobs"])
    def audit(asked: shapes.RegistryAsked, key: Key = None) -> Response:
        """Audit a registry: ``portico audit``; rows of single courses are not kept, the report alone is."""
        request = asked.model_dump(mode="json")
        request["file"] = f"registry.{asked.upload_is}"
        return _put(request, "audit", key, {request["file"]: asked.upload})

    @router.get("/jobs", response_model=list[shapes.JobState], tags=["jobs"])
    def jobs(limit: Annotated[int, Query(ge=1, le=200)] = 50) -> Response:
        """Own jobs, newest first."""
        return json_answer([_state(row) for row in queue.jobs(by=who().subject, limit=limit)])

    @router.get("/jobs/{job_id}", response_model=shapes.JobState, tags=["jobs"])
    def job(job_id: JobId) -> Response:
        """How far a job is."""
        return json_answer(_state(queue.job(job_id)))

    @router.post("/jobs/{job_id}/cancel", response_model=shapes.JobState, tags=["jobs"])
    def cancel(job_id: JobId) -> Response:
        """Stop a job; its process is ended within a second or two."""
        return json_answer(_state(queue.cancel(job_id, by=who().subject)))

    @router.post("/jobs/{job_id}/resume", response_model=shapes.JobState, tags=["jobs"])
    def resume(job_id: JobId) -> Response:
        """Run a job again that failed or was cancelled."""
        made = _state(queue.resume(job_id, by=who().subject))
        parts.workers.wake()
        return json_answer(made)

    @router.get("/jobs/{job_id}/result", response_model=shapes.Document, tags=["jobs"])
    def result(job_id: JobId) -> Response:
        """What the command printed with ``--json``."""
        return Response(queue.file(job_id, RESULT), media_type="application/json")

    @router.get(
        "/jobs/{job_id}/files/{name}",
        response_class=Response,
        responses=file_of("application/octet-stream"),
        tags=["jobs"],
    )
    def file(job_id: JobId, name: Annotated[str, Path(max_length=100, examples=["check.pdf"])]) -> Response:
        """A file of a finished job."""
        data = queue.file(job_id, name)
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        return Response(data, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})

    def _ask(kind: str, asked: Any, key: str | None) -> Response:
        request = asked.model_dump(mode="json")
        name = request.pop("upload")
        _one_source(request, name)
        if kind != "dvh":
            request["directive_document"] = _directive(request)
        request["upload"] = name
        given = {} if name is None else {UPLOADED[request.get("upload_is", "dicom")]: name}
        if request.get("structures_upload") is not None:
            given[STRUCTURES[request["structures_are"]]] = request["structures_upload"]
        return _put(request, kind, key, given)

    def _put(request: dict[str, Any], kind: str, key: str | None, given: Mapping[str, str]) -> Response:
        """Lay the uploads beside a new job and put it into the queue; all or nothing."""
        by, job = who().subject, secrets.token_hex(8)
        folder = queue.folder / job
        try:
            for file, upload in given.items():
                uploads.give(upload, by, folder / "in" / file)
            taken = queue.ask(kind, request, by=by, key=key, name=job)
        except PorticoError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        if taken != job:
            shutil.rmtree(folder, ignore_errors=True)
        parts.workers.wake()
        return json_answer(_state(queue.job(taken)), 202, {"location": f"/api/v1/jobs/{taken}"})

    def _one_source(request: dict[str, Any], upload: str | None) -> None:
        archive, study = request["archive"], request["study"]
        if (upload is None) == (archive is None) or (archive is None) != (study is None):
            raise UsageError(
                "Say where the files come from: an upload, or an archive with a study.", code="no-source", path="upload"
            )
        if archive is not None:
            if request.get("upload_is", "dicom") != "dicom":
                raise UsageError("A study of an archive is DICOM.", code="no-source", path="upload_is")
            parts.archives.web(archive)

    def _directive(request: dict[str, Any]) -> dict[str, Any]:
        seal, document = request["directive"], request["directive_document"]
        if (seal is None) == (document is None):
            raise UsageError(
                "Name a stored Directive, or give one.", code="no-directive", path="directive",
                fix="Give directive or directive_document, not both.",
            )  # fmt: skip
        found = json.loads(store.directive(seal).content) if seal is not None else document
        directive_from(found)
        return dict(found)

    return router


def _refuse_files(earlier: dict[str, Any]) -> None:
    courses = earlier.get("courses")
    for one in courses if isinstance(courses, list) else ():
        if isinstance(one, dict) and any(one.get(name) is not None for name in _NAMES_FILES):
            raise UsageError(
                "An earlier course cannot name a file here.", code="file-in-body", path="earlier.courses",
                fix="Give its highest dose, or use the command.",
            )  # fmt: skip


def _state(row: Any) -> dict[str, Any]:
    ended = json.loads(row.result) if row.result is not None else {}
    files = [{"name": one["name"], "bytes": one["bytes"]} for one in ended.get("files", ())]
    return {
        "id": row.id, "kind": row.kind, "state": row.state, "done": row.done, "total": row.total,
        "created_at": row.created_at, "started_at": row.started_at, "ended_at": row.ended_at,
        "exit_status": ended.get("exit_status"), "files": files, "error": ended.get("error"),
    }  # fmt: skip
