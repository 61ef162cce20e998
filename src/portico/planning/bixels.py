"""Bixels: small squares of a beam at the isocentre plane, on one lattice a beam, wherever the target is seen.

>>> beam = Beam(0.0)
>>> target = np.array([[0.0, 0.0, 0.0], [9.0, 0.0, 0.0]])
>>> bixels_for((beam,), target, width_mm=5.0, margin_mm=0.0).x_mm.tolist()
[0.0, 10.0]
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from portico.errors import InputRefused, UsageError
from portico.planning.beams import Beam

__all__ = ["Bixels", "bixels_for"]

Floats = NDArray[np.float64]
#: Narrowest and widest bixel in mm that is taken.
_WIDTH_MM: Final = (1.0, 20.0)


@dataclass(frozen=True, slots=True, eq=False)
class Bixels:
    """Every bixel of a plan; sorted by beam, then z, then x.

    Parameters
    ----------
    beams : the beams
    beam : (n,) number of the beam in ``beams``
    x_mm, z_mm : (n,) middle at the isocentre plane in the beam's view, whole multiples of the width
    width_mm : of the square
    """

    beams: tuple[Beam, ...]
    beam: NDArray[np.int32]
    x_mm: Floats
    z_mm: Floats
    width_mm: float

    def __len__(self) -> int:
        return len(self.beam)

    def lattice(self, number: int) -> tuple[NDArray[np.int32], int, int]:
        """(z, x) numbers of the bixels of a beam, -1 where there is none, and the lattice numbers of its first row and column."""
        own = np.flatnonzero(self.beam == number)
        if not len(own):
            return np.full((1, 1), -1, np.int32), 0, 0
        z, x = (np.rint(one[own] / self.width_mm).astype(np.int64) for one in (self.z_mm, self.x_mm))
        made = np.full((int(np.ptp(z)) + 1, int(np.ptp(x)) + 1), -1, np.int32)
        made[z - z.min(), x - x.min()] = own
        return made, int(z.min()), int(x.min())

    def fluence(self, number: int, weights: Floats) -> Floats:
        """(z, x) weights of a beam on its lattice; NaN where there is no bixel."""
        own, _, _ = self.lattice(number)
        return np.where(own >= 0, np.asarray(weights)[np.maximum(own, 0)], np.nan)


def bixels_for(beams: Sequence[Beam], target: Floats, *, width_mm: float, margin_mm: float | None = None) -> Bixels:
    """Bixels of every beam that reach the target's shadow.

    Parameters
    ----------
    target : (n, 3) mm, LPS, middles of the target's voxels
    width_mm : at the isocentre plane
    margin_mm : round the shadow; a bixel's width when left out, for the penumbra at its rim

    Raises
    ------
    InputRefused : ``target-empty``
    UsageError : ``bixel-width`` outside 1 to 20 mm, ``bixel-margin`` outside 0 to 50 mm, ``beam-invalid`` without a beam
    """
    if not len(target):
        raise InputRefused("There is no target to be reached.", code="target-empty")
    if not beams:
        raise UsageError("A plan has a beam or more.", code="beam-invalid")
    if not _WIDTH_MM[0] <= width_mm <= _WIDTH_MM[1]:
        raise UsageError(f"A bixel is {_WIDTH_MM[0]:g} to {_WIDTH_MM[1]:g} mm wide.", code="bixel-width")
    margin = width_mm if margin_mm is None else margin_mm
    if not 0.0 <= margin <= 50.0:
        raise UsageError("The margin of bixels lies between 0 and 50 mm.", code="bixel-margin")
    reach = int(np.ceil(margin / width_mm - 1e-9))
    numbers, xs, zs = [], [], []
    for number, beam in enumerate(beams):
        cells = np.unique(np.rint(beam.projected(target)[:, ::-1] / width_mm).astype(np.int64), axis=0)  # z, x
        low = cells.min(axis=0) - reach
        seen = np.zeros(np.ptp(cells, axis=0) + 2 * reach + 1, bool)
        for dz in range(-reach, reach + 1):
            for dx in range(-reach, reach + 1):
                seen[tuple((cells - low + (dz, dx)).T)] = True
        z, x = np.nonzero(seen)
        numbers.append(np.full(len(z), number, np.int32))
        zs.append((z + low[0]) * width_mm)
        xs.append((x + low[1]) * width_mm)
    return Bixels(tuple(beams), np.concatenate(numbers), np.concatenate(xs), np.concatenate(zs), width_mm)
