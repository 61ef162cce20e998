"""Time and memory of draft volumes on a grid of 512 x 512 x 300 voxels.

    python benchmarks/targets.py [--json]

Margins round a target of the size of a vertebra: ours between voxel centres beside SimpleITK and scipy, both on the whole grid as a script
would call them. The draft is that of three made-up vertebrae with cord, PRV, PTV and RTSTRUCT bytes; it has no peer.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as itk  # noqa: N813  its own name in the field
from scipy.ndimage import distance_transform_edt

from portico.directive import read_directive
from portico.geometry import Margins, contours_of_mask, grown, grown_from_surface
from portico.knowledge import load_library
from portico.rt import Grid, Image, structures_bytes
from portico.targets import Involvement, SpineInputs, SpineWishes, spine_draft, stated_margin, structure_set
from portico.targets.phantom import UPRIGHT, part_of

ROOT = Path(__file__).parents[1]
SPACING = np.array([0.9, 0.9, 1.0])
SHAPE = (300, 512, 512)
MARGIN_MM = 5.0


def timed(make: Callable[[], Any], times: int = 3) -> tuple[float, Any]:
    """Median seconds and the result."""
    found, made = [], None
    for _ in range(times):
        start = time.perf_counter()
        made = make()
        found.append(time.perf_counter() - start)
    return statistics.median(found), made


def spine() -> tuple[Grid, SpineInputs]:
    grid = Grid(-0.5 * (np.array(SHAPE[::-1]) - 1) * SPACING, SPACING, np.eye(3), SHAPE)
    masks = {level: np.zeros(SHAPE, bool) for level in ("T7", "T8", "T9")}
    canal, cord = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    j, i = (one.ravel() for one in np.indices(SHAPE[1:]))
    for k in range(SHAPE[0]):
        local = grid.points(np.column_stack([i, j, np.full(len(i), k)])) @ UPRIGHT
        near = (np.abs(local[:, 0]) < 60) & (np.abs(local[:, 1]) < 60)
        for level, height in (("T7", 32.0), ("T8", 0.0), ("T9", -32.0)):
            part = np.zeros(len(local), bool)
            part[near] = part_of(local[near] - [0, 0, height]) > 0
            masks[level][k] = part.reshape(SHAPE[1:])
        room = (local[:, 0] / 11) ** 2 + (local[:, 1] / 7.5) ** 2 <= 1
        canal[k] = room.reshape(SHAPE[1:])
        cord[k] = ((local[:, 0] / 6) ** 2 + (local[:, 1] / 4) ** 2 <= 1).reshape(SHAPE[1:])
    return grid, SpineInputs(grid, masks, canal=canal, cord=cord, cord_source="t2_mri", frame_uid="1.2.3")


def lines() -> list[dict[str, Any]]:
    grid, inputs = spine()
    target = inputs.vertebrae["T8"]
    ours, made = timed(lambda: grown(target, grid, MARGIN_MM))
    surface, _ = timed(lambda: grown_from_surface(target, grid, MARGIN_MM))
    scipy_s, by_scipy = timed(
        lambda: distance_transform_edt(~target, sampling=SPACING[::-1]) <= MARGIN_MM * (1 + 1e-9), 1
    )

    def by_itk() -> Any:
        image = itk.GetImageFromArray(target.astype(np.uint8))
        image.SetSpacing(SPACING.tolist())
        far = itk.SignedMaurerDistanceMap(image, insideIsPositive=False, squaredDistance=False, useImageSpacing=True)
        return itk.GetArrayViewFromImage(far) <= MARGIN_MM

    itk_s, by_sitk = timed(by_itk, 1)
    assert (made == by_scipy).all()
    close = float(2 * (made & by_sitk).sum() / (made.sum() + by_sitk.sum()))
    six, _ = timed(lambda: grown(target, grid, Margins(5, 5, 5, 3, 7, 7)))
    outlines, _ = timed(lambda: contours_of_mask(target, grid))
    directive = read_directive(ROOT / "examples" / "directives" / "spine-24-2.json")
    rows = load_library().volumes
    wishes = SpineWishes(
        (Involvement("T8", ("vertebral_body", "pedicle_left"), epidural=("anterior", "left_anterior")),),
        ("isrc-table-body-pedicle", "ptv-evaluation"), stated_margin("ptv-near-rigid", rows.values(), "ptv_margin"),
        stated_margin("cord-prv-rotations", rows.values(), "prv_margin"),
    )  # fmt: skip
    image = Image(
        grid, np.zeros(SHAPE, np.int16), "1.2.3", "1.2.4", tuple(f"1.2.5.{k}" for k in range(SHAPE[0])), "HFS"
    )
    whole, data = timed(
        lambda: structures_bytes(structure_set(spine_draft(inputs, wishes, directive, rows), image), image=image), 1
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return [
        line("margin of 5 mm, against scipy on the whole grid", ours, scipy_s, "s"),
        line("margin of 5 mm, against SimpleITK on the whole grid", ours, itk_s, "s"),
        line("margin of 5 mm, Dice with SimpleITK", close, None, "1"),
        line("margin of 5 mm from the outside of voxels", surface, None, "s"),
        line("margin by six sides", six, None, "s"),
        line("contours of the vertebra", outlines, None, "s"),
        line("whole draft with RTSTRUCT bytes (aim 10 s)", whole, None, "s"),
        line("RTSTRUCT", len(data) / 1e6, None, "MB"),
        line("peak memory of this benchmark, peers included (aim of the draft 2 GB)", peak, None, "GB"),
    ]


def line(claim: str, ours: float, peer: float | None, unit: str) -> dict[str, Any]:
    ratio = None if peer is None else round(peer / ours, 2)
    return {
        "claim": claim,
        "ours": round(ours, 4),
        "peer": None if peer is None else round(peer, 4),
        "ratio": ratio,
        "unit": unit,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    for one in lines():
        print(
            json.dumps(one)
            if as_json
            else f"{one['claim']}: ours {one['ours']} {one['unit']}, peer {one['peer']}, ratio {one['ratio']}"
        )


if __name__ == "__main__":
    main()
