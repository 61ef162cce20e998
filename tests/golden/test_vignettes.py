"""Whole outputs of the shipped cases, reviewed by eye: ``PORTICO_GOLDEN=write`` rewrites them for a new review."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from portico.advice import Advice, Engine, advise
from portico.case import read_case
from portico.knowledge import load_library

CASES = sorted((Path(__file__).parents[2] / "examples" / "cases").glob("*.yaml"))
HERE = Path(__file__).parent / "vignettes"
ENGINE = Engine(load_library())


def summary(advice: Advice) -> str:
    """What a reviewer reads: notices, options in order with their reasons, timing, volumes, what is missing."""
    lines = [f"exit {advice.exit_status}", f"signing blocked: {advice.signing_blocked}"]
    for notice in advice.notices:
        word = "HOLDS" if notice.state == "true" else "NOT EXCLUDED"
        lines.append(f"{word}: {notice.title} [{notice.rule}]")
    lines.append(f"band: {advice.band.label}")
    for option in advice.options:
        place = f"{option.rank}{'=' if option.tied else ''}" if option.rank else "-"
        lines.append(f"{place} {option.id}: {option.status}; {option.certainty}, {option.directness}")
        lines += [f"    because {s.records[0]}" for s in option.why]
        lines += [f"    for {s.records[0]}" for s in option.reasons_for]
        lines += [f"    against {s.records[0]}" for s in option.reasons_against]
        lines += [f"    settle by {' + '.join(s.columns)}{' (always)' if s.always else ''}" for s in option.settle]
        for outcome in option.outcomes:
            span = "" if outcome.low is None else f" ({outcome.low:g} to {outcome.high:g})"
            lines.append(
                f"    {outcome.family}: {outcome.estimate:g}{span} n={outcome.n} {outcome.study}, {outcome.match}"
            )
        for one in option.pooled:
            mark = ", indirect" if one.indirect else ""
            lines.append(
                f"    pooled {one.question}: {one.estimate:.4f} ({one.low:.4f} to {one.high:.4f}) k={one.k}{mark}"
            )
        for limit in option.limits:
            value = "-" if limit.value is None else f"{limit.metric} {limit.op} {limit.value:g} {limit.unit}"
            lines.append(f"    limit {limit.roi} {value}: {limit.state} {limit.limit_id or ''}".rstrip())
    if advice.timing:
        lines.append(f"timing {advice.timing.region}: {advice.timing.state}; {advice.timing.wound}")
        lines += [f"    {mark.name} {mark.date}" for mark in advice.timing.marks]
    for volume in advice.volumes:
        lines.append(f"volume {volume.recipe}{' (proposed)' if volume.proposed else ''}")
    lines += [f"volume note {s.records[0]}" for s in advice.volume_notes]
    lines += [f"alongside {s.records[0]}" for s in advice.alongside]
    if advice.reirradiation:
        lines += [f"condition {f['code']}: {f['verdict']}" for f in advice.reirradiation["factors"]]
        lines += [f"budget {b['fractions']}: {b['dose_gy']} Gy" for b in advice.reirradiation["budget"]]
    lines += [f"would change: {text}" for text in advice.would_change]
    lines += [f"missing {m.column}{' (blocks signing)' if m.blocks_signing else ''}" for m in advice.missing]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("path", CASES, ids=lambda p: p.stem)
def test_vignette(path: Path) -> None:
    got = summary(advise(read_case(path), ENGINE))
    golden = HERE / f"{path.stem}.txt"
    if os.environ.get("PORTICO_GOLDEN") == "write":
        HERE.mkdir(exist_ok=True)
        golden.write_text(got, encoding="utf-8")
    assert golden.exists(), "no golden output: run with PORTICO_GOLDEN=write and review it"
    assert got == golden.read_text(encoding="utf-8")


def test_every_golden_has_its_case() -> None:
    assert {p.stem for p in HERE.glob("*.txt")} == {p.stem for p in CASES}
    assert len(CASES) >= 20
