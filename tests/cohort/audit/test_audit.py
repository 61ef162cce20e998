"""The audit of a file: counts that can be worked by hand, the same whatever the parts, and whole after any end."""

from __future__ import annotations

import csv
import json
import subprocess
import sys

import numpy as np
import polars as pl
import pytest

from portico.cohort import audit_summary
from portico.cohort.audit import RESULT, VALIDATION, WORK, audit_registry
from portico.cohort.audit_result import AuditResult
from portico.cohort.outcomes import cumulative_incidence, gray_test
from portico.cohort.synthetic import synthetic_parquet, synthetic_registry
from portico.errors import InputRefused, ReadingRefused, UsageError

FINE = {
    "site_region": "spine", "bone": "vertebra", "surgery_done": "true", "prior_rt_at_site": "false", "pathology_status": "confirmed",
    "primary_bone_tumour_suspected": "false", "wound_state": "healed", "infection": "false", "csf_leak": "false", "pregnancy": "excluded",
    "unstable_now": "false", "reoperation_planned": "false", "days_since_surgery": "20", "histology": "breast", "dept_sbrt": "true",
    "dept_imrt": "true", "dept_image_guidance": "cbct", "cord_imaging": "mri_t2", "preop_mri": "true", "postop_mri": "true",
    "compression_now": "false", "deficit": "none", "sphincter_dysfunction": "false", "residual_disease": "false", "epidural_preop": "false",
}  # fmt: skip


def row(key, centre="A", **change):
    return {"course_key": key, "patient_key": f"p-{key}", "centre": centre, **FINE, **change}


def written(path, rows):
    names = list(dict.fromkeys(name for one in rows for name in one))
    with path.open("w", newline="", encoding="utf-8") as stream:
        made = csv.DictWriter(stream, names, restval="")
        made.writeheader()
        made.writerows(rows)
    return path


