"""The REST interface under ``/api/v1``: every verb of the command, described in OpenAPI."""

from __future__ import annotations

from copy import deepcopy
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from portico import __version__
from portico.case import Case
from portico.directive import Directive
from portico.intended_use import INTENDED_USE
from portico.service.api_archive import archive_routes
from portico.service.api_body import PREFIX, TOKEN_HEADER
from portico.service.api_case import case_routes
from portico.service.api_jobs import job_routes
from portico.service.api_library import library_routes
from portico.service.api_models import COMPONENT

if TYPE_CHECKING:
    from portico.service.application import Parts

__all__ = ["api_routes", "describe"]


def api_routes(parts: Parts) -> APIRouter:
    """All routes of the interface."""
    router = APIRouter()
    for routes in (case_routes, library_routes, job_routes, archive_routes):
        router.include_router(routes(parts))
    return router


def describe(app: FastAPI) -> None:
    """Give the application its description: own documents as components, and how a browser proves itself."""

    @lru_cache(maxsize=1)
    def made() -> dict[str, Any]:
        found = get_openapi(title="Portico", version=__version__, description=INTENDED_USE, routes=app.routes)
        components = found.setdefault("components", {})
        schemas = components.setdefault("schemas", {})
        for name, model in (("Case", Case), ("Directive", Directive)):
            schema = model.model_json_schema(ref_template=f"#/components/schemas/{name}.{{model}}")
            for inner, definition in schema.pop("$defs", {}).items():
                schemas[f"{name}.{inner}"] = definition
            schemas[name] = schema
        components["securitySchemes"] = {
            "browser": {
                "type": "apiKey", "in": "header", "name": TOKEN_HEADER,
                "description": f"Only for a browser that brings cookies: the token of {PREFIX}/token.",
            }
        }  # fmt: skip
        found["security"] = [{}, {"browser": []}]
        done: dict[str, Any] = _named(found)
        return done

    def openapi() -> dict[str, Any]:
        return deepcopy(made())

    app.openapi = openapi  # type: ignore[method-assign]


def _named(value: Any) -> Any:
    """The same description with each component in its place."""
    if isinstance(value, dict):
        if COMPONENT in value:
            return {"$ref": f"#/components/schemas/{value[COMPONENT]}"}
        return {key: _named(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_named(item) for item in value]
    return value
