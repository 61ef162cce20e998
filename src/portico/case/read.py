"""Reading a case from YAML or JSON, with every problem named by file, line and path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from portico.case.checks import check_case
from portico.case.model import Case
from portico.errors import CaseRefused, Problem
from portico.reading import Document, did_you_mean, format_path, read_document

__all__ = ["case_from", "case_problems", "read_case"]

_FIX = {
    "missing": "This field is required.",
    "bool_type": "Write true or false, or leave it out when unknown.",
    "int_type": "Write a whole number without unit.",
    "literal_error": "",
}


def _fields(location: tuple[str | int, ...]) -> list[str]:
    """Names allowed where an unknown key was found."""
    model: Any = Case
    for step in location[:-1]:
        if isinstance(step, int):
            continue
        field = model.model_fields.get(step) if hasattr(model, "model_fields") else None
        if field is None:
            return []
        model = _part_of(field.annotation)
    if not hasattr(model, "model_fields"):
        return []
    return [field.alias or name for name, field in model.model_fields.items()]


def _part_of(annotation: Any) -> Any:
    """The model inside ``tuple[Model, ...] | None``."""
    if hasattr(annotation, "model_fields"):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _part_of(inner)
        if found is not None:
            return found
    return None


def _schema_problem(error: Any, document: Document | None) -> Problem:
    location = tuple(step for step in error["loc"] if isinstance(step, str | int))
    # union members add their own name to the location (int, float, str): keep real steps only
    location = tuple(s for s in location if s not in ("int", "float", "constrained-int", "constrained-float"))
    code, message, fix = (
        error["type"].replace("_", "-"),
        error["msg"].rstrip("."),
        _FIX.get(error["type"], ""),
    )
    if error["type"] == "extra_forbidden":
        word = str(location[-1])
        guess = did_you_mean(word, _fields(location))
        code, message = "unknown-field", "there is no such field"
        fix = f"Did you mean {guess}?" if guess else "See `portico case schema` for the fields."
    elif error["type"] == "literal_error":
        code, message = "unknown-value", f"the value is none of {error['ctx']['expected']}"
        if isinstance(error.get("input"), bool):
            fix = "Quote the word if it is text."
    return Problem(
        code,
        message[0].lower() + message[1:] + ".",
        format_path(location),
        file=document.name if document else None,
        line=document.line(location) if document else None,
        fix=fix,
    )


def case_problems(value: Any, document: Document | None = None) -> tuple[Case | None, tuple[Problem, ...]]:
    """Build a case and collect everything that is wrong with it.

    Parameters
    ----------
    value : plain data, as read from YAML or JSON
    document : the document it came from, for file and line; None when it came from elsewhere

    Returns
    -------
    the case (None when its schema does not hold) and the problems
    """
    if not isinstance(value, Mapping):
        name = document.name if document else None
        return None, (Problem("not-a-mapping", "a case is a mapping of fields.", file=name),)
    try:
        case = Case.model_validate(value)
    except ValidationError as error:
        seen: dict[tuple[str, str], Problem] = {}
        for item in error.errors():
            problem = _schema_problem(item, document)
            seen.setdefault((problem.path, problem.code), problem)
        return None, tuple(seen.values())
    problems = check_case(case)
    if document is not None:
        problems = tuple(
            Problem(p.code, p.message, p.path, document.name, document.line(_steps(p.path)), p.fix) for p in problems
        )
    return case, problems


def _steps(path: str) -> tuple[str | int, ...]:
    steps: list[str | int] = []
    for part in path.replace("]", "").replace("[", ".").split("."):
        if part:
            steps.append(int(part) if part.isdigit() else part)
    return tuple(steps)


def _refuse(problems: tuple[Problem, ...]) -> CaseRefused:
    first = problems[0]
    return CaseRefused(
        first.message, code=first.code, path=first.path, file=first.file, line=first.line, fix=first.fix,
        problems=problems,
    )  # fmt: skip


def case_from(value: Any, document: Document | None = None) -> Case:
    """Build a case from plain data.

    Raises
    ------
    CaseRefused : with all problems, when the schema does not hold or the case contradicts itself
    """
    case, problems = case_problems(value, document)
    if problems or case is None:
        raise _refuse(problems)
    return case


def read_case(path: str | Path) -> Case:
    """Read a case from a YAML or JSON file.

    Parameters
    ----------
    path : a ``.yaml``, ``.yml`` or ``.json`` file of at most 2 MiB

    Raises
    ------
    ReadingRefused : the file itself cannot be read safely
    CaseRefused : with all problems, each with file, line and path
    """
    document = read_document(path)
    return case_from(document.value, document)
