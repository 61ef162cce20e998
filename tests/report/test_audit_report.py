"""The report of an audit: what it says, what it hides, how it stands as a page and as a PDF."""

from __future__ import annotations

import doctest
import importlib
import os
import re
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import polars as pl
import pytest
from audit_sample import rows, sample
from test_pdf import texts

from portico.cohort import audit_result as a
from portico.cohort.table_one import TableOne, table_one
from portico.report.audit_counts import shown_groups
from portico.report.audit_page import render_audit_html, render_audit_pdf
from portico.report.audit_view import audit_sections, audit_summary
from portico.report.evidence_page import Section


@lru_cache(maxsize=1)
def made() -> tuple[a.AuditResult, TableOne, str]:
    table = rows()
    result, one = sample(table), table_one(table)
    return result, one, render_audit_html(result, table_one=one)


CHROMIUM = Path("/usr/bin/chromium")
#: Parts that are drawn; tests of words leave them out.
PLAIN = {"funnels": (), "charts": (), "incidence": (), "tests": ()}


def section(result: a.AuditResult, anchor: str) -> Section:
    return next(one for one in audit_sections(result) if one.anchor == anchor)


def words(one: Section) -> str:
    cells = [" | ".join(row) for table in one.tables for row in table.rows]
    drawn = [f"{drawing.alt} {drawing.rows}" for drawing in one.drawings]
    return "\n".join([one.title, *one.text, *cells, *drawn])


def test_examples_run() -> None:
    assert doctest.testmod(importlib.import_module("portico.report.audit_counts")).failed == 0


def test_the_page_asks_nothing_of_a_network_and_runs_no_script() -> None:
    _, _, page = made()
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    assert not re.search(r"(src|href)=\"https?:", page)
    assert page.count("<h1>") == 1
    assert page.count("<section") == page.count("</section>") >= 10
    anchors = re.findall(r'<li><a href="#([a-z-]+)">', page)
    assert anchors and all(f'id="{anchor}"' in page for anchor in anchors)
    assert 'role="region"' in page and page.count('role="region"') == page.count('tabindex="0"')
    names = re.findall(r'role="region" aria-label="([^"]*)"', page)
    assert len(names) == len(set(names))
    assert all(re.search(r'aria-label="[^"]+"', figure) for figure in re.findall(r"<figure[^>]*>", page))


def test_the_same_audit_gives_the_same_page_and_the_same_pdf() -> None:
    result, one, _ = made()
    short = replace(result, **PLAIN | {"funnels": result.funnels})
    first = render_audit_html(short, table_one=one), render_audit_pdf(short)
    audit_sections.cache_clear()
    assert (render_audit_html(short, table_one=one), render_audit_pdf(short)) == first


def test_a_synthetic_audit_says_so_on_every_page_and_a_real_one_nowhere() -> None:
    result, one, page = made()
    assert page.count("SYNTHETIC: nobody here ever lived") >= 3
    data = render_audit_pdf(result, table_one=one)
    pages = texts(data)
    assert len(pages) > 2
    assert all("SYNTHETIC: nobody here ever lived" in text for text in pages)
    assert all("Decision support for professionals" in text for text in pages)
    real = replace(result, synthetic=False, watermark="Teaching site", **PLAIN)
    assert "SYNTHETIC" not in render_audit_html(real).replace("SYNTHETIC-", "")
    assert "Teaching site" in render_audit_html(real)


def test_what_an_auditor_looks_for_is_there() -> None:
    result, _, page = made()
    for text in (
        "736 rows were read: 695 are used and 41 refused",
        "Table 1, by centre",
        "standardised difference",
        "Concordance with the rules",
        "rule-sbrt-gate",
        "Gray&#39;s test between groups",
        "example-2020, all",
        "73 % (68 to 78 %)",
        "at risk",
        "Methods",
        "Small numbers.",
        "Courses of one patient are taken as independent.",
    ):
        assert text in page, text
    summary = dict(audit_summary(result))
    total = result.concordance.total
    assert summary["As the rules offer"].startswith(str(total.offered))
    assert summary["Courses used"] == "695 of 736 rows; 41 refused"


