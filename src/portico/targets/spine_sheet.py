"""The sheet that a spine is drafted on: what is drawn, asked, noted, and which named rows have been used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from portico.knowledge import Volume
from portico.rt import Grid
from portico.targets.draft import Choice, DraftVolume, Fact, Kind, Verified, weakest
from portico.targets.margins import with_margin

__all__ = ["Sheet"]

Mask = NDArray[np.bool_]


@dataclass(slots=True, eq=False)
class Sheet:
    """What has been drafted so far.

    Parameters
    ----------
    grid : of every mask
    rows : ``library.volumes``
    volumes, choices, notes : as in :class:`portico.targets.Draft`
    used : ids of the named rows that took part
    """

    grid: Grid
    rows: Mapping[str, Volume]
    volumes: list[DraftVolume] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def add(
        self, roi: str, kind: Kind, mask: Mask, says: str, rows: tuple[str, ...], *,
        role: Literal["drawn", "alternative", "input"] = "drawn", facts: tuple[Fact, ...] = (),
    ) -> None:  # fmt: skip
        """Draw a volume; its sources and level are those of the rows."""
        found = [self.rows[one] for one in rows]
        self.volumes.append(
            DraftVolume(
                roi, kind, mask, says, rows, tuple(dict.fromkeys(one for row in found for one in row.source_ids)),
                weakest(cast("Verified", row.verified) for row in found), role, facts=facts,
            )
        )  # fmt: skip

    def grown(self, mask: Mask, mm: float, roi: str) -> Mask:
        """A mask with a margin, with a note when the margin is smaller than a voxel.

        Raises
        ------
        CannotTell : ``margin-below-voxel``
        """
        made = with_margin(mask, self.grid, mm, roi)
        coarse = float(self.grid.spacing.max())
        if mm < coarse:
            self.notes.append(
                f"The margin of {roi} is met to half a voxel: {mm:g} mm on voxels of up to {coarse:.3g} mm."
            )
        return made
