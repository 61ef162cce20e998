"""A C-shape round a core in two dimensions: small enough for a test, with the conflict of a spine plan in it.

>>> anatomy = flat_anatomy()
>>> sorted(anatomy.regions), anatomy.product.shape
(['BODY', 'Core', 'Target'], (1257, 119))

Made up: narrow beams of Gaussian profile that fade with depth. It proves the optimiser, not a dose.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from portico.planning.objectives import Anatomy, Region
from portico.planning.product import CpuProduct

__all__ = ["flat_anatomy", "flat_matrix"]

_STEP_MM: Final = 3.0
_RADIUS_MM: Final = 60.0
_CORE_MM: Final = 10.0
_RING_MM: Final = (15.0, 27.0)
_BEAMS: Final = 7
_BIXEL_MM: Final = 4.0
_SIGMA_MM: Final = 4.0
_FADE_PER_MM: Final = 0.005


def flat_matrix() -> tuple[csr_array, NDArray[np.float64]]:
    """Matrix in Gy per unit weight, shape (voxels, bixels), and the (voxels, 2) positions of the voxels in mm."""
    line = np.arange(-_RADIUS_MM, _RADIUS_MM + 1e-9, _STEP_MM)
    x, y = (part.ravel() for part in np.meshgrid(line, line))
    inside = np.hypot(x, y) < _RADIUS_MM + 1e-9
    places = np.column_stack([x[inside], y[inside]])
    offsets = np.arange(-8, 9) * _BIXEL_MM
    columns = []
    for angle in 2.0 * np.pi * np.arange(_BEAMS) / _BEAMS:
        across = places @ np.array([np.cos(angle), np.sin(angle)])
        along = places @ np.array([-np.sin(angle), np.cos(angle)])
        depth = along + np.sqrt(np.maximum(_RADIUS_MM**2 - across**2, 0.0))
        for offset in offsets:
            columns.append(np.exp(-_FADE_PER_MM * depth - (across - offset) ** 2 / (2.0 * _SIGMA_MM**2)))
    made = np.column_stack(columns)
    made[made < 1e-3] = 0.0
    return csr_array(made.astype(np.float32)), places


def flat_anatomy() -> Anatomy:
    """The phantom: Target (a ring open to one side), Core inside it, BODY; voxels of 3 x 3 x 3 mm."""
    matrix, places = flat_matrix()
    radius = np.hypot(places[:, 0], places[:, 1])
    ring = (radius >= _RING_MM[0]) & (radius <= _RING_MM[1]) & (places[:, 1] > -0.5 * radius)
    masks = {"Target": ring, "Core": radius < _CORE_MM, "BODY": np.ones(len(places), dtype=bool)}
    volume_cm3 = _STEP_MM**3 / 1000.0
    regions = {
        name: Region(np.flatnonzero(mask).astype(np.int64), np.full(int(mask.sum()), volume_cm3))
        for name, mask in masks.items()
    }
    return Anatomy(CpuProduct(matrix), regions, "BODY")
