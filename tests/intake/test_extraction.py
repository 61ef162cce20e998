"""Candidate figures on sentences written by hand, with the precision and recall they give."""

from __future__ import annotations

import time

import gold_sentences as gold
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pace import pace
from portico.intake import contradictions, extract, owners

GOLD = [*gold.FIRST, *gold.SECOND, *gold.THIRD, *gold.FOURTH]


def found(text):
    return {
        (one.kind, round(one.value, 6), one.second if one.second is None else round(one.second, 6), one.months)
        for one in extract(text)
    }


def test_precision_and_recall_on_sentences_written_by_hand():
    hit = given = asked = 0
    for text, right in GOLD:
        got = found(text)
        hit, given, asked = hit + len(got & right), given + len(got), asked + len(right)
    assert hit / given >= 0.95 and hit / asked >= 0.95, (hit, given, asked)


@pytest.mark.parametrize(("text", "right"), GOLD, ids=range(len(GOLD)))
def test_each_candidate_stands_where_it_says(text, right):
    for one in extract(text):
        read = text[one.start : one.end]
        assert read.strip() and (any(letter.isdigit() for letter in read) or read[:1].isalpha())


def kinds(text):
    return {(one.kind, one.value) for one in extract(text)}


def test_what_turns_an_outcome_round():
    assert kinds("Freedom from local failure was 91%.") == {("local_control", 0.91)}
    assert kinds("Local recurrence-free rate was 91%.") == {("local_control", 0.91)}
    assert kinds("Loss of local control was seen in 9%.") == {("local_failure", 0.09)}
    assert kinds("Local progression-free survival was 62%.") == set()  # counts deaths as well
    assert kinds("Local control was 90% and revisions came to 12%.") == {("local_control", 0.9)}


def test_doses_as_they_are_written():
    def doses(text):
        return {(one.kind, one.value, one.second) for one in extract(text)}

    assert doses("We gave 2,400 cGy.") == {("dose", 24.0, None)}
    assert doses("We gave 10 x 3 Gy.") == {("dose_per_fraction", 3.0, None), ("fractions", 10.0, None)}
    assert doses("We gave 3 Gy × 10.") == {("dose_per_fraction", 3.0, None), ("fractions", 10.0, None)}
    assert doses("We gave 5 fractions to a total dose of 30 Gy.") == {("regimen", 30.0, 5.0)}
    assert (
        doses("The EQD2 was 39 Gy.") == {("dose", 39.0, None)}
        and extract("The EQD2 was 39 Gy.")[0].unit == "Gy BED or EQD2"
    )
    assert doses("A BED of 60 Gy10 and 8,5 Gy.") == set()  # neither is a dose that can be read for certain


def test_rates_at_follow_up_and_signs_of_p():
    rate = next(
        one
        for one in extract("At a median follow-up of 9 months local control was 90%.")
        if one.kind == "local_control"
    )
    assert (rate.months, rate.at_follow_up) == (None, True)
    rate = next(
        one
        for one in extract("12-month local control was 90% (median follow-up 9 months).")
        if one.kind == "local_control"
    )
    assert (rate.months, rate.at_follow_up) == (12.0, False)
    assert [(one.value, one.sign) for one in extract("p<.001, P = 0.04")] == [(0.001, "<"), (0.04, "=")]


def test_what_stands_beside_a_rate_belongs_to_it():
    found = extract(
        "Local failure was 17% (9 of 53; 95% CI 10-26%; p = 0.02); the hazard ratio was 2.1 (95% CI 1.2 to 3.8)."
    )
    pairs = {(found[at].kind, found[owner].kind) for at, owner in owners(found).items()}
    assert pairs == {
        ("interval", "local_failure"),
        ("p_value", "local_failure"),
        ("events", "local_failure"),
        ("interval", "hazard_ratio"),
    }


@pytest.mark.parametrize(
    "piece",
    [
        "1 1 1 ",
        "111 111 ",
        "1%(",
        "1% and ",
        "local failure 1% at 1 month ",
        "1 of 2 ",
        "8 Gy to the ",
        "HR for a ",
        "twenty-",
        "10/10 (",
        "1",
    ],
)
def test_no_text_takes_long(piece):
    text = piece * (1_000_000 // len(piece))
    start = time.process_time()
    contradictions(text, extract(text))
    assert time.process_time() - start < 8 * pace()


@given(st.text(alphabet="0123456789 .,%()/-Gycx×of95CIplocalfailurecontrolatmonthsyears", max_size=200))
def test_any_text_gives_places_inside_it(text):
    for one in extract(text):
        assert 0 <= one.start < one.end <= len(text)
        assert one.kind not in ("dose", "regimen", "dose_per_fraction") or "gy" in text[one.start : one.end].lower()


def test_a_number_without_a_unit_is_no_dose():
    assert not {one.kind for one in extract("We prescribed 30 in 10 fractions.")} & {
        "dose",
        "regimen",
        "dose_per_fraction",
    }


def test_a_list_of_times_that_does_not_fit_the_rates_gives_no_time():
    assert {
        months
        for kind, _, _, months in found("Local control at 6, 12 and 24 months was 93% and 84%.")
        if kind == "local_control"
    } == {None}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("5 (20%) of 40 failed.", 1), ("5 (12%) of 40 failed.", 0), ("5 of 40 (20%) failed.", 1), ("5 of 40 (12.5%) failed.", 0), ("5/40 (13%) failed.", 0), ("17% (9 of 53) failed.", 0),
        ("27% (9 of 53) failed.", 1), ("5 of 40 failed. In all 20% died.", 0),
    ],
)  # fmt: skip
def test_counts_that_contradict_their_percentage(text, count):
    problems = contradictions(text, extract(text), record=7)
    assert len(problems) == count
    assert all(one.code == "count-contradicts-percentage" and "Record 7" in one.message for one in problems)
