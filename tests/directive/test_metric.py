"""The metric grammar: what it takes, what it refuses, and that text and parts are one thing."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.directive import Metric, parse_metric, unit_allowed
from portico.errors import DirectiveRefused, Exit


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Dmax", ("dmax", None, None, None, None)),
        ("Dmin", ("dmin", None, None, None, None)),
        ("Dmean", ("dmean", None, None, None, None)),
        ("D0.03cc", ("dose_at_volume", 0.03, "cc", None, None)),
        ("D1000cc", ("dose_at_volume", 1000.0, "cc", None, None)),
        ("D95%", ("dose_at_volume", 95.0, "%", None, None)),
        ("D100%", ("dose_at_volume", 100.0, "%", None, None)),
        ("V20Gy", ("volume_at_dose", 20.0, "Gy", None, None)),
        ("V0.5Gy", ("volume_at_dose", 0.5, "Gy", None, None)),
        ("EQD2_2:Dmax", ("dmax", None, None, 2.0, None)),
        ("EQD2_0.87:D0.03cc", ("dose_at_volume", 0.03, "cc", 0.87, None)),
        ("BED_10:V50Gy", ("volume_at_dose", 50.0, "Gy", None, 10.0)),
    ],
)
def test_grammar(text: str, parts: tuple[Any, ...]) -> None:
    metric = parse_metric(text)
    assert dataclasses.astuple(metric) == parts
    assert str(metric) == metric.text == text


def test_one_metric_has_one_text() -> None:
    assert str(parse_metric("D0.30cc")) == "D0.3cc"
    assert str(parse_metric("EQD2_2.0:V20.0Gy")) == "EQD2_2:V20Gy"
    assert parse_metric("D0.30cc") == parse_metric("D0.3cc")


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("D95", "D95% or D95cc"),
        ("D0.03", "D0.03% or D0.03cc"),
        ("D250", "Did you mean D250cc?"),
        ("V20", "V20Gy"),
        ("EQD2_2:D95", "EQD2_2:D95% or EQD2_2:D95cc"),
        ("BED_10:V20", "BED_10:V20Gy"),
        ("D0.03cm3", "D0.03cc"),
        ("D0.03 cc", "D0.03cc"),
        ("D0.03ml", "D0.03cc"),
        ("d95%", "D95%"),
        ("v20gy", "V20Gy"),
        ("dmax", "Dmax"),
        ("Dmax (point)", "Dmax"),
        ("mean", "Dmean"),
        ("Pmax", "Dmax"),
        ("D00.03cc", "D0.03cc"),
        ("V020Gy", "V20Gy"),
    ],
)
def test_slip_is_refused_and_the_right_form_named(text: str, fix: str) -> None:
    with pytest.raises(DirectiveRefused) as caught:
        parse_metric(text, path="limits[0].metric", file="limits.yaml", line=7)
    problem = caught.value.problem
    assert (problem.code, problem.path, problem.file, problem.line) == (
        "metric-unknown",
        "limits[0].metric",
        "limits.yaml",
        7,
    )
    assert problem.fix.startswith("Did you mean ")
    assert fix in problem.fix
    assert caught.value.exit_status == Exit.REFUSED
    for form in re.findall(r"\S*[DV]\S*[^\s?]", problem.fix.removeprefix("Did you mean")):
        parse_metric(form)


@pytest.mark.parametrize(
    "text",
    [
        "", "D", "V", "D0cc", "D0.0cc", "D0%", "D101%", "D100.1%", "V0Gy", "DNaNcc", "Dinfcc", "D-1cc", "D+1cc", "D1e3cc",
        "D.5cc", "D5.cc", "D123456cc", "D0.00001cc", "D0,03cc", "V20cGy", "V20%", "D20Gy", "EQD2:Dmax", "EQD2_0:Dmax",
        "EQD2_2:BED_10:Dmax", "EQD2_2:", "BED_:Dmax", "EQD3_2:Dmax", "Dmax\n", "Dmax;", "D٣cc", "D2%-D98%", "CI",
        "cumulative BED(2)", "D" + "9" * 500 + "cc", "D0", "V0",
    ],
)  # fmt: skip
def test_refused(text: str) -> None:
    with pytest.raises(DirectiveRefused) as caught:
        parse_metric(text)
    assert caught.value.code == "metric-unknown"
    assert caught.value.problem.fix


@pytest.mark.parametrize("value", [None, 95, 9.5, True, b"Dmax", ["Dmax"], {"metric": "Dmax"}])
def test_only_text_is_a_metric(value: object) -> None:
    with pytest.raises(DirectiveRefused, match="Write Dmax, Dmin"):
        parse_metric(value)


@pytest.mark.parametrize(
    "parts",
    [
        ("dmax", 1.0, "cc", None, None),
        ("dose_at_volume", None, None, None, None),
        ("dose_at_volume", 0.0, "cc", None, None),
        ("dose_at_volume", 101.0, "%", None, None),
        ("dose_at_volume", 20.0, "Gy", None, None),
        ("dose_at_volume", float("nan"), "cc", None, None),
        ("dose_at_volume", float("inf"), "cc", None, None),
        ("dose_at_volume", 0.000001, "cc", None, None),
        ("volume_at_dose", 20.0, "cc", None, None),
        ("volume_at_dose", "20", "Gy", None, None),
        ("volume_at_dose", [20], "Gy", None, None),
        ("dmax", None, None, 2.0, 10.0),
        ("dmax", None, None, 0.0, None),
        ("dmedian", None, None, None, None),
    ],
)
def test_parts_that_make_no_metric(parts: tuple[Any, ...]) -> None:
    with pytest.raises(DirectiveRefused) as caught:
        Metric(*parts)
    assert caught.value.code == "metric-unknown"


@pytest.mark.parametrize(
    ("text", "units", "is_dose"),
    [("Dmax", {"Gy"}, True), ("D0.03cc", {"Gy"}, True), ("D95%", {"Gy"}, True), ("V20Gy", {"%", "cm3"}, False)],
)
def test_unit(text: str, units: set[str], is_dose: bool) -> None:
    every = ("Gy", "%", "cm3", "cc", "cGy", "", "gy", "mm")
    assert {unit for unit in every if unit_allowed(text, unit)} == units
    assert {unit for unit in every if unit_allowed(parse_metric(text), unit)} == units
    assert parse_metric(text).is_dose is is_dose


def test_unit_of_an_unknown_metric() -> None:
    with pytest.raises(DirectiveRefused):
        unit_allowed("D95", "Gy")


_NUMBERS = st.integers(1, 999_999_999).map(lambda n: n / 10_000)
_RATIOS = st.one_of(st.just((None, None)), st.tuples(_NUMBERS, st.none()), st.tuples(st.none(), _NUMBERS))
_METRICS = st.one_of(
    st.builds(lambda k, r: Metric(k, None, None, *r), st.sampled_from(["dmax", "dmin", "dmean"]), _RATIOS),
    st.builds(lambda n, r: Metric("dose_at_volume", n, "cc", *r), _NUMBERS, _RATIOS),
    st.builds(
        lambda n, r: Metric("dose_at_volume", n, "%", *r), st.integers(1, 10**6).map(lambda n: n / 10**4), _RATIOS
    ),
    st.builds(lambda n, r: Metric("volume_at_dose", n, "Gy", *r), _NUMBERS, _RATIOS),
)


@given(_METRICS)
def test_round_trip(metric: Metric) -> None:
    assert parse_metric(str(metric)) == metric


@given(st.one_of(st.text(max_size=60), st.from_regex(r"(EQD2_|BED_)?[0-9.]{0,4}:?[DV][0-9.]{0,6}(cc|%|Gy|max)?")))
def test_any_text_is_a_metric_or_refused(text: str) -> None:
    try:
        metric = parse_metric(text)
    except DirectiveRefused as error:
        assert error.problem.fix
    else:
        assert parse_metric(str(metric)) == metric
        assert len(str(metric)) <= len(text)
