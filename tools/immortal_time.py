"""Draw synthetic registries, analyse each in every way, and write the table of docs/explanation/immortal-time.md.

python tools/immortal_time.py                 # 500 registries of 800 patients; writes the table
python tools/immortal_time.py --registries 40 # prints, writes nothing
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np

from portico.cohort.synthetic import synthetic_registry
from portico.cohort.synthetic_recovery import Recovered, recover

PAGE = Path(__file__).resolve().parent.parent / "docs" / "explanation" / "immortal-time.md"
BEGIN, END = "<!-- table: tools/immortal_time.py -->", "<!-- end of table -->"
FULL = 500


def table(registries: int, patients: int) -> str:
    """Truth, mean estimate and coverage of each analysis, as Markdown."""
    found: dict[str, list[Recovered]] = defaultdict(list)
    for seed in range(registries):
        for one in recover(synthetic_registry(patients, seed=seed), seed=seed):
            found[one.name].append(one)
    lines = [
        BEGIN,
        f"{registries} registries of {patients} patients.",
        "",
        "| analysis | truth | mean estimate | 95 % intervals that hold the truth |",
        "|---|---:|---:|---:|",
    ]
    for name, ones in found.items():
        mean, held = np.mean([one.estimate for one in ones]), np.mean([one.covers for one in ones])
        wrong = "" if ones[0].right else " (wrong)"
        lines.append(f"| {name}{wrong} | {ones[0].truth:.3f} | {mean:.3f} | {100 * held:.1f} % |")
    return "\n".join([*lines, END])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--registries", type=int, default=FULL)
    parser.add_argument("--patients", type=int, default=800)
    asked = parser.parse_args()
    made = table(asked.registries, asked.patients)
    print(made)
    if asked.registries == FULL:
        page = PAGE.read_text(encoding="utf-8")
        before, rest = page.split(BEGIN)
        PAGE.write_text(before + made + rest.split(END)[1], encoding="utf-8")
        print(f"written: {PAGE.name}")


if __name__ == "__main__":
    main()
