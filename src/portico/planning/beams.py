"""Beams as IEC 61217 names them, and the frame in which a beam sees the patient.

>>> beam = Beam(90.0, isocentre=(0.0, 0.0, 0.0))
>>> (np.round(beam.source, 6) + 0.0).tolist()  # from the patient's left, whose head is at the gantry
[1000.0, 0.0, 0.0]
>>> (np.round(beam.seen(np.array([[0.0, 10.0, 20.0]])), 6) + 0.0).tolist()
[[10.0, 0.0, 20.0]]

A patient lies head first and supine: gantry 0 comes from the front, 90 from the left. Where a CT shows another position, the
voxels' places in the patient say so, not the beam.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from portico.errors import UsageError

__all__ = ["SAD_MM", "Beam", "coplanar"]

Floats = NDArray[np.float64]
#: Distance from source to axis in mm, as that of the base data.
SAD_MM: Final = 1000.0


@dataclass(frozen=True, slots=True)
class Beam:
    """One beam.

    Parameters
    ----------
    gantry_deg, couch_deg, collimator_deg : IEC 61217, in degrees
    isocentre : mm, LPS

    Raises
    ------
    UsageError : ``beam-invalid`` for an angle or a place that is not finite
    """

    gantry_deg: float
    couch_deg: float = 0.0
    collimator_deg: float = 0.0
    isocentre: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if not np.isfinite([self.gantry_deg, self.couch_deg, self.collimator_deg, *self.isocentre]).all():
            raise UsageError("A beam has angles in degrees and an isocentre in mm.", code="beam-invalid")

    @property
    def axes(self) -> Floats:
        """(3, 3) rows are the directions x, y, z of the beam's view in the patient; y runs from the source to the isocentre.

        At gantry, couch and collimator 0 they are the patient's left, back and head.
        """
        g, c, k = np.radians([self.gantry_deg, self.couch_deg, self.collimator_deg])
        gantry = np.array([[np.cos(g), np.sin(g), 0.0], [-np.sin(g), np.cos(g), 0.0], [0.0, 0.0, 1.0]])
        couch = np.array([[np.cos(c), 0.0, -np.sin(c)], [0.0, 1.0, 0.0], [np.sin(c), 0.0, np.cos(c)]])
        turn = np.array([[np.cos(k), 0.0, np.sin(k)], [0.0, 1.0, 0.0], [-np.sin(k), 0.0, np.cos(k)]])
        return np.asarray(turn @ gantry @ couch)

    @property
    def source(self) -> Floats:
        """(3,) mm, LPS."""
        return np.asarray(np.array(self.isocentre) - SAD_MM * self.axes[1])

    def seen(self, points: Floats) -> Floats:
        """(n, 3) mm in the beam's view from the isocentre, of (n, 3) points in mm, LPS."""
        return np.asarray((points - np.array(self.isocentre)) @ self.axes.T)

    def projected(self, points: Floats) -> Floats:
        """(n, 2) mm, x and z where the ray of each point meets the plane through the isocentre square to the beam."""
        seen = self.seen(points)
        return np.asarray(seen[:, (0, 2)] * (SAD_MM / (SAD_MM + seen[:, 1]))[:, None])


def coplanar(count: int, isocentre: tuple[float, float, float], start_deg: float = 0.0) -> tuple[Beam, ...]:
    """Beams evenly round the patient.

    >>> [beam.gantry_deg for beam in coplanar(9, (0, 0, 0))][:3]
    [0.0, 40.0, 80.0]
    """
    if count < 1:
        raise UsageError("A plan has a beam or more.", code="beam-invalid")
    return tuple(Beam((start_deg + 360.0 * n / count) % 360.0, isocentre=isocentre) for n in range(count))
