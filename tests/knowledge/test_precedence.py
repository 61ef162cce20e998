"""Which limit binds: exact fractions, first courses apart from second ones, the stricter of equals, surveys never."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.knowledge import Course, Library, ResolvedLimit, load_library, pick, resolve
from portico.knowledge.precedence import matches, setting_order
from portico.knowledge.shapes import BINDING_KINDS, FIRM


@pytest.fixture(scope="module")
def library() -> Library:
    return load_library()


@pytest.fixture(scope="module")
def signed() -> Library:
    return load_library(signatures="examples/site/signatures.yaml")


def binding(found: tuple[ResolvedLimit, ...], organ: str = "SpinalCord") -> dict[str, float | None]:
    return {
        f"{item.roi} {item.limit.metric}": item.limit.value
        for item in found
        if item.state == "binding" and item.limit and organ in (item.organ, *item.covers)
    }


@pytest.mark.parametrize(("n", "value"), [(1, 12.4), (2, 17.0), (3, 20.3), (4, 23.0), (5, 25.3)])
@pytest.mark.parametrize("technique", ["sbrt", "sib"])
def test_the_cord_ladder_binds_in_one_to_five_fractions(library: Library, technique: str, n: int, value: float) -> None:
    found = library.limits_for(Course(technique, n), ["SpinalCord"], prior_rt=False)
    assert binding(found)["SpinalCord Dmax"] == value


def test_of_the_two_figures_for_one_fraction_the_stricter_binds_and_says_so(library: Library) -> None:
    found = library.limits_for(Course("sbrt", 1, 24), ["SpinalCord"], prior_rt=False)
    row = next(item for item in found if item.limit and item.limit.id == "hytec-cord-1fx-dmax")
    assert row.state == "binding"
    assert "hytec-cord-1fx-dmax-upper" in row.others
    assert "hytec-cord-1fx-dmax-upper (14 Gy) has the same standing and the stricter value binds" in row.why
    assert "quantec-cord-1fx-dmax (13 Gy) by preferred source" in row.why


@pytest.mark.parametrize("n", [6, 7, 8, 9, 10, 12, 15, 20])
def test_nothing_is_interpolated(library: Library, n: int) -> None:
    found = library.limits_for(Course("sbrt", n), ["SpinalCord"], prior_rt=False)
    assert found[0].state == "no limit"
    assert binding(found) == {}


def test_a_derived_row_waits_for_a_signature(library: Library, signed: Library) -> None:
    course = Course("sib", 10, 40)
    before = library.limits_for(course, ["SpinalCord"], prior_rt=False)
    assert [item.state for item in before] == ["no limit", "needs signature"]
    assert before[0].candidates == ("hytec-cord-10fx-dmax",)
    assert before[1].limit is not None and before[1].limit.value == 33.4 and before[1].signed_by is None
    after = signed.limits_for(course, ["SpinalCord"], prior_rt=False)
    assert [item.state for item in after] == ["binding"]
    assert after[0].signed_by == "Example Physicist, medical physicist, 2025-01-15"


def test_the_ladder_never_judges_a_conventional_plan(library: Library, signed: Library) -> None:
    for n in (1, 2, 3, 4, 5, 10):
        for item in signed.limits_for(Course("conventional", n, 30), ["SpinalCord"], prior_rt=False):
            assert item.limit is None or item.limit.source_id != "sahgal-2021-hytec-cord"
    ten = library.limits_for(Course("conventional", 10, 30), ["SpinalCord"], prior_rt=False)
    assert [item.state for item in ten] == ["no limit", "needs signature"]
    ten = signed.limits_for(Course("conventional", 10, 30), ["SpinalCord"], prior_rt=False)
    assert binding(ten) == {"SpinalCord EQD2_0.87:Dmax": 50}
    assert signed.limits_for(Course("conventional", 6, 24), ["SpinalCord"], prior_rt=False)[0].state == "no limit"


def test_protocol_limits_hold_for_their_own_regimen_only(library: Library) -> None:
    own = library.limits_for(Course("conventional", 5, 20), ["SpinalCord", "Lung_L", "Lung_R"], prior_rt=False)
    assert binding(own) == {"SpinalCord Dmax": 22.0}
    assert binding(own, "Lung_R") == {"Lungs-GTV V12Gy": 35, "Lungs-GTV Dmean": 12.0}
    other = library.limits_for(Course("conventional", 5, 25), ["SpinalCord"], prior_rt=False)
    assert binding(other) == {}
    assert binding(library.limits_for(Course("conventional", 18, 41.94), ["SpinalCord"], prior_rt=False)) == {}


def test_a_second_course_takes_no_row_of_a_first_one(library: Library) -> None:
    found = library.limits_for(Course("sbrt", 2, 24), ["SpinalCord", "CaudaEquina", "Esophagus"], prior_rt=True)
    assert all(item.limit is None or item.limit.setting == "reirradiation" for item in found)
    assert found[0].organ == "Esophagus" and found[0].state == "no limit"
    rows = [item for item in found if item.state == "binding"]
    assert {(item.roi, item.limit and item.limit.value, item.scope) for item in rows} == {
        ("ThecalSac", 70, "cumulative"),
        ("ThecalSac", 25, "course"),
    }
    assert all(item.covers == ("CaudaEquina",) and item.neural for item in rows)
    assert all("encloses" in item.why for item in rows)


def test_unknown_earlier_radiotherapy_chooses_nothing(library: Library) -> None:
    found = library.limits_for(Course("sbrt", 2, 24), ["SpinalCord", "Skin"], prior_rt=None)
    assert [(item.state, item.limit) for item in found] == [("cannot tell", None)] * 2
    assert "not known" in found[0].why


def test_open_fractions_choose_nothing(library: Library) -> None:
    found = library.limits_for(Course("conventional", None, 45), ["SpinalCord"], prior_rt=False)
    assert [item.state for item in found] == ["cannot tell"]
    assert "exact number" in found[0].why


def test_organs_without_a_limit_come_first(library: Library) -> None:
    organs = ["SpinalCord", "Larynx", "Esophagus", "Genitals"]
    found = library.limits_for(Course("sbrt", 2, 24), organs, prior_rt=False)
    assert [item.organ for item in found if item.state == "no limit"] == ["Larynx", "Genitals"]
    assert [item.state for item in found[:2]] == ["no limit", "no limit"]


def test_a_margin_has_its_own_contour_name(library: Library) -> None:
    found = library.limits_for(Course("sbrt", 1, 24), ["SpinalCord"], prior_rt=False)
    assert {item.roi for item in found} == {"SpinalCord", "SpinalCord_PRV"}
    assert library.limits["jawad-cordprv2-1fx-d0p1cc"].roi() == "SpinalCord_PRV02"


def test_stricter_means_higher_for_a_least_dose(tiny: Any) -> None:
    rows = [tiny.limit("low", op=">=", value=10.0), tiny.limit("high", op=">=", value=12.0)]
    tiny.files["limits/cord.yaml"]["rows"] = rows
    library = tiny.load()
    found = pick(tuple(library.limits.values()), library.precedence, ("de_novo",), lambda _: None)
    assert found.limit is not None and found.limit.id == "high"


def test_each_step_of_the_order(tiny: Any) -> None:
    def first(*rows: dict[str, Any], preferred: list[str] | None = None) -> tuple[str, str]:
        tiny.files["limits/cord.yaml"]["rows"] = list(rows)
        tiny.files["limits/precedence.yaml"]["preferred_sources"] = (
            [{"organs": ["SpinalCord"], "source_ids": preferred}] if preferred else []
        )
        library = tiny.load()
        found = pick(tuple(library.limits.values()), library.precedence, ("postoperative", "de_novo"), lambda _: "x")
        assert found.limit is not None
        return found.limit.id, found.why

    lax, strict = {"value": 20.0}, {"value": 15.0}
    one = first(tiny.limit("a", setting="postoperative", **lax), tiny.limit("b", **strict))
    assert one == ("a", "risk model, abstract, alpha-2020; preferred to b (15 Gy) by setting.")
    assert first(tiny.limit("a", **lax), tiny.limit("b", kind="guideline", **strict))[1].endswith("by kind of source.")
    assert first(tiny.limit("a", **lax), tiny.limit("b", verified="derived", **strict))[1].endswith("by verification.")
    rows = (
        tiny.limit("a", source_id="alpha-2020", verified="secondary", **strict),
        tiny.limit("b", source_id="beta-2021", verified="secondary", **lax),
    )
    assert first(*rows, preferred=["beta-2021"])[0] == "b"
    assert first(*rows)[0] == "a"


def test_an_organ_asked_twice_is_answered_once(library: Library) -> None:
    once = library.limits_for(Course("sbrt", 2, 24), ["SpinalCord"], prior_rt=False)
    assert library.limits_for(Course("sbrt", 2, 24), ["SpinalCord", "SpinalCord"], prior_rt=False) == once


def test_nothing_to_pick(tiny: Any) -> None:
    library = tiny.load()
    found = pick((library.limits["survey-2"],), library.precedence, ("de_novo",), lambda _: "signed")
    assert found.limit is None and found.others[0].id == "survey-2"
    only = tuple(row for row in library.limits.values() if row.id == "survey-2")
    found2 = resolve(only, library.precedence, Course("sbrt", 2), ["SpinalCord"], prior_rt=False)
    assert [(item.state, item.others) for item in found2] == [("no limit", ("survey-2",))]
    assert "1 published figures are shown only" in found2[0].why


@given(
    technique=st.sampled_from(["conventional", "sbrt", "sib"]),
    fractions=st.integers(1, 40),
    dose=st.sampled_from([None, 8.0, 20.0, 24.0, 25.0, 30.0, 41.94]),
    prior=st.booleans(),
)
def test_what_binds_is_firm_fits_and_may_bind(technique: str, fractions: int, dose: float | None, prior: bool) -> None:
    library = _LIBRARY
    course = Course(technique, fractions, dose)
    organs = ["SpinalCord", "ThecalSac", "CaudaEquina", "Esophagus", "Kidney_L", "Kidney_R", "Lung_L", "Skin"]
    found = library.limits_for(course, organs, prior_rt=prior)
    named = {name for item in found for name in (item.organ, *item.covers)}
    assert named == set(organs)
    seen: set[tuple[str, str | None, str, str]] = set()
    for item in found:
        if item.limit is None:
            assert item.state == "no limit"
            continue
        row = item.limit
        assert row.kind in BINDING_KINDS and row.verified != "memory" and not row.display_only
        assert (row.verified in FIRM) == (item.state == "binding")
        assert matches(row, course)
        assert row.setting in setting_order(library.precedence, course, prior_rt=prior)
        assert (row.setting == "reirradiation") == prior
        key = (item.roi, row.metric, row.scope, item.organ)
        assert key not in seen
        seen.add(key)


_LIBRARY = load_library()
