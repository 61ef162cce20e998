"""Groups of studies side by side, and the test of their difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import chdtrc

from portico.errors import CannotTell
from portico.synthesis.effects import Effects
from portico.synthesis.heterogeneity import Method
from portico.synthesis.inference import IntervalMethod
from portico.synthesis.inputs import Mask, chosen
from portico.synthesis.meta_regression import Coefficient, meta_regression
from portico.synthesis.pooling import Pooled, pool
from portico.synthesis.sensitivity import group_index

__all__ = ["Subgroups", "subgroups"]


@dataclass(frozen=True, slots=True, eq=False)
class Subgroups:
    """Pools of groups of studies.

    Parameters
    ----------
    tau2 : whether each group has its own variance between studies, or all share one
    pooled : pools by group, for ``separate``
    means : means by group, for ``common``
    shared_tau2 : the one variance; None for ``separate``
    single : groups of one study: they cannot be pooled separately and take no part in the test
    q_between, df, p : test that all groups have one mean: chi-squared, or F for a shared variance with Knapp–Hartung;
        None with fewer than two groups
    """

    tau2: Literal["separate", "common"]
    pooled: dict[str, Pooled]
    means: dict[str, Coefficient]
    shared_tau2: float | None
    single: tuple[str, ...]
    q_between: float | None
    df: int | None
    p: float | None


def subgroups(
    effects: Effects,
    groups: Sequence[str],
    *,
    tau2: Literal["separate", "common"] = "separate",
    method: Method = "REML",
    interval: IntervalMethod = "knapp-hartung",
    level: float = 0.95,
) -> Subgroups:
    """Pool each group, and test their difference.

    With few studies a group, its own τ² is poorly known, and one shared τ² is the usual advice.

    Parameters
    ----------
    effects : see :class:`Effects`
    groups : (k,) name of each study's group
    tau2 : ``separate`` or ``common``
    method, interval, level : see :func:`pool`

    Raises
    ------
    CannotTell : ``too-few-studies``: no group has two studies, or there is only one group for a shared variance
    InputRefused : ``lengths-differ``
    UsageError : ``unknown-option``, ``option-conflict``
    """
    chosen(tau2, ("separate", "common"), "tau2")
    members = group_index(groups, effects.k)
    if tau2 == "common":
        return _shared(effects, members, method, interval, level)
    single = tuple(name for name, inside in members.items() if inside.sum() < 2)
    pooled = {
        name: pool(effects.take(inside), method=method, interval=interval, level=level)
        for name, inside in members.items()
        if name not in single
    }
    if not pooled:
        raise CannotTell("No group has two studies.", code="too-few-studies")
    if len(pooled) < 2:
        return Subgroups(tau2, pooled, {}, None, single, None, None, None)
    means = np.array([p.estimate for p in pooled.values()])
    weights = np.array([p.se**-2 for p in pooled.values()])
    q = float(weights @ (means - weights @ means / weights.sum()) ** 2)
    df = len(pooled) - 1
    return Subgroups(tau2, pooled, {}, None, single, q, df, float(chdtrc(df, q)))


def _shared(
    effects: Effects, members: dict[str, Mask], method: Method, interval: IntervalMethod, level: float
) -> Subgroups:
    if len(members) < 2:
        raise CannotTell("There is only one group.", code="too-few-studies")
    columns = {name: inside.astype(np.float64) for name, inside in members.items()}
    means = meta_regression(effects, columns, method=method, interval=interval, level=level, intercept=False)
    others = dict(list(columns.items())[1:])
    tested = meta_regression(effects, others, method=method, interval=interval, level=level)
    return Subgroups(
        "common",
        {},
        {c.name: c for c in means.coefficients},
        means.tau2,
        (),
        tested.qm,
        tested.qm_df,
        tested.qm_p,
    )
