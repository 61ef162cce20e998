"""Courses against the rules: what is said of a course is what the advice for that one patient says."""

from __future__ import annotations

import importlib.util
import random
from pathlib import Path

import polars as pl
import pytest

from portico.advice import Engine, advise
from portico.advice.table import frame_schema
from portico.case import Case, case_from, read_case
from portico.cohort.concordance import PARTS, REASONS, Concordance
from portico.cohort.registry_rows import all_columns
from portico.knowledge import load_library

_spec = importlib.util.spec_from_file_location("advice_rows", Path(__file__).parents[2] / "advice" / "rows.py")
assert _spec is not None and _spec.loader is not None
_rows = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_rows)
random_row = _rows.random_row
STATUS = {"eligible": "offered", "undetermined": "undetermined", "not eligible": "not_offered"}
CASES = sorted((Path(__file__).parents[3] / "examples" / "cases").glob("*.yaml"))


@pytest.fixture(scope="module")
def engine():
    return Engine(load_library())


@pytest.fixture(scope="module")
def concordance(engine):
    return Concordance(engine)


def frame(rows):
    schema = frame_schema(all_columns())
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def prescribed(option, dose=None, fractions=None, elective=None):
    return {
        "prescribed_option": option, "prescribed_dose_gy": dose, "prescribed_fractions": fractions, "prescribed_elective_gy": elective,
    }  # fmt: skip


def of_regimen(regimen):
    doses = [level.dose_gy for level in regimen.levels]
    elective = float(min(doses)) if len(doses) > 1 and None not in doses else None
    if not doses:
        return prescribed(regimen.technique)
    return prescribed(regimen.technique, float(doses[0]), regimen.levels[0].fractions, elective)


def expected(options, row):
    """The verdict by the statuses that advise gives, with every regimen written out as a prescription."""
    found = [
        STATUS[options[key]]
        for key, one in REGIMENS.items()
        if {name: row[name] for name in one} == one or (one["prescribed_option"] == row["prescribed_option"] == "none")
    ]
    return next((word for word in ("offered", "undetermined", "not_offered") if word in found), "not_offered")


REGIMENS: dict[str, dict[str, object]] = {}


@pytest.fixture(scope="module", autouse=True)
def _regimens(engine):
    REGIMENS.update(
        {
            key: of_regimen(one)
            for key, one in engine.regimens.items()
            if not one.levels or None not in (one.levels[0].dose_gy, one.levels[0].fractions)
        }
    )


def test_the_verdict_is_what_advise_says_of_the_one_patient(engine, concordance, monkeypatch):
    rng = random.Random(11)
    rows, told = [], []
    empty = case_from({"schema": "case/1"})
    for number in range(60):
        row = random_row(rng, unknown=(0.0, 0.1, 0.3, 0.9)[number % 4])
        if number % 3:  # most draws are stopped by something: clear the way, so that all verdicts occur
            row |= {
                "surgery_done": True, "pathology_status": "confirmed", "primary_bone_tumour_suspected": False, "wound_state": "healed",
                "infection": False, "csf_leak": False, "pregnancy": "excluded", "unstable_now": False, "reoperation_planned": False,
                "histology": "breast", "days_since_surgery": 20, "compression_now": False, "deficit": "none",
                "sphincter_dysfunction": False,
            }  # fmt: skip
        if row["prior_rt_at_site"]:  # advise then asks the case for the earlier course; the examples have such cases
            options = engine.statuses(engine.truths(row))
        else:
            monkeypatch.setattr(Case, "row", lambda self, row=row: row)
            options = {one.id: one.status for one in advise(empty, engine).options}
        for key in REGIMENS:
            rows.append({**row, **REGIMENS[key]})
            told.append(expected(options, rows[-1]))
    judged = concordance.judge(frame(rows)).courses
    assert judged["verdict"].to_list() == told
    assert set(told) == {"offered", "undetermined", "not_offered"}
    assert all(told.count(word) > 50 for word in set(told))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_of_each_example_too(engine, concordance, path):
    case = read_case(path)
    options = {one.id: one.status for one in advise(case, engine).options}
    rows = [{**case.row(), **one} for one in REGIMENS.values()]
    assert concordance.judge(frame(rows)).courses["verdict"].to_list() == [expected(options, row) for row in rows]


