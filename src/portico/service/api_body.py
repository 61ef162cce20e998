"""What stands before every route of the REST interface: bodies read by the guarded reader, errors as one JSON object.

A body is JSON as the rest of Portico reads it: no key twice, no NaN, bounded depth and size, no unknown field. Of what
was sent nothing is ever repeated in an error: only the place of a field, and only where its name is ours.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from portico.errors import PorticoError, Problem, ReadingRefused, UsageError
from portico.reading import format_path, json_value
from portico.reading.limits import Limits
from portico.service.api_models import ErrorBody
from portico.service.guards import check_token

__all__ = ["PREFIX", "TOKEN_HEADER", "GuardedRoute", "api_router", "as_json", "http_error", "json_answer", "refusal"]

PREFIX: Final = "/api/v1"
TOKEN_HEADER: Final = "X-Portico-Token"
"""A browser, which brings cookies by itself, must prove by this header that a page of ours sent the request."""
_LIMITS: Final = Limits()
_WORDS: Final = {
    400: "What was sent cannot be used: a key twice, NaN, an unknown parameter, a case that contradicts itself.",
    403: "The request comes from another site, or a browser sent it without its token.",
    404: "There is nothing of that name.",
    405: "This address does not take that method.",
    409: "A rule stands against it: a gate is open, someone changed the case meanwhile, the job has ended.",
    413: "The request is too large.",
    415: "The body is not application/json.",
    422: "A field is missing, unknown or of the wrong form; or it cannot be told from what was given.",
    503: "The database cannot be read or written now; nothing was changed.",
}
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_MESSAGES: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("missing-field", "This field is required."),
    "extra_forbidden": ("unknown-field", "There is a field that is not known here."),
    "string_too_long": ("too-long", "The text is too long."),
    "string_too_short": ("empty-text", "The text is too short."),
    "string_pattern_mismatch": ("wrong-form", "The text does not have the form that is asked for."),
    "literal_error": ("unknown-word", "This word is not one of those that are allowed."),
    "json_invalid": ("syntax", "The body is not JSON."),
    "model_attributes_type": ("wrong-type", "The body must be a JSON object, sent as application/json."),
}
_STATUS_CODES: Final[Mapping[int, tuple[str, str]]] = {
    404: ("not-found", "There is nothing at this address."),
    405: ("method-not-allowed", "This address does not take that method."),
    413: ("too-large", "The request is too large."),
    415: ("wrong-type", "The body must be sent as application/json."),
}


class GuardedRoute(APIRoute):
    """A route whose body goes through the guarded reader and whose refusals are JSON."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with what stands before it."""
        inner = super().get_route_handler()
        singles = frozenset(one.alias for one in self.dependant.query_params)
        takes_json = self.body_field is not None

        async def handle(request: Request) -> Response:
            from portico.service.application import status_of

            try:
                _check_query(request, singles)
                if request.method not in _SAFE and request.headers.get("cookie"):
                    parts = request.app.state.parts
                    check_token(parts.key, request, request.headers.get(TOKEN_HEADER))
                if takes_json:
                    await _read(request)
                return await inner(request)
            except RequestValidationError as error:
                return refusal([_problem(one) for one in error.errors()], 422)
            except PorticoError as error:
                return refusal(error.problems, status_of(error))

        return handle


def api_router() -> APIRouter:
    """A router of the interface, with the errors that each of its routes may give."""
    errors: dict[int | str, dict[str, Any]] = {
        status: {"model": ErrorBody, "description": words} for status, words in _WORDS.items()
    }
    return APIRouter(prefix=PREFIX, route_class=GuardedRoute, responses=errors)


def _check_query(request: Request, known: frozenset[str]) -> None:
    names = [name for name, _ in request.query_params.multi_items()]
    if set(names) - known:
        raise UsageError("There is a parameter that is not known here.", code="unknown-field")
    if len(set(names)) < len(names):
        raise ReadingRefused("A parameter was given twice.", code="duplicate-key")
    for _, value in request.query_params.multi_items():
        if not value.isprintable():
            raise ReadingRefused("A parameter holds a control character.", code="control-character")


async def _read(request: Request) -> None:
    """Read the body once; what FastAPI then takes for parsed JSON is what the guarded reader found."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise HTTPException(415)
    request._json = json_value(await request.body(), name="body", limits=_LIMITS)


def _problem(error: Mapping[str, Any]) -> Problem:
    """One finding of a model, without anything of what was sent."""
    kind = str(error["type"])
    code, message = _MESSAGES.get(kind, ("wrong-value", "The value does not fit."))
    steps = list(error["loc"])
    if steps and steps[0] in ("body", "query", "path"):
        steps = steps[1:]
    if kind == "extra_forbidden":  # the name is the sender's own
        steps = steps[:-1]
    shown = [step for step in steps if isinstance(step, int) or str(step).replace("_", "").isalnum()]
    return Problem(code, message, format_path(shown) if len(shown) == len(steps) else "")


def refusal(problems: Sequence[Problem], status: int) -> Response:
    """The body of every error: the first problem, and all of them."""
    # The name of a field that does not exist is the sender's own word, and may be that of a patient.
    plain = [
        {**one.to_dict(), "path": one.path.rpartition(".")[0]} if one.code == "unknown-field" else one.to_dict()
        for one in problems
    ]
    return json_answer({"error": plain[0], "problems": plain}, status)


def http_error(status: int) -> Response:
    """The body of an error that the server itself found, such as an address that does not exist."""
    code, message = _STATUS_CODES.get(status, ("refused", "The request cannot be served."))
    return refusal([Problem(code, message)], status)


def as_json(value: Any) -> bytes:
    """JSON as it is sent: compact UTF-8; NaN is refused."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode("utf-8", "replace")


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A document as an answer."""
    return Response(as_json(value), status, headers, "application/json")
