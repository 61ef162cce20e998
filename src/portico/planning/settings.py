"""Technical choices of a plan; none is clinical."""

from __future__ import annotations

from dataclasses import dataclass, replace

from portico.directive import Directive
from portico.planning.influence import MOST_BYTES
from portico.planning.readiness import neural_of

__all__ = ["PlanSettings", "settings_for"]


@dataclass(frozen=True, slots=True)
class PlanSettings:
    """Technical choices; none is clinical.

    Parameters
    ----------
    beams : evenly round the patient, in one plane
    first_deg : gantry angle of the first
    bixel_mm : width at the isocentre plane
    grid_mm : of the dose
    most_bytes : a larger matrix is refused before it is begun
    threads : how many work at once
    """

    beams: int = 9
    first_deg: float = 0.0
    bixel_mm: float = 5.0
    grid_mm: float = 3.0
    most_bytes: int = MOST_BYTES
    threads: int = 2

    @property
    def halved(self) -> PlanSettings:
        """The same at half the resolution."""
        return replace(self, bixel_mm=2.0 * self.bixel_mm, grid_mm=2.0 * self.grid_mm)


def settings_for(directive: Directive) -> PlanSettings:
    """Settings by technique: near a cord a dose grid of 1.25 mm and bixels of 2.5 mm, otherwise 3 and 5 mm."""
    if neural_of(directive):
        return PlanSettings(bixel_mm=2.5, grid_mm=1.25)
    return PlanSettings()
