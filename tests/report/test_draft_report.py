"""A draft as page: sides, hatching, escaping, the same bytes twice."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from portico.report import draft_html, draft_json
from portico.report.draft_figures import draft_drawings, patient_order
from portico.rt import Grid
from portico.targets import Choice, Draft, DraftVolume, Fact, canal_line, divide_vertebra
from portico.targets.phantom import vertebra

ALL = [np.eye(3), np.diag([-1.0, -1.0, 1.0]), np.diag([-1.0, 1.0, -1.0]), np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])]


def draft(**more):
    parts, canal, grid, _ = vertebra(spacing=(2.0, 2.0, 2.0))
    made = divide_vertebra(parts > 0, canal, canal_line(canal, grid), grid)
    volumes = (
        DraftVolume("CTV", "CTV", made.mask("vertebral_body"), "Body <script>alert(1)</script>.", ("isrc-table-body",), ("cox-2012-isrc",), "memory",
                    facts=(Fact("length", None, "cm"), Fact("covered", 98.25, "%")), notes=("A & B",)),
        DraftVolume("SpinalCord", "ORGAN", canal, "Given.", role="input"),
    )  # fmt: skip
    return replace(Draft(grid, volumes, {"L3": made}), **more)


@pytest.mark.parametrize("axes", ALL)
def test_arrays_are_turned_to_head_back_and_left(axes):
    counts = np.array([5, 6, 7])
    grid = Grid(np.zeros(3), np.ones(3), axes, tuple(counts[::-1]))
    k, j, i = (one.ravel() for one in np.indices(grid.shape))
    places = grid.points(np.column_stack([i, j, k])).reshape(*grid.shape, 3)
    for place, patient in enumerate((2, 1, 0)):
        turned = patient_order(places[..., patient], axes)
        assert (np.diff(turned, axis=place) == 1.0).all()


def test_the_page_is_whole_escaped_and_the_same_twice():
    choice = Choice(
        "PTV", "Which margin?", (("ptv-near-rigid", "1.8 mm", "abstract"), ("other", "x", "memory")), "Give --ptv."
    )
    made = draft(choices=(choice,), notes=("Slices <b>",), hu=np.zeros(draft().grid.shape, np.float32))
    page = draft_html(made, title="Draft")
    assert page == draft_html(made, title="Draft")
    HTMLParser().feed(page)
    assert "<script" not in page and "&lt;script&gt;" in page and "Slices &lt;b&gt;" in page
    assert not re.search(r"(?:src|href)=[\"']https?:", page)
    for words in (
        "unverified rule",
        "not measured",
        "98.2 %",
        "A &amp; B",
        "Which margin?",
        "(unverified, memory)",
        "not for treating patients",
    ):
        assert words in page, words
    assert page.count("<figure") == 2


def test_pictures_say_their_sides_and_hatch_what_is_unverified():
    first, overview = draft_drawings(draft())
    assert "R on the left and L on the right of the picture, A at its top" in first.alt
    assert "A on the left and P on the right" in overview.alt
    assert "CTV (unverified rule, hatched)" in first.caption
    plain = draft(volumes=tuple(replace(one, verified="abstract") for one in draft().volumes))
    assert "hatched" not in next(draft_drawings(plain)).caption
    assert "pattern" in first.svg and "pattern" not in next(draft_drawings(plain)).svg
    assert list(draft_drawings(draft(volumes=()))) == []


def test_outside_the_spine_both_ends_the_middle_and_two_overviews():
    titles = [one.table for one in draft_drawings(draft(parts={}))]
    assert [one.split(":")[0] for one in titles] == [
        "Axial, lower end of the targets", "Axial, middle of the targets", "Axial, upper end of the targets", "Overview, coronal",
        "Overview, sagittal",
    ]  # fmt: skip


def test_as_data():
    body = draft_json(draft())
    assert body["schema"] == "draft/1"
    ctv = body["volumes"][0]
    assert (ctv["verified"], ctv["unverified"], ctv["facts"][0]["value"]) == ("memory", True, None)
    assert ctv["cm3"] == pytest.approx(draft().volumes[0].mask.sum() * 0.008, abs=0.001)
    assert body["levels"] == ["L3"]
