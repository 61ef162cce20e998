"""Speed of competing risks on one million rows, beside R's cmprsk where it is installed.

    python benchmarks/cumulative_incidence.py [--json] [--rows N]

Times are whole days, two groups, two causes. ``cuminc`` of cmprsk gives curves and Gray's test in one call, so ours is timed
for the same: two curves for each of two groups, and the test of each cause. Without R, or without cmprsk, the peer is null.
The answers are compared as well: a ratio between programs that disagree would say nothing.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import numpy as np

from portico.cohort.outcomes import cumulative_incidence, fine_gray, gray_test

R = """
suppressMessages(library(cmprsk))
d <- read.csv(commandArgs(TRUE)[1])
start <- proc.time()[["elapsed"]]
a <- cuminc(d$time, d$cause, d$group)
cat(proc.time()[["elapsed"]] - start, format(a$Tests[, 1], digits = 15), "\\n")
"""


def ours(time_: np.ndarray, cause: np.ndarray, group: np.ndarray) -> tuple[float, list[float]]:
    """Seconds, and Gray's statistic of each cause."""
    start = time.perf_counter()
    for one in (0, 1):
        for of in (1, 2):
            cumulative_incidence(time_[group == one], cause[group == one], of=of)
    tests = [gray_test(time_, cause, group, of=of).statistic for of in (1, 2)]
    return time.perf_counter() - start, tests


def peer(time_: np.ndarray, cause: np.ndarray, group: np.ndarray) -> tuple[float, list[float]] | None:
    """The same by cmprsk; None without it."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        np.savetxt(path, np.column_stack([time_, cause, group]), "%d", ",", header="time,cause,group", comments="")
        command = ["Rscript", "--vanilla", "-e", R, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not done.stdout.strip():
        return None
    seconds, *tests = (float(word) for word in done.stdout.split())
    return seconds, tests


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=1_000_000)
    args = parser.parse_args()
    draw = np.random.default_rng(1)
    group = draw.integers(0, 2, args.rows)
    days = np.ceil(draw.exponential(500, args.rows) * (1 + 0.05 * group)).clip(1, 3000)
    cause = draw.integers(0, 3, args.rows)
    ours(days[:1000], cause[:1000], group[:1000])
    mine, tests = ours(days, cause, group)
    other = peer(days, cause, group)
    apart = None if other is None else max(abs(a - b) / abs(b) for a, b in zip(tests, other[1], strict=True))
    start = time.perf_counter()
    fine_gray(days, cause, group, names=["group"])
    model = time.perf_counter() - start
    lines = [
        {
            "claim": f"cumulative incidence by group and Gray's test, {args.rows:,} rows (peer: cmprsk)",
            "ours": round(mine, 3),
            "peer": None if other is None else round(other[0], 3),
            "ratio": None if other is None else round(other[0] / mine, 2),
            "unit": "s",
            "largest relative difference": apart,
        },
        {"claim": f"Fine–Gray, one covariate, {args.rows:,} rows", "ours": round(model, 3), "peer": None, "unit": "s"},
    ]
    for line in lines:
        print(json.dumps(line) if args.json else "  ".join(f"{key} {value}" for key, value in line.items()), flush=True)


if __name__ == "__main__":
    main()
