"""The plan check, item by item, on a plan whose figures are worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import check_sample as made
import pytest

from portico.directive import Goal
from portico.dosimetry import CheckOptions, check_plan, plan_histograms
from portico.errors import DirectiveRefused
from portico.knowledge import load_library
from portico.rt import DoseReference, Structure

LIBRARY = load_library()
QUIET = CheckOptions(hardware=False)


def checked(plan_set=None, directive=None, **options):
    options = {"hardware": False, **options}
    return check_plan(plan_set or made.plan_set(), directive or made.directive(), LIBRARY, CheckOptions(**options))


def limit(check, roi, metric):
    found = made.items(check, code="limit", roi=roi, metric=metric)
    assert len(found) == 1
    return found[0]


def test_a_limit_is_read_on_its_contour():
    found = checked()
    cord = limit(found, "SpinalCord", "Dmax")
    # the front of the cord lies at y = 12: 24.5 - 1.2 x 12 = 10.1 Gy
    assert cord.verdict == "met" and cord.value == pytest.approx(10.1, abs=0.05)
    assert (cord.limit, cord.op, cord.defined_on) == (17.0, "<=", "true_cord")
    assert (cord.limit_id, cord.source_id, cord.verified) == (
        "hytec-cord-2fx-dmax",
        "sahgal-2021-hytec-cord",
        "abstract",
    )
    assert "D0.035cc" in cord.why and "Dmax (point)" in cord.why
    margin = limit(found, "SpinalCord_PRV", "D0.03cc")
    assert margin.verdict == "met" and margin.value == pytest.approx(12.5, abs=0.05)


def test_organs_without_a_limit_stand_first_and_exit_0_is_impossible():
    found = checked()
    first = found.result.items[:2]
    assert [one.roi for one in first] == ["Heart", "Trachea"] and {one.verdict for one in first} == {"no_limit"}
    assert found.result.exit_status == 4
    assert "24.50 Gy" in first[0].why


def test_a_limit_that_fails():
    found = checked(made.plan_set(gy=made.dose(slope=0.4)))
    cord = limit(found, "SpinalCord", "Dmax")
    assert cord.verdict == "not_met" and cord.value == pytest.approx(19.7, abs=0.05)
    assert found.result.exit_status == 1


def test_an_absent_structure_is_never_met():
    found = checked(made.plan_set(made.structures(SpinalCord=None)))
    cord = limit(found, "SpinalCord", "Dmax")
    assert cord.verdict == "cannot_tell" and "No structure" in cord.why


def test_no_contour_stands_in_for_another():
    canal = made.box(3, "SpinalCanal", (-5, 5), (12, 22), (-50, 50), "ORGAN")
    sac = made.box(13, "ThecalSac", (-5, 5), (12, 22), (-50, 50), "ORGAN")
    found = checked(made.plan_set(made.structures(SpinalCord=canal, sac=sac)))
    assert limit(found, "SpinalCord", "Dmax").verdict == "cannot_tell"


def test_a_guess_is_shown_and_never_met():
    guess = made.box(3, "Cord final", (-5, 5), (12, 22), (-50, 50), "ORGAN")
    found = checked(made.plan_set(made.structures(SpinalCord=guess)))
    cord = limit(found, "SpinalCord", "Dmax")
    assert (cord.verdict, cord.matched, cord.structure) == ("cannot_tell", "guessed", "Cord final")
    assert "--match" in cord.why and "guessed" in found.notes[0]
    bad = checked(made.plan_set(made.structures(SpinalCord=guess), made.dose(slope=0.4)))
    assert limit(bad, "SpinalCord", "Dmax").verdict == "not_met"
    said = checked(made.plan_set(made.structures(SpinalCord=guess)), chosen={"SpinalCord": "Cord final"})
    assert limit(said, "SpinalCord", "Dmax").verdict == "met"


def test_two_structures_of_one_name_cannot_be_told_apart():
    twin = made.box(23, "cord", (-5, 5), (12, 22), (-50, 50), "ORGAN")
    other = made.box(3, "myelon", (-5, 5), (12, 22), (-50, 50), "ORGAN")
    found = checked(made.plan_set(made.structures(SpinalCord=other, twin=twin)))
    assert "more than one" in limit(found, "SpinalCord", "Dmax").why.lower()


def test_limits_hold_for_exactly_their_fractions():
    found = checked(made.plan_set(made=made.plan(fractions=3)))
    cord = limit(found, "SpinalCord", "Dmax")
    assert cord.verdict == "cannot_tell" and "2 fractions" in cord.why and "has 3" in cord.why
    unknown = checked(made.plan_set(made=made.plan(fractions=None)))
    assert limit(unknown, "SpinalCord", "Dmax").verdict == "cannot_tell"
    nothing = made.plan_set()
    assert limit(checked(replace(nothing, plan=None)), "SpinalCord", "Dmax").verdict == "cannot_tell"


def test_a_structure_that_leaves_the_dose_grid():
    short = made.dose(low=(-80, -80, -40), high=(80, 80, 40))
    found = checked(made.plan_set(gy=short))
    cord = limit(found, "SpinalCord", "Dmax")
    assert cord.verdict == "cannot_tell" and "off the dose grid" in cord.why
    hot = checked(made.plan_set(gy=made.dose(slope=0.4, low=(-80, -80, -40), high=(80, 80, 40))))
    assert limit(hot, "SpinalCord", "Dmax").verdict == "not_met"  # what is known is too much already
    assert limit(found, "Lung_L", "Dmean").verdict == "cannot_tell"


def test_a_structure_smaller_than_the_volume_of_its_limit():
    small = made.box(5, "Esophagus", (-5, 5), (30, 35), (-10, 10), "ORGAN")  # 1 cm3, at most 0.5 Gy
    found = checked(made.plan_set(made.structures(Esophagus=small)))
    item = limit(found, "Esophagus", "D2.5cc")
    assert item.verdict == "met" and "smaller than this volume" in item.why
    hot = made.box(5, "Esophagus", (-5, 5), (-5, 0), (-10, 10), "ORGAN")
    above = checked(made.plan_set(made.structures(Esophagus=hot)))
    assert limit(above, "Esophagus", "D2.5cc").verdict == "cannot_tell"


def test_a_uniform_dose_is_not_judged_by_a_steep_gradient():
    wide = made.structures(PTV=made.box(2, "PTV", (-20, 20), (-20, 30), (-20, 20), "PTV"))
    uniform = made.dose(top=15.5, slope=0.0)
    directive = made.directive(levels=(made.directive().levels[0].model_copy(update={"dose_gy": 15.5}),))
    found = checked(made.plan_set(wide, uniform), directive)
    cord = limit(found, "SpinalCord", "Dmax")
    assert cord.verdict == "cannot_tell" and "uniform" in cord.why
    too_much = checked(made.plan_set(wide, made.dose(top=24.0, slope=0.0)))
    assert limit(too_much, "SpinalCord", "Dmax").verdict == "not_met"


def test_a_limit_on_a_margin_needs_that_margin():
    first = made.directive()
    rows = tuple(
        one.model_copy(update={"defined_on": "prv+3"}) if one.roi == "SpinalCord_PRV" else one for one in first.limits
    )
    found = checked(directive=made.directive(limits=rows))
    item = limit(found, "SpinalCord_PRV", "D0.03cc")
    assert item.verdict == "cannot_tell" and "3 mm" in item.why and "2 mm" in item.why


def test_an_unsigned_row_is_shown_only():
    found = checked(directive=made.directive("spine-sib-30-20-5"), plan_set=made.plan_set(made=made.plan(5, 30.0)))
    shown = limit(found, "SpinalCord", "D0.35cc")
    assert shown.verdict == "info" and "does not bind" in shown.why
    assert found.result.watermark and "not for clinical use" in found.result.watermark


def test_an_organ_in_the_dose_without_any_limit_is_named():
    liver = made.box(30, "Liver", (-30, -22), (-20, 0), (-20, 20), "ORGAN")
    far = made.box(31, "Kidney_L", (-30, -22), (60, 70), (-20, 20), "ORGAN")
    found = checked(made.plan_set(made.structures(liver=liver, far=far)))
    named = made.items(found, code="organ-in-dose")
    assert [one.structure for one in named] == ["Liver"] and named[0].verdict == "no_limit"


def test_a_paired_organ_listed_without_side():
    directive = made.directive()
    row = directive.limits[-1].model_copy(update={"roi": "Lung"})
    found = checked(directive=made.directive(limits=(*directive.limits[:-2], row)))
    pair = made.items(found, code="limit", roi="Lung")
    assert [one.structure for one in pair] == ["Lung_L", "Lung_R"]


def test_a_side_is_not_read_on_both():
    both = made.box(6, "Lungs", (30, 60), (25, 60), (-50, 50), "ORGAN")
    found = checked(made.plan_set(made.structures(Lung_L=both, Lung_R=None)))
    assert "both" in limit(found, "Lung_L", "Dmean").why


class TestTargets:
    def test_a_level_without_goals_is_left_to_a_person(self):
        item = made.items(checked(), code="no-goal")[0]
        assert item.verdict == "no_limit" and "D95% is 24.50 Gy, 102.1 %" in item.why

    def test_goals_are_judged(self):
        level = made.directive().levels[0]
        goals = (
            Goal(metric="D95%", op=">=", value=24.0, unit="Gy", strength="goal"),
            Goal(metric="V30Gy", op=">=", value=95.0, unit="%", strength="goal"),
            Goal(metric="Dmax", op="<=", value=20.0, unit="Gy", strength="info"),
        )
        directive = made.directive(levels=(level.model_copy(update={"goals": goals}),))
        found = made.items(checked(directive=directive), code="goal")
        assert [one.verdict for one in found] == ["met", "not_met", "info"]
        missing = checked(made.plan_set(made.structures(PTV=None)), directive)
        assert {one.verdict for one in made.items(missing, code="goal")} == {"cannot_tell", "info"}

    def test_a_plan_of_the_wrong_dose_fails_at_its_median(self):
        found = made.items(checked(made.plan_set(gy=made.dose(top=12.0, slope=0.3))), code="median-dose")[0]
        assert found.verdict == "not_met" and found.value == pytest.approx(12.0, abs=0.01)
        assert made.items(checked(), code="median-dose")[0].verdict == "met"

    def test_a_target_is_found_by_the_dose_in_its_name(self):
        dosed = made.structures(PTV=made.box(2, "PTV_2400", (-20, 20), (-20, 0), (-20, 20), "PTV"))
        item = made.items(checked(made.plan_set(dosed)), code="median-dose")[0]
        assert (item.verdict, item.matched) == ("met", "synonym")

    def test_the_only_ptv_is_a_guess(self):
        odd = made.structures(PTV=made.box(2, "PTV_spine", (-20, 20), (-20, 0), (-20, 20), "PTV"))
        item = made.items(checked(made.plan_set(odd)), code="median-dose")[0]
        assert (item.verdict, item.matched) == ("cannot_tell", "guessed")

    def test_what_is_cut_out_of_a_target_is_no_target(self):
        cut = made.structures(cut=made.box(40, "PTV-Cord", (-20, 20), (-20, -10), (-20, 20), "PTV"))
        assert made.items(checked(made.plan_set(cut)), code="median-dose")[0].structure == "PTV"

    def test_levels_of_a_boost_are_read_each_by_itself(self):
        found = made.structures(
            PTV=made.box(2, "PTV_3000", (-20, 20), (-20, 0), (-20, 20), "PTV"),
            low=made.box(12, "PTV_2000", (-20, 20), (-20, 6), (-20, 20), "PTV"),
        )
        check = checked(
            made.plan_set(found, made.dose(top=31.0, slope=1.6), made.plan(5, 30.0)),
            made.directive("spine-sib-30-20-5"),
        )
        medians = {one.roi: one for one in made.items(check, code="median-dose")}
        assert medians["PTV_High"].value == pytest.approx(31.0) and medians["PTV_High"].structure == "PTV_3000"
        assert medians["PTV_Low"].structure == "PTV_2000" and medians["PTV_Low"].verdict == "met"
        top = made.items(check, code="target-figure", roi="PTV_Low", metric="Dmax")[0]
        assert "holds the boost" in top.why

    def test_stereotactic_figures(self):
        found = checked()
        icru = made.items(found, code="icru-91")
        assert len(icru) == 1 and "D2%" in icru[0].why and "near-minimum" in icru[0].why
        assert "R50" in made.items(found, code="target-quality")[0].why


class TestPlainFields:
    POINT = DoseReference(1, "COORDINATES", "TARGET", None, None, (0.0, -10.0, 0.0), 30.0, None, None, None, None)

    def checked(self, references=None, top=30.0, beams=None):
        found = [made.box(1, "External", (-70, 70), (-70, 70), (-60, 60), "EXTERNAL")]
        plan = made.plan(10, 30.0, references, beams)
        return checked(made.plan_set(found, made.dose(top=top), plan), made.directive("femur-30-10"))

    def test_the_prescription_point_is_checked(self):
        item = made.items(self.checked((self.POINT,)), code="prescription-point")[0]
        assert item.verdict == "met" and "30.00 Gy" in item.why
        low = made.items(self.checked((self.POINT,), top=28.0), code="prescription-point")[0]
        assert low.verdict == "not_met" and "-6.7 %" in low.why

    def test_without_a_point_it_cannot_be_told(self):
        item = made.items(self.checked(()), code="prescription-point")[0]
        assert item.verdict == "cannot_tell"

    def test_a_point_off_the_grid_cannot_be_told(self):
        item = made.items(self.checked((replace(self.POINT, point_mm=(0.0, 0.0, 300.0)),)), code="prescription-point")[
            0
        ]
        assert item.verdict == "cannot_tell" and "off the dose grid" in item.why


def test_earlier_radiotherapy_forbids_limits_of_a_first_course():
    again = made.directive("spine-again-24-2")
    cord = made.directive().limits[0]
    wrong = made.directive("spine-again-24-2", limits=(*again.limits, cord))
    assert limit(checked(directive=wrong), "SpinalCord", "Dmax").verdict == "cannot_tell"


def test_a_proposal_is_not_a_directive_to_plan_from():
    item = made.items(checked(directive=made.directive(status="proposed")), code="directive-signed")[0]
    assert item.verdict == "not_met"
    assert made.items(checked(), code="directive-signed")[0].verdict == "met"


def test_directives_that_cannot_be_checked_against():
    with pytest.raises(DirectiveRefused) as caught:
        check_plan(made.plan_set(), made.directive().model_copy(update={"hash": None}), LIBRARY, QUIET)
    assert caught.value.code == "not-sealed"
    with pytest.raises(DirectiveRefused) as caught:
        checked(directive=made.directive(technique="none", levels=()))
    assert caught.value.code == "no-radiotherapy"


def test_histograms_alone():
    empty = Structure(50, "Empty")
    point = made.box(51, "Point", (0, 1), (0, 1), (0, 2))
    point = replace(point, contours=(replace(point.contours[0], kind="POINT", points=point.contours[0].points[:1]),))
    found = plan_histograms(made.plan_set(made.structures(empty=empty, point=point)), LIBRARY, QUIET)
    assert found.directive is None and found.result is None
    by_name = {one.label: one for one in found.structures}
    assert by_name["Empty"].problem.code == "structure-empty" and by_name["Point"].role == "point"
    assert found.structure("SpinalCord").dvh.max == pytest.approx(10.1, abs=0.05)
    assert found.structure("nothing") is None


def test_no_identifier_in_the_result():
    text = str(checked().result.to_dict())
    assert "1.9.1" not in text and made.FRAME not in text
    assert len(checked().result.plan) == 3
