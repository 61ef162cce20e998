"""Small Directives that hold together; every number in them is invented for the tests."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

Data = dict[str, Any]


def _base(**parts: Any) -> Data:
    data: Data = {
        "schema": "directive/1",
        "id": "sample-1",
        "status": "proposed",
        "for_planning": True,
        "blockers_for_planning": [],
        "site": {"region": "non_spine", "bone": "femur", "levels": [], "side": "left", "description": "sample"},
        "technique": "conventional",
        "course": "first",
        "levels": [{"name": "target", "roi": "PTV", "dose_gy": 30, "fractions": 10, "goals": []}],
        "no_limit": [],
        "limits": [],
        "volumes": [
            {
                "roi": "CTV", "recipe": "whole_hardware", "from": ["Nail"], "says": "The bone along the nail.",
                "rule_id": "volume-hardware", "source_ids": ["study-volume"], "chosen": True,
            },
            {
                "roi": "CTV", "recipe": "surgical_bed", "from": [], "says": "The bed.", "rule_id": None,
                "source_ids": [], "chosen": False,
            },
        ],
        "plain_field": {"energy": "6 MV"},
        "timing": {
            "surgery_date": "2026-01-10",
            "earliest": "2026-01-24",
            "aim_by": "2026-02-07",
            "late_after": "2026-03-01",
            "marks": [
                {"name": "earliest", "date": "2026-01-24", "day": 14, "says": "wound", "source_id": "study-clock"}
            ],
            "wound_condition": "closed and dry",
        },
        "follow_up": [{"what": "pain", "due": "2026-04-01", "weeks": 4, "says": "ask", "source_id": "study-follow"}],
        "prior_courses": [],
        "reirradiation": None,
        "decision": None,
        "records": [],
        "notices": ["A notice."],
        "intended_use": "For professionals.",
        "stamps": {
            "case_sha256": "ab" * 32,
            "knowledge_version": "cd" * 32,
            "software_version": "0.1.0",
            "policy_id": "order",
            "signatures_site": None,
            "watermark": None,
        },
        "hash": None,
    }  # fmt: skip
    data.update(parts)
    return data


def _limit(**parts: Any) -> Data:
    return {
        "roi": "SpinalCord",
        "defined_on": "true_cord",
        "metric": "D0.03cc",
        "op": "<=",
        "value": 17.5,
        "unit": "Gy",
        "fractions": 2,
        "scope": "course",
        "setting": "de_novo",
        "strength": "hard",
        "limit_id": "cord-2",
        "source_id": "study-cord",
        "verified": "abstract",
        "kind": "risk_model",
        "signed_by": None,
        "why": "stricter row",
        **parts,
    }


_DECISION = {
    "option_id": "option-a",
    "label": "as offered",
    "override": False,
    "override_of": None,
    "reason": "agreed at the board",
    "by": "Dr Example",
    "role": "radiation oncologist",
    "date": "2026-01-20",
    "certainty": "low",
    "directness": "post_operative",
    "disagreements": [{"source_id": "study-other", "says": "otherwise"}],
}
_SPINE = {"region": "spine", "bone": "vertebra", "levels": ["T8"], "side": "midline", "description": None}


def _femur() -> Data:
    return _base(records=["study-clock", "study-follow", "study-volume", "volume-hardware", "study-other"])


def _spine() -> Data:
    level = {
        "name": "target",
        "roi": "PTV",
        "dose_gy": 24,
        "fractions": 2,
        "goals": [
            {"metric": "V24Gy", "op": ">=", "value": 90, "unit": "%", "source_id": "study-goal", "strength": "goal"}
        ],
    }
    return _base(
        site=_SPINE,
        technique="sbrt",
        levels=[level],
        limits=[
            _limit(),
            _limit(
                roi="Esophagus", defined_on="organ", metric="D5cc", limit_id="eso-2", verified="secondary",
                kind="guideline", signed_by="Site physicist", setting="postoperative",
            ),
        ],
        no_limit=[
            {
                "roi": "Lung_L", "defined_on": None, "fractions": 2, "neural": False, "why": "no record",
                "candidates": ["lung-2"],
            }
        ],
        plain_field=None,
        stamps={**_base()["stamps"], "signatures_site": "Teaching site", "watermark": "Not a hospital"},
        records=[
            "cord-2", "eso-2", "lung-2", "study-clock", "study-cord", "study-follow", "study-goal", "study-other",
            "study-volume", "volume-hardware",
        ],
    )  # fmt: skip


def _sib() -> Data:
    data = _femur()
    data["technique"] = "sib"
    data["plain_field"] = None
    data["levels"] = [
        {"name": "boost", "roi": "PTV_High", "dose_gy": 40, "fractions": 10, "goals": []},
        {"name": "elective", "roi": "PTV_Low", "dose_gy": 30, "fractions": 10, "goals": []},
    ]
    return data


def _again() -> Data:
    data = _spine()
    data["course"] = "reirradiation"
    data["limits"] = [
        _limit(metric="EQD2_2:Dmax", scope="cumulative", fractions=None, setting="reirradiation"),
        _limit(metric="EQD2_2:Dmax", setting="reirradiation"),
    ]
    data["prior_courses"] = [
        {"dose_gy": 30, "fractions": 10, "end": "2025-01-31", "cord_dmax_gy": 30.9, "defined_on": "thecal_sac"},
        {},
    ]
    data["reirradiation"] = {
        "factors": [
            {
                "code": "interval", "verdict": "met", "value": 11, "limit": 5, "op": ">=", "unit": "months",
                "reason": "complete months", "source_ids": ["study-again"],
            },
            {
                "code": "share", "verdict": "not_met", "value": 0.6, "limit": 0.5, "op": "<=", "unit": "1",
                "reason": "share", "source_ids": ["study-again"],
            },
            {
                "code": "sum", "verdict": "cannot_tell", "value": None, "limit": 70, "op": "<=", "unit": "Gy EQD2(2)",
                "reason": "a course is unknown", "source_ids": ["study-again"],
            },
        ],
        "overall": "review",
        "assumption": "no repair credit",
    }  # fmt: skip
    data["records"] = [*data["records"], "study-again"]
    return data


_KINDS: dict[str, Callable[[], Data]] = {"femur": _femur, "spine": _spine, "sib": _sib, "again": _again}


@pytest.fixture(scope="session")
def sample() -> Callable[[str], Data]:
    """Data of a proposed Directive: femur, spine, sib or again (reirradiation). Each call gives a fresh copy."""
    return lambda kind: copy.deepcopy(_KINDS[kind]())


@pytest.fixture(scope="session")
def decision() -> Callable[[], Data]:
    """Data of a decision."""
    return lambda: copy.deepcopy(_DECISION)


@pytest.fixture(scope="session")
def limit() -> Callable[..., Data]:
    """Data of a limit of the sample cord, with the fields given."""
    return _limit
