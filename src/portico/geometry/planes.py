"""Contours sorted into axial slices of closed rings.

>>> from types import SimpleNamespace as Example
>>> ring = np.array([[0, 0, 5.0], [10, 0, 5.0], [10, 10, 5.0], [0, 10, 5.0]])
>>> found = slices_of(Example(contours=(Example(points=ring, kind="CLOSED_PLANAR"),)))
>>> found.z.tolist(), len(found.polygons[0]), found.rule
([5.0], 1, 'even-odd')

Several rings on one slice combine by the even-odd rule: a ring inside another is a hole, whichever way it turns.

Source: DICOM PS3.3 C.8.8.6 (ROI Contour Module).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from portico.errors import InputRefused
from portico.geometry.polygons import Ring, even_odd_area

__all__ = ["Slices", "slices_of"]

#: Contour kinds that bound an area.
CLOSED_KINDS = frozenset({"CLOSED_PLANAR", "CLOSEDPLANAR_XOR"})
#: Largest deviation of one contour's points from an axial plane, in mm; the DICOM text precision, not an anatomy.
PLANAR_TOLERANCE_MM = 0.05
#: A step beyond this multiple of the usual (median) step is a gap: the slices beside it are not joined.
GAP_FACTOR = 1.5


class ContourLike(Protocol):
    """What is read of a contour: ``portico.rt.Contour`` has it."""

    @property
    def points(self) -> NDArray[np.float64]: ...
    @property
    def kind(self) -> str: ...


class StructureLike(Protocol):
    """What is read of a structure: ``portico.rt.Structure`` has it."""

    @property
    def contours(self) -> Sequence[ContourLike]: ...


@dataclass(frozen=True, slots=True)
class Slices:
    """Closed rings per axial slice.

    Parameters
    ----------
    z : (m,) heights of the slices in mm (LPS), rising
    polygons : per slice its rings, each an (n, 2) array of x and y in mm, first point not repeated
    rule : how rings of one slice combine; always ``even-odd``
    skipped : number of contours that bound no area (points, open lines, fewer than three points)
    duplicates : number of rings left out because the same ring stood on the slice before (not for XOR rings)
    """

    z: NDArray[np.float64]
    polygons: tuple[tuple[Ring, ...], ...]
    rule: str = "even-odd"
    skipped: int = 0
    duplicates: int = field(default=0)

    @property
    def step_mm(self) -> float | None:
        """Usual (median) distance of slices in mm; None for a single slice, whose thickness is unknown."""
        return float(np.median(np.diff(self.z))) if len(self.z) > 1 else None

    @property
    def gaps(self) -> tuple[tuple[float, float], ...]:
        """Heights in mm below and above each gap, a step of more than 1.5 times the usual one."""
        step = self.step_mm
        if step is None:
            return ()
        return tuple(
            (float(low), float(high))
            for low, high in zip(self.z[:-1], self.z[1:], strict=True)
            if high - low > GAP_FACTOR * step
        )

    @property
    def areas_mm2(self) -> NDArray[np.float64]:
        """Area of each slice in mm², exact under the even-odd rule."""
        return np.array([even_odd_area(rings) for rings in self.polygons])


def slices_of(structure: StructureLike) -> Slices:
    """Sort the closed contours of a structure into axial slices.

    Parameters
    ----------
    structure : has ``contours``, each with ``points`` (n, 3) in mm LPS and a DICOM ``kind``

    Returns
    -------
    Slices; contours that bound no area are counted in ``skipped``, never silently lost

    Raises
    ------
    InputRefused : ``contour-not-axial`` when a closed contour leaves its axial plane, ``contour-not-finite`` for
        NaN or infinity, ``contour-not-planar`` for OPEN_NONPLANAR, ``structure-without-area`` when nothing is left

    Source: DICOM PS3.3 C.8.8.6.1 (Contour Geometric Type).
    """
    found: list[tuple[float, Ring, str]] = []
    skipped = 0
    for number, contour in enumerate(structure.contours):
        path = f"contours[{number}]"
        points = np.asarray(contour.points, dtype=np.float64)
        if contour.kind == "OPEN_NONPLANAR":
            raise InputRefused("The contour is not planar.", code="contour-not-planar", path=path)
        if contour.kind not in CLOSED_KINDS or points.ndim != 2 or len(points) < 3:
            skipped += 1
            continue
        if not np.isfinite(points).all():
            raise InputRefused("The contour holds a number that is not finite.", code="contour-not-finite", path=path)
        z = float(np.median(points[:, 2]))
        if float(np.abs(points[:, 2] - z).max()) > PLANAR_TOLERANCE_MM:
            raise InputRefused(
                "The contour does not lie in an axial plane.",
                code="contour-not-axial",
                path=path,
                fix="Export the structure with axial contours.",
            )
        ring = _cleaned(points[:, :2])
        if len(ring) < 3:
            skipped += 1
            continue
        found.append((z, ring, contour.kind))
    if not found:
        raise InputRefused(
            "The structure has no closed contour.", code="structure-without-area", fix="Contour it, or leave it out."
        )
    return _grouped(found, skipped)


def _cleaned(points: NDArray[np.float64]) -> Ring:
    """The ring without points repeated one after another, and without a repeated first point."""
    keep = np.any(np.abs(points - np.roll(points, 1, axis=0)) > 1e-9, axis=1)
    return np.ascontiguousarray(points[keep])


def _grouped(found: list[tuple[float, Ring, str]], skipped: int) -> Slices:
    found.sort(key=lambda item: item[0])
    heights: list[float] = []
    rings: list[list[tuple[Ring, str]]] = []
    for z, ring, kind in found:
        if not heights or z - heights[-1] > PLANAR_TOLERANCE_MM:
            heights.append(z)
            rings.append([])
        rings[-1].append((ring, kind))
    duplicates = 0
    kept: list[tuple[Ring, ...]] = []
    for level in rings:
        unique: list[Ring] = []
        seen: set[bytes] = set()
        for ring, kind in level:
            key = ring[np.lexsort((ring[:, 1], ring[:, 0]))].tobytes()
            if kind != "CLOSEDPLANAR_XOR" and key in seen:
                duplicates += 1
                continue
            seen.add(key)
            unique.append(ring)
        kept.append(tuple(unique))
    return Slices(np.array(heights), tuple(kept), skipped=skipped, duplicates=duplicates)
