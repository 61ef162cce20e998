"""REST: the archives of the department, over DICOMweb."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Query, Response

from portico.errors import UsageError
from portico.service import api_models as shapes
from portico.service.api_body import api_router, json_answer
from portico.service.archive_results import results_for_archive
from portico.service.audit import append, digest_of
from portico.service.people import who
from portico.service.storage import guarded

if TYPE_CHECKING:
    from portico.service.application import Parts

__all__ = ["archive_routes"]

Archive = Annotated[str, Path(max_length=64, examples=["pacs"])]


def archive_routes(parts: Parts) -> APIRouter:
    """The routes."""
    router = api_router()

    @router.get("/archives", response_model=list[shapes.ArchiveNamed], tags=["archives"])
    def archives() -> Response:
        """Archives that the service may talk to; their addresses stand in its settings alone."""
        return json_answer([{"name": name} for name in parts.archives.names])

    @router.get("/archives/{archive}/studies", response_model=list[shapes.ArchiveStudy], tags=["archives"])
    def studies(
        archive: Archive,
        patient_id: Annotated[str | None, Query(max_length=64)] = None,
        study: Annotated[str | None, Query(max_length=64, pattern=r"^[0-9]+(\.[0-9]+)*$")] = None,
        limit: Annotated[int, Query(ge=1, le=100)] = 50,
    ) -> Response:
        """Studies of a patient, or one study: what is needed to pick one."""
        if (patient_id is None) == (study is None):
            raise UsageError("Ask for a patient or for a study.", code="no-source", path="patient_id")
        found = parts.archives.web(archive).studies(patient_id=patient_id, study_uid=study, limit=limit)
        shown = [
            {"study": one.uid, "date": one.date, "description": one.description, "modalities": list(one.modalities)}
            for one in found
        ]
        return json_answer(shown)

    @router.post("/archives/{archive}/results", response_model=shapes.ArchiveStored, status_code=201, tags=["archives"])
    def store(archive: Archive, asked: shapes.StoreAsked) -> Response:
        """Store what a job made into the study it came from: the report as PDF, a draft of volumes as RTSTRUCT."""
        web = parts.archives.web(archive)
        row = parts.queue.job(asked.job)
        request = json.loads(row.request)
        if request.get("archive") != archive:
            raise UsageError("The job did not come from this archive.", code="other-archive", path="job")
        names, files = results_for_archive(parts.queue, row, web.studies(study_uid=request["study"]))
        web.store(files)
        with guarded(), parts.store.engine.begin() as connection:
            digest = digest_of(row.kind, row.request)
            append(connection, by=who().subject, action="sent-to-archive", subject=f"job/{row.id}", digest=digest)
        return json_answer({"stored": names}, 201)

    return router
