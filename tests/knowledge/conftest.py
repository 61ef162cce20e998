"""A library of a few records, written out as files, that tests then break in one place (fixture ``tiny``)."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from portico.errors import Problem
from portico.knowledge import Library, load_library
from portico.knowledge.checks import check_library

ARM = {
    "id": "all", "label": "all", "n": 40, "technique": "conventional", "dose_gy": 30, "fractions": 10,
    "dose_low_gy": None, "dose_high_gy": None, "fractions_low": None, "fractions_high": None,
    "boost_dose_gy": None, "note": "",
}  # fmt: skip
RESULT = {
    "arm": "all", "outcome": "local_failure", "label": "local failure", "measure": "proportion", "months": 12,
    "events": 8, "n": 40, "est": 0.2, "lo": 0.1, "hi": 0.35, "interval": "ci95", "unit": "proportion", "p": None,
    "definition": None, "versus": None, "display_only": False, "note": "",
}  # fmt: skip


def study(study_id: str, **changes: Any) -> dict[str, Any]:
    """A study file."""
    plain = {
        "schema": "study/1", "id": study_id, "citation": "Somebody. A series. 2020.", "year": 2020, "doi": None,
        "pmid": None, "design": "retrospective_cohort", "design_as_recorded": "cohort", "site": "spine",
        "directness": "post_operative", "population": "operated", "n_patients": 40, "n_lesions": None, "years": None,
        "arms": [dict(ARM)], "results": [dict(RESULT)], "findings": ["Some failed."], "limitations": [],
        "overlaps": [], "disputes": [], "verified": "abstract", "to_check": [], "curator_note": None,
    }  # fmt: skip
    return {**plain, **changes}


def memory_study(study_id: str) -> dict[str, Any]:
    """A study known from memory only."""
    return study(study_id, verified="memory", arms=[], results=[])


def limit(limit_id: str, **changes: Any) -> dict[str, Any]:
    """A row of a limits file."""
    plain = {
        "id": limit_id, "organs": ["SpinalCord"], "organ_as_recorded": "cord", "defined_on": "true_cord",
        "metric": "Dmax", "metric_as_recorded": "Dmax", "op": "<=", "value": 17.0, "unit": "Gy", "fractions": 2,
        "techniques": ["sbrt"], "setting": "de_novo", "scope": "course", "endpoint": None, "risk": None,
        "kind": "risk_model", "source_id": "alpha-2020", "verified": "abstract", "display_only": False,
    }  # fmt: skip
    return {**plain, **changes}


def library() -> dict[str, Any]:
    """File name to content of a library without a problem."""
    return copy.deepcopy(
        {
            "studies/alpha-2020.yaml": study("alpha-2020", overlaps=["beta-2021"], aliases=["alpha-old"]),
            "studies/beta-2021.yaml": study("beta-2021", overlaps=["alpha-2020"], verified="secondary"),
            "studies/gamma.yaml": memory_study("gamma"),
            "limits/cord.yaml": {
                "schema": "limit/1",
                "rows": [
                    limit("cord-2"),
                    limit("cord-10", fractions=10, value=33.4, verified="derived"),
                    limit("survey-2", kind="practice_survey", value=20.0),
                    limit(
                        "memory-3", fractions=3, value=None, unit=None, op=None, verified="memory", source_id="gamma"
                    ),
                ],
            },
            "limits/precedence.yaml": {
                "schema": "precedence/1",
                "neural": ["SpinalCord", "ThecalSac"],
                "settings": {
                    "first_course": ["postoperative", "de_novo"],
                    "first_course_conventional": ["palliative_conventional", "de_novo"],
                    "again": ["reirradiation"],
                },
                "kinds": {"neural": ["risk_model", "guideline"], "other": ["guideline", "trial_protocol"]},
                "verified": ["full_text", "abstract", "secondary", "derived"],
                "preferred_sources": [],
                "containers": [{"organ": "ThecalSac", "holds": ["SpinalCord"], "says": "The sac encloses it."}],
                "includes": [{"organ": "Lung_L", "also": ["Lungs"]}],
            },
            "volumes/spine.yaml": {
                "schema": "volume/1",
                "rows": [
                    {
                        "id": "whole-extent",
                        "about": "ctv",
                        "setting": "post_operative",
                        "site": "spine",
                        "says": "All of it.",
                        "margin": {"low_mm": 0, "high_mm": 2},
                        "source_ids": ["alpha-2020"],
                        "verified": "abstract",
                    }
                ],
            },
            "regimens/all.yaml": {
                "schema": "regimen/1",
                "regimens": [
                    {
                        "id": "sbrt-24-2",
                        "label": "24 Gy in 2",
                        "technique": "sbrt",
                        "course": "first",
                        "groups": ["sbrt"],
                        "intent": "stereotactic",
                        "levels": [{"name": "target", "roi": "PTV", "dose_gy": 24, "fractions": 2}],
                        "visits": 2,
                        "sources": [{"id": "alpha-2020", "where": "abstract"}],
                        "directness": "post_operative",
                        "verified": "abstract",
                        "signable": True,
                    }
                ],
            },
            "rules/all.yaml": {
                "schema": "rule/1",
                "rules": [
                    {
                        "id": "rule-one",
                        "kind": "indication",
                        "when": "site_region = 'spine'",
                        "targets": {"groups": ["sbrt"]},
                        "says": "It may be given.",
                        "sources": [{"id": "alpha-2020"}],
                        "certainty": "low",
                        "directness": "post_operative",
                        "basis": "evidence",
                        "disagrees": [{"id": "beta-2021", "says": "it may not"}],
                    },
                    {
                        "id": "rule-two",
                        "kind": "prefer",
                        "when": "surgery_done",
                        "targets": {"regimens": ["sbrt-24-2"]},
                        "says": "It may be better.",
                        "sources": [{"id": "beta-2021"}],
                        "certainty": "low",
                        "directness": "post_operative",
                        "basis": "evidence",
                        "needs_signature": True,
                    },
                ],
            },
            "policy/order.yaml": {
                "schema": "policy/1",
                "id": "order",
                "title": "Order",
                "basis": "policy",
                "bands": [{"id": "one", "when": "ecog >= 3"}],
            },
            "history/timeline.yaml": {
                "schema": "history/1",
                "entries": [
                    {"id": "h-1", "year": 2020, "what": "Then.", "source_id": "alpha-2020", "verified": "abstract"}
                ],
            },
            "models/all.yaml": {
                "schema": "model/1",
                "rows": [
                    {
                        "id": "m-1",
                        "type": "alpha_beta",
                        "about": "cord",
                        "parameters": {"alpha_beta_gy": 2},
                        "source_ids": ["alpha-2020"],
                        "verified": "abstract",
                    }
                ],
            },
        }
    )


class Tiny:
    """The files of a small library below a folder; change ``files``, then load or check."""

    study = staticmethod(study)
    limit = staticmethod(limit)
    result = RESULT
    arm = ARM

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = library()

    def write(self) -> Path:
        """Write all files; JSON is YAML."""
        for name, content in self.files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            text = content if isinstance(content, str) else json.dumps(content, indent=1)
            path.write_text(text, encoding="utf-8")
        return self.root

    def load(self, **options: Any) -> Library:
        """Write and load."""
        return load_library(self.write(), **options)

    def problems(self) -> tuple[Problem, ...]:
        """Write and check."""
        return check_library(self.write())


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    """A small library without a problem."""
    return Tiny(tmp_path / "data")
