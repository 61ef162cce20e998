"""Histograms of label maps: each voxel of a label belongs wholly to its structure.

A mask has no contours, so there is no end-cap rule and no volume between its steps: the volume is the number of
voxels times that of one. The dose varies within a voxel as it does elsewhere, linear between the dose grid's points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from portico.dosimetry.dvh import Dvh
from portico.dosimetry.field import field_of
from portico.dosimetry.histogram import sum_boxes
from portico.dosimetry.names import NameTable
from portico.dosimetry.plan_check import StructureDose
from portico.errors import InputRefused
from portico.rt.dose import DoseGrid
from portico.rt.grid import Grid
from portico.rt.volumes import Labels

__all__ = ["label_doses", "mask_dvh"]

#: Largest edge in mm of the boxes that a voxel is divided into.
_BOX_MM = 1.5
#: Boxes made at a time.
_AT_ONCE = 1_000_000
#: Labels in one map; more is a picture, not a label map.
_MOST_LABELS = 1000


def mask_dvh(mask: NDArray[np.bool_], grid: Grid, dose: DoseGrid) -> Dvh:
    """Dose-volume histogram of the voxels of a mask.

    >>> grid = Grid((0, 0, 0), (2, 2, 2), np.eye(3), (3, 3, 3))
    >>> mask = np.zeros((3, 3, 3), dtype=bool)
    >>> mask[1, 1, :2] = True
    >>> rising = np.broadcast_to(np.arange(3.0) * 10.0, (3, 3, 3)).copy()
    >>> found = mask_dvh(mask, grid, DoseGrid(grid, rising, "PLAN"))
    >>> round(found.volume_cm3, 6), round(found.dose_at_percent(50.0), 2), found.max
    (0.016, 5.0, 15.0)

    Parameters
    ----------
    mask : (k, j, i) voxels
    grid : where they stand, parallel to the patient axes, in the frame of reference of the dose
    dose : dose in Gy; its grid need not be that of the mask

    Raises
    ------
    InputRefused : ``oblique``, ``mask-shape``, ``mask-empty``, ``dose-not-finite``
    """
    if mask.shape != grid.shape:
        raise InputRefused("The mask does not have the shape of its grid.", code="mask-shape")
    where = np.argwhere(mask)[:, ::-1]
    if not len(where):
        raise InputRefused("No voxel belongs to the structure.", code="mask-empty")
    straight = grid.snapped()
    size = np.abs(straight.axes) @ straight.spacing  # of a voxel along x, y, z
    centres = straight.points(where)
    near = field_of(dose).cropped(centres.min(axis=0) - size, centres.max(axis=0) + size)
    return Dvh(sum_boxes(_boxes(centres, size), near), None)


def label_doses(
    labels: Labels,
    dose: DoseGrid,
    names: NameTable,
    called: Mapping[int, str],
    progress: Callable[[int, int], None] | None = None,
) -> tuple[StructureDose, ...]:
    """One entry for each label of a map, in the order of their numbers.

    Parameters
    ----------
    labels : label map; 0 is outside
    dose : dose in Gy
    names : table of names
    called : what the user calls a label; a label that is not in it stays ``label N`` and is matched to nothing
    progress : called with the number done and their number, after each

    Raises
    ------
    InputRefused : ``no-such-label`` (a name for a label that has no voxel), ``too-many-labels``, ``no-labels``, ``oblique``
    """
    numbers = [int(n) for n in np.unique(labels.labels) if n]
    if not numbers:
        raise InputRefused("The label map has no label.", code="no-labels")
    if len(numbers) > _MOST_LABELS:
        raise InputRefused("This is no label map: it has too many labels.", code="too-many-labels")
    for number in called:
        if number not in numbers:
            raise InputRefused("No voxel has this label.", code="no-such-label", path=f"label {number}")
    found = []
    for done, number in enumerate(numbers, start=1):
        label = called.get(number, f"label {number}")
        match = names.match(label) if number in called else None
        made = mask_dvh(labels.labels == number, labels.grid, dose)
        found.append(
            StructureDose(
                number,
                label,
                match.roi if match else label,
                match.how if match else "none",
                match.role if match else "other",
                made,
                None,
                match.prv_mm if match else None,
            )
        )
        if progress is not None:
            progress(done, len(numbers))
    return tuple(found)


def _boxes(centres: NDArray[np.float64], size: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """The voxels as boxes of :func:`portico.geometry.boxes_of`, square in the plane as nearly as they divide."""
    edge = min(_BOX_MM, float(size[:2].min()))
    parts = np.maximum(1, np.ceil(size / (edge, edge, _BOX_MM) - 1e-9).astype(int))
    steps = size / parts
    offsets = np.stack(
        np.meshgrid(*((np.arange(n) - (n - 1) / 2.0) * step for n, step in zip(parts, steps, strict=True))), axis=-1
    ).reshape(-1, 3)
    fixed = np.array([np.prod(steps), np.sqrt(steps[0] * steps[1]), steps[2], 0.0, 0.0, 1.0])
    at_once = max(1, _AT_ONCE // len(offsets))
    for start in range(0, len(centres), at_once):
        points = (centres[start : start + at_once, None, :] + offsets).reshape(-1, 3)
        yield np.hstack([points, np.broadcast_to(fixed, (len(points), 6))])
