"""Speed of the evidence: every answer of the library, and a bootstrap of 10,000 for a dose-response band.

    python benchmarks/evidence.py [--json]

The peer is R with metafor, when it is there: it pools the same logits with the same calls (REML with Knapp–Hartung and Wald, Paule–Mandel,
DerSimonian–Laird, common effect, binomial mixed model, leave-one-out), timed inside R after its packages are loaded. The library does
more for each question (selection, certainty, cumulative pools), so the ratio flatters R. Without R the peer is null.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import time
from typing import Any

import numpy as np

from portico.knowledge import load_library
from portico.synthesis import DoseArms, bootstrap_band, build_pools, dose_response, effects_of, selection_for


def metafor_seconds(library: Any) -> float | None:
    """Seconds that metafor takes for the models of every pooled question; None without R."""
    if shutil.which("Rscript") is None:
        return None
    lines = ["suppressMessages(library(metafor))", "start <- proc.time()[['elapsed']]"]
    for name in library.questions:
        figures = selection_for(library, name)
        if len(figures.figures) < 2:
            continue
        effects = effects_of(figures)
        yi = ",".join(f"{value:.12g}" for value in effects.yi)
        vi = ",".join(f"{value:.12g}" for value in effects.vi)
        lines.append(f"yi <- c({yi}); vi <- c({vi})")
        lines.append('r <- rma(yi, vi, method="REML", test="knha"); invisible(predict(r)); invisible(confint(r))')
        lines.append('invisible(rma(yi, vi, method="REML")); invisible(rma(yi, vi, method="PM", test="knha"))')
        lines.append('invisible(rma(yi, vi, method="DL")); invisible(rma(yi, vi, method="FE"))')
        if effects.k >= 3:
            lines.append("invisible(leave1out(r))")
    lines.append("cat(proc.time()[['elapsed']] - start)")
    done = subprocess.run(["Rscript", "--vanilla", "-e", "\n".join(lines)], capture_output=True, text=True, check=False)
    return float(done.stdout.split()[-1]) if done.returncode == 0 and done.stdout.strip() else None


def band_seconds() -> float:
    """Seconds of a bootstrap of 10,000 on 14 arms of 9 studies."""
    draw = np.random.default_rng(5)
    study = [f"s{i}" for i in (0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 7, 8)]
    dose = draw.uniform(35.0, 80.0, len(study))
    n = draw.integers(30, 200, len(study))
    events = draw.binomial(n, 1.0 / (1.0 + np.exp(-(1.5 - 0.06 * dose))))
    curve = dose_response(DoseArms.of(dose, events, n, study=study))
    start = time.perf_counter()
    bootstrap_band(curve, np.linspace(curve.low_gy, curve.high_gy, 50), replicates=10_000)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    library = load_library()
    build_pools(library)
    start = time.perf_counter()
    build_pools(library)
    ours, peer = time.perf_counter() - start, metafor_seconds(library)
    rows = [
        (f"every answer of the library, {len(library.questions)} questions (peer: metafor)", ours, peer),
        ("bootstrap of 10,000 for a dose-response band of 14 arms", band_seconds(), None),
    ]
    for claim, mine, other in rows:
        ratio = None if other is None else round(other / mine, 2)
        line = {
            "claim": claim,
            "ours": round(mine, 3),
            "peer": None if other is None else round(other, 3),
            "ratio": ratio,
            "unit": "s",
        }
        print(json.dumps(line) if args.json else "  ".join(f"{key} {value}" for key, value in line.items()), flush=True)


if __name__ == "__main__":
    main()
