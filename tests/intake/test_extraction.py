"""Candidate figures on sentences written by hand, with the precision and recall they give."""

from __future__ import annotations

import pytest

from portico.intake import contradictions, extract

#: Sentence, and the candidates a reader would note: kind, value, second value, months.
GOLD = [
    ("We treated 47 patients (83 segments) with a median of 24 Gy in 2 fractions.", {("patients", 47, None, None), ("lesions", 83, None, None), ("regimen", 24, 2, None)}),
    ("Local failure at 12 months was 17% (95% CI 10.2-26.5%).", {("local_failure", 0.17, None, 12), ("interval", 0.102, 0.265, None)}),
    ("The 1-year local control and overall survival rates were 84% and 64%.", {("local_control", 0.84, None, 12), ("overall_survival", 0.64, None, 12)}),
    ("Cumulative incidence of local recurrence at 12 and 24 months was 7.2% and 12.5%, respectively.", {("local_failure", 0.072, None, 12), ("local_failure", 0.125, None, 24)}),
    ("Local control at 6, 12 and 24 months was 93%, 84% and 78%.", {("local_control", 0.93, None, 6), ("local_control", 0.84, None, 12), ("local_control", 0.78, None, 24)}),
    ("Twenty-one local failures (26%) were observed.", {("local_failure", 0.26, None, None)}),
    ("Recurrence occurred in 9 of 53 bones under whole coverage.", {("events", 9, 53, None)}),
    ("Failure was rarer with whole coverage (HR 0.44, 95% CI 0.22-0.86).", {("hazard_ratio", 0.44, None, None), ("interval", 0.22, 0.86, None)}),
    ("Median follow-up was 8.3 months.", {("follow_up_months", 8.3, None, None)}),
    ("Doses of 3000 cGy in ten fractions were usual.", {("regimen", 30, 10, None)}),
    ("Patients had 30 Gy/10 or 8 Gy in a single fraction.", {("regimen", 30, 10, None), ("regimen", 8, 1, None)}),
    ("12-month local control was 92.3% with SBRT.", {("local_control", 0.923, None, 12)}),
    ("Fractions of 3 Gy per fraction were given.", {("dose_per_fraction", 3, None, None)}),
    ("A total of 1,070 lesions in 448 patients were irradiated.", {("lesions", 1070, None, None), ("patients", 448, None, None)}),
    ("Between 2008 and 2012 patients were enrolled.", set()),
    ("Patients received 18-26 Gy in one or two fractions.", {("dose", 18, 26, None), ("fractions", 1, 2, None)}),
    ("The PTV received at least 95% of the prescribed dose.", set()),
    ("Overall survival at 1 year was 55 %.", {("overall_survival", 0.55, None, 12)}),
    ("At two years, 13.7% had progressed locally.", {("local_failure", 0.137, None, 24)}),
    ("Hardware coverage of 76% was the mean.", set()),
    ("Local tumour control was achieved in 90 percent at 12 months.", {("local_control", 0.9, None, 12)}),
    ("The hazard ratio was 1.99 (95% confidence interval, 1.30 to 3.06).", {("hazard_ratio", 1.99, None, None), ("interval", 1.3, 3.06, None)}),
    ("Thirty-three patients were enrolled.", {("patients", 33, None, None)}),
    ("Sixteen bones (14/54) failed.", {("lesions", 16, None, None), ("events", 14, 54, None)}),
    ("Pain fell from 7 to 3 points in the first week.", set()),
    ("Local progression was 4.1% after 24 to 30 Gy in 3 fractions and 22.6% after lower doses.", {("local_failure", 0.041, None, None), ("dose", 24, 30, None), ("fractions", 3, None, None), ("local_failure", 0.226, None, None)}),
    ("p < 0.001 and 0 of 83 developed myelopathy.", {("events", 0, 83, None)}),
    ("After a median follow-up of 29.5 months, local recurrence was 24.8%.", {("follow_up_months", 29.5, None, None), ("local_failure", 0.248, None, None)}),
    ("A dose of 30 was not exceeded.", set()),
    ("Grade 3 patients were excluded.", set()),
]  # fmt: skip


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
        ("5 of 40 (20%) failed.", 1), ("5 of 40 (12.5%) failed.", 0), ("5/40 (13%) failed.", 0), ("17% (9 of 53) failed.", 0),
        ("27% (9 of 53) failed.", 1), ("5 of 40 failed. In all 20% died.", 0),
    ],
)  # fmt: skip
def test_counts_that_contradict_their_percentage(text, count):
    problems = contradictions(text, extract(text), number=7)
    assert len(problems) == count
    assert all(one.code == "count-contradicts-percentage" and "Record 7" in one.message for one in problems)
