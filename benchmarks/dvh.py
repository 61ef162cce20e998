"""Histograms of six shapes: error against the closed form and time, beside dicompyler-core, on the same files in one run.

    python benchmarks/dvh.py [--json] [--phases 20]

The shapes are written as RTSTRUCT and RTDOSE; both programs read them before the clock starts. The dose has a slope of 1 Gy per mm,
so an error of 0.1 Gy is one of 0.1 mm. The error is the worst over the slice phases. The time is the sum over the six shapes of the
median of five runs, each program warm, in a dose of 0 to 80 Gy on a grid as a plan has it (400 x 300 x 200 mm at 2 mm), and once more
on a grid that ends 12 mm beyond the shape. dicompyler-core runs in its own environment (`make peers`) as it is called by default,
and with the interpolation it offers; without that environment its figures are null.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from portico.dosimetry import Dvh, dvh
from portico.dosimetry.analytic import Body, ball_of, cone_of, contours_of, cylinder_of, dose_of, flat_ended
from portico.rt import Contour, DoseGrid, Grid, Structure, StructureSet, read_study, write_dose, write_structures

ROOT = Path(__file__).parents[1]
PEER = ROOT / ".peers" / "dicompyler" / "bin" / "python"
STEP = 2.0
REPEATS = 5
FRAME = "1.2.3.4"
SHAPES: dict[str, Body] = {
    "ball 24 mm": ball_of(12.0),
    "ball 10 mm": ball_of(5.0),
    "ball 5 mm": ball_of(2.5),
    "cord, cylinder 12 x 100 mm": cylinder_of(6.0, 100.0),
    "cylinder 50 x 60 mm": cylinder_of(25.0, 60.0),
    "cone 40 x 40 mm": cone_of(20.0, 40.0),
}
METRICS = ("volume", "D0.03cc", "D95%", "D99%", "Dmax")

PEER_CODE = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np
from pydicom import dcmread
from dicompylercore import dvhcalc
out = []
for line in sys.stdin:
    structures, dose, step, interpolation = json.loads(line)
    structures, dose = dcmread(structures), dcmread(dose)
    options = {} if interpolation is None else {"interpolation_resolution": interpolation, "interpolation_segments_between_planes": 2}
    start = time.perf_counter()
    try:
        found = dvhcalc.get_dvh(structures, dose, 1, **options)
        seconds = time.perf_counter() - start
        row = {"seconds": seconds, "volume": float(found.volume), "Dmax": float(found.max)}
        for name, key in (("D0.03cc", "D0.03cc"), ("D95%", "D95"), ("D99%", "D99")):
            row[name] = float(found.statistic(key).value)
    except Exception as error:
        row = {"seconds": time.perf_counter() - start, "error": type(error).__name__}
    print(json.dumps(row), flush=True)
"""


def written(folder: Path, body: Body, phase: float) -> tuple[Path, Path]:
    """RTSTRUCT and RTDOSE of a body at a slice phase."""
    slices = contours_of(body, STEP, phase)
    contours = tuple(
        Contour(np.column_stack([ring, np.full(len(ring), z)]), "CLOSED_PLANAR")
        for z, rings in zip(slices.z, slices.polygons, strict=True)
        for ring in rings
    )
    found = StructureSet({1: Structure(1, "shape", contours, "ORGAN")}, FRAME)
    made = dose_of(body, "linear x", STEP, (7 * phase) % 1, margin=12.0)
    folder.mkdir(parents=True)
    write_structures(folder / "structures.dcm", found)
    write_dose(folder / "dose.dcm", DoseGrid(made.grid, made.gy, "PLAN", FRAME, "PHYSICAL"))
    return folder / "structures.dcm", folder / "dose.dcm"


def on_whole_grid(folder: Path, body: Body) -> tuple[Path, Path]:
    """The same shape in a dose grid of the size that a plan has; 1 Gy per mm within 40 mm, 0 to 80 Gy."""
    files = written(folder, body, 0.5)
    x, y, z = (np.arange(-half, half + 0.1, STEP) for half in (200.0, 150.0, 100.0))
    gy = np.broadcast_to(40.0 + np.clip(x, -40.0, 40.0), (len(z), len(y), len(x)))
    grid = Grid(np.array([x[0], y[0], z[0]]), np.full(3, STEP), np.eye(3), gy.shape)
    write_dose(files[1], DoseGrid(grid, np.ascontiguousarray(gy), "PLAN", FRAME, "PHYSICAL"))
    return files


def truth(name: str, body: Body, phase: float) -> dict[str, float]:
    """Figures of the solid; flat ends end where half a slice says, since contours cannot tell."""
    right = body
    if not name.startswith("ball"):
        right = flat_ended(body, STEP, phase, bottom=True, top=not name.startswith("cone"))
    volume = right.volume_mm3
    dose = lambda hot: right.dose_with_hot_volume("linear x", hot)  # noqa: E731
    return {
        "volume": volume / 1000.0,
        "D0.03cc": dose(30.0),
        "D95%": dose(0.95 * volume),
        "D99%": dose(0.99 * volume),
        "Dmax": dose(volume * 1e-11),
    }


