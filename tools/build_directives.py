"""Build the golden Directives under ``examples/directives``: eight from the shipped cases, one for the TG-119 phantom.

    python tools/build_directives.py [--check]

They are what plan check, targets and planning accept against. ``--check`` writes nothing and exits 1 when a file is not current.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from portico.advice import Engine, advise, propose, sign
from portico.case import read_case
from portico.directive import Directive, directive_from, seal
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


def phantom() -> Directive:
    """The Directive of the C-shape of TG-119: no patient, so it is proposed and never signed; its goals are this example's own."""
    own = "This example's own goal for a phantom: no patient, no publication."
    levels = [
        {
            "name": "target", "roi": "OuterTarget", "dose_gy": 50.0, "fractions": 25,
            "goals": [
                {"metric": "D95%", "op": ">=", "value": 50.0, "unit": "Gy", "strength": "goal"},
                {"metric": "D10%", "op": "<=", "value": 53.6, "unit": "Gy", "strength": "goal"},
            ],
        },
    ]  # fmt: skip
    limits = [
        {
            "roi": roi, "defined_on": "organ", "metric": metric, "op": "<=", "value": gy, "unit": "Gy", "fractions": 25,
            "scope": "course", "setting": "de_novo", "strength": "goal", "limit_id": f"example-{roi.lower()}",
            "source_id": "portico-example", "verified": "derived", "kind": "planning_study", "why": own,
        }
        for roi, metric, gy in (("Core", "D10%", 11.8), ("BODY", "Dmax", 55.0))
    ]  # fmt: skip
    golden = build(GOLDENS[0])
    value = {
        "schema": "directive/1", "id": "tg119-c-shape", "status": "proposed", "for_planning": True,
        "site": {"region": "non_spine", "description": "C-shape phantom of TG-119: no patient"},
        "technique": "conventional", "course": "first", "levels": levels, "limits": limits, "timing": {},
        "records": sorted({"portico-example", *(one["limit_id"] for one in limits)}),
        "notices": ["A phantom: this Directive serves to try and commission planning only."],
        "intended_use": golden.intended_use,
        "stamps": {
            "case_sha256": hashlib.sha256(b"tg119-c-shape").hexdigest(), "knowledge_version": golden.stamps.knowledge_version,
            "software_version": golden.stamps.software_version, "policy_id": golden.stamps.policy_id,
        },
    }  # fmt: skip
    return directive_from(seal(directive_from(value)).to_dict())


def text(directive: Directive) -> str:
    """The file as it is kept: indented JSON in the order of the schema."""
    return json.dumps(directive.to_dict(), indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = []
    OUT.mkdir(parents=True, exist_ok=True)
    built = {golden.name: build(golden) for golden in GOLDENS} | {"tg119": phantom()}
    for name, directive in built.items():
        path = OUT / f"{name}.json"
        new = text(directive)
        if not path.exists() or path.read_text(encoding="utf-8") != new:
            stale.append(path.name)
            if not check:
                path.write_text(new, encoding="utf-8")
    print(("not current: " if check else "written: ") + (", ".join(stale) or "none"))
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
