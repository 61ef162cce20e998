"""What stands before every page: hosts, origins, sizes, headers, the log, and the token of every form."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from portico.errors import ReadingRefused, UsageError
from portico.service.logs import RequestLog
from portico.service.settings import Settings, is_loopback

__all__ = ["COOKIE", "Guard", "check_token", "fault_of", "page_policy", "report_policy", "session_of", "token_of"]

COOKIE: Final = "portico_form"
_UPLOAD: Final = re.compile(r"/audit|/directives/[0-9a-f]{64}/(?:check|targets|plan)|/api/v1/uploads")
_STYLE: Final = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_OWN_SCRIPT: Final = re.compile(
    r'<meta http-equiv="Content-Security-Policy" content="[^"]*; script-src (\'sha256-[A-Za-z0-9+/=]{44}\')">'
)
_SESSION: Final = re.compile(r"[0-9a-f]{32}")
_COMMON: Final = "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
_HEADERS: Final[Mapping[str, str]] = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",  # under no-referrer a browser sends its own forms with the origin "null"
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
    "content-security-policy": f"default-src 'none'; {_COMMON}",
}


def page_policy(*, script: bool = False) -> str:
    """Content security policy of the service's own pages: files of this server and nothing inline.

    Parameters
    ----------
    script : whether a script of this server may run and ask this server
    """
    more = "script-src 'self'; connect-src 'self'; " if script else ""
    return f"default-src 'none'; style-src 'self'; img-src 'self' data:; {more}{_COMMON}"


def report_policy(page: str) -> str:
    """Policy of a report, which holds its style sheet: exactly that sheet by its hash, and no script.

    Figures of the report carry style attributes; a style attribute can neither run nor fetch anything under it. A draft
    of volumes turns them by a script of its own, which the head of the page names by its hash: that one may run.
    """
    sheets = (base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode() for text in _STYLE.findall(page))
    hashes = " ".join(f"'sha256-{digest}'" for digest in sheets)
    named = _OWN_SCRIPT.search(page.partition("</head>")[0])
    own = f"script-src {named[1]}; " if named else ""
    return (
        f"default-src 'none'; style-src 'unsafe-inline'; style-src-elem {hashes}; style-src-attr 'unsafe-inline'; "
        f"img-src data:; {own}{_COMMON}"
    )


class Guard:
    """ASGI layer around the application."""

    def __init__(self, inner: ASGIApp, settings: Settings, log: RequestLog) -> None:
        self.inner = inner
        self.settings = settings
        self.log = log
        self._names = {settings.host.lower(), (urlsplit(settings.origin).hostname or "").lower()}
        if is_loopback(settings.host) or settings.sign_in is not None:
            # A name for this machine is no name that another site could give itself; checks of health use it.
            self._names |= {"127.0.0.1", "localhost", "::1"}
        self._headers = {**_HEADERS, "strict-transport-security": "max-age=31536000"} if settings.secure else _HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        start = time.perf_counter()
        status, fault = 500, None
        begun = False

        async def answer(message: Message) -> None:
            nonlocal status, begun
            if message["type"] == "http.response.start":
                begun, status = True, message["status"]
                present = {name.lower() for name, _ in message["headers"]}
                added = [(k.encode(), v.encode()) for k, v in self._headers.items() if k.encode() not in present]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        try:
            refused = self._refused(scope)
            if refused is not None:
                await refused(scope, receive, answer)
            else:
                await self.inner(scope, self._counted(scope, receive), answer)
        except Exception as error:
            # Its text could hold something of a case: class and line are all that is said.
            fault = fault_of(error)
            if not begun:
                await _plain(500, "Portico failed. Nothing was stored.")(scope, receive, answer)
        finally:
            route: Any = scope.get("route")
            place = getattr(route, "path", None) or "none"
            self.log.add(scope["method"], place, status, (time.perf_counter() - start) * 1000, fault)

    def _refused(self, scope: Scope) -> PlainTextResponse | None:
        headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
        try:
            host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
        except ValueError:
            host = ""
        if host not in self._names:
            return _plain(400, "This service does not answer to that name.")
        if scope["method"] not in ("GET", "HEAD", "OPTIONS"):
            origin = headers.get("origin")
            foreign = origin is not None and urlsplit(origin).netloc != headers.get("host")
            if foreign or headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
                return _plain(403, "The request comes from another site.")
        length = headers.get("content-length", "0")
        if not length.isdecimal():
            return _plain(400, "The length of the request is not a number.")
        if len(length) > 18 or int(length) > self._most(scope):
            return _plain(413, "The request is too large.")
        return None

    def _most(self, scope: Scope) -> int:
        upload = _UPLOAD.fullmatch(scope["path"])
        return self.settings.max_upload if upload else self.settings.max_body

    def _counted(self, scope: Scope, receive: Receive) -> Receive:
        """A request without stated length is counted while it comes in."""
        most, size = self._most(scope), 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > most:
                raise ReadingRefused("The request is too large.", code="too-large")
            return message

        return counted


def _plain(status: int, text: str) -> PlainTextResponse:
    return PlainTextResponse(text + "\n", status_code=status)


def fault_of(error: BaseException) -> str:
    """Class of a fault and the innermost line of this package: ``KeyError service/pages.py:12``."""
    found, trace = "", error.__traceback__
    while trace is not None:
        name = trace.tb_frame.f_code.co_filename.replace("\\", "/")
        if "/portico/" in name:
            found = f" {name.rpartition('/portico/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return f"{type(error).__name__}{found}"


def session_of(request: Request) -> str:
    """The random name of this browser; a new one when it brought none of the right form."""
    found = request.cookies.get(COOKIE, "")
    return found if _SESSION.fullmatch(found) else secrets.token_hex(16)


def token_of(key: bytes, session: str) -> str:
    """The token that a form must carry for a browser: HMAC-SHA-256 of its name under the key of this service."""
    return hmac.new(key, f"form:{session}".encode(), hashlib.sha256).hexdigest()


def check_token(key: bytes, request: Request, given: str | None) -> None:
    """Refuse a form that was not made here for this browser.

    Raises
    ------
    UsageError : ``form-token``
    """
    wanted = token_of(key, request.cookies.get(COOKIE, ""))
    if COOKIE not in request.cookies or not hmac.compare_digest(
        wanted.encode(), (given or "").encode("utf-8", "replace")
    ):
        raise UsageError(
            "This form was not opened in this browser, or it is too old.",
            code="form-token",
            fix="Go back, load the page again and send it once more.",
        )
