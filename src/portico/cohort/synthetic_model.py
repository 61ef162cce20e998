"""The invented world behind a synthetic registry, and the answers that a right analysis must find in it.

>>> world = World()
>>> round(world.incidence(365.0), 4) == round(world.incidence(365.0, sbrt=None), 4)
True
>>> World(sbrt_log_ratio=0.0).overlap_difference(365.0)
0.0

Every number here is made up for teaching, tests and power; none is evidence. Hazards are constant, so that truth follows by
enumeration: patients are of eight kinds (visceral metastases, poor performance, radioresistant tumour) in several centres.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from scipy.special import expit

__all__ = ["Kind", "World"]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of patient in one centre, with its share of all patients."""

    visceral: int
    poor: int
    resistant: int
    centre: int
    share: float


@dataclass(frozen=True, slots=True)
class World:
    """Truth.

    Parameters
    ----------
    visceral_share, poor_share, resistant_share : independent shares of patients
    failure_a_day, death_a_day : hazards of local failure and of death of the best kind of patient, a day
    sbrt_log_ratio : log hazard ratio of local failure, stereotactic against conventional
    resistant_log_ratio, visceral_log_ratio : of local failure
    visceral_death, poor_death, resistant_death : log hazard ratios of death
    choice_visceral, choice_poor, choice_resistant : log odds of choosing stereotactic radiotherapy (confounding)
    centre_choice : log odds in each centre (habits)
    centre_delay_days : mean days from surgery to radiotherapy beyond the first week, by centre; the interval has no effect
        on local failure or death whatever
    poor_delay : factor on it when performance is poor
    two_lesions : share of patients with a second course; its death is the same, its failure its own
    ecog_hidden, ecog_hidden_visceral : log odds that the performance status is not recorded, and what visceral disease
        adds (missing at random)
    shortest_days, longest_days : observation ends between these days, evenly
    """

    visceral_share: float = 0.45
    poor_share: float = 0.35
    resistant_share: float = 0.4
    failure_a_day: float = 0.0006
    death_a_day: float = 0.001
    sbrt_log_ratio: float = -0.7
    resistant_log_ratio: float = 0.6
    visceral_log_ratio: float = 0.3
    visceral_death: float = 0.7
    poor_death: float = 0.6
    resistant_death: float = 0.2
    choice_visceral: float = -0.8
    choice_poor: float = -0.7
    choice_resistant: float = 0.8
    centre_choice: tuple[float, ...] = (0.8, 0.3, 0.0, -0.3, -0.8)
    centre_delay_days: tuple[float, ...] = (15.0, 20.0, 30.0, 40.0, 50.0)
    poor_delay: float = 1.4
    two_lesions: float = 0.15
    ecog_hidden: float = -1.6
    ecog_hidden_visceral: float = 0.8
    shortest_days: float = 200.0
    longest_days: float = 1500.0

    def kinds(self) -> Iterator[Kind]:
        """Every kind of patient; the shares sum to one."""
        for centre in range(len(self.centre_choice)):
            for bits in range(8):
                v, p, r = bits & 1, bits >> 1 & 1, bits >> 2
                share = 1.0 / len(self.centre_choice)
                for one, chance in ((v, self.visceral_share), (p, self.poor_share), (r, self.resistant_share)):
                    share *= chance if one else 1 - chance
                yield Kind(v, p, r, centre, share)

    def choice(self, kind: Kind) -> float:
        """Probability of stereotactic radiotherapy."""
        return float(
            expit(
                self.centre_choice[kind.centre]
                + self.choice_visceral * kind.visceral
                + self.choice_poor * kind.poor
                + self.choice_resistant * kind.resistant
            )
        )

    def failure_hazard(self, kind: Kind, sbrt: bool) -> float:
        """Hazard of local failure, a day."""
        log = self.resistant_log_ratio * kind.resistant + self.visceral_log_ratio * kind.visceral
        return self.failure_a_day * math.exp(log + (self.sbrt_log_ratio if sbrt else 0.0))

    def death_hazard(self, kind: Kind) -> float:
        """Hazard of death, a day."""
        log = self.visceral_death * kind.visceral + self.poor_death * kind.poor + self.resistant_death * kind.resistant
        return self.death_a_day * math.exp(log)

    def _share_failed(self, kind: Kind, sbrt: bool, day: float) -> float:
        fails, dies = self.failure_hazard(kind, sbrt), self.death_hazard(kind)
        return fails / (fails + dies) * -math.expm1(-(fails + dies) * day)

    def incidence(self, day: float, *, sbrt: bool | None = None) -> float:
        """True cumulative incidence of local failure by a day; of all as treated, or had all had one technique."""
        total = 0.0
        for kind in self.kinds():
            chance = self.choice(kind) if sbrt is None else float(sbrt)
            with_it, without = (self._share_failed(kind, one, day) for one in (True, False))
            total += kind.share * (chance * with_it + (1 - chance) * without)
        return total

    def overlap_difference(self, day: float) -> float:
        """True difference in incidence, stereotactic minus conventional, among those who might have had either."""
        top = bottom = 0.0
        for kind in self.kinds():
            weight = kind.share * self.choice(kind) * (1 - self.choice(kind))
            top += weight * (self._share_failed(kind, True, day) - self._share_failed(kind, False, day))
            bottom += weight
        return top / bottom
