"""Directives from files and to files. A Directive that does not hold is neither read nor written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from portico.directive.checks import check_directive
from portico.directive.model import Directive
from portico.errors import DirectiveRefused, Problem
from portico.reading import Document, read_document, write_atomic
from portico.reading.form_problems import form_problems, place

__all__ = ["directive_from", "directive_problems", "read_directive", "write_directive"]


def directive_problems(value: Any, document: Document | None = None) -> tuple[Directive | None, tuple[Problem, ...]]:
    """Build a Directive and collect everything that is wrong with it.

    Parameters
    ----------
    value : plain data
    document : the document it came from, for file and line; None when it came from elsewhere

    Returns
    -------
    the Directive (None when its form does not hold) and the problems
    """
    if not isinstance(value, Mapping):
        name = document.name if document else None
        return None, (Problem("not-a-mapping", "a Directive is a mapping of fields.", file=name),)
    try:
        directive = Directive.model_validate(value)
    except ValidationError as error:
        return None, form_problems(error, Directive, document)
    return directive, tuple(place(problem, document) for problem in check_directive(directive))


def directive_from(value: Any, document: Document | None = None) -> Directive:
    """Build a Directive from plain data.

    Raises
    ------
    DirectiveRefused : with all problems, when the form does not hold, it contradicts itself or its seal is broken
    """
    directive, problems = directive_problems(value, document)
    if problems or directive is None:
        raise DirectiveRefused.from_problems(problems)
    return directive


def read_directive(path: str | Path) -> Directive:
    """Read a Directive from a JSON or YAML file; its seal is checked.

    Parameters
    ----------
    path : a ``.json``, ``.yaml`` or ``.yml`` file of at most 2 MiB

    Raises
    ------
    ReadingRefused : the file itself cannot be read safely
    DirectiveRefused : with all problems, each with file, line and path
    """
    document = read_document(path)
    return directive_from(document.value, document)


def write_directive(path: str | Path, directive: Directive) -> None:
    """Write a Directive as JSON that people can read, whole or not at all.

    Parameters
    ----------
    path : a ``.json`` file in a directory that exists
    directive : one that passes its checks

    Raises
    ------
    DirectiveRefused : the codes of :func:`portico.directive.check_directive`
    DirectiveRefused : ``unknown-suffix``
    ReadingRefused : ``cannot-write``
    """
    if Path(path).suffix.lower() != ".json":
        raise DirectiveRefused("A Directive is written as a .json file.", code="unknown-suffix", file=str(path))
    problems = tuple(replace(problem, file=str(path)) for problem in check_directive(directive))
    if problems:
        raise DirectiveRefused.from_problems(problems)
    text = json.dumps(_whole_numbers(directive.to_dict()), ensure_ascii=False, allow_nan=False, indent=2)
    write_atomic(path, text + "\n")


def _whole_numbers(value: Any) -> Any:
    """24.0 is written 24; the hash is the same."""
    if isinstance(value, dict):
        return {key: _whole_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