def test_the_reason_is_a_rule_that_stops_or_whose_answer_is_missing(engine, concordance):
    rng = random.Random(3)
    rows = [
        {**random_row(rng, unknown=0.1 if n % 2 else 0.5), **rng.choice(list(REGIMENS.values()))} for n in range(300)
    ]
    judged = concordance.judge(frame(rows))
    seen = set()
    for row, found in zip(rows, judged.courses.iter_rows(named=True), strict=True):
        truth, reason = engine.truths(row), found["reason"]
        seen.add(reason)
        if found["verdict"] == "offered":
            assert reason is None and found["regimen"] is not None
        elif reason in REASONS:
            stops = [truth[rule] for rule in engine.formulas[found["regimen"]].stops]
            wanted = True if found["verdict"] == "not_offered" else None
            assert wanted not in stops
        else:
            stops = engine.formulas[found["regimen"]].stops
            wanted = True if found["verdict"] == "not_offered" else None
            assert next(rule for rule in stops if truth[rule] is wanted) == reason
    assert len(seen) > 8
    for rule, counts in judged.rules.items():
        values = [engine.truths(row)[rule] for row in rows[:40]]
        assert sum(counts) == 300 and counts[2] >= values.count(True) and counts[0] >= values.count(False)


FINE = {
    "site_region": "spine", "bone": "vertebra", "surgery_done": True, "prior_rt_at_site": False, "pathology_status": "confirmed",
    "primary_bone_tumour_suspected": False, "wound_state": "healed", "infection": False, "csf_leak": False, "pregnancy": "excluded",
    "unstable_now": False, "reoperation_planned": False, "days_since_surgery": 20, "histology": "breast", "dept_sbrt": True,
    "dept_imrt": True, "dept_image_guidance": "cbct", "cord_imaging": "mri_t2", "preop_mri": True, "postop_mri": True,
    "compression_now": False, "deficit": "none", "sphincter_dysfunction": False, "residual_disease": False, "epidural_preop": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "verdict", "reason"),
    [
        (prescribed("sbrt", 24.0, 2), "offered", None),
        (prescribed("conventional", 30.0, 10), "offered", None),
        (prescribed("sib", 40.0, 10, 30.0), "offered", None),
        (prescribed("sib", 40.0, 10), "undetermined", "prescription-unknown"),
        (prescribed("sib", 40.0, 10, 25.0), "not_offered", "no-sourced-regimen"),
        (prescribed(None, 24.0, 2), "undetermined", "prescription-unknown"),
        (prescribed("sbrt", None, 2), "undetermined", "prescription-unknown"),
        (prescribed("sbrt", 24.0), "undetermined", "prescription-unknown"),
        (prescribed("sbrt", 24.5, 2), "not_offered", "no-sourced-regimen"),
        (prescribed("conventional", 45.0, 15), "not_offered", "no-sourced-regimen"),
        (prescribed("other", 24.0, 2), "not_offered", "no-sourced-regimen"),
        (prescribed("other"), "not_offered", "no-sourced-regimen"),
        ({**prescribed("sbrt", 24.0, 2), "dept_sbrt": False}, "not_offered", "contra-sbrt-department"),
        ({**prescribed("sbrt", 24.0, 2), "dept_sbrt": None}, "undetermined", "contra-sbrt-department"),
        ({**prescribed("conventional", 20.0, 5), "prior_rt_at_site": True}, "offered", None),
        ({**prescribed("conventional", 20.0, 5), "prior_rt_at_site": None}, "undetermined", "indication-unknown"),
        ({**prescribed("conventional", 30.0, 10), "surgery_done": False}, "not_offered", "not-indicated"),
        ({**prescribed("none"), "declines_radiotherapy": True}, "offered", None),
        ({**prescribed("none"), "declines_radiotherapy": None}, "undetermined", "indication-unknown"),
    ],
)  # fmt: skip
def test_what_is_said_of_one_course(concordance, change, verdict, reason):
    (found,) = concordance.judge(frame([{**FINE, **change}])).courses.iter_rows(named=True)
    assert (found["verdict"], found["reason"]) == (verdict, reason)
    if verdict == "offered":
        assert all(found[part] == "offered" for part in PARTS)


def test_technique_dose_and_fractions_are_judged_one_after_the_other(concordance):
    rows = [
        prescribed("sbrt", 24.0, 2), prescribed("sbrt", 24.0, 3), prescribed("sbrt", 25.0, 2), prescribed("sbrt", None, None),
        prescribed("other", 24.0, 2), prescribed(None, 24.0, 2),
    ]  # fmt: skip
    found = concordance.judge(frame([{**FINE, **row} for row in rows])).courses.select(PARTS).rows()
    yes, no, open_ = "offered", "not_offered", "undetermined"
    assert found == [
        (yes, yes, yes), (yes, yes, no), (yes, no, no), (yes, open_, open_), (no, no, no), (open_, open_, open_),
    ]  # fmt: skip


def test_an_empty_table_and_many_equal_rows(concordance):
    assert concordance.judge(frame([])).courses.height == 0
    one = frame([{**FINE, **prescribed("sbrt", 24.0, 2)}])
    many = concordance.judge(pl.concat([one] * 1000)).courses
    assert many.unique().height == 1 and many.row(0) == concordance.judge(one).courses.row(0)
