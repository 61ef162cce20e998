"""Rigid registrations between frames of reference, and the transform between two frames.

The direction is DICOM's: a matrix takes points of an item's frame of reference (the source) to the registration's own.

Source: DICOM PS3.3 2024d, C.20.2 (Spatial Registration Module), C.20.2.1.1 (matrix, equation C.20.2-1 and their order).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from portico.rt.refusals import refused

__all__ = ["Registration", "rigid_matrix", "same_transform", "transform_between"]

Floats = npt.NDArray[np.float64]

#: Largest deviation from an orthonormal matrix that counts as rounding (0.05 mm over 500 mm).
RIGID_TOLERANCE: Final = 1e-4
#: Two transforms are the same when they move no corner of a cube of this half edge in mm farther apart than the second figure in mm.
_REACH_MM: Final = 500.0
_SAME_MM: Final = 0.1
_CORNERS: Final = np.array(
    [(x, y, z, 1.0) for x in (-_REACH_MM, _REACH_MM) for y in (-_REACH_MM, _REACH_MM) for z in (-_REACH_MM, _REACH_MM)]
).T


@dataclass(frozen=True, slots=True, eq=False)
class Registration:
    """One registration object.

    >>> shift = np.eye(4)
    >>> shift[0, 3] = 5.0
    >>> float(Registration("1.1", {"1.2": shift}).between("1.1", "1.2")[0, 3])
    -5.0

    Parameters
    ----------
    frame_uid : its own frame of reference
    matrices : (4, 4) rigid transform from each other frame to its own, in mm
    """

    frame_uid: str
    matrices: Mapping[str, Floats]

    def ties(self, frame: str) -> bool:
        """Whether it knows that frame of reference."""
        return frame == self.frame_uid or frame in self.matrices

    def between(self, source: str, target: str) -> Floats:
        """(4, 4) transform in mm of points of one frame to another, by way of its own.

        Raises
        ------
        InputRefused : ``frame-not-registered``
        """
        return np.asarray(np.linalg.inv(self._to_own(target)) @ self._to_own(source))

    def _to_own(self, frame: str) -> Floats:
        if frame == self.frame_uid:
            return np.eye(4)
        found = self.matrices.get(frame)
        if found is None:
            raise refused("frame-not-registered", "The registration does not tie this frame of reference.")
        return found


def transform_between(registrations: Sequence[Registration], from_frame: str, to_frame: str) -> Floats:
    """The one rigid transform that the registrations give between two frames of reference.

    Parameters
    ----------
    registrations : objects that may tie the two; each that ties both is asked, directly, inverted or by way of its own frame;
        two objects are not chained
    from_frame, to_frame : frames of reference; the same one needs no registration

    Returns
    -------
    (4, 4) in mm, from ``from_frame`` to ``to_frame``

    Raises
    ------
    InputRefused : ``frame-not-registered``; ``registration-ambiguous`` when two objects disagree by more than 0.1 mm
    """
    if from_frame == to_frame:
        return np.eye(4)
    found = [one.between(from_frame, to_frame) for one in registrations if one.ties(from_frame) and one.ties(to_frame)]
    if not found:
        raise refused("frame-not-registered", "No registration ties these two frames of reference.")
    if any(not same_transform(found[0], other) for other in found[1:]):
        raise refused("registration-ambiguous", "Two registrations disagree.", fix="Keep the one that is meant.")
    return found[0]


def same_transform(one: Floats, other: Floats) -> bool:
    """Whether two transforms differ by 0.1 mm or less anywhere in a cube of 1 m."""
    apart = (one @ _CORNERS - other @ _CORNERS)[:3]
    return bool(np.linalg.norm(apart, axis=0).max() <= _SAME_MM)


def rigid_matrix(numbers: npt.ArrayLike, *, path: str = "") -> Floats:
    """Read-only (4, 4) matrix, refused unless it is rigid: it turns and moves, and neither scales, shears nor mirrors.

    >>> rigid_matrix(np.eye(4)).shape
    (4, 4)

    Parameters
    ----------
    numbers : (4, 4) or 16 numbers row by row; translations in mm
    path : place for the refusal

    Raises
    ------
    InputRefused : ``not-rigid``
    """
    try:
        found = np.array(numbers, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        found = np.full((4, 4), np.nan)
    if found.shape == (16,):
        found = found.reshape(4, 4)
    sound = found.shape == (4, 4) and bool(np.isfinite(found).all())
    if sound:
        turn = found[:3, :3]
        sound = (
            bool(np.abs(found[3] - [0.0, 0.0, 0.0, 1.0]).max() <= 1e-6)
            and bool(np.abs(turn).max() <= 1.0 + RIGID_TOLERANCE)
            and bool(np.abs(turn.T @ turn - np.eye(3)).max() <= RIGID_TOLERANCE)
            and bool(np.linalg.det(turn) > 0)
        )
    if not sound:
        raise refused(
            "not-rigid",
            "The transform is not rigid: it must turn and move, and neither scale, shear nor mirror.",
            path=path,
        )
    found.setflags(write=False)
    return found
