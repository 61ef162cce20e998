"""Results of this room as numbers by the names under which R's answers are frozen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from portico.synthesis.effects import Effects
from portico.synthesis.glmm import MixedPool
from portico.synthesis.mantel_haenszel import PooledTables
from portico.synthesis.meta_regression import MetaRegression
from portico.synthesis.pooling import Pooled
from portico.synthesis.small_study import EggerTest, RankTest
from portico.synthesis.trim_fill import TrimFill

__all__ = [
    "Values",
    "asymmetry_values",
    "filled_values",
    "mixed_values",
    "pooled_values",
    "rank_values",
    "regression_values",
    "series_values",
    "table_values",
]

Values: TypeAlias = dict[str, float]


def pooled_values(found: Pooled) -> Values:
    """Numbers of the result by the names under which they were frozen."""
    values = {
        "estimate": found.estimate,
        "se": found.se,
        "lo": found.bounds.lo,
        "hi": found.bounds.hi,
        "statistic": found.statistic,
        "p": found.p,
        "tau2": found.tau2,
        "q": found.q,
        "q_p": found.q_p,
        "i2": found.i2,
        "h2": found.h2,
    }
    for name, bounds in (
        ("tau2", found.tau2_bounds),
        ("prediction", found.prediction_as_interval),
        ("higgins", found.prediction),
    ):
        if bounds is not None:
            values |= {f"{name}_lo": bounds.lo, f"{name}_hi": bounds.hi}
    natural = found.natural
    values |= {
        "natural": natural.estimate,
        "natural_lo": natural.lo,
        "natural_hi": natural.hi,
        "ratio": natural.estimate,
    }
    return values


def regression_values(found: MetaRegression) -> Values:
    """Numbers of the result by the names under which they were frozen."""
    values = {"tau2": found.tau2, "qm": found.qm, "qm_p": found.qm_p, "qe": found.qe, "qe_p": found.qe_p}
    values |= {"i2": found.i2, "h2": found.h2}
    for i, c in enumerate(found.coefficients):
        values |= {f"b{i}": c.estimate, f"se{i}": c.se, f"p{i}": c.p, f"lo{i}": c.bounds.lo, f"hi{i}": c.bounds.hi}
    return values


def asymmetry_values(found: EggerTest) -> Values:
    """Numbers of the result by the names under which they were frozen."""
    values = {"statistic": found.statistic, "p": found.p}
    if found.limit is not None and found.limit_estimate is not None:
        values |= {"limit": found.limit_estimate, "limit_lo": found.limit.lo, "limit_hi": found.limit.hi}
    return values


def rank_values(found: RankTest) -> Values:
    """Numbers of the result by the names under which they were frozen."""
    return {"tau": found.tau, "p": found.p}


def filled_values(found: TrimFill) -> Values:
    """Numbers of the result by the names under which they were frozen."""
    values = pooled_values(found.pooled) | {"missing": float(found.missing), "missing_se": found.missing_se}
    return values if found.p is None else values | {"p_missing": found.p}


def table_values(found: PooledTables) -> Values:
    """Numbers of the result by the names under which they were frozen."""
    values = {"estimate": found.estimate, "se": found.se, "lo": found.bounds.lo, "hi": found.bounds.hi, "p": found.p}
    return values | ({} if found.q is None or found.q_p is None else {"q": found.q, "q_p": found.q_p})


def mixed_values(found: MixedPool) -> Values:
    """Numbers of the result by the names under which they were frozen."""
    return {
        "estimate": found.estimate,
        "se": found.se,
        "lo": found.bounds.lo,
        "hi": found.bounds.hi,
        "tau2": found.tau2,
        "natural": found.natural(found.estimate),
    }


def series_values(found: Sequence[Pooled | None], first: Effects) -> Values:
    """Numbers of the result by the names under which they were frozen."""
    values: Values = {}
    for i, step in enumerate(found, start=1):
        if step is None:  # a single study stands for itself
            values |= {f"estimate{i}": float(first.yi[0]), f"tau2_{i}": 0.0, f"se{i}": float(first.vi[0] ** 0.5)}
        else:
            values |= {f"estimate{i}": step.estimate, f"tau2_{i}": step.tau2, f"se{i}": step.se}
    return values
