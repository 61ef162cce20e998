"""Figures of the evidence: the same bytes each time, words and a table beside each, nothing that a strict page forbids."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest

from portico.knowledge import load_library
from portico.report.answer_view import answer_line, answer_section, beside_sentences, summary_section
from portico.report.bubble import bubble_drawing
from portico.report.evidence_page import Section, Table, render_evidence_html
from portico.report.forest import cumulative_drawing, forest_drawing, leave_one_out_drawing
from portico.report.funnel import funnel_drawing
from portico.report.gap_picture import gap_drawing
from portico.report.timeline_picture import timeline_drawing
from portico.synthesis import beside_published, build_pools, dose_layers, gap_map

LIBRARY = load_library()
ANSWERS = build_pools(LIBRARY).answers
MANY = ANSWERS["spine-postop-sbrt-lf12"]


def drawings():
    yield "forest", lambda png: forest_drawing(MANY, png=png)
    yield "ratio", lambda png: forest_drawing(ANSWERS["bone-postop-coverage"], png=png)
    yield "funnel", lambda png: funnel_drawing(MANY, png=png)
    yield "cumulative", lambda png: cumulative_drawing(MANY, png=png)
    yield "leave one out", lambda png: leave_one_out_drawing(MANY, png=png)
    yield "bubble", lambda png: bubble_drawing(dose_layers(LIBRARY, ranges=True), png=png)
    yield "gaps", lambda png: gap_drawing(gap_map(LIBRARY, ANSWERS.values()), png=png)
    yield "timeline", lambda png: timeline_drawing(LIBRARY.history, png=png)


@pytest.mark.parametrize(("name", "make"), list(drawings()), ids=[name for name, _ in drawings()])
def test_each_drawing(name, make):
    one, two = make(True), make(False)
    assert one.svg == two.svg and two.png is None and one.png.startswith(b"\x89PNG\r\n")
    ElementTree.fromstring(one.svg)
    assert (
        "style=" not in one.svg and "<style" not in one.svg and "script" not in one.svg and "<metadata" not in one.svg
    )
    ids = re.findall(r' id="([^"]+)"', one.svg)
    assert len(set(ids)) == len(ids)
    assert set(re.findall(r'href="#([^"]+)"', one.svg)) <= set(ids)
    assert len(one.alt) > 20 and one.caption and one.rows and all(len(row) == len(one.columns) for row in one.rows)


def test_every_answer_can_be_drawn_and_said():
    for answer in list(ANSWERS.values())[::3]:
        drawing = forest_drawing(answer)
        assert (drawing is None) == (answer.main is None)
        if drawing is not None:
            assert len(drawing.rows) == answer.k and all(row.study in drawing.alt for row in answer.rows)
        section = answer_section(answer, beside=beside_published(answer))
        assert section.anchor == answer.question and section.text[0] == answer_line(answer)
    assert len(summary_section(list(ANSWERS.values())).tables[0].rows) == len(ANSWERS)


def test_where_there_is_nothing_to_draw():
    gap, single = ANSWERS["spine-postop-sbrt-lf24"], ANSWERS["spine-postop-sbrt-vcf"]
    assert forest_drawing(gap) is funnel_drawing(gap) is cumulative_drawing(gap) is None
    assert funnel_drawing(single) is cumulative_drawing(single) is leave_one_out_drawing(single) is None
    assert funnel_drawing(ANSWERS["spine-postop-sbrt-myelopathy"]) is None  # no event in any study
    assert bubble_drawing(dose_layers(LIBRARY, months=7.0)) is None


def test_a_funnel_says_how_many_lie_inside():
    assert "5 studies" in funnel_drawing(MANY).alt and "5 lie inside" in funnel_drawing(MANY).alt


def test_the_difference_from_a_published_answer_is_whole():
    beside = beside_published(MANY)[0]
    assert sum(one.share_of_difference for one in beside.pulls) == pytest.approx(1.0)
    assert sum(one.weight for one in beside.pulls) == pytest.approx(1.0)
    lines = beside_sentences(beside, "proportion")
    assert lines[0].startswith("Published (kang-2022): 10.2 %") and len(lines) == 2 + len(MANY.rows)
    assert beside_published(ANSWERS["bone-postop-coverage"]) == () == beside_published(replace(MANY, main=None))
    same = replace(MANY, compare=(("x", MANY.main.est, None, None, None),))
    found = beside_published(same)[0]
    assert found.p is None and found.overlap is None


def test_a_page_escapes_what_it_is_given():
    section = Section(
        "<b>T</b>", text=("<script>x</script>",), tables=(Table("<i>", ("<a>",), (("<td>",),)),), mark="<m>"
    )
    page = render_evidence_html("<h>", [section], LIBRARY)
    assert "<script>x" not in page and "<b>T" not in page and "&lt;script&gt;" in page and "<td>&lt;" not in page
    assert "&lt;h&gt;" in page