def test_hostile_text_stays_text() -> None:
    result, _, _ = made()
    concordance = replace(
        result.concordance,
        reasons=(a.ReasonCount("not_offered", "r", "<script>alert(1)</script> #image(\"x\") \u202e", "gate", 50),),
    )  # fmt: skip
    hostile = replace(result, concordance=concordance, **PLAIN)
    assert "<script>" not in render_audit_html(hostile)
    assert "&lt;script&gt;" in render_audit_html(hostile)
    assert any("<script>" in text for text in texts(render_audit_pdf(hostile)))


def test_small_counts_are_hidden_in_every_table() -> None:
    """A centre of three, two courses not offered in another, four with an implant covered in part."""
    total = a.VerdictCounts("all", 300, 51, 50)
    groups = (
        a.VerdictCounts("big", 200, 48, 50),
        a.VerdictCounts("mid", 98, 2, 0),
        a.VerdictCounts("Tiny Hospital", 2, 1, 0),
    )
    result = sample(
        concordance=a.Concordance(total, (a.ReasonCount("not_offered", "r", "seldom", "gate", 4),), groups, (), (), ()),
        hardware=a.HardwareCoverage(40, 4, 30, (0,) * 11),
        **PLAIN,
    )  # fmt: skip
    table = section(result, "concordance").tables[1]
    text = words(section(result, "concordance"))
    assert "Tiny Hospital" not in text
    assert [row[0] for row in table.rows] == ["big", "2 others together"]
    assert "hidden" in words(section(result, "reasons"))
    covered = section(result, "hardware").tables[0].rows[0]
    assert covered[1:] == ("40 (54 %)", "hidden", "hidden")


def test_a_funnel_shows_no_centre_whose_counts_are_hidden_beside_it() -> None:
    table = rows()
    odd = table.with_columns(
        verdict=pl.when((pl.col("centre") == "SYNTHETIC-centre-1") & (pl.col("verdict") == "not_offered") & (pl.col("course_key").rank("ordinal").over("centre", "verdict") > 2))
        .then(pl.lit("offered"))
        .otherwise(pl.col("verdict"))
    )  # fmt: skip
    result = replace(sample(odd), charts=(), incidence=(), tests=())
    two = next(one for one in result.concordance.centres if one.group == "SYNTHETIC-centre-1")
    assert two.not_offered == 2
    rows_of = {row[0]: row for row in section(result, "concordance").tables[1].rows}
    assert "hidden" in rows_of["centre-1"]
    drawn = section(result, "variation")
    centres = {row[0] for row in drawn.drawings[0].rows}
    hidden = {name for name, row in rows_of.items() if "hidden" in row[2:4]}
    assert "centre-1" in hidden
    assert not centres & hidden
    assert any("small counts are not drawn" in text for text in drawn.text)


def test_schedules_and_days_give_no_small_count_by_difference() -> None:
    counts = (a.ScheduleCount(20.0, 5, 60), a.ScheduleCount(30.0, 10, 20), a.ScheduleCount(8.0, 1, 3))
    days = a.DaysGroup("all", 82, 4, 5.0, 20.0, 25.0, 40.0, 90.0)
    small = a.DaysGroup("tiny", 4, 30, 5.0, 20.0, 25.0, 40.0, 90.0)
    result = sample(schedules=a.Schedules(counts, 3, 1.1, ()), interval=a.Days(days, (small,)), **PLAIN)
    bars = section(result, "schedules").drawings[0].rows
    assert [row[:2] for row in bars] == [("20 Gy in 5", "60"), ("30 Gy in 10", "20"), ("1 other, or not stated", "6")]
    shown = words(section(result, "interval"))
    assert "82" not in shown and "tiny" not in shown and "not known in some courses" in shown
    alone = sample(schedules=a.Schedules(counts[:2], 3, 1.1, ()), **PLAIN)
    assert [row[:2] for row in section(alone, "schedules").drawings[0].rows] == [
        ("20 Gy in 5", "60"),
        ("1 other, or not stated", "23"),
    ]
    plain = sample(schedules=a.Schedules(counts[:2], 40, 1.1, ()), **PLAIN)
    assert section(plain, "schedules").drawings[0].rows[-1][:2] == ("not stated", "40")


def concordance(**parts: object) -> a.Concordance:
    total = a.VerdictCounts("all", 300, 51, 50)
    known: dict[str, object] = {
        "total": total,
        "reasons": (),
        "centres": (),
        "options": (),
        "regimens": (),
        "parts": (),
    }
    return a.Concordance(**known | parts)  # type: ignore[arg-type]


