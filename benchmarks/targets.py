"""Time and memory of draft volumes on a grid of 512 x 512 x 300 voxels.

    python benchmarks/targets.py [--json]

Margins round a target of the size of a vertebra: ours between voxel centres beside SimpleITK and scipy, both on the whole grid as a script
would call them. The draft is that of three made-up vertebrae with cord, PRV, PTV and RTSTRUCT bytes; it has no peer. Its vertices, names
and colours are read again by dicompyler-core in its own environment (`make peers`); without that environment these figures are left out.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as itk  # noqa: N813  its own name in the field
from scipy.ndimage import distance_transform_edt

from portico.directive import read_directive
from portico.geometry import Margins, contours_of_mask, difference, grown, grown_from_surface
from portico.knowledge import load_library
from portico.rt import Grid, Image, StructureSet, structures_bytes
from portico.targets import Involvement, SpineInputs, SpineWishes, spine_draft, stated_margin, structure_set
from portico.targets.phantom import UPRIGHT, part_of

ROOT = Path(__file__).parents[1]
PEER = ROOT / ".peers" / "dicompyler" / "bin" / "python"
SPACING = np.array([0.9, 0.9, 1.0])
SHAPE = (300, 512, 512)
MARGIN_MM = 5.0
#: Every structure as dicompyler-core reads it: number, name, colour, vertices of each contour.
PEER_CODE = """
import json, sys, warnings
warnings.simplefilter("ignore")
from dicompylercore import dicomparser
read = dicomparser.DicomParser(sys.argv[1])
print(json.dumps([
    [int(number), one["name"], [int(part) for part in one["color"]],
     [plane["data"] for planes in read.GetStructureCoordinates(number).values() for plane in planes]]
    for number, one in read.GetStructures().items()
]))
"""


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


def whole_draft(grid: Grid, inputs: SpineInputs) -> tuple[StructureSet, bytes]:
    """The draft of T8 with PRV, PTV and evaluation volume, and its RTSTRUCT."""
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

    drawn = structure_set(spine_draft(inputs, wishes, directive, rows), image)
    return drawn, structures_bytes(drawn, image=image)


def alone() -> float:
    """Peak memory in GB of a process that makes the phantom and its whole draft and nothing else."""
    done = subprocess.run([sys.executable, __file__, "--alone"], capture_output=True, text=True, check=True)
    return float(done.stdout)


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

    def by_dilation() -> Any:
        reach = [int(np.floor(MARGIN_MM / one + 1e-9)) for one in SPACING]
        return itk.GetArrayFromImage(itk.BinaryDilate(itk.GetImageFromArray(target.astype(np.uint8)), reach))

    def subtracted() -> Any:
        bigger, smaller = (itk.GetImageFromArray(one.astype(np.uint8)) for one in (made, target))
        return itk.GetArrayFromImage(itk.And(bigger, itk.Not(smaller)))

    itk_s, by_sitk = timed(by_itk, 1)
    dilate_s, _ = timed(by_dilation, 1)
    subtract, rim = timed(lambda: difference(made, target))
    subtract_itk, by_not = timed(subtracted)
    assert (rim == by_not.astype(bool)).all()
    assert (made == by_scipy).all()
    close = float(2 * (made & by_sitk).sum() / (made.sum() + by_sitk.sum()))
    six, _ = timed(lambda: grown(target, grid, Margins(5, 5, 5, 3, 7, 7)))
    outlines, _ = timed(lambda: contours_of_mask(target, grid))
    whole, (drawn, data) = timed(lambda: whole_draft(grid, inputs), 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return [
        line("margin of 5 mm, against scipy on the whole grid", ours, scipy_s, "s"),
        line("margin of 5 mm, against SimpleITK on the whole grid", ours, itk_s, "s"),
        line("margin of 5 mm, against BinaryDilate of SimpleITK on the whole grid", ours, dilate_s, "s"),
        line("margin of 5 mm, Dice with SimpleITK", close, None, "1"),
        line("margin of 5 mm from the outside of voxels", surface, None, "s"),
        line("margin by six sides", six, None, "s"),
        line("target subtracted from its margin, against SimpleITK", subtract, subtract_itk, "s"),
        line("contours of the vertebra", outlines, None, "s"),
        line("whole draft with RTSTRUCT bytes (aim 10 s)", whole, None, "s"),
        line("RTSTRUCT", len(data) / 1e6, None, "MB"),
        line("peak memory of the whole draft, alone in a process with its phantom (aim 2 GB)", alone(), None, "GB"),
        line("peak memory of this benchmark, peers included", peak, None, "GB"),
        *second_reader(drawn, data),
    ]


def second_reader(drawn: StructureSet, data: bytes) -> list[dict[str, Any]]:
    """How far the vertices that dicompyler-core reads lie from ours; nothing without its environment."""
    if not PEER.is_file():
        return []
    with tempfile.NamedTemporaryFile(suffix=".dcm") as file:
        file.write(data)
        file.flush()
        done = subprocess.run([str(PEER), "-c", PEER_CODE, file.name], capture_output=True, text=True, check=True)
    theirs = json.loads(done.stdout)
    ours = list(drawn.structures.values())
    assert [one[:3] for one in theirs] == [[one.number, one.name, list(one.colour or ())] for one in ours]
    furthest, vertices = 0.0, 0
    for structure, (*_, contours) in zip(ours, theirs, strict=True):
        for mine, read in zip(
            sorted((one.points.tolist() for one in structure.contours), key=in_place),
            sorted(([[float(x) for x in point] for point in one] for one in contours), key=in_place),
            strict=True,
        ):
            furthest = max(furthest, float(np.abs(np.array(mine) - np.array(read)).max()))
            vertices += len(mine)
    return [
        line("vertices read by dicompyler-core, names and colours the same", vertices, None, "1"),
        line("furthest vertex read by dicompyler-core (bar 0.01 mm)", furthest, None, "mm"),
    ]


def in_place(contour: list[list[float]]) -> tuple[float, ...]:
    """Where a contour stands, so that both orders can be laid side by side."""
    return tuple(round(one, 3) for one in (contour[0][2], *contour[0][:2]))


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
    parser.add_argument("--alone", action="store_true", help="make the draft alone, print the peak memory in GB")
    given = parser.parse_args()
    if given.alone:
        whole_draft(*spine())
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2)
        return
    as_json = given.json
    for one in lines():
        print(
            json.dumps(one)
            if as_json
            else f"{one['claim']}: ours {one['ours']} {one['unit']}, peer {one['peer']}, ratio {one['ratio']}"
        )


if __name__ == "__main__":
    main()
