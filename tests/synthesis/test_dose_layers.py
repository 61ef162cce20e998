"""Layers of the dose response: which arms have a dose, and that a curve is not drawn through too little."""

from __future__ import annotations

from dataclasses import replace

import pytest
from study_samples import arm, result, study

from portico.errors import CannotTell
from portico.knowledge import load_library
from portico.synthesis import dose_layers

LIBRARY = load_library()


def library(*studies):
    return replace(LIBRARY, studies={one.id: one for one in studies})


def dosed(name="all", dose=24.0, fractions=2, low=None, high=None, count_low=None, count_high=None, n=50, **more):
    made = arm(name, n=n)
    return replace(made, dose_gy=dose, fractions=fractions, dose_low_gy=low, dose_high_gy=high, fractions_low=count_low, fractions_high=count_high, **more)  # fmt: skip


def postop(*studies, **more):
    return dose_layers(library(*studies), **more)[0]


def test_one_regimen_is_a_point_and_a_range_is_a_bar():
    layer = postop(
        study("a", result(0.2), arms=(dosed(),)), study("b", result(0.1), arms=(dosed(dose=None, low=18, high=30, fractions=None, count_low=3, count_high=5),))
    )  # fmt: skip
    by_name = {one.study: one for one in layer.points}
    assert by_name["a"].bed_gy == pytest.approx(52.8) and not by_name["a"].is_range
    assert (by_name["b"].bed_low_gy, by_name["b"].bed_high_gy) == pytest.approx((18 * 1.36, 60.0)) and by_name[
        "b"
    ].is_range
    assert layer.curve is None and "unless asked for" in layer.why_no_curve and layer.alpha_beta_gy == 10


def test_control_is_read_as_failure():
    assert postop(study("a", result(0.9, outcome="local_control"), arms=(dosed(),))).points[0].failure == pytest.approx(
        0.1
    )


def test_dose_arms_come_before_the_whole_study():
    arms = (dosed(n=80), dosed("low", dose=20.0, n=40), dosed("high", dose=27.0, fractions=3, n=40))
    layer = postop(study("a", result(0.2), result(0.3, arm="low"), result(0.1, arm="high"), arms=arms))
    assert [one.arm for one in layer.points] == ["low", "high"]


def test_arms_of_one_dose_are_counted_together():
    arms = (dosed("x", n=20), dosed("y", n=30))
    one = postop(study("a", result(0.1, arm="x"), result(0.2, arm="y"), arms=arms)).points[0]
    assert (one.arm, one.n, one.events, one.failure) == ("x+y", 50, pytest.approx(8.0), pytest.approx(0.16))


@pytest.mark.parametrize(
    "made",
    [dosed(fractions=None), dosed(n=None), dosed(boost_dose_gy=30.0), dosed(dose=None)],
    ids=["no fractions", "no number", "a boost", "no dose"],
)
def test_arms_without_a_dose_are_named(made):
    layer = postop(study("a", result(0.2), arms=(made,)))
    assert layer.points == () and [one.study for one in layer.left_out] == ["a"]
    assert layer.why_no_curve.startswith("No arm")


def test_a_curve_needs_three_studies_and_three_doses():
    many = [study(chr(97 + i), result(0.3 - 0.05 * i, n=80), arms=(dosed(dose=18.0 + 4.0 * i),)) for i in range(4)]
    layer = postop(*many)
    assert layer.curve.slope.estimate < 0 and layer.curve.studies == 4 and layer.why_no_curve == ""
    assert postop(*many[:2]).curve is None
    assert postop(*many, scale="log-logistic").curve.scale == "log-logistic"


def test_populations_and_levels_stay_apart():
    layers = dose_layers(
        library(
            study("a", result(0.2), arms=(dosed(),)),
            study("b", result(0.2), arms=(dosed(),), directness="intact_bone"),
            study("c", result(0.2), arms=(dosed(),), verified="secondary"),
            study("d", result(0.2), arms=(dosed(),), design="meta_analysis"),
            study("e", result(0.2, months=24.0), arms=(dosed(),)),
            study("postop-rert-24in2", result(0.2), arms=(dosed(),)),
            study("f", result(0.1), arms=(dosed(n=20),), overlaps=("a",)),
        )
    )
    assert [[one.study for one in layer.points] for layer in layers] == [["a"], ["b"]]
    assert {one.study: one.code for one in layers[0].left_out} == {
        "c": "level",
        "postop-rert-24in2": "curator",
        "f": "overlap",
    }


def test_without_an_alpha_beta_there_is_no_dose():
    model = LIBRARY.models["alpha-beta-tumour"]
    with pytest.raises(CannotTell) as caught:
        dose_layers(replace(LIBRARY, models={**LIBRARY.models, model.id: replace(model, parameters={})}))
    assert caught.value.code == "no-alpha-beta"


def test_the_shipped_layers():
    postoperative, intact = dose_layers(LIBRARY)
    assert {one.directness for one in postoperative.points} == {"post_operative"}
    assert not {one.directness for one in intact.points} & {"post_operative"}
    assert {one.study for one in postoperative.points} >= {"ito-2022", "laufer-2013-separation"}
