"""Dose-volume histogram of one structure, and its metrics without bins.

The volume between contours is that of :func:`portico.geometry.boxes_of`; no voxel counts as all in or all out. The
end-cap rule is part of the result. Where a part of the structure lies off the dose grid its dose is unknown: a
metric that needs it raises instead of taking it as zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from portico.dosimetry.field import field_of
from portico.dosimetry.histogram import Sums, sum_boxes
from portico.errors import CannotTell, UsageError
from portico.geometry import END_CAPS, EndCap, Slices, boxes_of, slices_of
from portico.rt.dose import DoseGrid
from portico.rt.structures import Structure

__all__ = ["Dvh", "dvh"]

#: Share of the volume that may lie off the dose grid before a metric cannot be told: rounding, not anatomy.
OUTSIDE_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Dvh:
    """Cumulative dose-volume histogram.

    Parameters
    ----------
    sums : what was summed; volumes in mm³, doses in Gy
    end_cap : the rule by which the structure ends beyond its last contours; None for whole voxels of a mask
    gaps : heights in mm below and above each gap between slices; not filled
    skipped_contours : contours that bound no area
    """

    sums: Sums
    end_cap: EndCap | None
    gaps: tuple[tuple[float, float], ...] = ()
    skipped_contours: int = 0

    @property
    def end_cap_text(self) -> str:
        """What the end-cap rule says, in one line."""
        return "whole voxels of a mask" if self.end_cap is None else END_CAPS[self.end_cap]

    @property
    def volume_cm3(self) -> float:
        """Volume of the whole structure in cm³, on and off the dose grid."""
        return (self.sums.inside + self.sums.outside) / 1000.0

    @property
    def outside_cm3(self) -> float:
        """Volume in cm³ that lies off the dose grid, where the dose is unknown."""
        return self.sums.outside / 1000.0

    @property
    def complete(self) -> bool:
        """Whether the dose of the whole structure is known."""
        return self.sums.outside <= OUTSIDE_TOLERANCE * (self.sums.inside + self.sums.outside)

    @property
    def mean(self) -> float:
        """Mean dose in Gy. Raises CannotTell when a part lies off the dose grid."""
        self._need_all()
        return self.sums.mean

    @property
    def min(self) -> float:
        """Lowest dose in Gy. Raises CannotTell when a part lies off the dose grid."""
        self._need_all()
        return self.sums.least

    @property
    def max(self) -> float:
        """Highest dose in Gy. Raises CannotTell when a part lies off the dose grid."""
        self._need_all()
        return self.sums.most

    @property
    def max_on_grid(self) -> float:
        """Highest dose in Gy of the part on the dose grid; a lower bound when the rest is unknown."""
        if self.sums.inside <= 0.0:
            raise CannotTell("The structure lies off the dose grid.", code="structure-off-dose-grid")
        return self.sums.most

    def dose_at_volume_cm3(self, volume_cm3: float) -> float:
        """Least dose of the hottest ``volume_cm3``, in Gy.

        Parameters
        ----------
        volume_cm3 : volume in cm³, above 0

        Raises
        ------
        CannotTell : ``volume-beyond-structure`` when the structure is smaller; ``structure-off-dose-grid``
        UsageError : ``volume-not-positive``
        """
        if not (math.isfinite(volume_cm3) and volume_cm3 > 0.0):
            raise UsageError("A volume must be above 0 cm3.", code="volume-not-positive")
        self._need_all()
        wanted = volume_cm3 * 1000.0
        if wanted > self.sums.inside * (1.0 + 1e-9):
            raise CannotTell("The structure is smaller than this volume.", code="volume-beyond-structure")
        return self._dose_with_below(self.sums.inside - wanted)

    def dose_at_percent(self, percent: float) -> float:
        """Least dose of the hottest ``percent`` of the volume, in Gy.

        Parameters
        ----------
        percent : above 0, at most 100

        Raises
        ------
        CannotTell : ``structure-off-dose-grid``
        UsageError : ``percent-out-of-range``
        """
        if not (math.isfinite(percent) and 0.0 < percent <= 100.0):
            raise UsageError("A share of the volume is above 0 and at most 100 %.", code="percent-out-of-range")
        self._need_all()
        return self._dose_with_below(self.sums.inside * (1.0 - percent / 100.0))

    def volume_at_dose(self, gy: float) -> float:
        """Volume in cm³ that receives ``gy`` Gy or more.

        Raises
        ------
        CannotTell : ``structure-off-dose-grid``
        UsageError : ``dose-negative``
        """
        if not (math.isfinite(gy) and gy >= 0.0):
            raise UsageError("A dose must be 0 Gy or more.", code="dose-negative")
        self._need_all()
        if gy <= self.sums.least:
            return self.sums.inside / 1000.0
        if gy > self.sums.most:
            return 0.0
        below = float(np.interp(gy, self.sums.nodes, self.sums.below))
        return (self.sums.inside - below) / 1000.0

    def percent_at_dose(self, gy: float) -> float:
        """Share of the volume in % that receives ``gy`` Gy or more; raises as :meth:`volume_at_dose`."""
        return 100.0 * self.volume_at_dose(gy) / self.volume_cm3

    def cumulative(self, bins: int | NDArray[np.float64] = 200) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Doses in Gy and the volume in cm³ with at least each.

        Parameters
        ----------
        bins : number of equal steps from 0 to the highest dose, or the doses themselves in Gy
        """
        doses = self._edges(bins)
        return doses, np.array([self.volume_at_dose(float(gy)) for gy in doses])

    def differential(self, bins: int | NDArray[np.float64] = 200) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Edges of dose bins in Gy (n + 1) and the volume in cm³ in each (n); the highest dose is in the last bin.

        Parameters
        ----------
        bins : number of equal bins from 0 to the highest dose, or their edges in Gy
        """
        edges = self._edges(bins)
        at_least = np.array([self.volume_at_dose(float(gy)) for gy in edges])
        if edges[-1] >= self.sums.most:
            at_least[-1] = 0.0
        return edges, at_least[:-1] - at_least[1:]

    def _edges(self, bins: int | NDArray[np.float64]) -> NDArray[np.float64]:
        if isinstance(bins, int):
            if bins < 1:
                raise UsageError("A histogram has one bin or more.", code="bins-not-positive")
            return np.linspace(0.0, max(self.max, 1e-9), bins + 1)
        edges = np.asarray(bins, dtype=np.float64)
        if edges.ndim != 1 or len(edges) < 2 or not (np.diff(edges) > 0).all():
            raise UsageError("Bin edges must rise.", code="bins-not-rising")
        return edges

    def _need_all(self) -> None:
        if not self.complete:
            raise CannotTell(
                "A part of the structure lies off the dose grid, where the dose is unknown.",
                code="structure-off-dose-grid",
                fix="Compute the dose on a grid that covers the structure.",
            )

    def _dose_with_below(self, below_mm3: float) -> float:
        """Dose with that much volume below it."""
        sums = self.sums
        i = int(np.searchsorted(sums.below, below_mm3, side="right"))
        if i <= 0:
            return sums.least
        if i >= len(sums.below):
            return sums.most
        gain = sums.below[i] - sums.below[i - 1]
        part = (below_mm3 - sums.below[i - 1]) / gain if gain > 0 else 0.0
        return float(np.clip(sums.nodes[i - 1] + part * (sums.nodes[i] - sums.nodes[i - 1]), sums.least, sums.most))


def dvh(
    structure: Structure | Slices,
    dose: DoseGrid,
    *,
    end_cap: EndCap = "tapered",
    slice_mm: float | None = None,
    box_mm: float | None = None,
) -> Dvh:
    """Dose-volume histogram of a structure.

    Parameters
    ----------
    structure : a structure with contours, or slices of :func:`portico.geometry.slices_of`
    dose : dose grid in Gy, parallel to the patient axes; both must share a frame of reference (the reader checks)
    end_cap : ``tapered`` (an end closes where its last three contours point to, within one slice; any other end is
        extended by half a slice), ``half``, ``full`` or ``none``: extension of the last contour as it is
    slice_mm : slice thickness in mm; needed only for a structure on a single slice, where leaving it out raises
    box_mm : edge of the sampling boxes in mm; None chooses it from the size of the structure

    Raises
    ------
    InputRefused : ``oblique``, ``dose-not-finite``, ``structure-without-area`` and what
        :func:`portico.geometry.slices_of` raises
    CannotTell : ``single-slice``
    UsageError : ``end-cap-unknown``
    """
    if end_cap not in END_CAPS:
        raise UsageError("There is no such end-cap rule.", code="end-cap-unknown", fix=f"Use {', '.join(END_CAPS)}.")
    slices = structure if isinstance(structure, Slices) else slices_of(structure)
    field = field_of(dose)
    corners = np.vstack([ring for rings in slices.polygons for ring in rings])
    margin = slices.step_mm or slice_mm or 0.0
    low = np.array([*corners.min(axis=0), slices.z[0] - margin])
    high = np.array([*corners.max(axis=0), slices.z[-1] + margin])
    near = field.cropped(low, high)
    sums = sum_boxes(boxes_of(slices, end_cap=end_cap, slice_mm=slice_mm, box_mm=box_mm), near)
    if sums.inside + sums.outside <= 0.0:
        raise CannotTell(
            "The structure has no volume under this end-cap rule.", code="structure-without-volume", fix="Use half."
        )
    return Dvh(sums, end_cap, slices.gaps, slices.skipped)
