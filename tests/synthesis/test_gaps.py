"""The gap map: cells, and sizes that follow from figures of the library and from nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portico.knowledge import load_library
from portico.synthesis import build_pools, gap_map, noninferior_proportions, two_proportions

LIBRARY = load_library()
ANSWERS = build_pools(LIBRARY).answers
MAP = gap_map(LIBRARY, ANSWERS.values())
ASKS = {one.id: one for one in MAP.asks}


def changed(study_id, **more):
    studies = {**LIBRARY.studies, study_id: replace(LIBRARY.studies[study_id], **more)}
    return gap_map(replace(LIBRARY, studies=studies), ANSWERS.values())


def test_every_cell_is_there_once():
    assert len(MAP.cells) == len(MAP.rows) * len(MAP.columns) == len({(one.row, one.column) for one in MAP.cells})
    assert not MAP.cell("bone_postop", "cord").applies and not MAP.cell("bone_postop", "cord").is_gap
    assert MAP.cell("bone_postop", "pain").is_gap and MAP.cell("spine_postop", "function").randomised == 1


def test_studies_count_by_what_they_report():
    cell = MAP.cell("bone_postop", "control")
    assert {"rosen-2021", "elhammali-2019-mm"} <= set(cell.studies)
    assert cell.people == sum(
        (LIBRARY.studies[one].n_lesions or LIBRARY.studies[one].n_patients or 0) for one in cell.studies
    )
    assert "tao-2016" in MAP.cell("spine_postop", "control").waiting
    assert "rosen-2021" not in changed("rosen-2021", verified="secondary").cell("bone_postop", "control").studies


def test_the_size_of_the_trial_of_radiotherapy_after_fixation():
    """10.8 % v 4.6 % at 24 months: about 289 evaluable in each arm."""
    size = ASKS["bone-port-or-not"].sizes[0].size
    assert size.per_arm == pytest.approx(289, abs=1.0) and size.first == size.second and size.power == 0.8
    assert size.first == two_proportions(0.108, 0.046).first


def test_other_designs():
    margin = ASKS["bone-8-or-30"].sizes
    assert [one.size.first for one in margin] == [
        noninferior_proportions(0.046, 0.046, m).first for m in (0.05, 0.075, 0.1)
    ]
    assert all("to be argued" in one.stands_on for one in margin)
    time = ASKS["bone-port-or-not-time"].sizes[0]
    assert time.size.events and "competing" in time.size.formula and "tanaka-2016" in time.stands_on
    assert time.size.first > ASKS["bone-port-or-not"].sizes[0].size.first  # most die before they could fail
    assert len(ASKS["spine-escalation"].sizes) == 2 and "assumed" in ASKS["spine-escalation"].sizes[0].stands_on


def test_without_a_figure_there_is_no_size():
    assert ASKS["bone-quality"].sizes[0].size is None and "no figure" in ASKS["bone-quality"].sizes[0].why_not
    gone = {one.id: one for one in changed("sre-cohort-2012-2019", results=()).asks}
    assert (
        gone["bone-port-or-not"].sizes[0].size is None
        and "not in the record" in gone["bone-port-or-not"].sizes[0].why_not
    )
    without = {one.id: one for one in gap_map(LIBRARY, ()).asks}
    assert without["spine-escalation"].sizes[0].size is None


def test_equal_figures_give_no_size():
    study = LIBRARY.studies["sre-cohort-2012-2019"]
    results = tuple(replace(one, est=0.1) if one.outcome == "local_failure" else one for one in study.results)
    found = {one.id: one for one in changed(study.id, results=results).asks}
    assert (
        found["bone-port-or-not"].sizes[0].size is None
        and "cannot be told apart" in found["bone-port-or-not"].sizes[0].why_not
    )