def test_reasons_make_up_their_verdict_so_one_small_reason_takes_another_with_it() -> None:
    reasons = tuple(
        a.ReasonCount("not_offered", name, name, "gate", n) for name, n in (("r1", 30), ("r2", 18), ("r3", 3))
    )
    shown = section(sample(concordance=concordance(reasons=reasons), **PLAIN), "reasons").tables[0].rows
    assert [row[3] for row in shown] == ["30", "hidden", "hidden"]
    small = concordance(
        total=a.VerdictCounts("all", 300, 3, 50), reasons=(a.ReasonCount("not_offered", "r1", "r1", "gate", 3),)
    )
    assert section(sample(concordance=small, **PLAIN), "reasons").tables[0].rows[0][3] == "hidden"
    hidden_total = concordance(
        total=a.VerdictCounts("all", 40, 3, 50), reasons=(a.ReasonCount("undetermined", "r1", "r1", "gate", 50),)
    )
    shown = section(sample(concordance=hidden_total, **PLAIN), "reasons").tables[0].rows
    assert shown[0][3] == (
        "50" if "50" in words(section(sample(concordance=hidden_total, **PLAIN), "concordance")) else "hidden"
    )


def test_a_step_that_differs_by_two_courses_from_the_one_above_is_hidden() -> None:
    steps = (
        a.VerdictCounts("technique", 300, 51, 50),
        a.VerdictCounts("dose", 298, 53, 50),
        a.VerdictCounts("fractions", 260, 91, 50),
    )
    table = section(sample(concordance=concordance(parts=steps), **PLAIN), "concordance").tables[-1]
    assert [row[1] for row in table.rows] == ["300 (75 %)", "hidden", "260 (65 %)"]


def test_regimens_are_shown_all_or_none_beside_their_techniques() -> None:
    options = (a.VerdictCounts("conventional", 200, 30, 20), a.VerdictCounts("sbrt", 100, 21, 30))
    good = (
        a.VerdictCounts("conv-20-5", 120, 20, 10),
        a.VerdictCounts("conv-30-10", 80, 10, 10),
        a.VerdictCounts("sbrt-24-2", 100, 21, 30),
    )
    heads = [
        one.caption
        for one in section(
            sample(concordance=concordance(options=options, regimens=good), **PLAIN), "concordance"
        ).tables
    ]
    assert "By regimen that decided" in heads
    odd = (a.VerdictCounts("conv-20-5", 120, 28, 10), a.VerdictCounts("conv-30-10", 80, 2, 10), good[2])
    found = section(sample(concordance=concordance(options=options, regimens=odd), **PLAIN), "concordance")
    assert "By regimen that decided" not in [one.caption for one in found.tables]
    assert "too small to be shown beside those by technique" in " ".join(found.text)


def test_curves_by_verdict_are_not_drawn_where_a_verdict_is_hidden() -> None:
    result, _, _ = made()
    curve = next(one for one in result.incidence if one.by == "all")
    by_verdict = (replace(curve, by="verdict", group="offered"), replace(curve, by="verdict", group="undetermined"))
    hidden = concordance(total=a.VerdictCounts("all", 300, 3, 392))
    found = section(replace(result, **PLAIN | {"incidence": by_verdict, "concordance": hidden}), "outcomes")
    assert not found.drawings
    assert "By verdict of the rules" in found.text[0]


def test_incidence_of_a_group_with_few_events_is_not_drawn_nor_found_by_difference() -> None:
    result, _, _ = made()
    groups = [one for one in result.incidence if one.by == "prescribed_option"]
    few = replace(groups[0], group="sib", n=20, events=2, deaths=8)
    again = replace(result, **PLAIN | {"incidence": (*groups, few)})
    drawing = section(again, "outcomes").drawings[0]
    shown = {row[0] for row in drawing.rows}
    assert "sib" not in shown
    assert len(shown) == 1  # with both others shown, two events would follow from the total