SBRT = {"prescribed_option": "sbrt", "prescribed_dose_gy": "24", "prescribed_fractions": "2"}
LONG = {"prescribed_option": "conventional", "prescribed_dose_gy": "30", "prescribed_fractions": "10"}
ROWS = [
    row("1", **SBRT, delivered_dose_gy="24", delivered_fractions="2", start_day="20", referral_day="5", surgery_year="2024",
        surgery_quarter="1", follow_up_day="300", dead="true", hardware_present="true", hardware_covered_share="1"),
    row("2", **SBRT, delivered_dose_gy="12", delivered_fractions="1", start_day="30", referral_day="42", surgery_year="2024",
        surgery_quarter="2", follow_up_day="400", dead="false", local_failure_day="200", local_failure_definition="imaging",
        hardware_present="true", hardware_covered_share="0.45"),
    row("3", **{**SBRT, "dept_sbrt": "false"}, start_day="40", referral_day="43", surgery_year="2025", surgery_quarter="1",
        follow_up_day="500", dead="false", hardware_present="true"),
    row("4", "B", **{**LONG, "dept_sbrt": ""}, start_day="60", follow_up_day="100", dead=""),
    row("5", "B", **{**SBRT, "prescribed_dose_gy": ""}, follow_up_day="100", dead="true", local_failure_day="90"),
    row("6", "", prescribed_option="none", follow_up_day="50", dead="true", hardware_present="false"),
    row("7", "B", **{**LONG, "bone": "=cmd()"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("audit")
    return audit_registry(written(folder / "r.csv", ROWS), folder / "out"), folder / "out"


def test_the_figures_are_those_worked_by_hand(small):
    found, folder = small
    assert AuditResult.from_json((folder / RESULT).read_bytes()) == found and not (folder / WORK).exists()
    assert (found.rows.read, found.rows.used, found.rows.refused, found.rows.patients) == (7, 6, 1, 7)
    assert [(p.column, p.code, p.rows) for p in found.rows.problems] == [("bone", "formula", 1)]
    assert (folder / VALIDATION).read_text().splitlines() == [
        "row,column,code,problem",
        "7,bone,formula,bone holds text that a spreadsheet would run as a formula",
    ]
    total = found.concordance.total
    assert (total.offered, total.not_offered, total.undetermined) == (3, 1, 2)
    reasons = {(one.verdict, one.reason): one.courses for one in found.concordance.reasons}
    assert reasons == {
        ("not_offered", "contra-sbrt-department"): 1,
        ("undetermined", "prescription-unknown"): 1,
        ("undetermined", "indication-unknown"): 1,
    }
    assert {one.group: (one.offered, one.courses) for one in found.concordance.centres} == {
        "A": (2, 3),
        "B": (1, 2),
        None: (0, 1),
    }
    assert {one.group: one.courses for one in found.concordance.regimens} == {
        "sbrt-24-2": 3,
        "conv-30-10": 1,
        "none": 1,
        None: 1,
    }
    parts = {one.group: (one.offered, one.not_offered, one.undetermined) for one in found.concordance.parts}
    assert parts == {"technique": (4, 1, 1), "dose": (3, 1, 2), "fractions": (3, 1, 2), "delivered": (1, 1, 3)}
    gate = next(one for one in found.rules if one.rule == "contra-sbrt-department")
    assert (gate.true, gate.false, gate.unknown) == (1, 4, 1)


def test_schedules_intervals_referral_and_hardware(small):
    found, _ = small
    assert [(one.dose_gy, one.fractions, one.courses) for one in found.schedules.used] == [(24.0, 2, 3), (30.0, 10, 1)]
    assert found.schedules.unknown == 1 and found.schedules.entropy_bits == pytest.approx(0.8112781)
    assert [(one.centre, one.courses, one.different, one.entropy_bits) for one in found.schedules.centres] == [
        ("A", 3, 1, 0.0),
        ("B", 2, 1, 0.0),
    ]
    total = found.interval.total
    assert (total.known, total.unknown, total.low, total.median, total.high) == (4, 1, 20.0, 35.0, 60.0)
    assert (total.q1, total.q3) == (25.0, 50.0)
    referral = found.referral
    assert (referral.days, referral.within, referral.later, referral.unknown) == (42, 2, 1, 3)
    assert referral.share_known == pytest.approx(2 / 3) and referral.share_all == pytest.approx(1 / 3)
    assert (referral.known_low, referral.known_high) == pytest.approx((0.0943, 0.9916), abs=1e-4)
    assert {one.share for one in referral.published} == {0.8, 0.91, 0.73} and {
        one.verified for one in referral.published
    } == {"abstract"}
    assert (found.hardware.whole, found.hardware.part, found.hardware.unknown, found.hardware.tenths[4]) == (1, 1, 1, 1)


def test_charts_funnels_incidence_and_table_one(small):
    found, _ = small
    chart = next(one for one in found.charts if one.property == "offered")
    assert [(one.period, one.events, one.total) for one in chart.points] == [
        ("2024-Q1", 1, 1),
        ("2024-Q2", 1, 1),
        ("2025-Q1", 0, 1),
    ]
    assert chart.left_out == 1
    figure = next(one for one in found.funnels if one.property == "offered")
    assert figure.left_out == 2 and figure.rate == 0.75 and sum(one.observed for one in figure.rows) == 3
    every = next(one for one in found.incidence if one.by == "all")
    assert (every.n, every.events, every.deaths, every.left_out) == (5, 2, 2, 1)
    assert all(one.df == len(one.groups) - 1 and 0 <= one.p <= 1 for one in found.tests)
    assert dict(found.local_failure_definitions) == {"imaging": 1, None: 1}
    bone = next(one for one in found.characteristics if one.column == "bone")
    assert bone.groups == ("conventional", "none", "sbrt") and bone.levels[0].courses == (1, 1, 4)
    assert not found.synthetic and not any("SYNTHETIC" in note for note in found.notes)


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    path = tmp_path_factory.mktemp("synthetic") / "r.parquet"
    path.write_bytes(synthetic_parquet(synthetic_registry(900, seed=4)))
    return path


@pytest.fixture(scope="module")
def whole(synthetic, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return audit_registry(synthetic, folder), (folder / RESULT).read_bytes(), (folder / VALIDATION).read_bytes()


def test_a_synthetic_registry_is_taken_and_marked(whole):
    found, text, _ = whole
    assert found.synthetic and found.rows.refused == 0 and found.notes[0].startswith("SYNTHETIC")
    assert json.loads(text)["synthetic"] is True


def test_a_row_that_differs_in_its_course_alone_is_used_and_named(synthetic, tmp_path):
    table = pl.read_parquet(synthetic).head(40)
    twice = pl.concat([table, table[6:7].with_columns(course_key=pl.col("course_key") + "-again")])
    twice.write_parquet(tmp_path / "twice.parquet")
    found = audit_registry(tmp_path / "twice.parquet", tmp_path / "out")
    assert found.rows.used == 41 and found.rows.alike == 1
    assert b"41,course_key,course-alike," in (tmp_path / "out" / VALIDATION).read_bytes()


def test_incidence_and_its_test_are_those_of_the_rows(synthetic, whole):
    table = pl.read_parquet(synthetic)
    failed = table["local_failure_day"].is_not_null()
    time = pl.select(pl.coalesce(table["local_failure_day"], table["follow_up_day"])).to_series().to_numpy()
    cause = np.where(failed, 1, np.where(table["dead"], 2, 0))
    by = [one for one in whole[0].incidence if one.by == "prescribed_option"]
    assert [one.group for one in by] == ["conventional", "sbrt"]
    for one in by:
        mine = (table["prescribed_option"] == one.group).to_numpy()
        curve = cumulative_incidence(time[mine], cause[mine])
        assert (one.n, one.events) == (mine.sum(), (cause[mine] == 1).sum())
        assert [p.share for p in one.at] == pytest.approx(curve.at([182, 365, 730]), abs=1e-12)
        assert [p.high for p in one.at] == pytest.approx(curve.interval_at([182, 365, 730])[1], abs=1e-12)
        assert [p.at_risk for p in one.at] == [(time[mine] >= day).sum() for day in (182, 365, 730)]
    test = next(one for one in whole[0].tests if one.by == "prescribed_option")
    assert test.statistic == pytest.approx(
        gray_test(time, cause, table["prescribed_option"].to_list()).statistic, rel=1e-9
    )


def test_the_parts_do_not_change_a_byte(synthetic, whole, tmp_path):
    seen = []
    audit_registry(synthetic, tmp_path, rows=137, progress=lambda done, of: seen.append((done, of)))
    assert (tmp_path / RESULT).read_bytes() == whole[1] and (tmp_path / VALIDATION).read_bytes() == whole[2]
    assert seen[-1][0] == seen[-1][1] == whole[0].rows.read and len(seen) == -(-whole[0].rows.read // 137)


DIES = """
import os, signal, sys
from pathlib import Path
from portico.cohort.audit import audit_registry

def die_after(rows):
    def progress(done, of):
        if done >= rows:
            os.kill(os.getpid(), signal.SIGKILL)
    return progress

for rows in map(int, sys.argv[3:]):
    child = os.fork()  # nothing has been read yet, so no thread stands
    if not child:
        audit_registry(Path(sys.argv[1]), Path(sys.argv[2]), rows=200, progress=die_after(rows))
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    print(*sorted(f"{path.name}:{path.stat().st_mtime_ns}" for path in Path(sys.argv[2], ".work").glob("*.counts")))
"""


def test_a_killed_run_goes_on_and_gives_the_same_bytes(synthetic, whole, tmp_path):
    script = tmp_path / "dies.py"
    script.write_text(DIES, encoding="utf-8")
    folder, every = tmp_path / "out", whole[0].rows.read
    # after the first part, in the middle, and when only the result is missing
    words = [sys.executable, script, synthetic, folder, "200", "600", str(every)]
    ended = subprocess.run(words, check=True, timeout=120, capture_output=True, text=True)
    one, two, three = (set(line.split()) for line in ended.stdout.splitlines())
    assert len(one) == 1 and one < two < three and len(three) == -(-every // 200)  # what was done is not done again
    assert not (folder / RESULT).exists()
    next((folder / WORK).glob("*.counts")).write_bytes(b"half a file")
    audit_registry(synthetic, folder, rows=200)
    assert (folder / RESULT).read_bytes() == whole[1] and (folder / VALIDATION).read_bytes() == whole[2]


def test_another_file_or_map_does_not_go_on_with_these_parts(tmp_path):
    path = written(tmp_path / "r.csv", ROWS)

    def stop(done, of):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        audit_registry(path, tmp_path / "out", rows=2, progress=stop)
    written(path, ROWS[:4])
    with pytest.raises(UsageError) as refused:
        audit_registry(path, tmp_path / "out", rows=2)
    assert refused.value.code == "other-settings"


def test_invented_and_real_patients_are_never_mixed(tmp_path):
    made = {"patient_key": "SYNTHETIC-000001", "course_key": "SYNTHETIC-000001-1"}
    mixed = written(tmp_path / "r.csv", [*ROWS[:3], {**ROWS[0], **made}])
    flagged = written(tmp_path / "s.csv", [{**one, "synthetic": "true" if n else ""} for n, one in enumerate(ROWS)])
    for path in (mixed, flagged):
        with pytest.raises(InputRefused) as refused:
            audit_registry(path, tmp_path / "out", rows=2)
        assert refused.value.code == "synthetic-and-real" and not (tmp_path / "out" / RESULT).exists()
    assert (
        audit_registry(written(mixed, ROWS), tmp_path / "out").rows.used == 6
    )  # a mended file is not held up by the refused one


def test_what_cannot_be_audited_is_refused(tmp_path):
    empty = written(tmp_path / "r.csv", [dict.fromkeys(ROWS[0], "")])
    empty.write_text(empty.read_text().splitlines()[0] + "\n")
    with pytest.raises(InputRefused) as refused:
        audit_registry(empty, tmp_path / "out")
    assert refused.value.code == "no-rows"
    with pytest.raises(UsageError):
        audit_registry(empty, tmp_path / "out", threshold=0)


def test_a_file_of_bad_rows_alone_still_gives_its_report(tmp_path):
    found = audit_registry(
        written(tmp_path / "r.csv", [row(str(n), bone="femmur") for n in range(3)]), tmp_path / "out"
    )
    assert (found.rows.read, found.rows.used, found.rows.refused) == (3, 0, 3) and found.concordance.total.courses == 0
    assert len((tmp_path / "out" / VALIDATION).read_text().splitlines()) == 4


def test_a_column_that_cannot_be_the_centre_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(audit_summary, "MOST_CENTRES", 2)
    with pytest.raises(InputRefused) as refused:
        audit_registry(written(tmp_path / "r.csv", [row(str(n), f"c{n}") for n in range(3)]), tmp_path / "out")
    assert refused.value.code == "too-many-centres"


def test_a_folder_that_cannot_be_used_is_said(tmp_path):
    path = written(tmp_path / "r.csv", ROWS)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / WORK).write_text("no folder")
    with pytest.raises(ReadingRefused) as refused:
        audit_registry(path, tmp_path / "out")
    assert refused.value.code == "cannot-write"
