"""Photon pencil beam: dose of every bixel in every voxel near it.

The dose of a bixel of weight 1 at a voxel is the sum over three kernels of a term of radiological depth times a table of the lateral
place, times the inverse square of the distance from the source. What stands beside the ray, bone or lung, bends no kernel: beside such
edges, and near metal, the dose is off, and no figure of this engine says by how much.

Source: Bortfeld, Schlegel and Rhein, Medical Physics 1993; conventions of matRad (kernel of the central ray's surface, cutoff at the
isocentre plane).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from portico.errors import InputRefused
from portico.geometry import compiled
from portico.planning.bixels import Bixels
from portico.planning.kernels import TABLE_STEP_MM, BaseData, generic_6mv
from portico.planning.ray_depth import depths_mm, surface_mm
from portico.rt import Grid

__all__ = ["CUTOFF_MM", "PencilBeam"]

Floats = NDArray[np.float64]
#: A bixel reaches so far from its edge, in mm at the isocentre plane: the default of matRad.
CUTOFF_MM: Final = 50.0
#: Density at which a ray has met the surface, against water: the default of matRad.
_SURFACE: Final = 0.05


@compiled
def _count(
    places: Any, lattice: Any, z0: int, x0: int, width: float, reach: float, first: int, last: int, out: Any
) -> None:
    """``out[n]`` = bixels that reach the voxel at ``places[n]`` (x, z in mm at the isocentre plane)."""
    for n in range(first, last):
        x, z, found = places[n, 0], places[n, 1], 0
        for row in range(
            max(0, int(np.ceil((z - reach) / width)) - z0),
            min(lattice.shape[0], int(np.floor((z + reach) / width)) - z0 + 1),
        ):
            dz = z - (row + z0) * width
            half = np.sqrt(max(reach * reach - dz * dz, 0.0))
            for column in range(
                max(0, int(np.ceil((x - half) / width)) - x0),
                min(lattice.shape[1], int(np.floor((x + half) / width)) - x0 + 1),
            ):
                if lattice[row, column] >= 0:
                    found += 1
        out[n] = found


@compiled
def _fill(
    places: Any, terms: Any, tables: Any, step: float, lattice: Any, z0: int, x0: int, width: float, reach: float, starts: Any,
    first: int, last: int, values: Any, columns: Any,
) -> None:  # fmt: skip
    """Write what :func:`_count` counted from ``starts[n]`` on: dose in Gy and number of the bixel."""
    middle = tables.shape[1] // 2
    for n in range(first, last):
        x, z, at = places[n, 0], places[n, 1], starts[n]
        a, b, c = terms[n, 0], terms[n, 1], terms[n, 2]
        for row in range(
            max(0, int(np.ceil((z - reach) / width)) - z0),
            min(lattice.shape[0], int(np.floor((z + reach) / width)) - z0 + 1),
        ):
            dz = z - (row + z0) * width
            half = np.sqrt(max(reach * reach - dz * dz, 0.0))
            v = dz / step + middle
            j = int(v)
            fz = v - j
            for column in range(
                max(0, int(np.ceil((x - half) / width)) - x0),
                min(lattice.shape[1], int(np.floor((x + half) / width)) - x0 + 1),
            ):
                number = lattice[row, column]
                if number >= 0:
                    u = (x - (column + x0) * width) / step + middle
                    i = int(u)
                    fx = u - i
                    p, q = (1.0 - fz) * (1.0 - fx), (1.0 - fz) * fx
                    r, s = fz * (1.0 - fx), fz * fx
                    dose = (
                        a * (p * tables[0, j, i] + q * tables[0, j, i + 1] + r * tables[0, j + 1, i] + s * tables[0, j + 1, i + 1])
                        + b * (p * tables[1, j, i] + q * tables[1, j, i + 1] + r * tables[1, j + 1, i] + s * tables[1, j + 1, i + 1])
                        + c * (p * tables[2, j, i] + q * tables[2, j, i + 1] + r * tables[2, j + 1, i] + s * tables[2, j + 1, i + 1])
                    )  # fmt: skip
                    values[at] = max(dose, 0.0)
                    columns[at] = number
                    at += 1


@dataclass(frozen=True, slots=True, eq=False)
class PencilBeam:
    """The engine.

    Parameters
    ----------
    density : (k, j, i) electrons against water, see :func:`portico.planning.densities`
    ct : grid of the density
    base : base data; the shipped generic 6 MV when left out
    cutoff_mm : reach of a bixel from its edge, at the isocentre plane
    threads : how many work at once
    """

    density: NDArray[np.float32]
    ct: Grid
    base: BaseData | None = None
    cutoff_mm: float = CUTOFF_MM
    threads: int = 2

    @property
    def says(self) -> str:
        """What every output says of it."""
        return "generic 6 MV, fluence only"

    def counts(self, bixels: Bixels, number: int, points: Floats) -> NDArray[np.int64]:
        """(n,) bixels of one beam that reach each of (n, 3) points in mm, LPS."""
        lattice, z0, x0 = bixels.lattice(number)
        places = bixels.beams[number].projected(points)
        out = np.zeros(len(points), np.int64)
        self._shared(len(points), _count, places, lattice, z0, x0, bixels.width_mm, self._reach(bixels), out=(out,))
        return out

    def fill(
        self, bixels: Bixels, number: int, points: Floats, starts: NDArray[np.int64], values: NDArray[np.float32],
        columns: NDArray[np.int32],
    ) -> None:  # fmt: skip
        """Write the doses of one beam in Gy per weight, and the numbers of its bixels, from ``starts`` on.

        Raises
        ------
        InputRefused : ``beam-misses-body``
        CannotTell : ``ssd-out-of-range``
        """
        base = self.base or generic_6mv()
        beam = bixels.beams[number]
        surface = surface_mm(self.density, self.ct, beam.source, np.array(beam.isocentre), _SURFACE)
        if surface is None:
            raise InputRefused(
                "The central ray of a beam meets no tissue.", code="beam-misses-body", path=f"beam {number + 1}",
                fix="Put the isocentre into the patient, or look at the density table.",
            )  # fmt: skip
        reach = self._reach(bixels)
        tables = base.bixel_tables(surface, bixels.width_mm, reach)
        depths = depths_mm(self.density, self.ct, beam.source, points, threads=self.threads)
        distance = np.linalg.norm(points - beam.source, axis=1)
        terms = base.depth_terms(depths) * ((base.sad_mm / distance) ** 2)[:, None]
        lattice, z0, x0 = bixels.lattice(number)
        self._shared(
            len(points), _fill, beam.projected(points), terms, tables, TABLE_STEP_MM, lattice, z0, x0, bixels.width_mm, reach, starts,
            out=(values, columns),
        )  # fmt: skip

    def _reach(self, bixels: Bixels) -> float:
        return float(self.cutoff_mm + bixels.width_mm / np.sqrt(2.0))

    def _shared(self, size: int, work: Callable[..., None], *given: Any, out: tuple[Any, ...]) -> None:
        """Share the voxels between threads."""
        cuts = np.linspace(0, size, max(1, self.threads) + 1).astype(int)
        with ThreadPoolExecutor(max(1, self.threads)) as pool:
            for part in [pool.submit(work, *given, int(a), int(b), *out) for a, b in pairwise(cuts)]:
                part.result()
