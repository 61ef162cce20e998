"""Courses added voxel by voxel, and the published conditions answered one by one."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import check_sample as made
import numpy as np
import pytest

from portico.biology import Course, eqd2
from portico.dosimetry import CheckOptions, EarlierCourse, EarlierDose, accumulate_eqd2, check_plan
from portico.errors import CannotTell, InputRefused
from portico.knowledge import load_library

LIBRARY = load_library()
SAC = made.box(20, "ThecalSac", (-8, 8), (8, 26), (-50, 50), "ORGAN")
START = dt.date(2026, 4, 27)


def moved(x=0.0, y=0.0, z=0.0):
    matrix = np.eye(4)
    matrix[:3, 3] = x, y, z
    return matrix


def test_uniform_doses_add_as_eqd2_each_with_its_own_fractions():
    current, earlier = made.dose(top=10.0, slope=0.0), made.dose(top=30.0, slope=0.0)
    found = accumulate_eqd2(current, 1, [EarlierDose(earlier, 10)], 2.0)
    assert np.allclose(found.eqd2.gy, eqd2(10.0, 1, 2.0) + eqd2(30.0, 10, 2.0))
    assert not found.unknown.any() and found.maximum_gy(SAC) == pytest.approx(30.0 + 37.5)


def test_a_transform_moves_the_earlier_dose():
    current, earlier = made.dose(top=0.0, slope=0.0), made.dose(top=40.0, slope=0.5)
    plain = accumulate_eqd2(current, 1, [EarlierDose(earlier, 20)], 2.0)
    shifted = accumulate_eqd2(current, 1, [EarlierDose(earlier, 20, moved(y=10.0))], 2.0)
    # what lay at y lies at y + 10 now
    y = -80 + 2 * np.arange(81)
    at = {gy: int(np.flatnonzero(y == gy)[0]) for gy in (20, 30)}
    assert shifted.eqd2.gy[40, at[30], 40] == pytest.approx(plain.eqd2.gy[40, at[20], 40], rel=1e-6)
    assert shifted.unknown[:, :4].all() and not shifted.unknown[:, 10:].any()


def test_a_turn_about_z():
    turn = moved()
    turn[:2, :2] = [[0, -1], [1, 0]]  # y to -x
    found = accumulate_eqd2(
        made.dose(top=0.0, slope=0.0), 1, [EarlierDose(made.dose(top=40.0, slope=0.5), 20, turn)], 2.0
    )
    assert found.eqd2.gy[40, 40, 20] == pytest.approx(eqd2(20.0, 20, 2.0))  # x = -40 was y = 40
    assert found.eqd2.gy[40, 40, 60] == pytest.approx(40.0)


def test_what_an_earlier_grid_does_not_reach_is_unknown():
    short = made.dose(top=30.0, slope=0.0, high=(80, 80, 20))
    found = accumulate_eqd2(made.dose(), 2, [EarlierDose(short, 10)], 2.0)
    with pytest.raises(CannotTell) as caught:
        found.maximum_gy(SAC)
    assert caught.value.code == "earlier-dose-unknown"


def test_transforms_that_are_none():
    for matrix in (np.eye(3), 2 * np.eye(4), np.diag([1.0, 1.0, -1.0, 1.0]), np.full((4, 4), np.nan)):
        with pytest.raises(InputRefused) as caught:
            EarlierDose(made.dose(), 10, matrix)
        assert caught.value.code == "not-rigid"
    with pytest.raises(InputRefused) as caught:
        accumulate_eqd2(made.dose(), 2, [EarlierDose(replace(made.dose(), frame_uid="9.9"), 10)], 2.0)
    assert caught.value.code == "frame-differs"


def checked(earlier=(), start=START, structures=None, gy=None, directive=None):
    found = made.plan_set(structures or made.structures(sac=SAC), gy or made.dose(top=24.5, slope=2.2))
    options = CheckOptions(hardware=False, earlier=tuple(earlier), start=start)
    return check_plan(found, directive or made.directive("spine-again-24-2"), LIBRARY, options)


def factors(check):
    return {one.code: one for one in made.items(check, kind="earlier_dose")}


def test_the_four_factors_from_reported_maxima():
    found = factors(checked())
    assert list(found) == ["cumulative_eqd2", "new_course_eqd2", "new_to_cumulative", "interval"]
    new = eqd2(24.5 - 2.2 * 8, 2, 2.0)  # the front of the sac lies at y = 8
    old = eqd2(31.0, 10, 2.0)
    assert "upper bound, not co-located" in found["cumulative_eqd2"].why
    assert {one.verdict for one in found.values()} == {"met"}
    assert all("no repair credit" in one.why for one in found.values())
    text = " ".join(one.why for one in found.values()).lower()
    assert " safe" not in text and "forbidden" not in text
    limit = made.items(checked(), code="cumulative-limit")[0]
    assert limit.verdict == "met" and limit.value == pytest.approx(new + old, abs=0.1)


def test_voxel_doses_are_added_where_they_lie():
    earlier = EarlierCourse(Course(None, 10), EarlierDose(made.dose(top=5.0, slope=-1.0), 10), dt.date(2025, 2, 14))
    found = checked([earlier])
    limit = made.items(found, code="cumulative-limit")[0]
    front = eqd2(24.5 - 2.2 * 8, 2, 2.0) + eqd2(5.0, 10, 2.0)  # the earlier dose here never rises: max(0, y) counts up
    back = eqd2(5.0 + 26.0, 10, 2.0)
    assert limit.value == pytest.approx(max(front, back), rel=0.02) or limit.value < front + back
    assert "voxel by voxel" in factors(found)["cumulative_eqd2"].why


def test_what_is_unknown_cannot_be_told():
    nothing = EarlierCourse(Course(None, None))
    found = factors(checked([nothing], start=None))
    assert {found[code].verdict for code in ("cumulative_eqd2", "new_to_cumulative", "interval")} == {"cannot_tell"}
    without = factors(checked(structures=made.structures()))
    assert without["new_course_eqd2"].verdict == "cannot_tell"
    on_cord = EarlierCourse(Course(31.0, 10, "true_cord"), None, dt.date(2025, 2, 14))
    assert factors(checked([on_cord]))["cumulative_eqd2"].verdict == "cannot_tell"


def test_too_much_is_not_met_and_still_a_review():
    found = checked([EarlierCourse(Course(66.0, 33, "thecal_sac"), None, dt.date(2026, 3, 1))])
    assert factors(found)["cumulative_eqd2"].verdict == "not_met" and factors(found)["interval"].verdict == "not_met"
    assert made.items(found, code="cumulative-limit")[0].verdict == "not_met"


def test_a_first_course_has_no_such_items():
    assert not factors(checked(directive=made.directive()))
    told = checked([EarlierCourse(Course(30.0, 10, "thecal_sac"))], directive=made.directive())
    assert {one.verdict for one in made.items(told, code="limit", roi="SpinalCord")} == {"cannot_tell"}


@pytest.mark.parametrize(
    ("start", "verdict"),
    [(None, "cannot_tell"), (START, "met"), (dt.date(2026, 4, 1), "not_met"), (dt.date(2026, 3, 1), "not_met")],
)
def test_the_interval_since_surgery(start, verdict):
    assert made.items(checked(directive=made.directive(), start=start), code="interval")[0].verdict == verdict


def test_late_is_information():
    late = checked(directive=made.directive(), start=dt.date(2026, 6, 1))
    assert made.items(late, code="interval-late")[0].verdict == "info"


@pytest.mark.parametrize(("x", "side", "verdict"), [((20, 40), "left", "met"), ((20, 40), "right", "not_met"), ((-20, 20), "midline", "met"), ((20, 40), "midline", "cannot_tell"), ((20, 40), None, "cannot_tell")])  # fmt: skip
def test_the_side(x, side, verdict):
    site = made.directive().site.model_copy(update={"side": side})
    found = made.structures(PTV=made.box(2, "PTV", x, (-20, 0), (-20, 20), "PTV"))
    item = made.items(checked(structures=found, directive=made.directive(site=site)), code="side")[0]
    assert item.verdict == verdict


@pytest.mark.parametrize(
    ("name", "verdict"), [("CTV_T8", "met"), ("CTV_T7-T9", "met"), ("CTV_T08", "met"), ("CTV_L3", "not_met"), ("CTV", "cannot_tell")]
)  # fmt: skip
def test_the_level(name, verdict):
    found = made.structures(extra=made.box(60, name, (-10, 10), (-20, 0), (-10, 10), "CTV"))
    assert made.items(checked(structures=found, directive=made.directive()), code="spine-level")[0].verdict == verdict
