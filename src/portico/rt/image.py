"""An image of the patient in Hounsfield units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from portico.rt.grid import Grid

__all__ = ["Image"]


@dataclass(frozen=True, slots=True, eq=False)
class Image:
    """A CT series as one volume.

    Parameters
    ----------
    grid : where the voxels stand
    hu : (k, j, i) Hounsfield units, int16 when the stored numbers allow it, otherwise float32
    frame_uid : frame of reference; None when the series does not say
    series_uid : series; None when it does not say
    instance_uids : SOP instance of each plane, in the order of k
    patient_position : e.g. ``"HFS"``; None when unknown
    highest_hu : largest value the stored numbers can express; a voxel at it may be clipped metal
    lowest_hu : smallest value the stored numbers can express
    slice_thickness_mm : nominal thickness of every plane in mm, which is not their distance; None when unknown or not the same
    kvp : tube voltage in kV of every plane; None when unknown or not the same
    """

    grid: Grid
    hu: npt.NDArray[np.int16] | npt.NDArray[np.float32]
    frame_uid: str | None = None
    series_uid: str | None = None
    instance_uids: tuple[str, ...] = ()
    patient_position: str | None = None
    highest_hu: float | None = None
    lowest_hu: float | None = None
    slice_thickness_mm: float | None = None
    kvp: float | None = None

    @property
    def clipped_voxels(self) -> int | None:
        """Voxels at the largest value that can be expressed; None when that value is unknown."""
        return None if self.highest_hu is None else int(np.count_nonzero(self.hu >= self.highest_hu))
