"""Roles: every route has an entry, and every role may do exactly what the table says."""

from __future__ import annotations

import io
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from portico.service import Settings, app
from portico.service.gate import Gate, routes_of, session_cookie
from portico.service.guards import Guard
from portico.service.people import Person
from portico.service.roles import ROUTES, Open, Role
from portico.service.sessions import Sessions
from portico.service.settings import SignInSettings
from portico.service.sign_in import SignIn

SIGN_IN = SignInSettings("http://127.0.0.1:9/none", "portico", {"viewer": ("all",)})


class Department:
    """A service with sign-in, and sessions for anybody without asking a provider."""

    def __init__(self, folder: Path, engine, serve, stack: ExitStack) -> None:
        self.settings = Settings(folder, sign_in=SIGN_IN)
        self._serve, self._stack = serve, stack
        self.guard = app(self.settings, io.StringIO(), engine=engine)
        assert isinstance(self.guard, Guard) and isinstance(self.guard.inner, Gate)
        self.application = self.guard.inner._inner
        assert isinstance(self.application, FastAPI)
        self.sessions = Sessions(self.application.state.parts.store, SIGN_IN)
        self.address = self.serve(self.guard)

    @staticmethod
    async def nothing(scope, receive, send) -> None:
        """An application that only starts and stops."""
        while (await receive())["type"] != "lifespan.shutdown":
            await send({"type": "lifespan.startup.complete"})
        await send({"type": "lifespan.shutdown.complete"})

    def serve(self, made) -> httpx.URL:
        return self._stack.enter_context(self._serve(lambda port: made)).base_url

    def client(self, *roles: Role, at: httpx.URL | None = None) -> httpx.Client:
        made = self._stack.enter_context(httpx.Client(base_url=at or self.address, timeout=60))
        if roles:
            person = Person(f"subject-{'-'.join(sorted(r.value for r in roles))}", None, frozenset(roles))
            made.cookies.set(session_cookie(self.settings), self.sessions.begin(person))
        return made


@pytest.fixture(scope="module")
def department(tmp_path_factory, loaded, serve):
    with ExitStack() as stack:
        yield Department(tmp_path_factory.mktemp("department"), loaded, serve, stack)


def _addresses(department: Department) -> list[tuple[str, str]]:
    return sorted(set(routes_of(department.application)))


def _filled(pattern: str) -> str:
    text = pattern
    while "{" in text:
        start, end = text.index("{"), text.index("}")
        text = text[:start] + "0" * 16 + text[end + 1 :]
    return text


def test_every_route_has_an_entry_and_every_entry_a_route(department) -> None:
    found = set(_addresses(department))
    assert sorted(found - set(ROUTES)) == [], "give each new route an entry in service/roles.py"
    assert sorted(set(ROUTES) - found) == []


def test_the_matrix_of_roles_and_routes_is_complete(department) -> None:
    """Every route, asked for by nobody and in each role; behind the gate stands something that only says it was reached."""
    gate = Gate(
        department.application,
        department.settings,
        department.sessions,
        SignIn(department.application.state.parts.store, department.settings),
    )

    async def reached(scope, receive, send) -> None:
        assert scope["type"] == "http"
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def guarded(scope, receive, send) -> None:
        if scope["type"] == "http":
            await gate(scope, receive, send)
        else:
            await department.nothing(scope, receive, send)

    gate._inner = reached
    address = department.serve(guarded)
    clients = {role: department.client(role, at=address) for role in Role}
    anybody = department.client(at=address)
    tried = 0
    for method, pattern in _addresses(department):
        allowed = ROUTES[method, pattern]
        path = _filled(pattern)
        assert anybody.request(method, path).status_code == (204 if isinstance(allowed, Open) else 401), (
            method,
            pattern,
        )
        for role, client in clients.items():
            free = isinstance(allowed, Open) or role in allowed
            assert client.request(method, path).status_code == (204 if free else 403), (role, method, pattern)
            tried += 1
    assert tried >= 5 * 60


def test_what_lies_behind_the_gate_is_the_application(department) -> None:
    """A few routes as they are, so that the matrix is not one of a gate that nobody passes through."""
    viewer, clinician, admin = (department.client(role) for role in (Role.VIEWER, Role.CLINICIAN, Role.ADMIN))
    assert [one.get("/").status_code for one in (viewer, clinician, admin)] == [200, 200, 403]
    assert [one.get("/cases/new").status_code for one in (viewer, clinician, admin)] == [403, 200, 403]
    assert [one.get("/metrics").status_code for one in (viewer, clinician, admin)] == [403, 403, 200]
    assert "Your role does not allow this" in viewer.get("/cases/new").text


def test_whoever_opens_a_page_without_session_is_sent_to_sign_in(department) -> None:
    page = {"accept": "text/html"}
    client = department.client()
    answer = client.get("/cases/0123456789abcdef", headers=page)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?to=/cases/0123456789abcdef")
    assert client.get("/", headers=page).headers["location"] == "/sign-in"
    # An address that no route has, or that holds something odd, is not carried along.
    for odd in ("/nothing/here", "/cases/%3Cscript%3E"):
        assert client.get(odd, headers=page).headers["location"] == "/sign-in"
    assert client.post("/cases/new", headers=page).status_code == 401


def test_a_route_without_an_entry_is_refused_to_everybody(department) -> None:
    opened = FastAPI(openapi_url=None)

    @opened.get("/unlisted")
    def unlisted() -> str:
        raise AssertionError("it ran")

    gate = Gate(
        opened,
        department.settings,
        department.sessions,
        SignIn(department.application.state.parts.store, department.settings),
    )
    address = department.serve(gate)
    for role in (None, *Role):
        client = department.client(*([role] if role else []), at=address)
        assert client.get("/unlisted").status_code == (403 if role else 401)
        assert client.get("/unlisted/").status_code == (404 if role else 401)


def test_a_role_that_is_no_longer_known_gives_nothing(department) -> None:
    client = department.client(Role.VIEWER)
    secret = client.cookies[session_cookie(department.settings)]
    with department.application.state.parts.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE sessions SET roles = 'viewer,root' WHERE subject = 'subject-viewer'")
    person = department.sessions.find(secret)
    assert person is not None and person.roles == {Role.VIEWER}


def test_without_sign_in_everything_is_as_before(browser) -> None:
    assert browser.open("/").status_code == 200
    assert browser.open("/cases/new").status_code == 200
    assert browser.open("/sign-in").status_code == 404
    assert "/account" not in browser.open("/").text
