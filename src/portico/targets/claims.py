"""Claims of this room for ``portico verify``: chapter ``targets``.

Bodies of real vertebrae against the label that TotalSegmentator gives them, a made-up vertebra under tilt, and margins
against balls.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from portico.claims import Claim, chapter, claim_number
from portico.geometry import Margins, grown, shrunk
from portico.rt import Labels, read_labels
from portico.targets.canal import canal_from_bone, canal_line
from portico.targets.phantom import centred, every_point, turn, vertebra
from portico.targets.vertebral_parts import PARTS, divide_vertebra

__all__ = ["margin_claims", "part_claims", "reference_spine"]

REAL: Final = "labels of TotalSegmentator on a real CT of 3 mm (src/portico/targets/reference)"
MADE: Final = "a vertebra of ellipses and boxes, 1.5 mm"
BALLS: Final = "closed form of a ball"
#: Levels fully in the field of the reference CT, by TotalSegmentator's numbers.
LEVELS: Final = {27: "L5", 28: "L4", 29: "L3", 30: "L2", 31: "L1", 32: "T12"}
TILTS: Final = ((0, 0, 0), (40, 0, 0), (-40, 0, 0), (0, 40, 0), (0, -40, 0), (30, 20, 0), (0, 0, 40))
#: Least Dice of a body.
BODY_DICE: Final = 0.90


def reference_spine() -> tuple[Labels, NDArray[np.bool_]]:
    """Labels of vertebrae and the mask of vertebral bodies that ship with the package."""
    folder = Path(str(resources.files("portico"))) / "targets" / "reference"
    return read_labels(folder / "vertebrae.nii.gz"), read_labels(folder / "vertebral-bodies.nii.gz").labels == 1


def _dice(one: NDArray[np.bool_], two: NDArray[np.bool_]) -> float:
    return float(2.0 * (one & two).sum() / max(1, int(one.sum() + two.sum())))


@chapter("targets")
def part_claims() -> Iterator[Claim]:
    """Bodies of six real vertebrae; every part of a vertebra under tilt up to 40 degrees."""
    spine, bodies = reference_spine()
    canal = canal_from_bone(spine.labels > 0, spine.grid)
    line = canal_line(canal, spine.grid)
    for number, name in LEVELS.items():
        mask = spine.labels == number
        found = divide_vertebra(mask, canal, line, spine.grid)
        got = _dice(found.mask("vertebral_body"), bodies & mask)
        yield claim_number(
            "targets", f"{name}: Dice of the body", source=REAL, expected=1.0, got=round(got, 4), tolerance=1.0 - BODY_DICE,
            note="; ".join(found.notes),
        )  # fmt: skip
    for tilt in TILTS:
        parts, room, grid, _ = vertebra(turn(*tilt))
        made = divide_vertebra(parts > 0, room, canal_line(room, grid), grid)
        right = sum(float((made.labels[parts == number] == number).sum()) for number in range(1, len(PARTS) + 1))
        share = right / float((parts > 0).sum())
        yield claim_number(
            "targets", f"tilt of {tilt[0]}, {tilt[1]} and {tilt[2]} degrees: voxels in their part", source=MADE, expected=1.0,
            got=round(share, 4), tolerance=0.1,
        )  # fmt: skip


@chapter("targets")
def margin_claims() -> Iterator[Claim]:
    """A ball of 15 mm grown and shrunk: its radius, from the volume."""
    for spacing in ((1.0, 1.0, 1.0), (1.0, 1.0, 2.0), (1.0, 1.5, 3.0)):
        counts = tuple(int(56 / h) + 1 for h in spacing)
        grid = centred(counts, spacing, np.eye(3))
        ball = (np.linalg.norm(every_point(grid), axis=1) <= 15.0).reshape(grid.shape)
        half = 0.5 * float(np.linalg.norm(spacing))
        for mm in (3.0, 5.0, 7.3):
            for word, mask, right in (
                ("grown", grown(ball, grid, mm), 15.0 + mm),
                ("shrunk", shrunk(ball, grid, Margins.all_round(mm)), 15.0 - mm),
            ):
                radius = (0.75 * float(mask.sum()) * float(np.prod(spacing)) / np.pi) ** (1 / 3)
                yield claim_number(
                    "targets", f"ball of 15 mm {word} by {mm:g} mm on voxels of {' x '.join(f'{h:g}' for h in spacing)} mm: radius",
                    source=BALLS, expected=right, got=round(radius, 3), tolerance=half, note="tolerance: half a voxel's diagonal",
                )  # fmt: skip
