"""Studies and questions made for a test."""

from __future__ import annotations

from portico.knowledge import Arm, Question, Result, Study


def arm(name="all", n=50, technique="sbrt", **more):
    return Arm(name, name, n, technique, 24.0, 2, None, None, None, None, None, "", **more)


def result(est=None, *, arm="all", outcome="local_failure", measure="cumulative_incidence", months=12.0, events=None, n=None, lo=None, hi=None, versus=None, display_only=False, label="x", unit="proportion"):  # fmt: skip
    interval = "ci95" if lo is not None else None
    return Result(arm, outcome, label, measure, months, events, n, est, lo, hi, interval, unit, None, None, versus, display_only, "")  # fmt: skip


def study(name, *results, arms=None, **more):
    arms = arms or (arm(),)
    plain = {
        "id": name, "citation": name, "year": 2020, "doi": None, "pmid": None, "design": "retrospective_cohort", "design_as_recorded": None,
        "site": "spine", "directness": "post_operative", "population": None, "n_patients": None, "n_lesions": None, "years": None, "arms": arms,
        "results": results, "findings": (), "limitations": (), "overlaps": (), "disputes": (), "verified": "abstract", "to_check": (),
        "curator_note": None, "aliases": (), "file": "x", "line": 1,
    }  # fmt: skip
    return Study(**{**plain, **more})


def question(**more):
    plain = {
        "id": "q", "asks": "?", "population": "spine_postop", "site": ("spine",), "directness": ("post_operative",), "techniques": ("sbrt",),
        "measure": "proportion", "outcomes": ("local_failure", "local_control"), "reads": "failure", "months": 12.0, "versus": (), "pairs": (),
        "kept_apart": (), "left_out": {}, "picks": {}, "only": (), "compare": (), "published_pools": False, "note": None, "file": "x", "line": 1,
    }  # fmt: skip
    return Question(**{**plain, **more})
