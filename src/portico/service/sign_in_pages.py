"""Signing in and out, and the page that says who one is here."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from portico.errors import UsageError
from portico.service.form_body import form_of
from portico.service.gate import session_cookie
from portico.service.guards import COOKIE, session_of, token_of
from portico.service.people import who
from portico.service.sessions import Sessions
from portico.service.sign_in import RETURN, SignIn
from portico.service.sign_in_token import SignInRefused
from portico.service.views import page, refusal_page

if TYPE_CHECKING:
    from portico.service.application import Parts

__all__ = ["sign_in_pages"]

_BROWSER: Final = "portico_sign_in"
_BROWSER_FORM: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_ATTEMPT_S: Final = 600
_TO: Final = re.compile(r"/(?!/)[A-Za-z0-9/_.-]{0,299}")
_LONGEST_QUERY: Final = 4096


def sign_in_pages(parts: Parts, sessions: Sessions, signing: SignIn) -> APIRouter:
    """The routes of sign-in."""
    router = APIRouter(include_in_schema=False)
    secure = parts.settings.secure
    own = session_cookie(parts.settings)
    browser_cookie = f"__Host-{_BROWSER}" if secure else _BROWSER

    def keep(response: Response, name: str, value: str, *, seconds: int | None = None) -> None:
        # Lax, not strict: a browser that comes back from the provider must bring them along.
        response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=secure)

    def drop(response: Response, name: str) -> None:
        response.delete_cookie(name, httponly=True, samesite="lax", secure=secure)

    @router.get("/sign-in")
    def sign_in(request: Request, to: str = "/") -> Response:
        found = request.cookies.get(browser_cookie, "")
        browser = found if _BROWSER_FORM.fullmatch(found) else secrets.token_urlsafe(32)
        address = signing.begin(browser, to if _TO.fullmatch(to) else "/")
        response = RedirectResponse(address, status_code=303)
        keep(response, browser_cookie, browser, seconds=_ATTEMPT_S)
        return response

    @router.get(RETURN)
    def sign_in_return(request: Request) -> Response:
        answer: dict[str, str] = {}
        for name, value in request.query_params.multi_items():
            if name in answer or len(value) > _LONGEST_QUERY:
                raise UsageError("The answer of the provider cannot be read.", code="state")
            answer[name] = value
        try:
            person, to = signing.finish(request.cookies.get(browser_cookie, ""), answer)
        except SignInRefused as error:
            return refusal_page(error, 403)
        secret = sessions.begin(person, old=request.cookies.get(own))
        response = RedirectResponse(to if to != "/" or person.may("GET", "/") else "/account", status_code=303)
        keep(response, own, secret)
        drop(response, browser_cookie)
        response.delete_cookie(COOKIE)  # forms that were opened before belong to nobody now
        return response

    @router.get("/account")
    def account(request: Request) -> Response:
        session = session_of(request)
        made = page("account.html.j2", csrf=token_of(parts.key, session), person=who(), limits=parts.settings.sign_in)
        made.set_cookie(COOKIE, session, httponly=True, samesite="strict", secure=secure)
        return made

    @router.post("/sign-out")
    async def sign_out(request: Request) -> Response:
        await form_of(request, parts.key)
        await run_in_threadpool(sessions.end, request.cookies.get(own, ""))
        response = RedirectResponse("/signed-out", status_code=303)
        drop(response, own)
        response.delete_cookie(COOKIE)
        return response

    @router.get("/signed-out")
    def signed_out() -> Response:
        return page("signed_out.html.j2")

    return router
