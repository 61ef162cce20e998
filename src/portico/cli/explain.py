"""``portico explain``: why a rule holds or an option stands where it stands, atom by atom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from portico.cli.help_text import help_text
from portico.cli.library import SignaturesOption
from portico.errors import UsageError

if TYPE_CHECKING:
    from portico.advice import Engine
    from portico.advice.explain import Explanation
    from portico.advice.kleene import Truth

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

_TRUTH: Final = {True: "true", False: "false", None: "unknown"}
_STATUS: Final = {True: "eligible", False: "not eligible", None: "undetermined"}


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
    from portico.case import read_case
    from portico.cli.library import open_library
    from portico.cli.output import show, show_json
    from portico.intended_use import INTENDED_USE, INTENDED_USE_SHORT

    row = read_case(case).row()
    engine = Engine(open_library(signatures))
    if wanted in engine.rules:
        found = rule_explained(engine, wanted, row)
    elif wanted in engine.formulas:
        found = option_explained(engine, wanted, row)
    else:
        raise _no_such_id(engine, wanted)
    if as_json:
        show_json({"schema": "explanation/1", "intended_use": INTENDED_USE, **found})
        return
    for line in _lines(found):
        show(line)
    show(INTENDED_USE_SHORT)


def _no_such_id(engine: Engine, wanted: str) -> UsageError:
    from portico.reading import did_you_mean

    if wanted in engine.library.waiting:
        return UsageError(
            "This row rests on a source that nobody has signed, so it does not act.", code="waits-for-signature",
            fix=f"`portico knowledge show {wanted}` prints it; give the site's signatures with --signatures.",
        )  # fmt: skip
    guess = did_you_mean(wanted, [*engine.rules, *engine.formulas])
    return UsageError(
        "There is neither a rule nor an option of this id.", code="unknown-id",
        fix=f"Did you mean {guess}?" if guess else "`portico knowledge list --kind rules` lists the rules.",
    )  # fmt: skip


def rule_explained(engine: Engine, rule_id: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """One rule as plain data: what it says, its truth, its parts, and what would settle it."""
    from portico.advice.explain import deciders, settling_columns
    from portico.advice.explain import explain as explain_node

    rule, node = engine.rules[rule_id], engine.nodes[rule_id]
    parts = explain_node(node, row, engine.columns)
    settling = settling_columns(node, row, engine.columns)[:3] if parts.truth is None else ()
    return {
        "id": rule_id,
        "what": "rule",
        "kind": rule.kind,
        "truth": _TRUTH[parts.truth],
        "not_excluded": parts.truth is None and rule.kind in ("urgent", "gate"),
        "title": rule.title,
        "says": rule.says,
        "when": parts.text,
        "parts": _part(parts),
        "decided_by": [atom.text for atom in deciders(parts)],
        "settle": [_settle(engine, found.columns, found.always) for found in settling],
        "basis": rule.basis,
        "records": [source.id for source in rule.sources],
    }


def option_explained(engine: Engine, option_id: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """One option as plain data: its status, the rules that decide it, and what would settle it."""
    from portico.advice.eligibility import verdict
    from portico.advice.settle import settle_option

    formula, regimen = engine.formulas[option_id], engine.regimens[option_id]
    status: Truth = verdict(formula, engine.truths(row))
    settling = settle_option(engine, formula, row, {}) if status is None else ()
    return {
        "id": option_id,
        "what": "option",
        "label": regimen.label,
        "status": _STATUS[status],
        "indications": [rule_explained(engine, rule, row) for rule in formula.indications],
        "stops": [rule_explained(engine, rule, row) for rule in formula.stops],
        "settle": [_settle(engine, found.columns, found.always) for found in settling],
        "records": [source.id for source in regimen.sources],
    }


def _settle(engine: Engine, columns: tuple[str, ...], always: bool) -> dict[str, Any]:
    return {"columns": list(columns), "ask": [engine.columns[name].ask for name in columns], "always": always}


def _part(found: Explanation) -> dict[str, Any]:
    plain: dict[str, Any] = {"text": found.text, "truth": _TRUTH[found.truth]}
    if found.joined is None:
        return {**plain, "column": found.column, "meaning": found.meaning, "value": found.value}
    return {**plain, "joined": found.joined, "parts": [_part(part) for part in found.parts]}


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
