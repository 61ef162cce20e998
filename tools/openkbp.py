"""A patient of OpenKBP as a plan case with the dose that was delivered.

    python tools/openkbp.py ../shared/data/openkbp/pt_79 out/pt_79.npz

Every table is sparse: flat index in C order of (row, column, slice) of 128 x 128 x 128 voxels, and a value; HU are the values less 1024.
In memory slices rise to the head. The body is where dose was possible with what else is denser than air, without holes. The set has no
density table: that of pyRadPlan 0.5.0 stands in for it, which is good enough to compare fluences and for nothing else.

Source: Babier and others, Medical Physics 2021 (MIT licence).
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes

from portico.planning.case import PlanCase
from portico.planning.case_file import write_case_file
from portico.planning.density import DensityTable
from portico.rt import Grid

SIZE: Final = 128
BODY: Final = "BODY"
#: HU above which a voxel beyond the region of dose is tissue.
TISSUE_HU: Final = -500.0
TABLE: Final = DensityTable(
    (-1024.0, -999.0, -90.0, -45.0, 0.0, 100.0, 350.0, 3000.0), (0.001, 0.001, 0.95, 0.99, 1.0, 1.095, 1.199, 2.505),
    "default of pyRadPlan 0.5.0; OpenKBP comes without one",
)  # fmt: skip
_NO_STRUCTURE: Final = ("ct", "dose", "possible_dose_mask", "voxel_dimensions")


def volume(folder: Path, name: str) -> NDArray[np.float64]:
    """(k, j, i) of one table; a mask has ones."""
    made = np.zeros(SIZE**3)
    with gzip.open(folder / f"{name}.csv.gz", "rt", encoding="ascii") as file:
        next(file)
        for line in file:
            index, value = line.rstrip("\n").split(",")
            made[int(index)] = float(value or 1.0)
    return np.ascontiguousarray(made.reshape(SIZE, SIZE, SIZE).transpose(2, 0, 1)[::-1])


def read_patient(folder: Path) -> tuple[PlanCase, NDArray[Any], NDArray[np.bool_]]:
    """The case, the delivered dose in Gy (k, j, i), and where dose was possible; beyond, the set holds no dose."""
    with gzip.open(folder / "voxel_dimensions.csv.gz", "rt", encoding="ascii") as file:
        row, column, apart = (float(line) for line in file)
    grid = Grid((0.0, 0.0, 0.0), (column, row, apart), np.eye(3), (SIZE, SIZE, SIZE))
    hu = volume(folder, "ct") - 1024.0
    possible = volume(folder, "possible_dose_mask") > 0
    solid = possible | (hu > TISSUE_HU)
    masks = {BODY: np.array([binary_fill_holes(one) for one in solid])}
    for path in sorted(folder.glob("*.csv.gz")):
        name = path.name.removesuffix(".csv.gz")
        if name not in _NO_STRUCTURE:
            masks[name] = volume(folder, name) > 0
    return PlanCase(grid, hu.astype(np.int16), masks, says="OpenKBP"), volume(folder, "dose"), possible


def main(source: str, out: str) -> None:
    case, _, _ = read_patient(Path(source))
    write_case_file(out, case, TABLE)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
