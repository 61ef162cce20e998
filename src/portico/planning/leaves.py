"""A multileaf collimator like many linacs have: 40 pairs of leaves of 5 mm in the middle, ten of 10 mm on either side.

It is nobody's machine. Leakage, transmission, rounded ends and tongue and groove are not modelled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from portico.errors import CannotTell

__all__ = ["LIKE_MILLENNIUM", "Collimator"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Collimator:
    """Leaves that move along x of the beam's view.

    Parameters
    ----------
    name : for every output
    edges_mm : (pairs + 1,) rising, z of the sides of the leaves at the isocentre plane
    reach_mm : how far a leaf may pass the middle, and how far a field may reach along x
    span_mm : largest distance of two leaves of one bank
    """

    name: str
    edges_mm: Floats
    reach_mm: float
    span_mm: float

    @property
    def pairs(self) -> int:
        """Number of pairs."""
        return len(self.edges_mm) - 1

    def check(self, left_mm: Floats, right_mm: Floats) -> None:
        """Refuse what the leaves cannot do: (segments, pairs) positions of both banks in mm.

        Raises
        ------
        CannotTell : ``leaf-limits`` for leaves that would collide, reach too far or stand too far apart
        """
        collide = (right_mm < left_mm - 1e-9).any()
        far = max(float(np.abs(left_mm).max()), float(np.abs(right_mm).max())) > self.reach_mm + 1e-9
        wide = max(float(np.ptp(one, axis=1).max()) for one in (left_mm, right_mm)) > self.span_mm + 1e-9
        if collide or far or wide:
            raise CannotTell(
                "The leaves cannot make this field.",
                code="leaf-limits",
                fix="Take a smaller target or turn the collimator.",
            )


#: Leaf widths as of a common 120-leaf collimator; reach 200 mm and span 150 mm are the limits that such leaves are usually given.
LIKE_MILLENNIUM: Final = Collimator(
    "120 leaves, 5 and 10 mm, generic",
    np.concatenate([np.arange(-200.0, -100.0, 10.0), np.arange(-100.0, 100.0, 5.0), np.arange(100.0, 201.0, 10.0)]),
    200.0,
    150.0,
)
