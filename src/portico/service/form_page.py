"""A page with a form: its token, and the cookie of the browser that the token belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from portico.service.guards import COOKIE, session_of, token_of
from portico.service.views import page

if TYPE_CHECKING:
    from portico.service.application import Parts

__all__ = ["form_page_of"]


def form_page_of(
    parts: Parts, request: Request, name: str, status: int = 200, *, script: str = "", **values: Any
) -> HTMLResponse:
    """A page with a form.

    Parameters
    ----------
    name : of the template
    script : the script that the page may run, see :func:`portico.service.views.page`
    values : what it shows
    """
    session = session_of(request)
    made = page(name, status, script=script, csrf=token_of(parts.key, session), **values)
    made.set_cookie(COOKIE, session, httponly=True, samesite="strict", secure=parts.settings.secure)
    return made
