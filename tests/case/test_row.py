"""The flat row: how several records become one value, and that unknown stays unknown."""

from __future__ import annotations

from typing import Any

import pytest

from portico.case import Case, load_columns, row_of


def row(**parts: Any) -> dict[str, Any]:
    return row_of(Case.model_validate({"schema": "case/1", "as_of": "2026-03-02", **parts}))


def test_every_column_is_there_in_order() -> None:
    assert list(row()) == [column.name for column in load_columns()]


def test_nothing_known_gives_nothing() -> None:
    assert set(row().values()) == {None}


@pytest.mark.parametrize(
    ("bone", "region"), [("vertebra", "spine"), ("sacrum", "spine"), ("femur", "non_spine"), (None, None)]
)
def test_site_region(bone: str | None, region: str | None) -> None:
    assert row(lesions=[{"bone": bone}])["site_region"] == region


@pytest.mark.parametrize(
    ("levels", "stated", "expected"),
    [
        (["T8"], None, False),
        (["T12", "L1"], None, False),
        (["L1"], None, None),
        (["L1", "L2", "L3"], None, None),
        (["L3", "L4"], None, True),
        (["L1"], True, True),
        (["L3"], False, False),
        (None, None, None),
    ],
)
def test_below_conus(levels: list[str] | None, stated: bool | None, expected: bool | None) -> None:
    spine = {} if stated is None else {"spine": {"below_conus": stated}}
    assert row(lesions=[{"bone": "vertebra", "levels": levels}], **spine)["below_conus"] is expected


def test_sacrum_lies_below_the_conus() -> None:
    assert row(lesions=[{"bone": "sacrum"}])["below_conus"] is True


def test_the_latest_operation_counts() -> None:
    found = row(
        lesions=[{"bone": "femur"}],
        surgeries=[
            {"date": "2026-02-20", "procedure": "plate", "cement": False},
            {"date": "2026-01-20", "procedure": "intramedullary_nail", "cement": True},
        ],
    )
    assert (found["procedure"], found["days_since_surgery"], found["cement"]) == ("plate", 10, True)


def test_two_operations_one_undated_leave_the_latest_open() -> None:
    found = row(surgeries=[{"date": "2026-02-20", "procedure": "plate"}, {"procedure": "curettage"}])
    assert (found["surgery_done"], found["procedure"], found["days_since_surgery"]) == (True, None, None)


def test_operations_on_another_lesion_do_not_count() -> None:
    found = row(
        lesions=[{"id": "a", "index": True, "bone": "femur"}, {"id": "b", "bone": "humerus"}],
        surgeries=[{"lesion": "b", "date": "2026-02-20", "procedure": "plate"}],
    )
    assert (found["surgery_done"], found["procedure"]) == (None, None)


def test_no_surgery_means_no_implant() -> None:
    found = row(surgery="none")
    assert (found["surgery_done"], found["hardware_present"], found["cement"]) == (False, False, False)


@pytest.mark.parametrize(
    ("prior", "at_site", "courses"),
    [
        (None, None, None),
        ({"status": "none"}, False, 0),
        ({"status": "given"}, None, None),
        ({"courses": [{"site": "elsewhere"}]}, False, 0),
        ({"courses": [{"site": "same"}, {"site": "elsewhere"}]}, True, 1),
        ({"courses": [{"site": "same"}, {}]}, True, None),
        ({"courses": [{}]}, None, None),
    ],
)
def test_prior_radiotherapy(prior: Any, at_site: bool | None, courses: int | None) -> None:
    found = row(prior_radiotherapy=prior)
    assert (found["prior_rt_at_site"], found["prior_rt_courses_n"]) == (at_site, courses)


def test_prior_course_details() -> None:
    course = {"site": "same", "fractions": 10, "end": "2026-02-20", "technique": "conventional"}
    known = row(prior_radiotherapy={"courses": [{**course, "cord_dmax": {"dose": "31 Gy"}}]})
    assert known["prior_cord_dose_known"] is True
    assert known["days_since_prior_rt"] == 10
    assert known["prior_rt_stereotactic"] is False
    lost = row(prior_radiotherapy={"courses": [course, {"site": "same"}]})
    assert lost["prior_cord_dose_known"] is False
    assert lost["days_since_prior_rt"] is None
    assert lost["prior_rt_stereotactic"] is None


@pytest.mark.parametrize(
    ("systemic", "any_", "cytotoxic", "recall"),
    [
        (None, None, None, None),
        ({"status": "none"}, False, False, False),
        ({"status": "given"}, None, None, None),
        ({"agents": [{"name": "Gemcitabine", "kind": "cytotoxic", "status": "planned"}]}, True, True, True),
        (
            {"agents": [{"name": "gemcitabine", "kind": "cytotoxic", "status": "stopped"}]},
            False,
            False,
            False,
        ),
        ({"agents": [{"name": "letrozole", "kind": "endocrine"}]}, None, False, False),
        ({"agents": [{"status": "current"}]}, True, None, None),
    ],
)
def test_systemic(systemic: Any, any_: Any, cytotoxic: Any, recall: Any) -> None:
    found = row(cancer={"systemic": systemic})
    assert (found["systemic_therapy"], found["systemic_cytotoxic"], found["systemic_recall_agent"]) == (
        any_,
        cytotoxic,
        recall,
    )


def test_survival_spans_all_estimates() -> None:
    estimates = [
        {"by": "clinician", "months_low": 3, "months_high": 6},
        {"by": "model", "name": "entered", "months_low": 1.5, "months_high": 12},
    ]
    found = row(patient={"survival": estimates})
    assert (found["survival_months_low"], found["survival_months_high"]) == (1.5, 12.0)
    half = row(patient={"survival": [*estimates, {"by": "clinician", "months_low": 2}]})
    assert (half["survival_months_low"], half["survival_months_high"]) == (1.5, None)


def test_performance_is_never_converted() -> None:
    found = row(patient={"performance": [{"scale": "KPS", "value": 70}]})
    assert (found["ecog"], found["kps"]) == (None, 70)
    latest = row(
        patient={
            "performance": [
                {"scale": "ECOG", "value": 1, "date": "2026-01-01"},
                {"scale": "ECOG", "value": 2, "date": "2026-02-01"},
            ]
        }
    )
    assert latest["ecog"] == 2
    undated = row(patient={"performance": [{"scale": "ECOG", "value": 1}, {"scale": "ECOG", "value": 2}]})
    assert undated["ecog"] is None


@pytest.mark.parametrize(
    ("spine", "expected"),
    [
        ({"escc_postop": {"grade": "3"}}, True),
        ({"escc_postop": {"grade": "1c"}}, None),
        ({"escc_postop": {"grade": "1b"}}, False),
        ({"escc_postop": {"grade": "1c"}, "compression_now": False}, False),
        ({}, None),
    ],
)
def test_compression(spine: Any, expected: bool | None) -> None:
    assert row(spine=spine)["compression_now"] is expected


@pytest.mark.parametrize(
    ("spine", "expected"),
    [
        ({"escc_preop": {"grade": "0"}}, False),
        ({"escc_preop": {"grade": "1a"}}, True),
        ({"epidural_preop": True}, True),
        ({}, None),
    ],
)
def test_epidural_before_surgery(spine: Any, expected: bool | None) -> None:
    assert row(spine=spine)["epidural_preop"] is expected
