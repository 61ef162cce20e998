"""Answers: what is pooled, by which models, and what is said beside the figure."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import binom
from study_samples import arm, question, result, study

from portico.errors import UsageError
from portico.knowledge import load_library
from portico.knowledge.pools import Answer
from portico.synthesis import (
    answer,
    answer_question,
    build_pools,
    pool,
    proportion_effects,
    ratio_from_interval,
    select,
)
from portico.synthesis.answers import exact_interval, wilson_interval

LIBRARY = load_library()
POLICY = LIBRARY.policy["certainty"].body


def answered(asked, *studies, overrides=None) -> Answer:
    by_id = {one.id: one for one in studies}
    return answer(select(asked, by_id, levels=("full_text", "abstract")), by_id, POLICY, overrides)


def crude(*pairs, **more):
    """Studies ``a``, ``b``... with these events and numbers."""
    return [
        study(chr(97 + i), result(events=x, n=n, measure="proportion", months=None), year=2010 + i, **more)
        for i, (x, n) in enumerate(pairs)
    ]


def test_counts_are_pooled_as_metafor_pools_them():
    found = answered(question(months=None), *crude((3, 40), (9, 60), (12, 55), (4, 30)))
    effects = proportion_effects([3, 9, 12, 4], [40, 60, 55, 30])
    for estimate, settings in zip(found.estimates, [("REML", "knapp-hartung-truncated"), ("REML", "knapp-hartung"), ("REML", "wald"), ("PM", "knapp-hartung-truncated"), ("DL", "wald"), ("common", "wald")], strict=False):  # fmt: skip
        right = pool(effects, method=settings[0], interval=settings[1]).natural
        assert (estimate.est, estimate.lo, estimate.hi) == pytest.approx((right.estimate, right.lo, right.hi))
        assert estimate.prediction_lo == (None if settings[0] == "common" else pytest.approx(right.prediction_lo))
    assert [one.model for one in found.estimates[6:]] == [
        "random effects (double arcsine)", "random effects (binomial)", "beta-binomial",
    ]  # fmt: skip
    assert "known to mislead" in found.estimates[6].method and abs(found.estimates[6].est - found.main.est) < 0.03
    assert (found.k, found.n, found.events) == (4, 185, 28)
    assert sum(row.weight for row in found.rows) == pytest.approx(1.0)
    assert found.main == found.estimates[0] and found.tau2 is not None and found.q_p is not None


def test_one_study_is_shown_as_it_is():
    found = answered(question(months=None), *crude((3, 40)))
    assert (found.main.model, found.main.est) == ("single study", 0.075)
    assert (found.main.lo, found.main.hi) == pytest.approx(wilson_interval(3, 40))
    assert found.i2 is None and found.leave_one_out == () and "nothing is pooled" in found.notes[0]


def test_no_study_is_a_gap():
    found = answered(question())
    assert found.main is None and found.k == 0 and found.certainty is None and found.estimates == ()


def test_no_event_at_all():
    found = answered(question(months=None), *crude((0, 50), (0, 50)))
    assert found.main.est == 0.0 and found.main.hi == pytest.approx(1 - 0.025 ** (1 / 100))
    assert found.main.model == "counts added"


def test_a_study_without_events_brings_the_binomial_model_first():
    found = answered(question(months=None), *crude((0, 30), (5, 50), (6, 40)))
    assert found.main.model == "random effects (binomial)"
    assert 0.0 < found.main.lo < found.main.est < found.main.hi < 1.0
    assert any("without events" in note for note in found.notes)


def test_rates_and_intervals_stand_side_by_side():
    found = answered(
        question(), study("a", result(0.2, n=50)), study("b", result(0.1, n=80, lo=0.05, hi=0.19)), study("c", result(0.15, n=60))
    )  # fmt: skip
    assert [row.basis for row in found.rows] == ["rate x n", "interval", "rate x n"]
    assert all("binomial" not in one.model for one in found.estimates)
    assert any("rate times the number" in note for note in found.notes)
    assert found.n == 110  # the study known by its interval has no count


def test_ratios():
    asked = question(measure="hr", versus=("v",), techniques=())
    first = study("a", result(0.5, measure="hr", versus="v", months=None, lo=0.3, hi=0.83))
    second = study("b", result(0.8, measure="hr", versus="v", months=None, lo=0.5, hi=1.28))
    found = answered(asked, first, second)
    right = pool(ratio_from_interval([0.5, 0.8], [0.3, 0.5], [0.83, 1.28]), interval="knapp-hartung-truncated").natural
    assert found.main.est == pytest.approx(right.estimate)
    assert any("not randomised" in note for note in found.notes)


@pytest.mark.parametrize(("measure", "right"), [("rr", math.log(2.0)), ("or", math.log(16 / 6))])
def test_a_counted_pair(measure, right):
    one = study("a", result(events=8, n=20, arm="one", measure="proportion", months=None), result(events=4, n=20, arm="two", measure="proportion", months=None), arms=(arm("one"), arm("two")))  # fmt: skip
    found = answered(question(measure=measure, pairs=(("a", "one", "two"),), months=None), one)
    assert math.log(found.main.est) == pytest.approx(right)
    assert (found.n, found.events) == (40, 12) and found.main.lo < found.main.est < found.main.hi
    none = study("a", result(events=8, n=20, arm="one", measure="proportion", months=None), result(events=0, n=20, arm="two", measure="proportion", months=None), arms=(arm("one"), arm("two")))  # fmt: skip
    assert answered(question(measure=measure, pairs=(("a", "one", "two"),), months=None), none).main.est > 10


def test_the_pool_grows_by_year_and_shrinks_by_study():
    found = answered(question(months=None), *crude((3, 40), (9, 60), (12, 55)))
    assert [step[1] for step in found.cumulative] == [2010, 2011, 2012]
    assert found.cumulative[0][2] == 3 / 40
    assert found.cumulative[-1][2] == pytest.approx(found.main.est)
    without = {step[0]: step[1] for step in found.leave_one_out}
    assert set(without) == {"a", "b", "c"} and without["a"] > without["c"]


def test_intervals():
    assert wilson_interval(20, 20)[1] == 1.0 and wilson_interval(0, 20)[0] == 0.0
    assert wilson_interval(8, 40) == pytest.approx((0.1050, 0.3476), abs=1e-4)
    assert exact_interval(4, 4)[1] == 1.0
    assert exact_interval(2, 10) == pytest.approx((0.0252, 0.5561), abs=1e-4)  # Clopper and Pearson's own chart


def grade(found):
    return found.certainty, {domain: judgement for domain, judgement, _ in found.domains}


def test_certainty_follows_visible_rules():
    level, domains = grade(answered(question(months=None), *crude((30, 200), (33, 220))))
    assert (level, domains["start"], domains["risk of bias"], domains["imprecision"]) == ("very_low", "low", "none", "very serious")  # fmt: skip
    level, domains = grade(answered(question(months=None), *crude(*[(30, 200)] * 4, design="rct")))
    assert (level, domains["start"]) == ("high", "high")
    _, domains = grade(answered(question(months=None), *crude((2, 200), (90, 200), (50, 200), design="rct")))
    assert domains["inconsistency"] == "very serious"
    _, domains = grade(answered(question(directness=("intact_bone",), months=None), *crude((30, 200), directness="intact_bone")))  # fmt: skip
    assert domains["indirectness"] == "very serious" and domains["inconsistency"] == "not assessable"
    asked = question(measure="hr", versus=("v",), techniques=())
    wide = study("a", result(0.9, measure="hr", versus="v", months=None, lo=0.3, hi=2.7), design="rct")
    level, domains = grade(answered(asked, wide))
    assert (level, domains["imprecision"]) == ("low", "very serious")


def test_ten_studies_are_tested_for_small_study_effects():
    rng = np.random.default_rng(1)
    sizes = rng.integers(30, 200, 10)
    found = answered(question(months=None), *crude(*[(max(1, int(n * 0.15 + 2)), int(n)) for n in sizes]))
    assert found.small_study_p is not None and dict(grade(found)[1])["publication bias"] in ("none", "serious")


def test_a_named_curator_overrides_a_domain():
    studies = crude(*[(30, 200)] * 4)
    before = answered(question(months=None), *studies)
    after = answered(
        question(months=None), *studies, overrides={"risk of bias": ("serious", "J. Reader, 2026-11-27: x")}
    )
    assert (before.certainty, after.certainty) == ("low", "very_low")
    assert "J. Reader" in {d: why for d, _, why in after.domains}["risk of bias"]
    assert "the rule says none" in {d: why for d, _, why in after.domains}["risk of bias"]
    for wrong, code in (({"luck": ("serious", "x")}, "unknown-domain"), ({"imprecision": ("bad", "x")}, "unknown-judgement")):  # fmt: skip
        with pytest.raises(UsageError) as caught:
            answered(question(months=None), *studies, overrides=wrong)
        assert caught.value.code == code


def test_the_library_stands_beside_the_published_answer():
    """Ours is higher than the published 10.2 %, and the published one stands beside it."""
    found = answer_question(LIBRARY, "spine-postop-sbrt-lf12")
    assert found.compare == (("kang-2022", 0.102, 0.078, 0.128, 661),)
    assert found.k == 5 and 0.15 < found.main.est < 0.18
    assert found.main.lo > 0.102
    assert {out.study: out.code for out in found.left_out}["tao-2016"] == "level"
    assert all(row.est > 0.102 for row in found.rows if row.study != "bevacqua-2025")


def test_an_unknown_question():
    with pytest.raises(UsageError) as caught:
        answer_question(LIBRARY, "spine-postop-sbrt-lf13")
    assert caught.value.code == "unknown-question" and "lf12" in caught.value.problem.fix


def test_every_answer_of_the_library_is_sound():
    for found in build_pools(LIBRARY).answers.values():
        assert (found.main is None) == (found.k == 0)
        for one in found.estimates:
            assert 0.0 <= one.lo <= one.est <= one.hi
            assert found.measure != "proportion" or one.hi <= 1.0
        for row in found.rows:
            assert row.lo <= row.est <= row.hi
            assert row.verified in ("full_text", "abstract")
        assert found.k == 0 or len(found.domains) == 6


@pytest.mark.parametrize(("events", "total"), [(0, 1), (0, 12), (4, 10), (10, 10), (37, 412)])
def test_a_proportion_s_limits_leave_half_the_rest_on_each_side(events, total):
    low, high = exact_interval(events, total)
    if events:
        assert binom.sf(events - 1, total, low) == pytest.approx(0.025)
    else:
        assert low == 0.0
    if events < total:
        assert binom.cdf(events, total, high) == pytest.approx(0.025)
    else:
        assert high == 1.0