def ours(structures: Path) -> tuple[Structure, DoseGrid]:
    study = read_study(structures.parent)
    return study.structure_sets[0].structures[1], study.doses[0]


def figures(found: Dvh) -> dict[str, float]:
    return {
        "volume": found.volume_cm3,
        "D0.03cc": found.dose_at_volume_cm3(0.03),
        "D95%": found.dose_at_percent(95.0),
        "D99%": found.dose_at_percent(99.0),
        "Dmax": found.max,
    }


def peer_rows(files: list[tuple[Path, Path]], interpolation: float | None) -> list[dict[str, Any]] | None:
    """Figures and seconds of dicompyler-core for each pair of files; None without its environment."""
    if not PEER.is_file():
        return None
    lines = "\n".join(json.dumps([str(a), str(b), STEP, interpolation]) for a, b in files)
    done = subprocess.run([str(PEER), "-c", PEER_CODE], input=lines, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--phases", type=int, default=20)
    asked = parser.parse_args()

    def say(claim: str, mine: float, peer: float | None, unit: str, **more: Any) -> None:
        ratio = None if peer is None or mine == 0 else round(peer / mine, 2)
        shown = {
            "claim": claim,
            "ours": round(mine, 5),
            "peer": None if peer is None else round(peer, 5),
            "ratio": ratio,
        }
        shown |= {"unit": unit, **more}
        if asked.json:
            print(json.dumps(shown), flush=True)
        else:
            print(
                f"{claim:44} ours {mine:9.4f} {unit:3} peer {peer if peer is None else round(peer, 4)} ratio {ratio} {more or ''}"
            )

    with tempfile.TemporaryDirectory() as place:
        cases: list[tuple[str, float, tuple[Path, Path]]] = []
        for name, body in SHAPES.items():
            for n in range(asked.phases):
                phase = (n + 0.5) / asked.phases
                cases.append((name, phase, written(Path(place) / f"{name} {n}", body, phase)))
        read = [ours(files[0]) for _, _, files in cases]
        mine = [figures(dvh(*one, slice_mm=STEP)) for one in read]
        theirs = peer_rows([files for _, _, files in cases], None)
        seconds = {}
        for grid in ("whole", "near"):
            files = [
                on_whole_grid(Path(place) / f"{grid} {name}", body) if grid == "whole" else cases[n * asked.phases][2]
                for n, (name, body) in enumerate(SHAPES.items())
            ]
            loaded = [ours(pair[0]) for pair in files]
            for interpolation in (None, 0.5):
                rows = [peer_rows(files, interpolation) or [] for _ in range(REPEATS)] if PEER.is_file() else None
                if rows is not None and any("error" in row for run in rows for row in run):
                    rows = None  # it does not compute this
                seconds[grid, interpolation] = (
                    sum(statistics.median(timed(*one) for _ in range(REPEATS)) for one in loaded),
                    None
                    if rows is None
                    else sum(statistics.median(run[n]["seconds"] for run in rows) for n in range(len(files))),
                )
    phases = asked.phases
    right = [truth(name, SHAPES[name], phase) for name, phase, _ in cases]
    for s, name in enumerate(SHAPES):
        span = range(s * phases, (s + 1) * phases)
        for metric in METRICS:
            scale = (lambda n, m=metric: 100.0 / right[n][m]) if metric == "volume" else (lambda n: 1.0)
            worst = max(abs(mine[n][metric] - right[n][metric]) * scale(n) for n in span)
            peer = None
            if theirs is not None:
                known = [abs(theirs[n][metric] - right[n][metric]) * scale(n) for n in span if "error" not in theirs[n]]
                peer = max(known) if known else None
            say(f"worst error, {name}, {metric}", worst, peer, "%" if metric == "volume" else "Gy")
    if theirs is not None:
        zero = sum(row.get("D99%") == 0.0 for row in theirs)
        say(
            "D99% returned as 0, cases", float(sum(one["D99%"] == 0.0 for one in mine)), float(zero), "", of=len(theirs)
        )
    for (grid, interpolation), (total, peer_total) in seconds.items():
        claim = "time v dicompyler" + ("" if interpolation is None else " with interpolation")
        claim += "" if grid == "whole" else ", small dose grid"
        say(claim, total, peer_total, "s", shapes=len(SHAPES), a_structure=round(total / len(SHAPES), 4))


def timed(structure: Structure, dose: DoseGrid) -> float:
    """Seconds of one histogram with its metrics."""
    start = time.perf_counter()
    figures(dvh(structure, dose, slice_mm=STEP))
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
