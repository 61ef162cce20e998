"""A draft: volumes on one grid, each with the sentence, the rule and the record that made it. Never final."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from portico.rt import Grid
from portico.targets.vertebral_parts import VertebralParts

__all__ = ["COLOURS", "Choice", "Draft", "DraftVolume", "Fact", "Kind", "weakest"]

#: RT ROI Interpreted Type of a drafted volume (DICOM PS3.3 C.8.8.8).
Kind = Literal["GTV", "CTV", "PTV", "ORGAN", "AVOIDANCE", "CONTROL"]
Verified = Literal["full_text", "abstract", "secondary", "derived", "memory"]
_ORDER: Final = ("full_text", "abstract", "secondary", "derived", "memory")
#: Colour of a kind as red, green and blue, 0 to 255.
COLOURS: Final[dict[Kind, tuple[int, int, int]]] = {
    "GTV": (200, 30, 30),
    "CTV": (230, 120, 0),
    "PTV": (30, 90, 200),
    "ORGAN": (20, 140, 60),
    "AVOIDANCE": (140, 60, 160),
    "CONTROL": (110, 110, 110),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One measured property of a volume.

    Parameters
    ----------
    name : what was measured, e.g. ``length``
    value : in ``unit``; None when it could not be measured
    unit : ``cm``, ``mm``, ``cm3``, ``%``
    """

    name: str
    value: float | None
    unit: str

    def __str__(self) -> str:
        value = "not measured" if self.value is None else f"{self.value:.1f} {self.unit}"
        return f"{self.name}: {value}"


@dataclass(frozen=True, slots=True, eq=False)
class DraftVolume:
    """One drafted volume.

    Parameters
    ----------
    roi : name by TG-263, at most 16 characters
    kind : RT ROI Interpreted Type
    mask : (k, j, i) on the draft's grid
    says : the sentence that tells how it was made, with the rule and the numbers in it
    rows : ids of the records in ``knowledge/data/volumes`` that made it; empty for plain geometry
    source_ids : studies behind these records
    verified : weakest level of the records; None when no record was used
    role : ``drawn`` for the volume asked for, ``alternative`` for one shown beside it, ``input`` for one that was given
    level : vertebra it belongs to; None when it belongs to none or to several
    facts : measured properties beside the volume
    notes : what a reader must know
    """

    roi: str
    kind: Kind
    mask: NDArray[np.bool_]
    says: str
    rows: tuple[str, ...] = ()
    source_ids: tuple[str, ...] = ()
    verified: Verified | None = None
    role: Literal["drawn", "alternative", "input"] = "drawn"
    level: str | None = None
    facts: tuple[Fact, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def unverified(self) -> bool:
        """Whether a rule from memory took part: drawn hatched and printed as "unverified rule"."""
        return self.verified == "memory"


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that the physician has to name before a volume is drawn, and the ways there are.

    Parameters
    ----------
    about : volume that waits, by TG-263
    question : what has to be named
    options : what may be written, each with what it says and its verification level
    fix : the option of the command line that names it
    """

    about: str
    question: str
    options: tuple[tuple[str, str, str], ...]
    fix: str


@dataclass(frozen=True, slots=True, eq=False)
class Draft:
    """Volumes on one grid.

    Parameters
    ----------
    grid : of every mask
    volumes : in the order in which they are shown
    parts : division of each vertebra that was divided, by level from head to feet; empty outside the spine
    choices : what has to be named before more can be drawn
    notes : what a reader must know about the whole
    frame_uid : frame of reference of the image; None when unknown
    hu : (k, j, i) the CT behind it in HU; None when there is none
    """

    grid: Grid
    volumes: tuple[DraftVolume, ...]
    parts: dict[str, VertebralParts] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    notes: tuple[str, ...] = ()
    frame_uid: str | None = None
    hu: NDArray[Any] | None = None

    def volume(self, roi: str) -> DraftVolume | None:
        """The volume of that name, or None."""
        return next((one for one in self.volumes if one.roi == roi), None)

    def cm3(self, volume: DraftVolume) -> float:
        """Volume in cm3 by counting voxels."""
        return float(volume.mask.sum()) * self.grid.voxel_cm3


def weakest(levels: Iterable[Verified]) -> Verified | None:
    """The least verified of the levels; None of none."""
    return max(levels, key=_ORDER.index, default=None)
