"""Contours, structures and sets of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from portico.errors import InputRefused, Problem
from portico.rt.refusals import refused

__all__ = ["CLOSED_KINDS", "PLANE_TOLERANCE_MM", "Contour", "PhysicalProperty", "Structure", "StructureSet"]

#: Contour kinds that enclose an area (PS3.3 C.8.8.6.1).
CLOSED_KINDS: Final = frozenset(("CLOSED_PLANAR", "CLOSEDPLANAR_XOR"))
#: Largest spread in mm of z over one closed contour.
PLANE_TOLERANCE_MM: Final = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Contour:
    """One contour.

    Parameters
    ----------
    points : (n, 3) mm LPS; a closed contour does not repeat its first point
    kind : ``CLOSED_PLANAR`` (a channel to a hole, a keyhole, is part of the line), ``CLOSEDPLANAR_XOR`` (holes by
        exclusive or), ``OPEN_PLANAR`` or ``POINT``
    image_uid : SOP instance of the image it was drawn on; None when unknown
    """

    points: npt.NDArray[np.float64]
    kind: str
    image_uid: str | None = None

    @property
    def z(self) -> float:
        """Mean z in mm."""
        return float(self.points[:, 2].mean())


@dataclass(frozen=True, slots=True)
class PhysicalProperty:
    """An assigned property of a structure, such as a density override.

    Parameters
    ----------
    name : ``REL_MASS_DENSITY``, ``REL_ELEC_DENSITY``, ... as in PS3.3 C.8.8.8
    value : in the unit that the standard gives to the name
    """

    name: str
    value: float


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """One region of interest.

    Parameters
    ----------
    number : ROI number
    name : as in the file, not matched to any standard
    contours : may be empty: the region is listed and nothing is drawn
    interpreted_type : ``PTV``, ``ORGAN``, ``EXTERNAL``, ...; None when unknown
    frame_uid : frame of reference; None when unknown
    generation : ``MANUAL``, ``AUTOMATIC``, ``SEMIAUTOMATIC``; None when unknown
    properties : assigned physical properties; None when the file says nothing about them
    colour : red, green and blue, 0 to 255, in which it is to be shown; None when the file says nothing or no colour
    description : what the file says of it in words, at most 1024 characters; None when it says nothing
    generation_note : what the file says of how it was made, at most 64 characters; None when it says nothing
    without_area : closed contours of one or two points, which enclose nothing and are left out
    """

    number: int
    name: str
    contours: tuple[Contour, ...] = ()
    interpreted_type: str | None = None
    frame_uid: str | None = None
    generation: str | None = None
    properties: tuple[PhysicalProperty, ...] | None = None
    without_area: int = 0
    colour: tuple[int, int, int] | None = None
    description: str | None = None
    generation_note: str | None = None

    @property
    def closed(self) -> tuple[Contour, ...]:
        """Contours that enclose an area."""
        return tuple(contour for contour in self.contours if contour.kind in CLOSED_KINDS)

    @property
    def is_point(self) -> bool:
        """Whether there are contours and all are points."""
        return bool(self.contours) and all(contour.kind == "POINT" for contour in self.contours)


@dataclass(frozen=True, slots=True, eq=False)
class StructureSet:
    """The structures of one RTSTRUCT.

    Parameters
    ----------
    structures : by ROI number, those that can be used
    frame_uid : frame of reference common to all structures; None when unknown or when they differ
    uid : SOP instance
    label : as in the file
    series_uids : image series it refers to
    refused : by ROI number, structures that are in the file and cannot be used, and why
    """

    structures: Mapping[int, Structure]
    frame_uid: str | None = None
    uid: str | None = None
    label: str | None = None
    series_uids: tuple[str, ...] = ()
    refused: Mapping[int, Problem] = field(default_factory=dict)

    def structure(self, number: int) -> Structure:
        """One structure with at least one contour.

        Raises
        ------
        InputRefused
            ``no-such-structure``; ``structure-empty``; or the reason for which the structure was refused
        """
        if problem := self.refused.get(number):
            raise InputRefused(problem.message, code=problem.code, path=problem.path, fix=problem.fix)
        found = self.structures.get(number)
        if found is None:
            raise refused("no-such-structure", "The structure set has no such structure.", path=f"ROI {number}")
        if not found.contours:
            raise refused("structure-empty", "The structure has no contour.", path=f"ROI {number}")
        return found

    def named(self, name: str) -> tuple[Structure, ...]:
        """Usable structures of exactly that name; several may share it."""
        return tuple(structure for structure in self.structures.values() if structure.name == name)
