"""Rows for property tests: any value of any column, unknown included, and completions of the unknowns."""

from __future__ import annotations

import math
import random
from typing import Any

from portico.case import Column, load_columns

COLUMNS = load_columns()


def random_value(column: Column, rng: random.Random) -> Any:
    """One known value, from a seeded generator."""
    if column.type == "bool":
        return rng.random() < 0.5
    if column.type == "enum":
        return rng.choice(column.values)
    low, high = math.ceil(column.low or 0), int(column.high or 0)
    # the thresholds of the rules lie low in the range: half of the draws stay there
    top = high if rng.random() < 0.5 else min(high, low + 60)
    number = rng.randint(low, top)
    return number if column.type == "int" else float(number)


def random_row(rng: random.Random, unknown: float = 0.3) -> dict[str, Any]:
    """A random row with this share of unknowns."""
    return {c.name: None if rng.random() < unknown else random_value(c, rng) for c in COLUMNS}


def completed(row: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """The same row with every unknown answered at random."""
    return {c.name: row[c.name] if row[c.name] is not None else random_value(c, rng) for c in COLUMNS}
