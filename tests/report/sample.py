"""Advice made by hand for the tests: one of everything, and text that tries to be markup."""

from __future__ import annotations

import datetime as dt
from typing import Any

from portico.advice.model import (
    Advice,
    Band,
    Dissent,
    LevelDose,
    LimitRow,
    Mark,
    Missing,
    Notice,
    Option,
    OrderStep,
    Outcome,
    Settle,
    Statement,
    Timing,
    VolumeChoice,
)

HOSTILE = '<script>alert(1)</script>"\'> #panic("x") #{1+1} $x$ *b* [bold red]red[/] {{ 7*7 }} \\evil </svg><img src=http://e.example/x>'


def statement(text: str = "A statement.", *records: str, disagrees: tuple[Dissent, ...] = ()) -> Statement:
    return Statement(
        text, records or ("ind-nonspine-port", "rosen-2021"), "low", "post_operative", "evidence", False, disagrees
    )


def limit(roi: str = "SpinalCord", value: float | None = 17.0, **changes: Any) -> LimitRow:
    row: dict[str, Any] = {
        "roi": roi, "defined_on": "true_cord", "metric": "Dmax", "op": "<=", "value": value, "unit": "Gy", "fractions": 2,
        "state": "binding" if value is not None else "no limit", "limit_id": "hytec-cord-2fx-dmax", "source": "sahgal-2021-hytec-cord",
        "verified": "abstract", "kind": "risk_model", "neural": True, "scope": "course", "setting": "de_novo", "signed_by": None,
        "why": "risk model, abstract.",
    }  # fmt: skip
    return LimitRow(**{**row, **changes})


def outcome(**changes: Any) -> Outcome:
    row: dict[str, Any] = {
        "family": "local control", "label": "local recurrence", "estimate": 0.248, "low": None, "high": None, "interval": None,
        "months": None, "n": 145, "events": 36, "measure": "proportion", "unit": "proportion", "study": "rosen-2021",
        "match": "same technique", "directness": "post_operative", "verified": "abstract",
    }  # fmt: skip
    return Outcome(**{**row, **changes})


def option(**changes: Any) -> Option:
    row: dict[str, Any] = {
        "id": "conv-30-10", "label": "30 Gy in 10", "technique": "conventional", "course": "first", "intent": "long_palliative",
        "status": "eligible", "signable": True, "rank": 1, "tied": False,
        "why": (statement("It is indicated.", disagrees=(Dissent("willeumier-2016", "too little evidence"),)),),
        "settle": (), "reasons_for": (statement("A reason for it.", "prefer-bed39-nonspine", "rosen-2021"),),
        "reasons_against": (statement("A reason against it.", "caution-titanium", "nevelsky-2017"),),
        "certainty": "low", "directness": "post_operative", "verified": "abstract", "outcomes": (outcome(),),
        "levels": (LevelDose("target", "PTV", 30.0, 10, 39.0, 32.5, 37.5),), "visits": 10,
        "limits": (limit("SpinalCord", None, why="No limit is known."), limit("Esophagus", 19.0, neural=False, defined_on="organ")),
        "order": (OrderStep("signable", 0, "can be signed"),), "note": "A note.", "records": ("conv-30-10", "rosen-2021"),
    }  # fmt: skip
    return Option(**{**row, **changes})


def advice(**changes: Any) -> Advice:
    day = dt.date(2026, 3, 2)
    row: dict[str, Any] = {
        "label": "Femur, example", "as_of": day, "case_sha256": "a" * 64, "knowledge_version": "b" * 64, "software_version": "0.1.0",
        "watermark": None,
        "row": {"site_region": "non_spine", "bone": "femur", "surgery_done": True, "weight_bearing": "partial"},
        "notices": (), "options": (
            option(),
            option(id="conv-8-1", label="8 Gy in 1", rank=2, tied=True, visits=1, levels=(LevelDose("target", "PTV", 8.0, 1, 14.4, 12.0, 20.0),), limits=()),
            option(id="conv-45", label="up to 45 Gy", rank=3, signable=False, visits=None, limits=(),
                   levels=(LevelDose("target", "PTV", None, None, None, None, None, "dose or fractions not sourced"),)),
            option(id="sbrt-24-2", label="24 Gy in 2, SBRT", status="undetermined", rank=None,
                   settle=(Settle(("prior_rt_at_site",), ("Has this site been irradiated before?",), True),)),
            option(id="none", label="No radiotherapy now", technique="none", status="not eligible", rank=None, outcomes=(), levels=(), limits=(),
                   why=(statement("A gate stops it.", "gate-wound", "bmcsurg-2021-wound-spine"),)),
        ),
        "order_steps": ("options that can be signed come first",), "band": Band("durable", "lasting control wanted", ()),
        "why_this_order": "Intent band: lasting control wanted.", "would_change": ("A shorter survival would put first: 8 Gy in 1.",),
        "timing": Timing("non_spine", "open", "Inside the window.", 21, dt.date(2026, 2, 9), "The wound has healed.",
                         (Mark("usual_from", 21, dt.date(2026, 3, 2), "three weeks was routine", "guzik-2018"),
                          Mark("refer_by", 42, dt.date(2026, 3, 23), "referral within six weeks", "va-referral-2022")),
                         (statement("The clock.", "clock-nonspine", "guzik-2018"),)),
        "volumes": (VolumeChoice("whole_hardware", True, statement("Cover the whole implant.", "volume-whole-hardware", "rosen-2021", disagrees=(Dissent("alvi-damron-2013", "most lay at the original site"),))),
                    VolumeChoice("surgical_bed", False, statement("Treat the bed.", "volume-surgical-bed", "alvi-damron-2013"))),
        "volume_notes": (), "alongside": (statement("Weight-bearing is the surgeon's decision.", "alongside-weight-bearing", "wedin-1999"),),
        "reirradiation": None,
        "missing": (Missing("kps", "What is the Karnofsky performance status?", 1, 0, False), Missing("deficit", "Is there a deficit?", 1, 2, True)),
        "evidence_note": statement("Nothing here rests on randomised evidence.", "keit-2025"),
        "rules": {"gate-wound": True},
    }  # fmt: skip
    return Advice(**{**row, **changes})


URGENT = Notice(
    "urgent-new-deficit",
    "urgent",
    "true",
    "New deficit",
    "Treat as an emergency.",
    (),
    ("urgent-new-deficit", "patchell-2005"),
)
OPEN = Notice(
    "gate-wound",
    "gate",
    "unknown",
    "Wound not known",
    "The wound comes first.",
    ("Is the wound healed?",),
    ("gate-wound",),
)
REVIEW = {
    "assumption": "no repair credit",
    "overall": "review",
    "factors": [{"code": "interval", "limit": 5.0, "op": ">=", "reason": "Counted.", "source_ids": ["sahgal-2012-rert"], "unit": "months", "value": 14.0, "verdict": "met"},
                {"code": "new_to_cumulative", "limit": 0.5, "op": "<=", "reason": "Unknown dose.", "source_ids": ["sahgal-2012-rert"], "unit": "1", "value": None, "verdict": "cannot_tell"}],
    "budget": [{"fractions": 1, "dose_gy": 9.0, "eqd2_gy": 25.0, "why": "set by new_course_eqd2"}, {"fractions": 2, "dose_gy": None, "eqd2_gy": None, "why": "unknown"}],
}  # fmt: skip
