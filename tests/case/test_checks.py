"""Contradictions in a case: each named by code and path, and a clean case has none."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from portico.case import Case, case_problems, check_case
from portico.reading import read_document

CASES = Path(__file__).parents[2] / "examples" / "cases"
FEMUR = read_document(CASES / "femur-renal.yaml").value
SPINE = read_document(CASES / "thoracic-separation.yaml").value


def changed(base: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of a case with one place set; ``path`` like ``surgeries.0.date``."""
    data = copy.deepcopy(base)
    *steps, last = [int(s) if s.isdigit() else s for s in path.split(".")]
    place: Any = data
    for step in steps:
        place = place[step]
    place[last] = value
    return data


@pytest.mark.parametrize("name", sorted(p.name for p in CASES.glob("*.yaml")))
def test_shipped_cases_hold(name: str) -> None:
    case, problems = case_problems(read_document(CASES / name).value)
    assert case is not None
    assert problems == ()


@pytest.mark.parametrize(
    ("base", "path", "value", "code", "where"),
    [
        (FEMUR, "surgeries.0.date", "2026-03-03", "date-order", "surgeries[0].date"),
        (FEMUR, "surgeries.0.side", "right", "side-mismatch", "surgeries[0].side"),
        (FEMUR, "surgeries.0.lesion", "humerus", "unknown-lesion", "surgeries[0].lesion"),
        (FEMUR, "surgeries.0.wound.date", "2026-02-01", "date-order", "surgeries[0].wound.date"),
        (FEMUR, "surgeries.0.hardware.length", "400 cm", "implant-implausible", "surgeries[0].hardware.length"),
        (FEMUR, "surgery", "none", "surgery-contradiction", "surgery"),
        (FEMUR, "plan", {"intended_start": "2026-02-01"}, "date-order", "plan.intended_start"),
        (FEMUR, "lesions.0.levels", ["T8"], "level-mismatch", "lesions[0].levels"),
        (FEMUR, "lesions.0.mirels_preop.total", 13, "score-range", "lesions[0].mirels_preop.total"),
        (FEMUR, "patient.performance.0.value", 5, "score-range", "patient.performance[0].value"),
        (FEMUR, "patient.performance.0", {"scale": "KPS", "value": 75}, "score-range", "patient.performance[0].value"),
        (FEMUR, "patient.survival.0.months_high", 6, "range-order", "patient.survival[0]"),
        (FEMUR, "patient.survival.0", {"by": "model", "months_low": 1, "months_high": 2}, "model-unnamed", "patient.survival[0].name"),
        (FEMUR, "spine", {"preop_mri": True}, "spine-mismatch", "spine"),
        (FEMUR, "lesions", [{"bone": "femur"}, {"bone": "femur"}], "no-index-lesion", "lesions"),
        (FEMUR, "lesions", [{"id": "femur", "index": True}, {"index": True}], "several-index-lesions", "lesions"),
        (FEMUR, "lesions", [{"id": "femur", "index": True}, {"id": "femur"}], "lesion-id-repeated", "lesions"),
        (FEMUR, "prior_radiotherapy.courses", [{"dose": "8 Gy"}], "prior-contradiction", "prior_radiotherapy.status"),
        (FEMUR, "prior_radiotherapy", {"status": "given", "courses": [{"start": "2025-02-02", "end": "2025-02-01"}]}, "date-order", "prior_radiotherapy.courses[0].end"),
        (FEMUR, "prior_radiotherapy", {"status": "given", "courses": [{"end": "2027-02-01"}]}, "date-order", "prior_radiotherapy.courses[0].end"),
        (FEMUR, "prior_radiotherapy", {"status": "given", "courses": [{"dose": "95 Gy"}]}, "dose-implausible", "prior_radiotherapy.courses[0].dose"),
        (FEMUR, "prior_radiotherapy", {"status": "given", "courses": [{"dose": "60 Gy", "fractions": 1}]}, "dose-implausible", "prior_radiotherapy.courses[0].dose"),
        (FEMUR, "prior_radiotherapy", {"status": "given", "courses": [{"dose": "20 Gy", "cord_dmax": {"dose": "45 Gy"}}]}, "dose-implausible", "prior_radiotherapy.courses[0].cord_dmax.dose"),
        (SPINE, "spine.escc_postop.date", "2026-03-29", "date-order", "spine.escc_postop.date"),
        (SPINE, "spine.escc_preop.date", "2026-04-01", "date-order", "spine.escc_preop.date"),
        (SPINE, "spine.below_conus", True, "escc-below-conus", "spine.escc_preop"),
        (SPINE, "spine.epidural_preop", False, "epidural-contradiction", "spine.epidural_preop"),
        (SPINE, "spine.escc_postop.grade", "3", "compression-contradiction", "spine.compression_now"),
        (SPINE, "spine.postop_mri", False, "escc-without-mri", "spine.escc_postop"),
        (SPINE, "spine.sins_preop.total", 19, "score-range", "spine.sins_preop.total"),
        (SPINE, "surgeries.0.hardware.levels", ["L1", "L2"], "level-mismatch", "surgeries[0].hardware.levels"),
        (SPINE, "lesions.0.levels", ["T8", "T8"], "level-repeated", "lesions[0].levels"),
        (SPINE, "lesions.0.bone", "sacrum", "level-mismatch", "lesions[0].levels"),
    ],
)  # fmt: skip
def test_contradiction(base: dict[str, Any], path: str, value: Any, code: str, where: str) -> None:
    case, problems = case_problems(changed(base, path, value))
    assert case is not None, problems
    assert (code, where) in [(p.code, p.path) for p in problems]


def test_radiotherapy_planned_inside_an_earlier_course() -> None:
    value = changed(FEMUR, "plan", {"intended_start": "2026-02-20"})
    value["prior_radiotherapy"] = {"status": "given", "courses": [{"site": "same", "end": "2026-02-25"}]}
    _, problems = case_problems(value)
    assert [(p.code, p.path) for p in problems] == [("date-order", "plan.intended_start")]


def test_performance_without_a_value_is_unknown() -> None:
    _, problems = case_problems(changed(FEMUR, "patient.performance.0.value", None))
    assert problems == ()


def test_nothing_known_is_no_contradiction() -> None:
    assert check_case(Case.model_validate({"schema": "case/1"})) == ()
