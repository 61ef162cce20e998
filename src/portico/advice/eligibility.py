"""Which regimens are eligible: gates, contraindications and indications under three-valued logic.

    eligible      an indication is true, and every gate and contraindication is false
    not eligible  a gate or contraindication is true, or every indication is false
    undetermined  anything else: an answer is missing

Because this is one three-valued formula, answering an unknown can never turn eligible into not eligible or back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from portico.advice.kleene import Truth
from portico.case.predicate import And, Node, Not, Or
from portico.knowledge import Regimen, Rule

__all__ = ["Formula", "formulas", "targets_of", "verdict"]


@dataclass(frozen=True, slots=True)
class Formula:
    """The rules that decide one regimen. ``node`` is the whole formula, None when nothing indicates it."""

    regimen: str
    indications: tuple[str, ...]
    stops: tuple[str, ...]
    node: Node | None


def targets_of(rule: Rule, regimens: Iterable[Regimen]) -> frozenset[str]:
    """Ids of the regimens that a rule points at, by id or by group."""
    groups, named = set(rule.target_groups), set(rule.target_regimens)
    return frozenset(r.id for r in regimens if r.id in named or groups & set(r.groups))


def _join(kind: type[And] | type[Or], nodes: list[Node]) -> Node:
    return nodes[0] if len(nodes) == 1 else kind(tuple(nodes))


def formulas(rules: Iterable[Rule], regimens: Mapping[str, Regimen], nodes: Mapping[str, Node]) -> dict[str, Formula]:
    """One formula for each regimen.

    Parameters
    ----------
    rules : all rules; those of kind gate, contraindication and indication count here
    regimens : regimen id to regimen
    nodes : rule id to checked predicate
    """
    indications: dict[str, list[str]] = {key: [] for key in regimens}
    stops: dict[str, list[str]] = {key: [] for key in regimens}
    for rule in rules:
        if rule.kind not in ("gate", "contraindication", "indication"):
            continue
        into = indications if rule.kind == "indication" else stops
        for key in sorted(targets_of(rule, regimens.values())):
            into[key].append(rule.id)
    found: dict[str, Formula] = {}
    for key in regimens:
        whole: Node | None = None
        if indications[key]:
            whole = _join(Or, [nodes[r] for r in indications[key]])
            if stops[key]:
                whole = And((whole, Not(_join(Or, [nodes[r] for r in stops[key]]))))
        found[key] = Formula(key, tuple(indications[key]), tuple(stops[key]), whole)
    return found


def verdict(formula: Formula, truth: Mapping[str, Truth]) -> Truth:
    """Kleene value of a formula from the values of its rules: True eligible, False not eligible, None undetermined."""
    stop: Truth = False
    for rule in formula.stops:
        value = truth[rule]
        if value:
            return False
        if value is None:
            stop = None
    indicated: Truth = False
    for rule in formula.indications:
        value = truth[rule]
        if value:
            indicated = True
            break
        if value is None:
            indicated = None
    if indicated is False:
        return False
    return None if stop is None or indicated is None else True
