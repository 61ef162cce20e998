"""A clinical goal as the optimiser takes it: one structure, one measure, one dose in Gy over the whole course.

>>> Goal("SpinalCord", "max", 33.4, priority=1, hard=True).text
'SpinalCord Dmax <= 33.4 Gy (hard)'
>>> Goal("PTV_High", "dvh_min", 40.0, fraction=0.95, priority=2).text
'PTV_High D95% >= 40 Gy'

==============  ==========================================================  ==================
kind            what is asked                                               convex
==============  ==========================================================  ==================
``max``         no voxel above the dose                                     yes
``min``         no voxel below the dose                                     yes
``over``        as ``max``, judged by the mean squared overdose             yes
``under``       as ``min``, judged by the mean squared underdose            yes
``mean_max``    mean dose at most                                           yes
``dvh_max``     dose of the hottest share at most (D10% <= x, V20Gy <= y)   no
``dvh_min``     dose of the hottest share at least (D95% >= x)              no
``cvar_upper``  mean dose of the hottest share at most                      yes
``cvar_lower``  mean dose of the coldest share at least                     yes
``geud_max``    generalised EUD with exponent 1 or more at most             yes
==============  ==========================================================  ==================

``cvar_upper`` at a share implies ``dvh_max`` at that share and is its convex surrogate; ``cvar_lower`` at a share of
5 % implies D95% at that dose. A weight is per Gy², so that goals of one priority compare by mean squared excess.

Source: Wu and Mohan, Medical Physics 2000 (selection of voxels for DVH goals); Romeijn and others, Physics in Medicine
and Biology 2003 (CVaR); Jee, McShan and Fraass, Physics in Medicine and Biology 2007 (lexicographic order).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from portico.errors import UsageError

__all__ = ["CONVEX_KINDS", "LOWER_KINDS", "SHARE_KINDS", "Goal", "GoalKind"]

GoalKind = Literal[
    "max", "min", "over", "under", "mean_max", "dvh_max", "dvh_min", "cvar_upper", "cvar_lower", "geud_max"
]  # fmt: skip

#: Goals that ask for at least a dose.
LOWER_KINDS: Final[frozenset[GoalKind]] = frozenset({"min", "under", "dvh_min", "cvar_lower"})
#: Goals about a share of the volume.
SHARE_KINDS: Final[frozenset[GoalKind]] = frozenset({"dvh_max", "dvh_min", "cvar_upper", "cvar_lower"})
#: Goals whose set of allowed doses is convex: for these the gap is to the true optimum.
CONVEX_KINDS: Final[frozenset[GoalKind]] = frozenset(
    {"max", "min", "over", "under", "mean_max", "cvar_upper", "cvar_lower", "geud_max"}
)


@dataclass(frozen=True, slots=True)
class Goal:
    """One goal.

    Parameters
    ----------
    roi : structure
    kind : see the head of this module
    dose_gy : physical dose of the whole course in Gy, above 0
    fraction : share of the volume for the kinds of :data:`SHARE_KINDS`, above 0 and at most 1; for ``dvh_*`` and
        ``cvar_upper`` the hottest share, for ``cvar_lower`` the coldest
    volume_cm3 : the same as a volume, instead of ``fraction``
    exponent : of gEUD, 1 or more; only for ``geud_max``
    priority : 1 is served first
    weight : against other goals of the same priority, per Gy², above 0
    hard : True when no plan that breaks it is accepted
    source : record or Directive line it comes from; empty when the planner states it

    Raises
    ------
    UsageError : ``goal-invalid``
    """

    roi: str
    kind: GoalKind
    dose_gy: float
    fraction: float | None = None
    volume_cm3: float | None = None
    exponent: float | None = None
    priority: int = 1
    weight: float = 1.0
    hard: bool = False
    source: str = ""

    def __post_init__(self) -> None:
        for wrong, says in (
            (not (math.isfinite(self.dose_gy) and self.dose_gy > 0.0), "a dose above 0 Gy"),
            (not (math.isfinite(self.weight) and self.weight > 0.0), "a weight above 0"),
            (self.priority < 1, "a priority of 1 or more"),
            (self.fraction is not None and not 0.0 < self.fraction <= 1.0, "a share above 0 and at most 1"),
            (self.volume_cm3 is not None and not 0.0 < self.volume_cm3 < math.inf, "a volume above 0 cm3"),
            ((self.kind in SHARE_KINDS) != ((self.fraction is None) != (self.volume_cm3 is None)),
             "a share or a volume, one of them, just where its kind is about a share"),
            (self.fraction is not None and self.volume_cm3 is not None, "a share or a volume, not both"),
            ((self.kind == "geud_max") != (self.exponent is not None), "an exponent just where it is gEUD"),
            (self.exponent is not None and not 1.0 <= self.exponent <= 100.0, "an exponent from 1 to 100"),
        ):  # fmt: skip
            if wrong:
                raise UsageError(f"A goal has {says}.", code="goal-invalid", path=self.roi)

    @property
    def lower(self) -> bool:
        """True when the goal asks for at least its dose."""
        return self.kind in LOWER_KINDS

    @property
    def convex(self) -> bool:
        """True when the gap of a plan under this goal is to the true optimum; DVH goals are not convex."""
        return self.kind in CONVEX_KINDS

    @property
    def measure(self) -> str:
        """What is measured, as in the plan metrics where these have a name for it."""
        if self.fraction is not None:
            share = f"{100.0 * self.fraction:g}%"
        else:
            share = f"{self.volume_cm3 or 0.0:g}cc"
        return {
            "max": "Dmax", "min": "Dmin", "over": "Dmax", "under": "Dmin", "mean_max": "Dmean", "dvh_max": f"D{share}",
            "dvh_min": f"D{share}", "cvar_upper": f"mean of the hottest {share}",
            "cvar_lower": f"mean of the coldest {share}", "geud_max": f"gEUD(a={self.exponent or 0.0:g})",
        }[self.kind]  # fmt: skip

    @property
    def text(self) -> str:
        """The goal in one line."""
        strength = " (hard)" if self.hard else ""
        return f"{self.roi} {self.measure} {'>=' if self.lower else '<='} {self.dose_gy:g} Gy{strength}"
