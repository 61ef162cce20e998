"""Every check between and inside records: all problems found, each with file and line.

A problem here means that a number could mislead or a statement stands on nothing, so a library with problems
does not load.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from portico.errors import PorticoError, Problem
from portico.knowledge.checks_context import Context
from portico.knowledge.checks_limits import limit_problems
from portico.knowledge.checks_links import link_problems
from portico.knowledge.checks_rules import rule_problems
from portico.knowledge.checks_studies import study_problems
from portico.knowledge.files import Tables, read_data_files, read_tables
from portico.knowledge.predicates import parse_all
from portico.reading import Document

__all__ = ["check_library", "check_tables"]


def check_library(root: Path | None = None) -> tuple[Problem, ...]:
    """Read every data file and give all problems, ordered by file and line; empty when all is well.

    Parameters
    ----------
    root : folder of the data files; the shipped data when left out
    """
    tables, documents, problems = read_tables(read_data_files(root))
    found = [*problems, *parse_all(tables)[1], *check_tables(tables, documents)]
    return tuple(sorted(found, key=lambda p: (p.file or "", p.line or 0, p.path, p.code)))


def check_tables(tables: Tables, documents: Mapping[str, Document]) -> tuple[Problem, ...]:
    """Problems inside and between records whose shapes are right.

    Parameters
    ----------
    tables : rows by kind
    documents : parsed files by name, for the lines
    """
    context = Context.of(tables, documents)
    found = [
        *link_problems(context),
        *study_problems(context),
        *limit_problems(context),
        *rule_problems(context),
        *_score_problems(tables, documents),
    ]
    return tuple(found)


def _score_problems(tables: Tables, documents: Mapping[str, Document]) -> list[Problem]:
    from portico.knowledge.scores import check_score

    found: list[Problem] = []
    for row in tables["scores"]:
        try:
            check_score(documents[row.file])
        except PorticoError as error:
            found.extend(error.problems)
    return found
