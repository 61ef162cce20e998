"""How much one study matters, and how the answer grew study by study."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from portico.errors import CannotTell, InputRefused
from portico.synthesis.effects import Effects
from portico.synthesis.heterogeneity import Method
from portico.synthesis.inference import IntervalMethod
from portico.synthesis.inputs import Mask, same_length, vector
from portico.synthesis.pooling import Pooled, pool

__all__ = ["CumulativeStep", "LeftOneOut", "cumulative", "leave_one_out"]


@dataclass(frozen=True, slots=True, eq=False)
class LeftOneOut:
    """The pool without one study.

    Parameters
    ----------
    label : the study that was left out
    pooled : what the others say
    """

    label: str
    pooled: Pooled


@dataclass(frozen=True, slots=True, eq=False)
class CumulativeStep:
    """The pool as it stood once a study had been added.

    Parameters
    ----------
    label : the study that was added last; several with the same place in the order are joined by ``; ``
    place : its value in the order, e.g. the year
    pooled : the pool so far; None while there is only one study
    """

    label: str
    place: float
    pooled: Pooled | None


def leave_one_out(
    effects: Effects, *, method: Method = "REML", interval: IntervalMethod = "knapp-hartung", level: float = 0.95
) -> tuple[LeftOneOut, ...]:
    """Pool again without each study in turn.

    Parameters
    ----------
    effects : three studies or more
    method, interval, level : see :func:`pool`

    Raises
    ------
    CannotTell : ``too-few-studies``
    """
    if effects.k < 3:
        raise CannotTell("Fewer than three studies: none can be left out.", code="too-few-studies")
    everyone = np.arange(effects.k)
    return tuple(
        LeftOneOut(label, pool(effects.take(everyone != i), method=method, interval=interval, level=level))
        for i, label in enumerate(effects.labels)
    )


def cumulative(
    effects: Effects,
    order: ArrayLike,
    *,
    method: Method = "REML",
    interval: IntervalMethod = "knapp-hartung",
    level: float = 0.95,
) -> tuple[CumulativeStep, ...]:
    """Add studies in rising ``order`` and pool at each step; studies of one place, e.g. one year, enter together.

    Parameters
    ----------
    effects : two studies or more
    order : (k,) e.g. years
    method, interval, level : see :func:`pool`

    Raises
    ------
    CannotTell : ``too-few-studies``
    InputRefused : ``lengths-differ``, ``not-finite``
    """
    places = vector(order, "order")
    same_length(yi=effects.yi, order=places)
    if effects.k < 2:
        raise CannotTell("One study, or none, cannot be pooled.", code="too-few-studies")
    steps = []
    for place in np.unique(places):
        so_far = effects.take(places <= place)
        added = "; ".join(label for label, at in zip(effects.labels, places, strict=True) if at == place)
        pooled = pool(so_far, method=method, interval=interval, level=level) if so_far.k > 1 else None
        steps.append(CumulativeStep(added, float(place), pooled))
    return tuple(steps)


def group_index(groups: Sequence[str], k: int) -> dict[str, Mask]:
    """Truth values of membership by name of group, in order of first appearance.

    Raises
    ------
    InputRefused : ``lengths-differ``
    """
    if len(groups) != k:
        raise InputRefused(f"There are {k} studies and {len(groups)} groups.", code="lengths-differ", path="groups")
    column = np.array(groups, dtype=object)
    return {name: column == name for name in dict.fromkeys(groups)}
