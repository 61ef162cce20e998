"""Which figures answer a question: each reason to stay out, and what is done to a figure that comes in."""

from __future__ import annotations

from dataclasses import replace

import pytest
from study_samples import arm, question, result, study

from portico.errors import CannotTell
from portico.knowledge import load_library
from portico.synthesis import effects_of, select, selection_for

LEVELS = ("full_text", "abstract")


def chosen(asked, *studies):
    return select(asked, {one.id: one for one in studies}, levels=LEVELS)


def only(asked, one):
    found = chosen(asked, one)
    assert len(found.figures) == 1, found.left_out
    return found.figures[0]


def test_what_is_read_from_a_figure():
    figure = only(question(), study("a", result(0.2)))
    assert (figure.events, figure.n, figure.basis, figure.note) == (10.0, 50.0, "rate x n", "denominator of the arm")
    figure = only(question(), study("a", result(0.2, n=40)))
    assert (figure.events, figure.n, figure.note) == (8.0, 40.0, "")
    figure = only(question(), study("a", result(0.9, outcome="local_control", n=40, lo=0.8, hi=0.96)))
    assert (figure.est, figure.lo, figure.hi) == pytest.approx((0.1, 0.04, 0.2)) and figure.basis == "interval"
    figure = only(question(months=None), study("a", result(events=6, n=30, measure="proportion", months=None)))
    assert (figure.events, figure.n, figure.basis) == (6.0, 30.0, "counts")
    figure = only(question(months=None), study("a", result(events=24, n=30, outcome="local_control", measure="proportion", months=None)))  # fmt: skip
    assert figure.events == 6.0 and "one minus" in figure.note


def test_local_control_is_read_where_failure_has_another_time():
    figure = only(question(), study("a", result(0.3, months=24.0), result(0.8, outcome="local_control")))
    assert figure.events == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("asked", "one", "code"),
    [
        (question(), study("a", result(0.2, months=6.0)), "time"),
        (question(), study("a", result(0.2), arms=(arm(n=None),)), "no-denominator"),
        (question(), study("a", result(0.2), arms=(arm(technique="conventional"),)), "technique"),
        (question(), study("a", result(0.2), arms=(arm(operated=False),)), "technique"),
        (question(), study("a", result(0.2), verified="secondary"), "level"),
        (question(), study("a", result(0.2), design="meta_analysis"), "design"),
        (question(), study("a", result(0.2, display_only=True)), "display-only"),
        (question(), study("a", result(0.2), result(0.3, label="y")), "ambiguous"),
        (question(left_out={"a": "because"}), study("a", result(0.2)), "curator"),
        (question(), study("a", result(0.2, arm="one", n=20), arms=(arm("one"), arm("two"))), "arms-missing"),
        (question(measure="hr", versus=("v",)), study("a", result(0.5, measure="hr", versus="v")), "no-interval"),
        (question(measure="hr", versus=("v",)), study("a", result(measure="p_only", versus="v")), "measure"),
        (question(pairs=(("a", "one", "two"),), measure="rr"), study("a", result(0.1, arm="one"), result(0.2, arm="two"), arms=(arm("one", n=None), arm("two"))), "no-denominator"),
    ],
)  # fmt: skip
def test_why_a_study_stays_out(asked, one, code):
    found = chosen(asked, one)
    assert [(out.study, out.code) for out in found.left_out] == [("a", code)] and not found.figures
    assert found.left_out[0].why.endswith(".") or code == "curator"


def test_a_study_without_a_word_on_the_question_is_not_listed():
    found = chosen(
        question(), study("a", result(0.2), site="non_spine"), study("b", result(0.2, outcome="vcf")), study("c")
    )
    assert found.figures == found.left_out == ()
    assert chosen(question(only=("z",)), study("a", result(0.2))).left_out == ()


def test_a_picked_label_settles_several_figures():
    one = study("a", result(0.2), result(0.3, label="y"))
    assert only(question(picks={"a": "y"}), one).events == pytest.approx(15.0)


def test_arms_are_counted_together_only_when_they_are_all_there():
    arms = (arm("one", n=20), arm("two", n=30), arm("other", technique="conventional"))
    figure = only(question(), study("a", result(0.1, arm="one"), result(0.2, arm="two"), arms=arms))
    assert (figure.arm, figure.events, figure.n) == ("one+two", pytest.approx(8.0), 50.0)
    both = (arm(n=None), *arms[:2])
    assert only(question(), study("a", result(0.1), result(0.1, arm="one"), result(0.2, arm="two"), arms=both)).n == 50.0  # fmt: skip


def test_of_overlapping_studies_the_largest_is_taken():
    large, small = study("a", result(0.2, n=80)), study("b", result(0.1, n=40), overlaps=("a",))
    for order in ((large, small), (small, large)):
        found = chosen(question(), *order)
        assert [one.study.id for one in found.figures] == ["a"]
        assert [(out.study, out.code) for out in found.left_out] == [("b", "overlap")]
        assert "a is taken" in found.left_out[0].why
    apart = question(kept_apart=((("a", "c"), "One centre."),))
    third = study("c", result(0.3, n=80), year=2022)
    assert [one.study.id for one in chosen(apart, large, third).figures] == ["c"]  # the later of two equal ones
    assert len(chosen(question(), large, third).figures) == 2


def test_a_counted_pair():
    asked = question(measure="rr", pairs=(("a", "one", "two"),), months=None)
    one = study("a", result(events=4, n=20, arm="one", measure="proportion", months=None), result(events=8, n=20, arm="two", measure="proportion", months=None), arms=(arm("one"), arm("two")))  # fmt: skip
    figure = only(asked, one)
    assert (figure.events, figure.n, figure.second_events, figure.second_n, figure.size) == (4.0, 20.0, 8.0, 20.0, 40.0)


def test_no_shipped_pool_holds_two_studies_that_overlap():
    library = load_library()
    for asked in library.questions:
        found = selection_for(library, asked)
        names = {one.study.id for one in found.figures}
        assert not names & {out.study for out in found.left_out}
        for one in found.figures:
            assert not names & set(one.study.overlaps)
            assert one.study.verified in LEVELS
            if "intact_bone" not in found.question.directness:
                assert one.study.directness != "intact_bone"  # indirect evidence only when the question asks for it


def test_nothing_to_pool():
    with pytest.raises(CannotTell) as caught:
        effects_of(chosen(question()))
    assert caught.value.code == "no-figures"
    bare = replace(only(question(), study("a", result(0.2))), est=None)
    with pytest.raises(CannotTell) as caught:
        bare.published  # noqa: B018
    assert caught.value.code == "no-interval"