def test_a_curve_ends_where_few_are_at_risk() -> None:
    result, _, _ = made()
    drawing = section(result, "outcomes").drawings[0]
    assert "under 5" not in str(drawing.rows)
    assert all(int(row[4].replace(",", "")) >= 5 for row in drawing.rows)
    one = next(one for one in result.incidence if one.by == "all")
    short = replace(one, curve=one.curve[:1], at=())
    assert not section(replace(result, **PLAIN | {"incidence": (short,)}), "outcomes").drawings


def test_periods_with_small_counts_are_not_drawn() -> None:
    dots = tuple(
        a.ChartDot(str(year), events, 40, 0.0, 1.0, False, 1) for year, events in enumerate((20, 2, 18, 22, 19), 2015)
    )
    result = sample(**PLAIN | {"charts": (a.Chart("other_thing", 0, 0.4, dots),)})
    drawing = section(result, "variation").drawings[0]
    assert "2016" not in {row[0] for row in drawing.rows}
    assert len(drawing.rows) <= 3


def test_referral_with_a_small_count_gives_no_share() -> None:
    found = replace(made()[0].referral, within=60, later=3, unknown=40)
    result = sample(referral=found, **PLAIN)
    text = words(section(result, "referral"))
    assert "Counts are too small" in text
    assert "hidden" in text
    assert "Referred" not in str(audit_summary(result))


def test_an_empty_audit_still_makes_a_report() -> None:
    nothing = a.VerdictCounts("all", 0, 0, 0)
    none = a.DaysGroup("all", 0, 0, None, None, None, None, None)
    result = sample(
        synthetic=False,
        rows=a.RowCounts(2, 0, 2, 2, (), (), 0),
        concordance=a.Concordance(nothing, (), (), (), (), ()),
        schedules=a.Schedules((), 0, None, ()), interval=a.Days(none, ()),
        referral=a.Referral(42, 0, 0, 0, None, None, None, 0.0, ()), hardware=a.HardwareCoverage(0, 0, 0, (0,) * 11),
        funnels=(), charts=(), incidence=(), tests=(), local_failure_definitions=(), characteristics=(), notes=(),
    )  # fmt: skip
    page = render_audit_html(result)
    assert "2 rows were read: 0 are used and 2 refused" in page
    assert "No course has an implant on record" in page
    assert render_audit_pdf(result).startswith(b"%PDF")


def test_groups_together_and_tables_that_cannot_be_shown() -> None:
    assert shown_groups({"a": (1, 2), "b": (0, 0)}, threshold=5) is None
    assert shown_groups({"a": (9, 9), "b": (3, 9)}, threshold=5, sums=[12, None]) is None
    found = shown_groups({"a": (9, 9), "b": (7, 9)}, threshold=5)
    assert found is not None
    assert found.of("a") == (9, 9)
    assert found.of("z") is None


def test_without_rows_the_audits_own_characteristics_stand_in() -> None:
    page = render_audit_html(sample(**PLAIN))
    assert "Radiosensitivity class given by the clinician" in page
    assert "conventional (n = 397)" in page


@pytest.mark.parametrize(
    "name",
    [
        "audit_view",
        "audit_page",
        "audit_figures",
        "audit_incidence",
        "audit_counts",
        "audit_table_one",
        "audit_effects",
        "audit_concordance_view",
        "audit_practice_view",
        "audit_variation_view",
        "audit_methods",
    ],
)
def test_names_are_listed(name: str) -> None:
    module = importlib.import_module(f"portico.report.{name}")
    assert list(module.__all__) == sorted(module.__all__)
    assert all(hasattr(module, one) for one in module.__all__)


@pytest.mark.skipif(
    not CHROMIUM.exists() and os.environ.get("PORTICO_REQUIRE_ALL") != "1", reason="there is no chromium"
)
def test_in_a_browser_nothing_runs_out_at_320_px_and_axe_finds_nothing(tmp_path: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    page = tmp_path / "audit.html"
    page.write_text(made()[2], encoding="utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        every_view = os.environ.get("PORTICO_BROWSER") == "all" or os.environ.get("PORTICO_ASSURE") == "1"
        views = [(320, "dark"), *([(1280, "light")] if every_view else [])]
        for width, scheme in views:
            tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
            tab.goto(page.as_uri())
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            found = Axe().run(tab, context={"exclude": [["figure svg"]]}).response["violations"]
            assert [(one["id"], [node["html"][:80] for node in one["nodes"]]) for one in found] == []
            tab.close()
        browser.close()
