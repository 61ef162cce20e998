"""Reading a case from YAML or JSON, with every problem named by file, line and path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from portico.case.checks import check_case
from portico.case.model import Case
from portico.errors import CaseRefused, Problem
from portico.reading import Document, read_document
from portico.reading.form_problems import form_problems, place

__all__ = ["case_from", "case_problems", "read_case"]


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
        return None, form_problems(error, Case, document)
    return case, tuple(place(problem, document) for problem in check_case(case))


def case_from(value: Any, document: Document | None = None) -> Case:
    """Build a case from plain data.

    Raises
    ------
    CaseRefused : with all problems, when the schema does not hold or the case contradicts itself
    """
    case, problems = case_problems(value, document)
    if problems or case is None:
        raise CaseRefused.from_problems(problems)
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
