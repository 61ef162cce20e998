"""Errors of form, as pydantic finds them, turned into problems with file, line, path and the field meant."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ValidationError

from portico.errors import Problem
from portico.reading.document import Document, format_path
from portico.reading.suggest import did_you_mean

__all__ = ["form_problems", "place"]

_KINDS = frozenset({"int", "float", "constrained-int", "constrained-float"})
_FIX = {
    "bool_type": "Write true or false; leave it out or write null when it is unknown.",
    "int_type": "Write a whole number without unit.",
    "missing": "This field is required.",
}


def form_problems(
    error: ValidationError, model: type[BaseModel], document: Document | None = None
) -> tuple[Problem, ...]:
    """One problem for each place and kind of error, in the order of the model.

    Parameters
    ----------
    error : what the model raised
    model : the model; its fields are suggested for an unknown key
    document : the document it was built from; None when it came from elsewhere
    """
    found: dict[tuple[str, str], Problem] = {}
    for item in error.errors(include_url=False, include_input=False):
        problem = _one(item, model, document)
        found.setdefault((problem.path, problem.code), problem)
    return tuple(found.values())


def place(problem: Problem, document: Document | None) -> Problem:
    """The same problem with file and line of its path."""
    if document is None:
        return problem
    steps = [int(part) if part.isdigit() else part for part in re.findall(r"[^.\[\]]+", problem.path)]
    return Problem(problem.code, problem.message, problem.path, document.name, document.line(steps), problem.fix)


def _one(item: Any, model: type[BaseModel], document: Document | None) -> Problem:
    # a field that takes whole and decimal numbers adds the kind that failed to its place: keep real steps only
    location: tuple[str | int, ...] = tuple(s for s in item["loc"] if s not in _KINDS)
    code, message, fix = item["type"].replace("_", "-"), item["msg"].rstrip("."), _FIX.get(item["type"], "")
    if item["type"] == "extra_forbidden":
        code, message = "unknown-field", "there is no such field"
        guess = did_you_mean(str(location[-1]), _fields(model, location[:-1]))
        fix = f"Did you mean {guess}?" if guess else "The JSON Schema lists the fields."
    elif item["type"] == "literal_error":
        code, message = "unknown-value", f"the value is none of {item['ctx']['expected']}"
    return Problem(
        code,
        f"{message[0].lower()}{message[1:]}.",
        format_path(location),
        file=document.name if document else None,
        line=document.line(location) if document else None,
        fix=fix,
    )


def _fields(model: Any, steps: tuple[str | int, ...]) -> list[str]:
    """Names allowed at a place of the model."""
    for step in steps:
        if isinstance(step, str):
            known = {info.alias or name: info.annotation for name, info in model.model_fields.items()}
            model = _model_in(known[step])
    return [info.alias or name for name, info in model.model_fields.items()]


def _model_in(annotation: Any) -> Any:
    """The model inside ``tuple[Model, ...] | None``; None when there is none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(inner) for inner in getattr(annotation, "__args__", ()))
    return next((model for model in found if model is not None), None)
