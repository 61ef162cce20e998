"""The one or two answers that would settle an undetermined option."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portico.advice.eligibility import Formula
from portico.advice.engine import Engine
from portico.advice.explain import residual, settling_columns
from portico.advice.model import Settle
from portico.case.predicate import Node, columns_of

__all__ = ["SHOWN", "settle_option"]

SHOWN = 3
"""At most this many ways to settle an option are shown, best first."""

Found = dict[tuple[tuple[str, ...], tuple[str, ...]], tuple[Settle, ...]]


def settle_option(engine: Engine, formula: Formula, row: Mapping[str, Any], found: Found) -> tuple[Settle, ...]:
    """Ways to settle a formula that is unknown, best first.

    Parameters
    ----------
    engine : gives the columns and their questions
    formula : formula of the regimen
    row : the case's row
    found : what this case has settled so far; regimens that share their rules share the search

    Returns
    -------
    at most ``SHOWN`` ways of one or two columns each
    """
    key = (formula.indications, formula.stops)
    if key not in found:
        found[key] = () if formula.node is None else engine.settled(residual(formula.node, row), _ways)
    return found[key]


def _ways(engine: Engine, rest: Node) -> tuple[Settle, ...]:
    """Ways for what is left of a formula; everything it reads is unknown."""
    ways = settling_columns(rest, dict.fromkeys(columns_of(rest)), engine.columns)
    return tuple(
        Settle(way.columns, tuple(engine.columns[name].ask for name in way.columns), way.always) for way in ways[:SHOWN]
    )
