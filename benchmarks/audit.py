"""Time and memory of an audit, from one to ten million generated courses.

    python benchmarks/audit.py [--json] [--rows 1000000 10000000] [--engine here|processes] [--folder DIR]

Each course passes all rules of the library, concordance with every regimen, counts by centre, and cumulative incidence by technique and by
verdict with Gray's test; rows in are rows used plus rows refused. The courses are those of the synthetic registry, with answers to every
question that the rules ask, most of them as in a patient fit for radiotherapy, one in twelve unknown. Each size runs in a process of its
own, whose peak memory is printed. Growth is the time a row at the largest size over that at the smallest: 1 is linear.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from portico.advice import Engine
from portico.case import load_columns
from portico.case.predicate import columns_of
from portico.cohort.audit import audit_registry
from portico.cohort.synthetic import PREFIX, synthetic_registry
from portico.knowledge import load_library

#: Answers that stop nothing; the rest of a column's values share the remainder.
USUAL = {
    "pathology_status": "confirmed", "primary_bone_tumour_suspected": False, "wound_state": "healed", "infection": False, "csf_leak": False,
    "pregnancy": "excluded", "unstable_now": False, "reoperation_planned": False, "dept_sbrt": True, "dept_imrt": True,
    "dept_image_guidance": "cbct", "cord_imaging": "mri_t2", "preop_mri": True, "postop_mri": True, "compression_now": False,
    "deficit": "none", "sphincter_dysfunction": False, "declines_radiotherapy": False, "prior_rt_at_site": False,
}  # fmt: skip
UNKNOWN = 1 / 12
OTHERWISE = 0.04
#: Patients drawn at once.
DRAWN = 250_000


def _answers(rows: int, draw: np.random.Generator, asked: set[str]) -> list[pl.Series]:
    """Columns that the rules read and the synthetic registry does not have."""
    made = []
    for column in load_columns():
        if column.name not in asked:
            continue
        values = [False, True] if column.type == "bool" else list(column.values)
        if values:
            place = draw.integers(0, len(values), rows)
            if column.name in USUAL:
                place = np.where(draw.random(rows) < OTHERWISE, place, values.index(USUAL[column.name]))
        else:
            values = list(range(int(np.ceil(column.low or 0)), min(int(column.high or 200), 200) + 1))
            place = draw.integers(0, len(values), rows)
        place = np.where(draw.random(rows) < UNKNOWN, -1, place).astype(np.int32)
        where = pl.Series(place)
        where.scatter((where < 0).arg_true(), None)
        made.append(pl.Series(column.name, values).gather(where))
    return made


def generate(path: Path, rows: int) -> None:
    """Write a registry of exactly this many rows, a chunk at a time."""
    engine = Engine(load_library())
    read = {name for node in engine.nodes.values() for name in columns_of(node)}
    draw, written, parts = np.random.default_rng(7), 0, []
    while written < rows:
        chunk = synthetic_registry(DRAWN, seed=len(parts) + 1).head(rows - written)
        mark = f"{PREFIX}{len(parts):04d}-"
        keys = (pl.col(name).str.replace(PREFIX, mark, literal=True) for name in ("patient_key", "course_key"))
        chunk = chunk.with_columns(keys).with_columns(_answers(len(chunk), draw, read - set(chunk.columns)))
        parts.append(path.with_name(f"{path.name}.{len(parts):04d}"))
        chunk.write_parquet(parts[-1])
        written += len(chunk)
    pl.scan_parquet(parts).sink_parquet(path, row_group_size=250_000)
    for part in parts:
        part.unlink()


def one(path: Path, engine: str) -> dict[str, object]:
    """Audit one file in this process."""
    with tempfile.TemporaryDirectory() as folder:
        begin, ran = time.perf_counter(), time.process_time()
        found = audit_registry(path, Path(folder), where=engine)
        spent, worked = time.perf_counter() - begin, time.process_time() - ran
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + (children.ru_maxrss if engine != "here" else 0)
    total = found.concordance.total
    return {
        "rows": found.rows.read, "used": found.rows.used, "refused": found.rows.refused, "seconds": round(spent, 1),
        "processor seconds": round(worked + children.ru_utime + children.ru_stime, 1), "peak GB": round(peak / 1e6, 2),
        "offered": total.offered, "not offered": total.not_offered, "undetermined": total.undetermined,
    }  # fmt: skip


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--engine", choices=("here", "processes"), default="here")
    parser.add_argument("--folder", type=Path, help="keeps the registries for the next run")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(one(args.one, args.engine)))
        return
    with tempfile.TemporaryDirectory() as kept:
        folder = args.folder or Path(kept)
        folder.mkdir(parents=True, exist_ok=True)
        found = []
        for rows in args.rows:
            path = folder / f"courses-{rows}.parquet"
            if not path.exists():
                generate(path, rows)
            words = [sys.executable, __file__, "--one", str(path), "--engine", args.engine]
            found.append(json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout))
            claim = f"audit of {rows:,} courses on {os.cpu_count()} cores"
            _show({"claim": claim, "ours": found[-1]["seconds"], "peer": None, "unit": "s", **found[-1]}, args.json)
    if len(found) > 1:
        rate = [float(line["seconds"]) / float(line["rows"]) for line in (found[0], found[-1])]
        _show(
            {
                "claim": "growth of the time a row (1 is linear)",
                "ours": round(rate[1] / rate[0], 2),
                "peer": None,
                "unit": "1",
            },
            args.json,
        )


def _show(line: dict[str, object], as_json: bool) -> None:
    print(json.dumps(line) if as_json else "  ".join(f"{key} {value}" for key, value in line.items()), flush=True)


if __name__ == "__main__":
    main()
