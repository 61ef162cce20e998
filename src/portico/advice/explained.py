"""A rule or an option for one case as plain data: every part of its condition, its truth, and what would settle it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from portico.advice.eligibility import verdict
from portico.advice.engine import Engine
from portico.advice.explain import Explanation, deciders, settling_columns
from portico.advice.explain import explain as explain_node
from portico.advice.kleene import Truth
from portico.advice.settle import settle_option
from portico.errors import UsageError
from portico.intended_use import INTENDED_USE
from portico.reading import did_you_mean

__all__ = ["explained", "option_explained", "rule_explained"]

_TRUTH: Final = {True: "true", False: "false", None: "unknown"}
_STATUS: Final = {True: "eligible", False: "not eligible", None: "undetermined"}


def explained(engine: Engine, wanted: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """The document ``explanation/1`` of a rule or an option.

    Parameters
    ----------
    wanted : id of a rule or of an option
    row : the flat row of the case

    Raises
    ------
    UsageError : ``unknown-id``, with the nearest id; ``waits-for-signature``
    """
    if wanted in engine.rules:
        found = rule_explained(engine, wanted, row)
    elif wanted in engine.formulas:
        found = option_explained(engine, wanted, row)
    else:
        raise _no_such_id(engine, wanted)
    return {"schema": "explanation/1", "intended_use": INTENDED_USE, **found}


def _no_such_id(engine: Engine, wanted: str) -> UsageError:
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
