"""The application: routes, storage, guards and the handling of errors, put together for one set of settings."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from fastapi import FastAPI, Request
from fastapi.exception_handlers import http_exception_handler
from fastapi.responses import PlainTextResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from portico import __version__
from portico.advice import Engine
from portico.errors import Blocked, CannotTell, InputRefused, PorticoError
from portico.knowledge import load_library
from portico.service.archives import Archives
from portico.service.gate import Gate
from portico.service.guards import Guard
from portico.service.job_kinds import works
from portico.service.jobs import Queue
from portico.service.jobs_work import Workers
from portico.service.logs import RequestLog
from portico.service.sessions import Sessions
from portico.service.settings import Settings, refuse_open_binding
from portico.service.sign_in import SignIn
from portico.service.storage import NotFound, Store, Unavailable

if TYPE_CHECKING:
    from starlette.types import ASGIApp

__all__ = ["Parts", "app", "status_of"]


@dataclass(frozen=True, slots=True)
class Parts:
    """What every route works with."""

    settings: Settings
    key: bytes
    store: Store
    engine: Engine
    queue: Queue
    workers: Workers
    archives: Archives


def app(settings: Settings, log: TextIO | None = None, *, engine: Engine | None = None) -> ASGIApp:
    """The service as an ASGI application.

    Parameters
    ----------
    settings : see :class:`portico.service.Settings`
    log : where lines of the log go; standard error when None
    engine : rules and library that are loaded already; those with the signatures of the settings when None

    Raises
    ------
    UsageError : ``sign-in-needed``
    ReadingRefused, KnowledgeRefused : folder, key or signatures cannot be used
    """
    from portico.service.api import api_routes, describe
    from portico.service.cds_hooks import cds_routes
    from portico.service.closing_pages import closing_pages
    from portico.service.fhir_routes import fhir_routes
    from portico.service.pages import pages
    from portico.service.sign_in_pages import sign_in_pages

    refuse_open_binding(settings)
    key = settings.prepare()
    loaded = engine or Engine(load_library(signatures=settings.signatures))
    store, archives = Store(settings), Archives(settings.archives)
    queue = Queue(store, settings.folder)
    parts = Parts(settings, key, store, loaded, queue, Workers(queue, works(archives)), archives)
    requests = RequestLog(log)

    @asynccontextmanager
    async def life(inner: FastAPI) -> AsyncIterator[None]:
        parts.workers.start()
        yield
        await run_in_threadpool(parts.workers.stop)
        parts.store.close()

    inner = FastAPI(
        title="Portico", version=__version__, docs_url=None, redoc_url=None, openapi_url="/api/v1/openapi.json",
        lifespan=life,
    )  # fmt: skip
    inner.state.parts = parts
    inner.add_exception_handler(PorticoError, _refusal())
    inner.add_exception_handler(HTTPException, _http_error())

    @inner.get("/health", include_in_schema=False)
    def health() -> Response:
        fine = parts.store.ready()
        return PlainTextResponse("fine\n" if fine else "no database\n", status_code=200 if fine else 503)

    @inner.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return PlainTextResponse(requests.metrics(), media_type="text/plain; version=0.0.4")

    inner.include_router(pages(parts))
    inner.include_router(closing_pages(parts))
    inner.include_router(api_routes(parts))
    inner.include_router(cds_routes(parts))
    inner.include_router(fhir_routes(parts))
    describe(inner)
    if settings.sign_in is None:
        return Guard(inner, settings, requests)
    sessions, signing = Sessions(parts.store, settings.sign_in), SignIn(parts.store, settings)
    inner.include_router(sign_in_pages(parts, sessions, signing))
    return Guard(Gate(inner, settings, sessions, signing), settings, requests)


def status_of(error: PorticoError) -> int:
    """The HTTP status of a refusal.

    >>> status_of(Blocked("A gate holds."))
    409
    """
    if error.code == "form-token":
        return 403
    if isinstance(error, NotFound):
        return 404
    if isinstance(error, Blocked):
        return 409
    if isinstance(error, Unavailable) or error.code == "cannot-write":
        return 503
    if isinstance(error, InputRefused) and error.code == "too-large":
        return 413
    if isinstance(error, CannotTell):
        return 422
    return 400


def _refusal() -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        from portico.service.views import refusal_page

        assert isinstance(error, PorticoError)
        return refusal_page(error, status_of(error))

    return answer


def _http_error() -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        from portico.service.api_body import PREFIX, http_error

        assert isinstance(error, HTTPException)
        if request.url.path.startswith(f"{PREFIX}/"):
            return http_error(error.status_code)
        return await http_exception_handler(request, error)

    return answer
