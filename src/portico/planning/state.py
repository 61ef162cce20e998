"""Variables of the interior point, how they start, and how a state half way starts a changed problem."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from portico.planning.product import Floats, Ints
from portico.planning.system import System, Terms

__all__ = ["State", "Warm"]

#: First slack as a share of the median bound; below a tenth the first steps were found to crawl (TG-119).
_SLACK_SHARE: Final = 0.1
#: First complementarity against the objective shared over all bounds; with 1 the first steps were found to crawl.
_FIRST_MU: Final = 3.0
#: Slack that a tightened bound keeps at a warm start, as a share of the median bound.
_KEPT_SHARE: Final = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class Warm:
    """Where an earlier solve stood half way, off the bounds: from here a changed problem is solved in few steps.

    Parameters
    ----------
    key, bound_gy : of its terms; slack, duals : their slack in Gy and dual
    x, z, y : columns and the duals of ``x >= 0`` and ``x <= upper``
    """

    key: Ints
    bound_gy: Floats
    slack: Floats
    duals: Floats
    x: Floats
    z: Floats
    y: Floats


class State:
    """Variables of the method; slack and duals of the terms; z of x >= 0, y of x <= upper."""

    def __init__(self, system: System, x: Floats, warm: Warm | None) -> None:
        terms, upper = system.terms, system.upper
        self.system = system
        self.count = 2 * len(x) + len(terms)
        self.x = np.clip(x, 1e-6 * upper, (1.0 - 1e-3) * upper)
        self.doses = system.forward(self.x)
        value, _ = system.objective(self.x, self.doses)
        self._cold(_FIRST_MU * max(abs(value), 1e-9) / self.count)
        if warm is not None:
            self._take(warm)

    def _cold(self, mu: float) -> None:
        terms = self.system.terms
        excess = self.system.excess_gy(self.doses)
        scale = _scale_gy(terms)
        q = np.where(terms.hard, 1.0, terms.softness)
        self.slack = np.maximum((np.sqrt(excess**2 + 4.0 * q * mu) - excess) / 2.0, _SLACK_SHARE * scale)
        self.duals = mu / self.slack
        self.z, self.y = mu / self.x, mu / (self.system.upper - self.x)

    def _take(self, warm: Warm) -> None:
        """Go on from an earlier state; bounds that are new start cold, at its complementarity."""
        terms = self.system.terms
        known = len(warm.x)
        self.x = np.concatenate([warm.x, self.x[known:]])
        self.doses = self.system.forward(self.x)
        self._cold(float(np.median(warm.slack * warm.duals)))
        self.z[:known], self.y[:known] = warm.z, warm.y
        place = np.minimum(np.searchsorted(warm.key, terms.key), len(warm.key) - 1)
        old = warm.key[place] == terms.key
        place = place[old]
        self.slack[old], self.duals[old] = warm.slack[place], warm.duals[place]

    def kept(self) -> Warm:
        """This state as a warm start."""
        order = np.argsort(self.system.terms.key)
        terms = self.system.terms
        return Warm(
            terms.key[order], terms.bound_gy[order], self.slack[order], self.duals[order], self.x, self.z, self.y
        )

    @property
    def mu(self) -> float:
        return float(self.x @ self.z + (self.system.upper - self.x) @ self.y + self.slack @ self.duals) / self.count


def _scale_gy(terms: Terms) -> float:
    """Size of the doses that are asked for in Gy."""
    return float(np.median(np.abs(terms.bound_gy))) if len(terms) else 1.0
