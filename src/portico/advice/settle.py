"""The one or two answers that would settle an undetermined option."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portico.advice.eligibility import Formula
from portico.advice.engine import Engine
from portico.advice.explain import settling_columns
from portico.advice.model import Settle

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
        ways = () if formula.node is None else settling_columns(formula.node, row, engine.columns)
        found[key] = tuple(
            Settle(way.columns, tuple(engine.columns[name].ask for name in way.columns), way.always)
            for way in ways[:SHOWN]
        )
    return found[key]
