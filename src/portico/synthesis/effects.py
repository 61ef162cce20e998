"""Effect sizes with their variances, as pooling takes them: one value a study, and what was done to get it.

>>> effects = Effects.of([0.1, 0.3], [0.02, 0.05], measure="HR", labels=("first", "second"))
>>> effects.k, effects.scale
(2, 'natural logarithm of the hazard ratio')
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from portico.errors import InputRefused
from portico.synthesis.inputs import Vector, chosen, positive, same_length, vector

__all__ = ["MEASURES", "Effects", "LeftOut", "Measure"]

Measure = Literal[
    "GEN", "PR", "PLO", "PAS", "PFT", "IR", "IRLN", "MN", "OR", "RR", "RD", "HR", "IRR", "PETO", "MD", "SMD"
]

MEASURES: Final[dict[Measure, str]] = {
    "GEN": "as given",
    "PR": "proportion",
    "PLO": "logit of the proportion",
    "PAS": "arcsine of the square root of the proportion",
    "PFT": "Freeman–Tukey double arcsine of the proportion",
    "IR": "events per unit of time",
    "IRLN": "natural logarithm of events per unit of time",
    "MN": "mean",
    "OR": "natural logarithm of the odds ratio",
    "RR": "natural logarithm of the risk ratio",
    "RD": "risk difference",
    "HR": "natural logarithm of the hazard ratio",
    "IRR": "natural logarithm of the rate ratio",
    "PETO": "natural logarithm of Peto's odds ratio",
    "MD": "difference of means",
    "SMD": "standardised difference of means, corrected for small samples (Hedges)",
}
"""Codes follow the names of the R package metafor where it has one, so that both can be read side by side."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A study that carries no information under the chosen rule.

    Parameters
    ----------
    label : name of the study
    why : one sentence
    """

    label: str
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Effects:
    """Effect sizes of ``k`` studies.

    Parameters
    ----------
    yi : (k,) effect on the scale that ``measure`` names
    vi : (k,) sampling variance on that scale, above zero
    measure : see :data:`MEASURES`
    labels : (k,) name of each study
    n : (k,) people in each study; None when unknown
    done : (k,) what was done to the study's numbers beyond the formula; empty text for nothing
    left_out : studies that were given and are not among the ``k``

    Raises
    ------
    InputRefused : ``bad-variance`` (zero, negative), ``lengths-differ``, ``not-finite``, ``not-a-number``
    UsageError : ``unknown-option``
    """

    yi: Vector
    vi: Vector
    measure: Measure
    labels: tuple[str, ...]
    n: Vector | None = None
    done: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()

    def __post_init__(self) -> None:
        chosen(self.measure, get_args(Measure), "measure")
        vector(self.yi, "yi")
        positive(self.vi, "vi", code="bad-variance")
        same_length(yi=self.yi, vi=self.vi, labels=self.labels, done=self.done or self.labels)
        if self.n is not None:
            positive(self.n, "n")
            same_length(yi=self.yi, n=self.n)

    @classmethod
    def of(
        cls,
        yi: ArrayLike,
        vi: ArrayLike,
        *,
        measure: Measure = "GEN",
        labels: Sequence[str] | None = None,
        n: ArrayLike | None = None,
    ) -> Effects:
        """Effects that were computed elsewhere.

        Parameters
        ----------
        yi, vi, measure, n : see the class
        labels : left out, studies are numbered from 1

        Raises
        ------
        As the class
        """
        values = vector(yi, "yi")
        return cls(
            values,
            vector(vi, "vi"),
            measure,
            names(labels, len(values)),
            None if n is None else vector(n, "n"),
        )

    @property
    def k(self) -> int:
        """Number of studies."""
        return len(self.yi)

    @property
    def scale(self) -> str:
        """What ``yi`` is, in words."""
        return MEASURES[self.measure]

    def take(self, index: ArrayLike) -> Effects:
        """The studies at ``index`` (whole numbers in the wanted order, or k truth values)."""
        chosen_rows = np.arange(self.k)[np.asarray(index)]
        return Effects(
            self.yi[chosen_rows],
            self.vi[chosen_rows],
            self.measure,
            tuple(self.labels[i] for i in chosen_rows),
            None if self.n is None else self.n[chosen_rows],
            tuple(self.done[i] for i in chosen_rows) if self.done else (),
            self.left_out,
        )


def names(labels: Sequence[str] | None, k: int) -> tuple[str, ...]:
    """Study names as a tuple; numbers from 1 when there are none.

    Raises
    ------
    InputRefused : ``lengths-differ``
    """
    if labels is None:
        return tuple(str(i + 1) for i in range(k))
    if len(labels) != k:
        raise InputRefused(f"There are {k} studies and {len(labels)} names.", code="lengths-differ", path="labels")
    return tuple(labels)
