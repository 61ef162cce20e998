"""Build the eight golden Directives under ``examples/directives`` from the shipped cases.

    python tools/build_directives.py [--check]

They are what plan check, targets and planning accept against. ``--check`` writes nothing and exits 1 when a file is not current.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from portico.advice import Engine, advise, propose, sign
from portico.case import read_case
from portico.directive import Directive
from portico.knowledge import load_library
from portico.units import parse_regimen

ROOT = Path(__file__).parents[1]
OUT = ROOT / "examples" / "directives"
SITE = ROOT / "examples" / "site" / "signatures.yaml"


@dataclass(frozen=True)
class Golden:
    """One golden Directive: from which case and option, and what was decided why."""

    name: str
    case: str
    option: str
    reason: str
    signed_site: bool = False
    volume: str | None = None
    override: str | None = None


GOLDENS = (
    Golden(
        "femur-30-10", "femur-renal", "conv-30-10", "Expected to live for more than a year; tumour left in the shaft."
    ),
    Golden(
        "femur-bed-20-5",
        "femur-renal",
        "conv-20-5",
        "Shorter course at the patient's wish; knee and hip spared.",
        volume="surgical_bed",
    ),
    Golden(
        "spine-24-2", "thoracic-separation", "sbrt-24-2", "Radioresistant tumour, separated from the cord, MRI at hand."
    ),
    Golden(
        "spine-30-4",
        "thoracic-separation",
        "sbrt-30-4",
        "Four fractions keep the oesophagus at lower dose per fraction.",
    ),
    Golden(
        "spine-sib-40-30-10",
        "thoracic-separation",
        "sib-40-30-10",
        "Boost to what is left, conventional dose to the rest.",
        signed_site=True,
    ),
    Golden("spine-sib-30-20-5", "thoracic-separation", "sib-30-20-5", "Boost in one week.", signed_site=True),
    Golden(
        "spine-again-24-2",
        "spine-reirradiation",
        "re-sbrt-24-2",
        "Second course after decompression; sac dose of the first is known.",
    ),
    Golden(
        "femur-override-25-10",
        "femur-breast-fracture",
        "conv-30-10",
        "Department's protocol for young patients with long survival.",
        override="25 Gy/10",
    ),
)


def build(golden: Golden) -> Directive:
    """The signed Directive of one entry."""
    library = load_library(signatures=SITE if golden.signed_site else None)
    engine = Engine(library)
    case = read_case(ROOT / "examples" / "cases" / f"{golden.case}.yaml")
    advice = advise(case, engine)
    chosen = parse_regimen(golden.override) if golden.override else None
    override = golden.override is not None
    draft = propose(case, advice, engine, golden.option, chosen=chosen, volume=golden.volume, override=override)
    return sign(
        draft, advice, golden.option, by="Dr A. Example", role="radiation oncologist (example)", reason=golden.reason,
        override=override,
    )  # fmt: skip


def text(directive: Directive) -> str:
    """The file as it is kept: indented JSON in the order of the schema."""
    return json.dumps(directive.to_dict(), indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = []
    OUT.mkdir(parents=True, exist_ok=True)
    for golden in GOLDENS:
        path = OUT / f"{golden.name}.json"
        new = text(build(golden))
        if not path.exists() or path.read_text(encoding="utf-8") != new:
            stale.append(path.name)
            if not check:
                path.write_text(new, encoding="utf-8")
    print(("not current: " if check else "written: ") + (", ".join(stale) or "none"))
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
