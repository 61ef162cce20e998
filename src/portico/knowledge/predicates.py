"""Every predicate of the library, parsed once: those of rules and those inside policies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from portico.errors import PorticoError, Problem
from portico.knowledge.files import Row, Tables

if TYPE_CHECKING:
    from portico.case.predicate import Node

__all__ = ["Predicate", "parse_all", "predicates_of"]


@dataclass(frozen=True, slots=True)
class Predicate:
    """One predicate text and the place it stands in."""

    text: str
    file: str
    line: int
    path: str


def predicates_of(tables: Tables) -> Iterator[Predicate]:
    """Every predicate: the key ``when`` of rules, and every key ``when`` inside a policy."""
    for row in tables["rules"]:
        yield Predicate(row.plain["when"], row.file, row.line, f"{row.plain['id']}.when")
    for row in tables["policy"]:
        yield from _inside(row, row.plain, str(row.plain["id"]))


def _inside(row: Row, value: Any, path: str) -> Iterator[Predicate]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key == "when" and isinstance(item, str):
                yield Predicate(item, row.file, row.line, f"{path}.when")
            else:
                yield from _inside(row, item, f"{path}.{key}")
    elif isinstance(value, list):
        for position, item in enumerate(value):
            yield from _inside(row, item, f"{path}[{position}]")


def parse_all(tables: Tables) -> tuple[dict[str, Node], tuple[Problem, ...]]:
    """Parse every predicate against ``columns.yaml``.

    Returns
    -------
    predicate text to tree, and the problems of those that are refused
    """
    from portico.case.columns import load_columns
    from portico.case.predicate import parse_predicate

    columns = load_columns()
    nodes: dict[str, Node] = {}
    problems: list[Problem] = []
    for found in predicates_of(tables):
        if found.text in nodes:
            continue
        try:
            nodes[found.text] = parse_predicate(found.text, columns, file=found.file, line=found.line, path=found.path)
        except PorticoError as error:
            problems.append(error.problem)
    return nodes, tuple(problems)
