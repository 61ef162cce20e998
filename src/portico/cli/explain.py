"""``portico explain``: why a rule holds or an option stands where it stands, atom by atom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from portico.cli.help_text import help_text
from portico.cli.library import SignaturesOption

__all__ = ["HELP", "explain"]

HELP: Final = help_text(
    "Explain one rule or one option for a case: every part of its condition with column, meaning, value and truth, "
    "and which answers would settle what is unknown.",
    [
        "portico explain examples/cases/unknown-deficit.yaml urgent-new-deficit",
        "portico explain examples/cases/femur-renal.yaml conv-30-10 --json",
    ],
    {0: "fine", 2: "usage; also an id that is neither a rule nor an option", 3: "the case is refused"},
)


def explain(
    case: Annotated[Path, typer.Argument(help="Case file: .yaml, .yml or .json.", metavar="CASE")],
    wanted: Annotated[str, typer.Argument(help="Id of a rule or of an option.", metavar="RULE_OR_OPTION")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    signatures: SignaturesOption = None,
) -> None:
    """Explain a rule or an option.

    Raises
    ------
    UsageError : ``unknown-id``, with the nearest id
    CaseRefused : with every problem found
    """
    from portico.advice import Engine
    from portico.advice.explained import explained
    from portico.case import read_case
    from portico.cli.library import open_library
    from portico.cli.output import show, show_json
    from portico.intended_use import INTENDED_USE_SHORT

    row = read_case(case).row()
    found = explained(Engine(open_library(signatures)), wanted, row)
    if as_json:
        show_json(found)
        return
    for line in _lines(found):
        show(line)
    show(INTENDED_USE_SHORT)


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    if found["what"] == "rule":
        yield from _rule_lines(found, "")
        return
    yield f"{found['id']}: {found['label']}: {found['status'].upper()}"
    for title, key in (("Stopped by any of", "stops"), ("Indicated by any of", "indications")):
        yield f"{title}:" if found[key] else f"{title}: nothing"
        for rule in found[key]:
            yield from _rule_lines(rule, "  ")
    yield from _settle_lines(found["settle"], "")
    yield f"Records: {', '.join(found['records']) or 'none'}"


def _rule_lines(rule: Mapping[str, Any], pad: str) -> Iterator[str]:
    mark = "NOT EXCLUDED" if rule["not_excluded"] else rule["truth"]
    yield f"{pad}{rule['id']} ({rule['kind']}): {mark}"
    yield f"{pad}  {rule['title'] + ': ' if rule['title'] else ''}{rule['says']}"
    yield from _part_lines(rule["parts"], f"{pad}  ")
    if rule["truth"] == "unknown":
        yield from _settle_lines(rule["settle"], f"{pad}  ")
    yield f"{pad}  Records: {', '.join(rule['records']) or 'none'} (basis: {rule['basis']})"


def _part_lines(part: Mapping[str, Any], pad: str) -> Iterator[str]:
    from portico.cli.case import value_text

    if "joined" in part:
        words = {"and": "all of", "or": "any of", "not": "not"}
        yield f"{pad}[{part['truth']}] {words[part['joined']]}"
        for inner in part["parts"]:
            yield from _part_lines(inner, f"{pad}  ")
        return
    yield f"{pad}[{part['truth']}] {part['text']}"
    yield f"{pad}  {part['column']}: {part['meaning']}; value: {value_text(part['value'])}"


def _settle_lines(settle: list[dict[str, Any]], pad: str) -> Iterator[str]:
    for found in settle:
        often = "every answer settles it" if found["always"] else "some answers settle it"
        asked = " and ".join(f"{ask} ({column})" for ask, column in zip(found["ask"], found["columns"], strict=True))
        yield f"{pad}Would settle it: {asked}: {often}."
