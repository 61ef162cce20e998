"""Claims of the advice room for ``portico verify``: chapters ``rules`` and ``timing``."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from portico.advice.timing import clock_state
from portico.case import Column
from portico.claims import Claim, chapter, claim_equal, claim_number

if TYPE_CHECKING:
    from portico.advice.engine import Engine

__all__ = ["rules_hold", "timing_holds"]

ROWS = 2000
SEED = 20261123
_SAFE = {
    "pathology_status": "confirmed",
    "primary_bone_tumour_suspected": False,
    "wound_state": "healed",
    "infection": False,
    "csf_leak": False,
    "pregnancy": "excluded",
    "unstable_now": False,
    "reoperation_planned": False,
    "deficit": "none",
    "sphincter_dysfunction": False,
    "postop_mri": True,
    "days_since_surgery": 28,
    "compression_now": False,
    "surgery_done": True,
    "histology": "breast",
    "procedure": "other",
    "prior_rt_at_site": False,
}


@cache
def _engine() -> Engine:
    from portico.advice.engine import Engine
    from portico.knowledge import load_library

    return Engine(load_library())


def _value(column: Column, rng: random.Random) -> Any:
    if column.type == "bool":
        return rng.random() < 0.5
    if column.type == "enum":
        return rng.choice(column.values)
    low, high = math.ceil(column.low or 0), int(column.high or 0)
    number = rng.randint(low, min(high, low + 60))
    return number if column.type == "int" else float(number)


def _row(engine: Engine, **known: Any) -> dict[str, Any]:
    return {**dict.fromkeys(engine.columns.names), **known}


def _status(engine: Engine, row: Mapping[str, Any], option: str) -> str:
    return engine.statuses(engine.truths(row))[option]


@chapter("rules")
def rules_hold() -> Iterator[Claim]:
    """Three-valued logic, batch equality, and the behaviour of gates and options."""
    engine = _engine()
    rng = random.Random(SEED)
    rows = [{c.name: None if rng.random() < 0.4 else _value(c, rng) for c in engine.columns} for _ in range(ROWS)]
    turned = 0
    for row in rows:
        before = engine.statuses(engine.truths(row))
        full = {c.name: _value(c, rng) if row[c.name] is None else row[c.name] for c in engine.columns}
        after = engine.statuses(engine.truths(full))
        turned += sum(1 for key, status in before.items() if status != "undetermined" and after[key] != status)
    yield claim_number(
        "rules", f"decided options that an answer turned, {ROWS} random cases and completions",
        source="three-valued logic (Kleene)", expected=0, got=turned, tolerance=0,
    )  # fmt: skip
    from portico.advice.table import frame_from_rows

    table = engine.table(frame_from_rows(rows, engine.columns))
    columns = {key: table[key].to_list() for key in engine.rules}
    differ = sum(
        1 for i, row in enumerate(rows) for key, value in engine.truths(row).items() if columns[key][i] is not value
    )
    yield claim_number(
        "rules", f"rules that differ between one case and the table, {ROWS} cases",
        source="own evaluator against Polars", expected=0, got=differ, tolerance=0,
    )  # fmt: skip
    nothing = engine.truths(_row(engine))
    urgent = [key for key, rule in engine.rules.items() if rule.kind in ("urgent", "gate")]
    yield claim_number(
        "rules", "urgent rules and gates that an empty case takes for excluded",
        source="unknown is never defaulted", expected=0, got=sum(nothing[key] is False for key in urgent), tolerance=0,
    )  # fmt: skip
    for words, known, option, expected in _EXAMPLES:
        got = _status(engine, _row(engine, **_SAFE, **known), option)
        yield claim_equal("rules", words, source=engine.regimens[option].sources[0].id, expected=expected, got=got)


_EXAMPLES: tuple[tuple[str, dict[str, Any], str, str], ...] = (
    ("30 Gy in 10 after femur surgery", {"site_region": "non_spine", "bone": "femur"}, "conv-30-10", "eligible"),
    ("16 Gy in 2 outside the spine", {"site_region": "non_spine", "bone": "femur"}, "conv-16-2", "not eligible"),
    ("20 Gy in 5 before the site is known", {}, "conv-20-5", "undetermined"),
    ("24 Gy in 2 SBRT without a pre-operative MRI", {"site_region": "spine", "preop_mri": False}, "sbrt-24-2", "not eligible"),
    ("24 Gy in 2 SBRT, imaging not stated", {"site_region": "spine"}, "sbrt-24-2", "undetermined"),
    ("40 Gy in 5 SBRT with epidural disease", {"site_region": "spine", "epidural_preop": True}, "sbrt-40-5", "not eligible"),
    ("20 Gy in 8 as a first course", {"site_region": "spine"}, "re-20-8", "not eligible"),
)  # fmt: skip


_CLOCKS: tuple[tuple[str, dict[int, str]], ...] = (
    ("spine", {6: "early", 14: "open", 28: "open", 41: "late", 90: "very late"}),
    (
        "non_spine",
        {
            6: "before the usual weeks",
            14: "before the usual weeks",
            28: "open",
            41: "past the usual weeks",
            90: "past referral mark",
        },
    ),
)


@chapter("timing")
def timing_holds() -> Iterator[Claim]:
    """The spine clock at days 6, 14, 28, 41 and 90, and the non-spine clock by itself."""
    engine = _engine()
    for region, expected in _CLOCKS:
        rule = next(r for r in engine.rules.values() if r.kind == "timing" and r.marks and r.region == region)
        marks = {str(mark["name"]): int(mark["day"]) for mark in rule.marks}
        sources = ", ".join(source.id for source in rule.sources)
        for day, state in expected.items():
            got = clock_state(region, day, marks, wound_ready=True)
            yield claim_equal("timing", f"{region} clock on day {day}", source=sources, expected=state, got=got)
        for day in (14, 41):
            got = clock_state(region, day, marks, wound_ready=False)
            yield claim_equal(
                "timing", f"{region} clock on day {day} with an open wound", source=sources,
                expected="wound first", got=got,
            )  # fmt: skip
    for day in (6, 28, 90, 400):
        row = _row(engine, **{**_SAFE, "site_region": "spine", "days_since_surgery": day})
        yield claim_equal(
            "timing", f"30 Gy in 10 on day {day} after spine surgery: lateness alone", source="house rule",
            expected="eligible", got=_status(engine, row, "conv-30-10"),
        )  # fmt: skip
