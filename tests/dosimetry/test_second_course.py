"""The published conditions of a second course, answered one by one; side, level and interval of the plan."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import check_sample as made
import numpy as np
import pytest

from portico.biology import Course, Interval, eqd2
from portico.dosimetry import (
    CheckOptions,
    EarlierCourse,
    EarlierDose,
    PlannedCourse,
    check_plan,
    plan_histograms,
    review_second_course,
    second_course_of,
)
from portico.errors import CannotTell, Problem, QuantityRefused
from portico.knowledge import load_library, reirradiation_conditions

LIBRARY = load_library()
SAC = made.box(20, "ThecalSac", (-8, 8), (8, 26), (-50, 50), "ORGAN")
START = dt.date(2026, 4, 27)
END = dt.date(2025, 2, 14)
CONDITIONS = reirradiation_conditions(LIBRARY)
UPPER = "upper bound, not co-located"


def slope(at_zero, per_mm, low=-80.0, high=80.0):
    """A dose that is linear along z."""
    found = made.dose(low=(-80, -80, low), high=(80, 80, high))
    z = low + 2.0 * np.arange(found.gy.shape[0])
    return replace(found, gy=np.broadcast_to((at_zero + per_mm * z)[:, None, None], found.gy.shape).copy())


def planned(dose, fractions=2, contour="thecal_sac", maximum=None, structure=SAC):
    highest = float(dose.gy.max()) if maximum is None else maximum
    return PlannedCourse(highest, fractions, contour, dose, structure)


def uniform(gy, **more):
    return made.dose(top=gy, slope=0.0, **more)


def by_voxel(dose, fractions=10, reported=None, contour=None, end=END):
    return EarlierCourse(Course(reported, fractions, contour), EarlierDose(dose, fractions), end)


def reported(gy, fractions=10, contour="thecal_sac", end=END):
    return EarlierCourse(Course(gy, fractions, contour), None, end)


MONTHS = Interval(14, "complete calendar months")


def test_with_reported_maxima_the_answers_are_those_of_the_biology_room():
    plan = planned(uniform(9.0), 1, maximum=9.0)
    found = review_second_course(plan, [reported(30.0), reported(10.0, 5)], MONTHS, CONDITIONS)
    assert found.factor("cumulative_eqd2").value == pytest.approx(24.75 + 37.5 + 10.0)
    assert str(found.factor("cumulative_eqd2").verdict) == "not_met" and found.overall == "review"
    assert UPPER in found.factor("cumulative_eqd2").reason and UPPER in found.factor("new_to_cumulative").reason
    assert found.total.co_located is None and found.total.separate_gy == pytest.approx(72.25)
    assert [str(one.verdict) for one in found.factors[1:]] == ["met", "met", "met"]


def test_maxima_that_lie_apart_are_not_added_where_the_voxels_are_known():
    new, old = slope(10.0, 0.1), slope(32.0, -0.4)  # the sac runs from z = -50 to 50
    plan = planned(new, 2, maximum=15.0)
    found = review_second_course(plan, [by_voxel(old)], MONTHS, CONDITIONS)
    bottom = eqd2(5.0, 2, 2.0) + eqd2(52.0, 10, 2.0)
    apart = eqd2(15.0, 2, 2.0) + eqd2(52.0, 10, 2.0)
    total = found.factor("cumulative_eqd2")
    assert total.value == pytest.approx(bottom, rel=2e-3)
    assert found.total.separate_gy == pytest.approx(apart, rel=2e-3) and f"{UPPER}." in total.reason
    assert found.factor("new_to_cumulative").value == pytest.approx(eqd2(15.0, 2, 2.0) / bottom, rel=2e-3)
    assert found.factor("new_to_cumulative").reason.endswith("The sum is the one added voxel by voxel.")


def test_a_sum_by_voxels_meets_what_the_upper_bound_does_not():
    new, old = slope(7.5, 0.05), slope(26.0, -0.28)
    plan = planned(new, 2, maximum=10.0)
    found = review_second_course(plan, [by_voxel(old)], MONTHS, CONDITIONS)
    assert found.total.separate_gy > 70.0 > found.factor("cumulative_eqd2").value
    assert str(found.factor("cumulative_eqd2").verdict) == "met"


def test_the_share_is_judged_by_the_larger_of_both():
    # at one point both give little; the separate maxima would halve the share of the new course
    new, old = slope(6.2, 0.076), slope(16.0, -0.16)
    found = review_second_course(planned(new, 2, maximum=10.0), [by_voxel(old)], MONTHS, CONDITIONS)
    apart = eqd2(10.0, 2, 2.0) / found.total.separate_gy
    assert found.factor("new_to_cumulative").value > apart
    assert str(found.factor("new_to_cumulative").verdict) == "not_met"


def test_one_course_by_voxels_and_one_reported_are_added_as_maxima():
    found = review_second_course(
        planned(uniform(9.0), 1, maximum=9.0), [by_voxel(uniform(20.0)), reported(2.0, 1)], MONTHS, CONDITIONS
    )
    right = 24.75 + eqd2(20.0, 10, 2.0) + eqd2(2.0, 1, 2.0)
    total = found.factor("cumulative_eqd2")
    assert total.value == pytest.approx(right) and UPPER in total.reason and "no dose grid" in total.reason


def test_a_reported_maximum_above_that_of_the_grid_counts():
    found = review_second_course(
        planned(uniform(9.0), 1, maximum=9.0), [by_voxel(uniform(20.0), 10, 22.0, "thecal_sac")], MONTHS, CONDITIONS
    )
    assert found.total.separate_gy == pytest.approx(24.75 + eqd2(22.0, 10, 2.0))
    assert found.factor("cumulative_eqd2").value == pytest.approx(24.75 + eqd2(20.0, 10, 2.0))
    on_cord = by_voxel(uniform(20.0), 10, 22.0, "true_cord")
    found = review_second_course(planned(uniform(9.0), 1, maximum=9.0), [on_cord], MONTHS, CONDITIONS)
    assert found.total.separate_gy == pytest.approx(24.75 + eqd2(20.0, 10, 2.0))


@pytest.mark.parametrize(
    ("old", "known", "verdict", "value"),
    [
        (60.0, None, "not_met", 24.75 + eqd2(60.0, 10, 2.0)),  # what is known exceeds it by itself
        (20.0, None, "cannot_tell", None),
        (20.0, 25.0, "met", 24.75 + eqd2(25.0, 10, 2.0)),  # the reported maximum bounds the rest
        (20.0, 45.0, "not_met", 24.75 + eqd2(45.0, 10, 2.0)),
    ],
)
def test_a_grid_that_ends_within_the_sac(old, known, verdict, value):
    short = by_voxel(uniform(old, high=(80, 80, 20)), 10, known, "thecal_sac")
    found = review_second_course(planned(uniform(9.0), 1, maximum=9.0), [short], MONTHS, CONDITIONS)
    total = found.factor("cumulative_eqd2")
    assert str(total.verdict) == verdict and total.value == (None if value is None else pytest.approx(value))
    assert "at least" in total.reason and found.total.co_located.bound == "at_least"


@pytest.mark.parametrize("contour", ["true_cord", "prv", None])
def test_another_contour_cannot_tell(contour):
    plan = planned(uniform(9.0), 1, contour, maximum=9.0)
    found = review_second_course(plan, [by_voxel(uniform(20.0)), reported(5.0)], MONTHS, CONDITIONS)
    verdicts = {one.code: str(one.verdict) for one in found.factors}
    assert verdicts.pop("interval") == "met" and set(verdicts.values()) == {"cannot_tell"}
    only = review_second_course(plan, [by_voxel(uniform(20.0))], MONTHS, CONDITIONS)
    assert str(only.factor("cumulative_eqd2").verdict) == "cannot_tell"


def test_outside_the_published_fractions_a_share_is_never_met():
    found = review_second_course(planned(uniform(9.0), 6, maximum=9.0), [by_voxel(uniform(20.0))], MONTHS, CONDITIONS)
    assert str(found.factor("new_to_cumulative").verdict) == "cannot_tell"
    found = review_second_course(planned(uniform(30.0), 6, maximum=30.0), [by_voxel(uniform(2.0))], MONTHS, CONDITIONS)
    assert str(found.factor("new_to_cumulative").verdict) == "not_met"


@pytest.mark.parametrize(
    ("plan", "earlier", "says"),
    [
        (PlannedCourse(9.0, 1, "thecal_sac"), by_voxel(uniform(20.0)), "no dose or no such contour"),
        (planned(uniform(9.0), None, maximum=9.0), by_voxel(uniform(20.0)), "fractions of the plan"),
        (planned(uniform(9.0), 1, maximum=9.0), by_voxel(uniform(20.0), None), "fractions of an earlier"),
        (
            planned(uniform(9.0), 1, maximum=9.0),
            by_voxel(replace(uniform(20.0), frame_uid="9.9")),
            "frame of reference",
        ),
    ],
)
def test_why_nothing_is_added_voxel_by_voxel(plan, earlier, says):
    found = review_second_course(plan, [earlier], MONTHS, CONDITIONS)
    assert found.total.co_located is None and says in found.total.says
    assert str(found.factor("cumulative_eqd2").verdict) == "cannot_tell" and found.total.value_gy is None


def test_no_dose_at_all_has_no_share():
    found = review_second_course(planned(uniform(0.0), 2, maximum=0.0), [by_voxel(uniform(0.0))], MONTHS, CONDITIONS)
    assert found.factor("cumulative_eqd2").value == 0.0
    assert str(found.factor("new_to_cumulative").verdict) == "cannot_tell"


def test_other_ratios_are_displayed_only():
    plan, earlier = planned(uniform(9.0), 1, maximum=9.0), [by_voxel(uniform(20.0))]
    plain = review_second_course(plan, earlier, MONTHS, CONDITIONS)
    found = review_second_course(plan, earlier, MONTHS, CONDITIONS, display_alpha_beta_gy=(0.9, 3.0))
    assert found.factors == plain.factors and plain.displayed == ()
    for one, ratio in zip(found.displayed, (0.9, 3.0), strict=True):
        assert one.co_located.gy == pytest.approx(eqd2(9.0, 1, ratio) + eqd2(20.0, 10, ratio))
    with pytest.raises(QuantityRefused):
        review_second_course(plan, earlier, MONTHS, CONDITIONS, display_alpha_beta_gy=(0.0,))
    data = found.to_dict()
    assert list(data) == sorted(data) and json.loads(json.dumps(data, allow_nan=False)) == data
    assert [one["alpha_beta_gy"] for one in data["display_only"]] == [0.9, 3.0]


def test_without_an_earlier_course_there_is_nothing_to_review():
    with pytest.raises(CannotTell) as caught:
        review_second_course(planned(uniform(9.0), 1, maximum=9.0), [], MONTHS, CONDITIONS)
    assert caught.value.code == "no-prior-course"


def test_no_text_calls_it_safe_or_forbidden():
    plans = [
        planned(uniform(gy), n, contour, maximum=gy)
        for gy in (1.0, 40.0)
        for n in (1, None)
        for contour in ("thecal_sac", None)
    ]
    courses = [
        by_voxel(uniform(20.0)),
        by_voxel(uniform(20.0, high=(80, 80, 20))),
        reported(5.0),
        reported(None, None, None),
    ]
    texts = [
        json.dumps(review_second_course(plan, [course], None, CONDITIONS, display_alpha_beta_gy=(3.0,)).to_dict())
        for plan in plans
        for course in courses
    ]
    assert len(texts) == 32
    for text in texts:
        assert "safe" not in text.lower() and "forbid" not in text.lower() and "unsafe" not in text.lower()


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


def test_the_file_leaves_a_course_out():
    found = factors(checked([reported(31.0, 5)]))
    assert found["earlier-courses"].verdict == "not_met"
    both = eqd2(31.0, 5, 2.0) + eqd2(31.0, 10, 2.0)  # that of the Directive counts too
    limit = made.items(checked([reported(31.0, 5)]), code="cumulative-limit")[0]
    assert limit.value > both and limit.verdict == "not_met"


def test_the_file_adds_a_course():
    found = factors(checked([reported(31.0), reported(3.0, 3)]))
    assert found["earlier-courses"].verdict == "not_met" and "does not list" in found["earlier-courses"].why
    assert "earlier-courses" not in factors(checked([reported(31.0)]))
    first = factors(checked([reported(31.0)], directive=made.directive()))
    assert "first course" in first["earlier-courses"].why


def test_courses_by_voxel_in_a_check():
    found = checked([by_voxel(slope(25.0, -0.4))])
    total, limit = factors(found)["cumulative_eqd2"], made.items(found, code="cumulative-limit")[0]
    right = eqd2(24.5 - 2.2 * 8, 2, 2.0) + eqd2(45.0, 10, 2.0)
    assert limit.value == pytest.approx(right, rel=5e-3) and f"{limit.value:.2f}" in total.why
    assert (limit.structure, limit.matched, total.roi, total.defined_on) == (
        "ThecalSac",
        "exact",
        "ThecalSac",
        "thecal_sac",
    )
    assert "voxel by voxel" in limit.why and UPPER in limit.why and "No repair credit." in limit.why


def test_a_guessed_sac_is_never_met():
    sac = made.box(20, "thecal sac final 2", (-8, 8), (8, 26), (-50, 50), "ORGAN")
    found = checked([reported(31.0)], structures=made.structures(sac=sac))
    dose = {code: one for code, one in factors(found).items() if code != "interval"}
    assert {one.matched for one in dose.values()} == {"guessed"} and {one.verdict for one in dose.values()} == {
        "cannot_tell"
    }
    assert made.items(found, code="cumulative-limit")[0].verdict == "cannot_tell"
    high = checked([reported(66.0, 10)], structures=made.structures(sac=sac))
    assert factors(high)["cumulative_eqd2"].verdict == "not_met"


def test_no_sac_no_dose_or_no_contours():
    without = checked([by_voxel(uniform(20.0))], structures=made.structures())
    assert "No structure is matched to ThecalSac." in factors(without)["new_course_eqd2"].why
    damaged = made.plan_set(
        [*made.structures()], refused={20: Problem("contours-damaged", "The contours are damaged.")}
    )
    options = CheckOptions(
        hardware=False, earlier=(by_voxel(uniform(20.0)),), start=START, chosen={"ThecalSac": "ROI 20"}
    )
    found = check_plan(damaged, made.directive("spine-again-24-2"), LIBRARY, options)
    assert "The contours are damaged." in factors(found)["new_course_eqd2"].why
    doseless = replace(made.plan_set(made.structures(sac=SAC)), dose=None)
    found = check_plan(doseless, made.directive("spine-again-24-2"), LIBRARY, options)
    assert factors(found)["cumulative_eqd2"].verdict == "cannot_tell"
    assert made.items(found, code="cumulative-limit")[0].verdict == "cannot_tell"


def test_a_sac_partly_off_the_dose_grid():
    found = checked([by_voxel(uniform(20.0))], gy=made.dose(top=24.5, slope=2.2, high=(80, 80, 20)))
    assert factors(found)["new_course_eqd2"].verdict == "cannot_tell"
    assert "off the dose grid" in factors(found)["new_course_eqd2"].why
    high = checked([by_voxel(uniform(66.0))], gy=made.dose(top=24.5, slope=2.2, high=(80, 80, 20)))
    limit = made.items(high, code="cumulative-limit")[0]
    assert limit.verdict == "not_met" and "at least" in limit.why


@pytest.mark.parametrize(
    ("ends", "start", "verdict"),
    [
        ([END], None, "cannot_tell"),
        ([None], START, "cannot_tell"),
        ([END, None], START, "cannot_tell"),  # the one that is unknown may be later
        ([dt.date(2026, 3, 1), None], START, "not_met"),  # and cannot make it longer
        ([dt.date(2026, 5, 1)], START, "not_met"),
        ([END], START, "met"),
    ],
)
def test_the_interval_between_courses(ends, start, verdict):
    directive = made.directive("spine-again-24-2", prior_courses=())
    found = checked([reported(5.0, end=end) for end in ends], start=start, directive=directive)
    assert factors(found)["interval"].verdict == verdict


def altered(**changed):
    limits = made.directive("spine-again-24-2").limits
    replaced = [one.model_copy(update=changed) if one.scope == "cumulative" else one for one in limits]
    return made.directive("spine-again-24-2", limits=tuple(replaced))


@pytest.mark.parametrize(
    ("changed", "verdict", "says"),
    [
        ({"metric": "Dmax"}, "cannot_tell", "No sum of courses"),
        ({"metric": "EQD2_2:D0.03cc"}, "cannot_tell", "No sum of courses"),
        ({"metric": "BED_2:Dmax"}, "cannot_tell", "No sum of courses"),
        (
            {"roi": "SpinalCord", "defined_on": "true_cord"},
            "cannot_tell",
            "not known",
        ),  # the maxima are those of the sac
        ({"metric": "EQD2_3:Dmax"}, "met", "add up"),
        ({"strength": "info"}, "info", "does not bind"),
    ],
)
def test_cumulative_limits_of_the_directive(changed, verdict, says):
    item = made.items(checked(directive=altered(**changed)), code="cumulative-limit")[0]
    assert item.verdict == verdict and says in item.why


def test_a_cumulative_limit_of_the_cord_by_voxel():
    found = checked([by_voxel(uniform(20.0))], directive=altered(roi="SpinalCord", defined_on="true_cord"))
    item = made.items(found, code="cumulative-limit")[0]
    assert item.structure == "SpinalCord" and item.value == pytest.approx(20.0, abs=5.0) and item.verdict == "met"


def test_a_cumulative_limit_without_an_earlier_course():
    item = made.items(checked(directive=made.directive("spine-again-24-2", prior_courses=())), code="cumulative-limit")[
        0
    ]
    assert item.verdict == "cannot_tell" and "No earlier course" in item.why


def test_the_conditions_are_asked_of_stereotactic_courses_at_the_spine_only():
    conventional = factors(
        checked([reported(5.0)], directive=made.directive("spine-again-24-2", technique="conventional"))
    )
    assert conventional["reirradiation-conditions"].verdict == "cannot_tell" and "cumulative_eqd2" not in conventional
    site = made.directive("spine-again-24-2").site.model_copy(update={"region": "non_spine"})
    assert "cumulative_eqd2" not in factors(checked(directive=made.directive("spine-again-24-2", site=site)))


def test_the_review_itself():
    found = made.plan_set(made.structures(sac=SAC), made.dose(top=24.5, slope=2.2))
    named = plan_histograms(found, LIBRARY).structures
    directive = made.directive("spine-again-24-2")
    review = second_course_of(directive, found, named, (), START, LIBRARY, display_alpha_beta_gy=(3.0,))
    assert len(review.factors) == 4 and len(review.displayed) == 1
    assert second_course_of(made.directive(), found, named, (), START, LIBRARY) is None


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
