"""Histogram of a structure from the doses of its rows.

>>> import numpy as np
>>> found = dvh_of_rows(np.array([1.0, 2.0, 3.0, 4.0]), np.full(4, 0.25))
>>> found.volume_cm3, found.mean, found.max, round(found.dose_at_percent(50.0), 6)
(1.0, 2.5, 4.0, 3.0)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from portico.dosimetry import Dvh
from portico.dosimetry.histogram import Sums
from portico.errors import InputRefused

__all__ = ["dvh_of_rows"]

Floats = NDArray[np.float64]


def dvh_of_rows(doses_gy: NDArray[np.floating], volumes_cm3: Floats) -> Dvh:
    """The cumulative histogram of whole voxels.

    Parameters
    ----------
    doses_gy : (n,) of the structure's rows
    volumes_cm3 : (n,) that each stands for

    Raises
    ------
    InputRefused : ``region-empty`` when there is no row
    """
    if not len(doses_gy):
        raise InputRefused("The structure has no row of the matrix.", code="region-empty")
    order = np.argsort(doses_gy, kind="stable")
    doses = np.asarray(doses_gy, np.float64)[order]
    volumes = np.asarray(volumes_cm3, np.float64)[order] * 1000.0
    total = float(volumes.sum())
    nodes = np.append(doses, doses[-1] + 1e-9)
    below = np.concatenate([[0.0], np.cumsum(volumes)])
    mean = float(doses @ volumes) / total
    return Dvh(Sums(nodes, below, total, 0.0, mean, float(doses[0]), float(doses[-1])), None)
