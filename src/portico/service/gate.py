"""The gate of a service with sign-in: who asks, and whether they may; nothing behind it runs for anybody else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.routing import Mount, compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from portico.errors import UsageError
from portico.service.api_body import PREFIX, refusal
from portico.service.people import NOBODY, Person, acting
from portico.service.roles import BY_HAND, Open, allowed, may
from portico.service.sessions import Sessions
from portico.service.settings import Settings
from portico.service.sign_in import SignIn
from portico.service.sign_in_token import SignInRefused
from portico.service.storage import Unavailable
from portico.service.views import refusal_page

__all__ = ["Gate", "routes_of", "session_cookie"]

_NAME: Final = "portico_session"
_FOR_PROGRAMS: Final = (f"{PREFIX}/", "/fhir/", "/metrics", "/cds-services")
_PLAIN_PATH: Final = re.compile(r"/[A-Za-z0-9/_.-]{0,299}")


def session_cookie(settings: Settings) -> str:
    """Name of the cookie of a session; over TLS a browser takes one of this name only from this very host."""
    return f"__Host-{_NAME}" if settings.secure else _NAME


def routes_of(app: FastAPI) -> Iterator[tuple[str, str]]:
    """Method and pattern of each route of an application, in the order in which it looks at them."""
    for one in iter_route_contexts(app.routes):
        path = one.path or ""
        if isinstance(one.original_route, Mount):
            yield "GET", path + "/{path:path}"
        for method in sorted(one.methods or ()):
            if method != "HEAD":
                yield method, path


class Gate:
    """ASGI layer around the application.

    Parameters
    ----------
    inner : the application, with all its routes
    settings : of the service
    sessions : who is signed in
    signing : tells which program brings an access token
    """

    def __init__(self, inner: FastAPI, settings: Settings, sessions: Sessions, signing: SignIn) -> None:
        self._inner: ASGIApp = inner
        self._signing = signing
        self._cookie = session_cookie(settings)
        self._sessions = sessions
        self._routes = [(method, path, compile_path(path)[0]) for method, path in routes_of(inner)]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        if scope["type"] == "lifespan":
            await self._inner(scope, receive, send)
            return
        if scope["type"] != "http":  # there is no web socket
            await send({"type": "websocket.close", "code": 1008})
            return
        try:
            person = await self._person(scope)
        except Unavailable as error:
            await refusal_page(error, 503)(scope, receive, send)
            return
        token = acting.set(person)
        try:
            await (self._refused(scope, person) or self._inner)(scope, receive, send)
        finally:
            acting.reset(token)

    def _refused(self, scope: Scope, person: Person) -> Response | None:
        """How a request is refused; None when it may go on."""
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        pattern = self._pattern(method, scope["path"])
        if pattern is not None and isinstance(allowed(method, pattern), Open):
            return None
        if person is NOBODY:
            return self._sign_in_first(scope, method, known=pattern is not None)
        if pattern is None:
            return _refusal(scope, _NOTHING, 404)
        if not may(person.roles, method, pattern) or (person.program and (method, pattern) in BY_HAND):
            return _refusal(scope, _FORBIDDEN, 403)
        return None

    async def _person(self, scope: Scope) -> Person:
        """Whoever holds the session of the cookie, or brings an access token where programs may."""
        brought = HTTPConnection(scope)
        scheme, _, token = brought.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and scope["path"].startswith(_FOR_PROGRAMS):
            try:
                return replace(await run_in_threadpool(self._signing.program, token.strip()), program=True)
            except SignInRefused:
                return NOBODY  # whatever cookie there is: two ways at once are none
        secret = brought.cookies.get(self._cookie, "")
        return (await run_in_threadpool(self._sessions.find, secret) if secret else None) or NOBODY

    def _pattern(self, method: str, path: str) -> str | None:
        return next((pattern for own, pattern, form in self._routes if own == method and form.match(path)), None)

    def _sign_in_first(self, scope: Scope, method: str, *, known: bool) -> Response:
        headers = HTTPConnection(scope).headers
        if method == "GET" and "text/html" in headers.get("accept", ""):
            path = scope["path"]
            to = f"?to={quote(path)}" if known and path != "/" and _PLAIN_PATH.fullmatch(path) else ""
            return RedirectResponse(f"/sign-in{to}", status_code=303)
        answer = _refusal(scope, _SIGN_IN, 401)
        answer.headers["www-authenticate"] = "Bearer"
        return answer


def _refusal(scope: Scope, error: UsageError, status: int) -> Response:
    """As a page, or as a document where programs ask."""
    if scope["path"].startswith(_FOR_PROGRAMS):
        return refusal(error.problems, status)
    return refusal_page(error, status)


_FORBIDDEN: Final = UsageError("Your role does not allow this.", code="forbidden", fix="Ask whoever runs the service.")
_SIGN_IN: Final = UsageError("Sign in first.", code="sign-in-needed")
_NOTHING: Final = UsageError("There is no such page.", code="not-found")
