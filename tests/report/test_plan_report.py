"""The report of a plan check: order, escaping, the same bytes twice, figures that lie where they should."""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pikepdf
import pytest

from portico.directive import read_directive
from portico.dosimetry import CheckOptions, check_plan, plan_histograms
from portico.knowledge import load_library
from portico.report import render_plan_html, render_plan_pdf
from portico.report.plan_figures import _crossings, _plane, dvh_drawing, slices_drawing
from portico.rt import Grid, read_study

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "dosimetry"))

import check_sample as made  # noqa: E402  stands in tests/dosimetry

LIBRARY = load_library()


@pytest.fixture(scope="module")
def spine():
    found = read_study(ROOT / "tests" / "data" / "spine-phantom").plan_set()
    directive = read_directive(ROOT / "examples" / "directives" / "spine-24-2.json")
    return check_plan(found, directive, LIBRARY, CheckOptions())


def test_the_page_has_its_parts_in_order(spine):
    page = render_plan_html(spine, LIBRARY)
    places = [
        page.index(word)
        for word in (
            "not for treating patients",
            "NO LIMIT: Heart",
            "<figure",
            "Organ limits",
            "Prescription",
            "Implants",
            "Structures",
        )
    ]
    assert places == sorted(places)
    assert 'aria-label="Cumulative dose-volume histograms.' in page and "SpinalCord_PRV02" in page
    assert "http://" not in page.replace("http://www.w3.org", "") and "<script" not in page
    assert render_plan_html(spine, LIBRARY) == page


def test_the_pdf_is_tagged_and_the_same_twice(spine):
    pdf = render_plan_pdf(spine, LIBRARY)
    with pikepdf.open(io.BytesIO(pdf)) as document:
        assert document.Root.MarkInfo.Marked and "/StructTreeRoot" in document.Root
    assert render_plan_pdf(spine, LIBRARY) == pdf


def test_a_hostile_name_is_escaped():
    found = made.structures(evil=made.box(70, '<script>alert("x")</script>', (30, 40), (-20, 0), (-20, 20)))
    check = check_plan(made.plan_set(found), made.directive(), LIBRARY, CheckOptions(hardware=False))
    page = render_plan_html(check, LIBRARY)
    assert "<script>" not in page and "&lt;script&gt;" in page
    assert render_plan_pdf(check, LIBRARY).startswith(b"%PDF")


def test_histograms_alone_and_nothing_at_all():
    check = plan_histograms(made.plan_set(), LIBRARY, CheckOptions())
    page = render_plan_html(check, LIBRARY)
    assert "Histograms of a plan" in page and "Organ limits" not in page
    nothing = plan_histograms(replace(made.plan_set(), dose=None), LIBRARY, CheckOptions())
    assert dvh_drawing(nothing) is None and slices_drawing(nothing) is None
    assert "There is no dose." in render_plan_html(nothing, LIBRARY)


def test_a_guess_is_marked():
    found = made.structures(SpinalCord=made.box(3, "Cord final", (-5, 5), (12, 22), (-50, 50), "ORGAN"))
    check = check_plan(made.plan_set(found), made.directive(), LIBRARY, CheckOptions(hardware=False))
    assert "Cord final (GUESSED)" in render_plan_html(check, LIBRARY)


def test_planes_lie_where_they_should():
    # axes turned and flipped: i runs to the feet, j to the right, k to the back
    grid = Grid((10.0, -5.0, 40.0), (2.0, 1.0, 3.0), np.array([[0, -1, 0], [0, 0, 1], [-1, 0, 0]], float), (4, 21, 30))
    values = np.zeros(grid.shape, np.float32)
    values[1, 5, 7] = 1.0
    place = grid.points([[7, 5, 1]])[0]
    for across, up, fixed in ((0, 1, 2), (0, 2, 1), (1, 2, 0)):
        x, y, cut = _plane(grid, values, place, across, up, fixed)
        row, column = np.unravel_index(int(np.argmax(cut)), cut.shape)
        assert (x[column], y[row]) == (place[across], place[up])
    assert _plane(grid, values, place + 500.0, 0, 1, 2) is None


def test_rings_are_crossed_where_a_plane_cuts_them():
    ring = np.array([[0, 0], [10, 0], [10, 4], [0, 4]], float)
    assert sorted(_crossings(ring, 0, 5.0)) == [0.0, 4.0]
    assert sorted(_crossings(ring, 1, 2.0)) == [0.0, 10.0]
    assert len(_crossings(ring, 0, 20.0)) == 0


def test_a_plan_without_a_target_is_shown_at_its_prescription_point():
    found = read_study(ROOT / "tests" / "data" / "femur-phantom").plan_set()
    drawing = slices_drawing(plan_histograms(found, LIBRARY, CheckOptions()))
    assert "through x 110 mm, y 0 mm, z 40 mm" in drawing.alt


def test_the_alternative_text_has_numbers(spine):
    drawing = dvh_drawing(spine)
    assert "SpinalCord:" in drawing.alt and len(drawing.rows) > 5 and len(drawing.svg) < 1_000_000
    slices = slices_drawing(spine)
    assert "isodoses 20 % (4.8 Gy)" in slices.alt and "hardware" not in slices.alt.split(":")[0]
    assert len(slices.svg) < 1_000_000
