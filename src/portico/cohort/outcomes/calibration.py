"""Does a prognostic score predict what happens here? Observed against expected, slope, and recalibration.

>>> import numpy as np
>>> draw = np.random.default_rng(4)
>>> truth = draw.uniform(0.1, 0.9, 3000)
>>> died = draw.random(3000) < truth
>>> found = calibration(truth, np.where(died, 100.0, 365.0), died, at=300.0)
>>> 0.95 < found.observed_expected < 1.05, 0.85 < found.slope < 1.15
(True, True)

O:E above one: more events than predicted. A slope below one: predictions too extreme. Rows whose observation ended before
the horizon are weighted by the inverse probability of still being observed (Kaplan–Meier of the end of observation), which
holds when that end does not depend on the score.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, logit, ndtri

from portico.cohort.outcomes.events import EventTimes, Vector, numbers
from portico.cohort.outcomes.incidence import incidence_of
from portico.cohort.outcomes.logistic import logistic
from portico.errors import CannotTell, InputRefused

__all__ = ["Calibration", "calibration"]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Calibration at one horizon.

    Parameters
    ----------
    at : horizon
    n : rows
    observed, expected : share with the event by then (competing events counted as such), and mean prediction
    observed_expected, oe_lo, oe_hi : their ratio with its 95 % interval
    intercept, intercept_se : in the large, slope held at one; above zero means predictions too low
    slope, slope_se : of the logit of the prediction
    recalibrated_intercept : constant that goes with ``slope``
    """

    at: float
    n: int
    observed: float
    expected: float
    observed_expected: float
    oe_lo: float
    oe_hi: float
    intercept: float
    intercept_se: float
    slope: float
    slope_se: float
    recalibrated_intercept: float

    def recalibrate(self, predicted: ArrayLike | Iterable[float]) -> Vector:
        """Predictions corrected for this place; for the patients they were fitted on this is optimistic."""
        return np.asarray(expit(self.recalibrated_intercept + self.slope * logit(_shares(predicted))))


def calibration(
    predicted: ArrayLike | Iterable[float],
    time: ArrayLike | Iterable[float],
    cause: ArrayLike | Iterable[int],
    *,
    at: float,
    of: int = 1,
) -> Calibration:
    """Hold predicted shares against what happened.

    Parameters
    ----------
    predicted : (n,) predicted share with the event ``of`` by ``at``, above 0 and below 1
    time, cause : see :mod:`portico.cohort.outcomes.events`

    Raises
    ------
    InputRefused : ``not-a-probability``, ``lengths-differ``, and as :meth:`EventTimes.of`
    CannotTell : ``no-events``, ``beyond-follow-up``, ``collinear`` when all predictions are one value
    """
    guess, events = _shares(predicted), EventTimes.of(time, cause)
    if len(guess) != events.n:
        raise InputRefused("predicted is of another length than time.", code="lengths-differ", path="predicted")
    guess = guess[events.order]
    table = events.table()
    curve = incidence_of(table, events.has(of))
    observed, variance = float(curve.at([at])[0]), float(curve.variance_at([at])[0])
    if observed <= 0:
        raise CannotTell("Nobody had the event by then.", code="no-events", path="at")
    happened = (events.cause == of) & (events.time <= at)
    settled = ((events.cause > 0) & (events.time <= at)) | (events.time > at) | (events.time == at)
    weight = np.where(settled, 1.0 / _observed_until(events, np.minimum(events.time, at)), 0.0)
    line = logit(guess)
    large = logistic(np.empty((events.n, 0)), happened, weights=weight, offset=line)
    fit = logistic(line[:, None], happened, weights=weight)
    expected = float(guess.mean())
    half = float(ndtri(0.975)) * np.sqrt(variance) / observed
    return Calibration(
        at,
        events.n,
        observed,
        expected,
        observed / expected,
        float(observed / expected * np.exp(-half)),
        float(observed / expected * np.exp(half)),
        float(large.coefficients[0]),
        float(np.sqrt(large.covariance[0, 0])),
        float(fit.coefficients[1]),
        float(np.sqrt(fit.covariance[1, 1])),
        float(fit.coefficients[0]),
    )


def _observed_until(events: EventTimes, until: Vector) -> Vector:
    """Share still observed just before each time."""
    table = events.table()
    events_first = table.at_risk - table.events.sum(axis=1)
    hazard = np.where(events_first > 0, table.censored / np.maximum(events_first, 1.0), 0.0)
    left = np.concatenate([[1.0], np.cumprod(1 - hazard)])
    return np.asarray(left[np.searchsorted(table.time, until, side="left")])


def _shares(predicted: ArrayLike | Iterable[float]) -> Vector:
    found = numbers(predicted, "predicted")
    if ((found <= 0) | (found >= 1)).any():
        row = int(np.flatnonzero((found <= 0) | (found >= 1))[0])
        raise InputRefused(
            "A predicted share must lie between 0 and 1.", code="not-a-probability", path=f"predicted[{row}]"
        )
    return found
