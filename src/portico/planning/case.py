"""What a plan is made on: a CT, structures on its voxels, and the same structures on the grid of the dose.

>>> import numpy as np
>>> ct = Grid((0, 0, 0), (1, 1, 1), np.eye(3), (12, 12, 12))
>>> dose = dose_grid(ct, 3.0)
>>> dose.shape, dose.origin.tolist()
((4, 4, 4), [1.0, 1.0, 1.0])
>>> mask = np.zeros(ct.shape, bool)
>>> mask[:6] = True
>>> int(on_dose_grid(mask, ct, dose).sum())
32
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from portico.errors import InputRefused
from portico.geometry import filled_box
from portico.rt import Grid, Image

__all__ = ["PlanCase", "dose_grid", "on_dose_grid"]

Mask = NDArray[np.bool_]
#: Finest and coarsest dose grid in mm that is taken: below, a typing error is likelier than a plan; above, no cord is seen.
_SPACING_MM: Final = (0.25, 10.0)
#: Least share of a voxel that counts as touched: below it is rounding.
_TOUCHED: Final = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class PlanCase:
    """One patient or phantom.

    Parameters
    ----------
    grid : of the CT and of every mask
    hu : (k, j, i) HU
    masks : (k, j, i) by the name of the structure
    image : the CT as read from DICOM; None for a phantom that is none, and then no DICOM is written
    says : where it comes from, without a word about the patient

    Raises
    ------
    InputRefused : ``mask-shape``, ``ct-damaged`` when a value of the CT is not finite
    """

    grid: Grid
    hu: NDArray[Any]
    masks: Mapping[str, Mask]
    image: Image | None = None
    says: str = ""

    def __post_init__(self) -> None:
        if self.hu.shape != self.grid.shape or any(one.shape != self.grid.shape for one in self.masks.values()):
            raise InputRefused("The CT and the structures do not stand on one grid.", code="mask-shape")
        if not np.isfinite(self.hu).all():
            raise InputRefused(
                "The CT holds values that are no numbers.",
                code="ct-damaged",
                fix="Export it again; nothing can be planned on it.",
            )

    def mask(self, name: str) -> Mask:
        """The mask of a structure.

        Raises
        ------
        InputRefused : ``structure-missing`` when there is none of that name, or it is empty
        """
        found = self.masks.get(name)
        if found is None or not found.any():
            raise InputRefused(
                f"The plan needs {name}, and there is no such structure.",
                code="structure-missing",
                path=name,
                fix="Draw it, or say which structure it is by --match NAME=NUMBER.",
            )
        return found


def dose_grid(ct: Grid, spacing_mm: float) -> Grid:
    """The grid of the dose over the whole CT, along the CT's own axes.

    Parameters
    ----------
    spacing_mm : along every axis

    Raises
    ------
    InputRefused : ``dose-grid`` outside 0.25 to 10 mm
    """
    if not _SPACING_MM[0] <= spacing_mm <= _SPACING_MM[1]:
        raise InputRefused(f"A dose grid lies between {_SPACING_MM[0]:g} and {_SPACING_MM[1]:g} mm.", code="dose-grid")
    sizes = np.array(ct.shape[::-1]) * ct.spacing
    counts = np.maximum(1, np.rint(sizes / spacing_mm).astype(int))
    corner = ct.origin - ct.axes @ (0.5 * ct.spacing)
    room = 0.5 * (sizes - counts * spacing_mm)  # what is left over is shared between both ends
    origin = corner + ct.axes @ (room + 0.5 * spacing_mm)
    i, j, k = (int(one) for one in counts)
    return Grid(origin, np.full(3, spacing_mm), ct.axes, (k, j, i))


def on_dose_grid(mask: Mask, ct: Grid, dose: Grid, *, touched: bool = False) -> Mask:
    """(k, j, i) voxels of the dose of which at least half lies in the mask, by exact overlap of voxels.

    Parameters
    ----------
    mask : (k, j, i) on the CT
    dose : along the CT's axes
    touched : take every voxel of which any part lies in the mask. So neural organs are seen: half a voxel left out at the border of a
        cord hides the steepest dose, and a limit would be kept on paper only
    """
    made = np.zeros(dose.shape, bool)
    box = filled_box(mask)
    if box is None:
        return made
    shares: NDArray[Any] = mask[box].astype(np.float32)
    into = []
    for axis in range(3):
        number = 2 - axis  # grids name i, j, k; arrays stand as (k, j, i)
        overlap, first = _overlap(ct, dose, axis, box[number])
        moved = np.moveaxis(shares, number, 0)
        flat = overlap @ moved.reshape(moved.shape[0], -1)
        shares = np.moveaxis(flat.reshape(overlap.shape[0], *moved.shape[1:]), 0, number)
        into.append(slice(first, first + overlap.shape[0]))
    made[into[2], into[1], into[0]] = shares >= (_TOUCHED if touched else 0.5 - 1e-5)
    return made


def _overlap(ct: Grid, dose: Grid, axis: int, part: slice) -> tuple[csr_array, int]:
    """(voxels of the dose, voxels of the CT) share of the former in the latter, and the first voxel of the dose that is meant."""
    fine, coarse = ct.spacing[axis], dose.spacing[axis]
    start = (
        float((dose.origin - ct.origin) @ ct.axes[:, axis]) - 0.5 * coarse
    )  # from the middle of the CT's first voxel
    edges = (np.arange(part.start, part.stop + 1) - 0.5) * fine
    size = dose.shape[2 - axis]
    first = int(np.clip(np.floor((edges[0] - start) / coarse), 0, size))
    last = int(np.clip(np.ceil((edges[-1] - start) / coarse), first, size))
    low = start + np.arange(first, last)[:, None] * coarse
    shares = np.minimum(low + coarse, edges[None, 1:]) - np.maximum(low, edges[None, :-1])
    return csr_array(np.maximum(shares, 0.0).astype(np.float32) / np.float32(coarse)), first
