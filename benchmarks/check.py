"""Speed and memory of the plan check: 100 structures in a dose of 256 x 256 x 200 voxels, and a plan of 540 control points.

    python benchmarks/check.py [--json]

The plan is made in memory: 100 balls, cylinders and ellipsoids of several sizes in a smooth dose. The check is that of
`portico check` against a Directive, hardware included, once warm. The RTPLAN has three arcs of 180 control points with 60 leaf pairs;
its peer is pydicom, which reads every leaf position by its own access.
"""

from __future__ import annotations

import argparse
import io
import json
import resource
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from portico.directive import read_directive
from portico.dosimetry import CheckOptions, check_plan
from portico.knowledge import load_library
from portico.rt import Contour, DoseGrid, Grid, Image, PlanSet, Structure, StructureSet, read_contents

ROOT = Path(__file__).parents[1]
FRAME = "1.2.3.4"


def plan_set(structures: int = 100) -> PlanSet:
    """Structures of 0.5 to 900 cm3 in a dose of 2 mm voxels, with a CT of the same grid."""
    shape = (200, 256, 256)
    grid = Grid(np.array([-255.0, -255.0, -199.0]), np.full(3, 2.0), np.eye(3), shape)
    x, y, z = (-255.0 + 2.0 * np.arange(256), -255.0 + 2.0 * np.arange(256), -199.0 + 2.0 * np.arange(200))
    r2 = x[None, None, :] ** 2 + y[None, :, None] ** 2 + z[:, None, None] ** 2
    dose = DoseGrid(grid, (26.0 * np.exp(-r2 / 8000.0)).astype(np.float32), "PLAN", FRAME, "PHYSICAL", uid="1.9.2")
    hu = np.where(r2 < 230.0**2, 40, -1000).astype(np.int16)
    turn = 2.0 * np.pi * np.arange(90) / 90
    names = ["PTV", "SpinalCord", "SpinalCord_PRV02", "Esophagus", "Lung_L", "Lung_R", "Heart", "Trachea", "External"]
    found = {}
    for n in range(structures):
        name = names[n] if n < len(names) else f"Structure{n}"
        a, h = (5.0 + (37 * n) % 55, 20.0 + (53 * n) % 140) if name != "External" else (230.0, 190.0)
        cx, cy, cz = (
            (((61 * n) % 201) - 100.0, ((83 * n) % 161) - 80.0, ((41 * n) % 101) - 50.0) if n else (0.0, 0.0, 0.0)
        )
        heights = np.arange(np.ceil((cz - h / 2) / 2) * 2, cz + h / 2, 2.0)
        ring = np.column_stack([cx + a * np.cos(turn), cy + 0.8 * a * np.sin(turn)])
        found[n + 1] = Structure(
            n + 1,
            name,
            tuple(Contour(np.column_stack([ring, np.full(90, one)]), "CLOSED_PLANAR") for one in heights),
            "ORGAN",
        )
    image = Image(grid, hu, FRAME, highest_hu=3071, slice_thickness_mm=2.0, kvp=120.0)
    return PlanSet(None, StructureSet(found, FRAME, "1.9.3"), dose, image)


def arc_plan() -> bytes:
    """Three arcs of 180 control points with 60 leaf pairs."""
    rng = np.random.default_rng(1)
    made = Dataset()
    made.SOPClassUID, made.SOPInstanceUID, made.Modality = "1.2.840.10008.5.1.4.1.1.481.5", "1.9.1", "RTPLAN"
    made.FrameOfReferenceUID = FRAME
    made.BeamSequence = Sequence()
    for number in (1, 2, 3):
        beam = Dataset()
        beam.BeamNumber, beam.BeamType, beam.RadiationType = str(number), "DYNAMIC", "PHOTON"
        beam.NumberOfControlPoints, beam.FinalCumulativeMetersetWeight = "180", "1"
        device = Dataset()
        device.RTBeamLimitingDeviceType, device.NumberOfLeafJawPairs = "MLCX", "60"
        device.LeafPositionBoundaries = [f"{v:g}" for v in np.linspace(-200, 200, 61)]
        beam.BeamLimitingDeviceSequence = Sequence([device])
        beam.ControlPointSequence = Sequence()
        for n in range(180):
            point, leaves = Dataset(), Dataset()
            point.ControlPointIndex, point.CumulativeMetersetWeight = str(n), f"{n / 179:.6g}"
            point.GantryAngle = f"{(181 + 2 * n) % 360}"
            leaves.RTBeamLimitingDeviceType = "MLCX"
            leaves.LeafJawPositions = [f"{v:.3f}" for v in rng.uniform(-50, 50, 120)]
            point.BeamLimitingDevicePositionSequence = Sequence([leaves])
            beam.ControlPointSequence.append(point)
        made.BeamSequence.append(beam)
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID, made.file_meta.MediaStorageSOPInstanceUID = (
        made.SOPClassUID,
        made.SOPInstanceUID,
    )
    out = io.BytesIO()
    made.save_as(out, enforce_file_format=True)
    return out.getvalue()


def by_pydicom(data: bytes) -> int:
    """Numbers read."""
    read = 0
    for beam in dcmread(io.BytesIO(data)).BeamSequence:
        for point in beam.ControlPointSequence:
            for device in point.BeamLimitingDevicePositionSequence:
                read += len([float(v) for v in device.LeafJawPositions])
    return read


def median(call: Any, repeats: int) -> float:
    call()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()

    def say(claim: str, ours: float, peer: float | None, unit: str, **more: Any) -> None:
        line = {
            "claim": claim, "ours": round(ours, 3), "peer": None if peer is None else round(peer, 3),
            "ratio": None if peer is None else round(peer / ours, 2), "unit": unit, **more,
        }  # fmt: skip
        print(
            json.dumps(line) if asked.json else "  ".join(f"{key} {value}" for key, value in line.items()), flush=True
        )

    data = arc_plan()
    say(
        "plan of 540 control points, 120 leaves", 1000.0 * median(lambda: read_contents([("file", data)]), 7),
        1000.0 * median(lambda: by_pydicom(data), 3), "ms",
    )  # fmt: skip
    library, directive = load_library(), read_directive(ROOT / "examples" / "directives" / "spine-24-2.json")
    small = plan_set(3)
    check_plan(small, directive, library, CheckOptions())  # the compiled code is loaded once
    del small
    whole = plan_set()
    seconds = median(lambda: check_plan(whole, directive, library, CheckOptions()), 1)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    say("check of 100 structures, dose 256 x 256 x 200", seconds, None, "s", peak_gib=round(peak, 2))


if __name__ == "__main__":
    main()
