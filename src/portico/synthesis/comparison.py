"""Our answer beside a published one: how far each study pulls away from it.

On the logit scale a pooled figure is the weighted mean of its studies, so the distance from the published figure is the
sum over studies of weight times distance: what each study adds to the difference is exact.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from portico.errors import CannotTell
from portico.knowledge.pools import Answer

__all__ = ["Beside", "Pull", "beside_published"]


@dataclass(frozen=True, slots=True)
class Pull:
    """What one study adds to the difference.

    Parameters
    ----------
    study, est, weight : of the row; weight from 0 to 1
    share_of_difference : of the whole distance, which may be negative; the shares add up to 1
    would_be : the pooled figure if this study had reported the published one
    """

    study: str
    est: float
    weight: float
    share_of_difference: float
    would_be: float


@dataclass(frozen=True, slots=True)
class Beside:
    """Ours and a published figure.

    Parameters
    ----------
    published : id of the meta-analysis, with its figure and interval
    ours : our figure and interval
    overlap : whether the intervals overlap
    p : of the difference on the working scale, two-sided, if both were independent; None without an interval
    pulls : study by study
    """

    published: str
    est: float
    lo: float | None
    hi: float | None
    ours: tuple[float, float, float]
    overlap: bool | None
    p: float | None
    pulls: tuple[Pull, ...]


def beside_published(answer: Answer) -> tuple[Beside, ...]:
    """Every published answer of the question beside ours; empty when there is none, or nothing of ours.

    Parameters
    ----------
    answer : pooled on the logit (proportions) or log scale (ratios)
    """
    if answer.main is None or not answer.compare:
        return ()
    return tuple(_one(answer, *row) for row in answer.compare)


def _scale(value: float, measure: str) -> float:
    if measure != "proportion":
        return math.log(value)
    if not 0.0 < value < 1.0:
        raise CannotTell("A share of 0 or 1 has no place on the logit scale.", code="no-logit")
    return math.log(value / (1.0 - value))


def _back(value: float, measure: str) -> float:
    return 1.0 / (1.0 + math.exp(-value)) if measure == "proportion" else math.exp(value)


def _one(answer: Answer, name: str, est: float, lo: float | None, hi: float | None, _n: int | None) -> Beside:
    main = answer.main
    assert main is not None
    target = _scale(est, answer.measure)
    rows = [
        (row, row.weight if row.weight is not None else 1.0)
        for row in answer.rows
        if 0.0 < row.est < 1.0 or answer.measure != "proportion"
    ]
    total = sum(weight * (_scale(row.est, answer.measure) - target) for row, weight in rows)
    pooled = sum(weight * _scale(row.est, answer.measure) for row, weight in rows)
    pulls = tuple(
        Pull(
            row.study,
            row.est,
            weight,
            weight * (_scale(row.est, answer.measure) - target) / total if total else 0.0,
            _back(pooled - weight * (_scale(row.est, answer.measure) - target), answer.measure),
        )
        for row, weight in rows
    )
    p = overlap = None
    if lo is not None and hi is not None:
        overlap = lo <= main.hi and main.lo <= hi
        if main.lo > 0.0 and lo > 0.0:
            ses = [
                (_scale(b, answer.measure) - _scale(a, answer.measure)) / 3.92
                for a, b in ((lo, hi), (main.lo, main.hi))
            ]
            z = (_scale(main.est, answer.measure) - target) / math.hypot(*ses)
            p = math.erfc(abs(z) / math.sqrt(2.0))
    return Beside(name, est, lo, hi, (main.est, main.lo, main.hi), overlap, p, pulls)
