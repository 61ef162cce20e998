"""From a record to a draft to a study: nothing counts before a named person has decided on each figure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from portico.errors import InputRefused
from portico.intake import Decision, Record, add_decisions, candidate, draft_from, promote, read_decisions, study_id

RECORD = Record(
    3, 9, "ris", "A made-up series of operated spines", authors=("Müller, Karl", "Smith, Ann"), journal="J", year=2024, doi="10.1000/abc",
    abstract="We treated 47 patients (83 segments) with 24 Gy in 2 fractions. Local failure at 12 months was 17% (95% CI 10-26%).",
)  # fmt: skip


def confirmation(draft, **more):
    rows = [{"id": one["id"], "decision": "confirm"} for one in draft["figures"]]
    plain = {
        "schema": "confirmation/1", "draft": draft["id"], "by": "A. Reader", "date": "2026-11-27",
        "study": {"site": "spine", "directness": "post_operative", "design": "retrospective_cohort", "technique": "sbrt", "population": "P."},
        "figures": rows,
    }  # fmt: skip
    return {**plain, **more}


def test_a_draft_quotes_nothing_but_its_figures():
    draft, problems = draft_from(RECORD)
    assert (draft["id"], draft["verified"], problems) == ("muller-2024", "memory", [])
    assert all(one["state"] == "unconfirmed" for one in draft["figures"])
    assert RECORD.abstract not in str(draft) and "Local failure at" not in str(draft)
    for one in draft["figures"]:
        assert RECORD.text[one["start"] : one["end"]].startswith(one["read"])


def test_a_study_comes_of_a_confirmed_draft():
    import yaml

    draft, _ = draft_from(RECORD)
    plain = confirmation(draft)
    rate = next(one for one in draft["figures"] if one["kind"] == "local_failure")
    plain["figures"] = [
        {
            "id": row["id"],
            "decision": "correct",
            "lo": 0.1,
            "hi": 0.26,
            "n": 83,
            "measure": "cumulative_incidence",
            "why": "abstract",
        }
        if row["id"] == rate["id"]
        else row
        for row in plain["figures"]
    ]
    study = promote(draft, plain)
    assert (study["verified"], study["n_patients"], study["n_lesions"]) == ("abstract", 47, 83)
    assert (study["arms"][0]["dose_gy"], study["arms"][0]["fractions"]) == (24.0, 2)
    result = study["results"][0]
    assert (result["est"], result["months"], result["lo"], result["interval"], result["measure"]) == (
        0.17,
        12.0,
        0.1,
        "ci95",
        "cumulative_incidence",
    )
    library, added, _ = candidate({"x.yaml": yaml.safe_dump(study, allow_unicode=True).encode()})
    assert added == ["muller-2024"] and "A. Reader" in library.studies["muller-2024"].curator_note


def test_without_an_abstract_nothing_is_carried():
    draft, _ = draft_from(replace(RECORD, abstract=None, title="A series of 47 patients after surgery"))
    study = promote(draft, confirmation(draft))
    assert (study["verified"], study["arms"], study["results"]) == ("memory", [], [])


def test_a_rejected_figure_is_gone():
    draft, _ = draft_from(RECORD)
    plain = confirmation(draft)
    plain["figures"] = [{**row, "decision": "reject", "why": "of another paper"} for row in plain["figures"]]
    study = promote(draft, plain)
    assert study["results"] == [] and study["n_patients"] is None


def bad(draft, change):
    plain = confirmation(draft)
    change(plain)
    return plain


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda p: p["figures"].pop(), "figure-undecided"),
        (lambda p: p["figures"].append(p["figures"][0]), "figure-twice"),
        (lambda p: p["figures"][0].update(id="f99"), "figure-unknown"),
        (lambda p: p["figures"][0].update(decision="correct"), "correction-empty"),
        (lambda p: p["figures"][0].update(value=1), "correction-empty"),
        (lambda p: p["figures"][0].update(decision="correct", value=46), "why-missing"),
        (lambda p: p["figures"][0].update(decision="reject"), "why-missing"),
        (lambda p: p["figures"][0].update(decision="maybe"), "bad-confirmation"),
        (lambda p: p["figures"][0].update(value="46", decision="correct"), "bad-confirmation"),
        (lambda p: p["figures"][-2].update(months=6), "correction-empty"),
        (lambda p: p["figures"][0].update(decision="correct", value=46.5, why="x"), "bad-confirmation"),
        (lambda p: p["figures"][0].update(decision="correct", value=float("inf"), why="x"), "bad-confirmation"),
        (lambda p: p["figures"][0].update(n=46.5), "bad-confirmation"),
        (lambda p: p["figures"][0].update(outcome=3), "bad-confirmation"),
        (lambda p: p["figures"][0].update(date="soon"), "bad-confirmation"),
        (lambda p: p["study"].pop("design"), "bad-confirmation"),
        (lambda p: p.update(draft="other"), "other-draft"),
        (lambda p: p.update(by=" "), "bad-confirmation"),
        (lambda p: p.update(date="tomorrow"), "bad-confirmation"),
        (lambda p: p.update(study={}), "bad-confirmation"),
        (lambda p: p.update(schema="x"), "bad-confirmation"),
        (lambda p: p.update(figures=None), "bad-confirmation"),
    ],
)
def test_what_is_not_confirmed_does_not_pass(change, code):
    draft, _ = draft_from(RECORD)
    with pytest.raises(InputRefused) as caught:
        promote(draft, bad(draft, change))
    assert caught.value.code == code


RICH = replace(
    RECORD,
    abstract="A total of 47 patients had 24 Gy in 2 fractions. Local failure was 17% (9 of 53; p = 0.02). "
    "Coverage protected (HR 0.44, 95% CI 0.22-0.86, p < 0.01). Reoperation was needed in 6 of 53 bones. Median follow-up was 9 months. "
    "Local control at 12 months was 84% (95% CI 71-92).",
)


def test_what_stands_beside_a_figure_goes_with_it():
    import yaml

    draft, problems = draft_from(RICH)
    assert not problems
    plain = confirmation(draft)
    by_kind = {one["kind"]: one["id"] for one in draft["figures"]}
    rows = {row["id"]: row for row in plain["figures"]}
    rows[by_kind["hazard_ratio"]].update(outcome="local_failure", versus="whole against partial coverage")
    lone = next(one["id"] for one in draft["figures"] if one["kind"] == "events" and one["belongs_to"] is None)
    rows[lone]["outcome"] = "reoperation"
    study = promote(draft, plain)
    found = {(one["outcome"], one["measure"]): one for one in study["results"]}
    failure = found["local_failure", "proportion"]
    assert (failure["est"], failure["events"], failure["n"], failure["p"]) == (0.17, 9, 53, "0.02")
    ratio = found["local_failure", "hr"]
    assert (ratio["est"], ratio["lo"], ratio["hi"], ratio["p"], ratio["display_only"]) == (
        0.44,
        0.22,
        0.86,
        "<0.01",
        False,
    )
    assert (found["reoperation", "proportion"]["events"], found["reoperation", "proportion"]["est"]) == (6, None)
    control = found["local_control", "km_probability"]
    assert (control["months"], control["lo"], control["hi"], control["interval"]) == (12.0, 0.71, 0.92, "ci95")
    assert found["follow_up", "median"]["est"] == 9.0 and study["to_check"] == []
    candidate({"x.yaml": yaml.safe_dump(study, allow_unicode=True).encode()})


def test_a_confirmed_figure_that_goes_nowhere_is_named():
    draft, _ = draft_from(RICH)
    study = promote(draft, confirmation(draft))
    assert [one for one in study["to_check"] if '"6 of 53"' in one]
    assert next(one for one in study["results"] if one["measure"] == "hr")["display_only"] is True


@pytest.mark.parametrize(
    ("text", "arm", "check"),
    [
        ("They had 24 Gy in 2 fractions or 27 Gy in 3 fractions.", (None, None, None, None), "arms by dose: 24 Gy in 2 fractions, 27 Gy in 3 fractions"),
        ("They had 18-26 Gy in 1-2 fractions.", (None, None, 18, 26), None), ("They had 20 Gy. There were 5 fractions.", (20, 5, None, None), None),
        ("The EQD2 was 39 Gy.", (None, None, None, None), None),
    ],
)  # fmt: skip
def test_arms(text, arm, check):
    draft, _ = draft_from(replace(RECORD, abstract=text))
    study = promote(draft, confirmation(draft))
    one = study["arms"][0]
    assert (one["dose_gy"], one["fractions"], one["dose_low_gy"], one["dose_high_gy"]) == arm
    assert study["to_check"] == ([check] if check else [])


def test_numbers_stated_twice_are_left_open():
    draft, _ = draft_from(replace(RECORD, abstract="We treated 47 patients. In all 51 patients were seen."))
    study = promote(draft, confirmation(draft))
    assert study["n_patients"] is None and study["to_check"] == [
        "number of patients was stated more than once, with different figures"
    ]


def test_a_draft_proposes_fields_and_points_to_its_figures():
    draft, _ = draft_from(RICH)
    ids = {one["id"]: one["kind"] for one in draft["figures"]}
    proposed = draft["proposed"]
    assert (
        proposed["citation"].startswith("Müller, Karl, Smith, Ann. A made-up series")
        and proposed["doi"] == "10.1000/abc"
    )
    assert [ids[one] for one in proposed["n_patients"]] == ["patients"] and [ids[one] for one in proposed["arms"]] == [
        "regimen"
    ]


def test_ids_never_run_out():
    record = Record(1, 1, "ris", "T", authors=("Wang, L",), year=2024)
    taken = set()
    for _ in range(60):
        taken.add(study_id(record, taken))
    assert len(taken) == 60 and all(name.startswith("wang-2024") for name in taken)


def test_a_draft_that_was_tampered_with():
    for key, value in (("id", "../x"), ("id", "A B"), ("proposed", {}), ("figures", [{}]), ("record", {"title": "T"})):
        with pytest.raises(InputRefused) as caught:
            promote({**draft_from(RECORD)[0], key: value}, {})
        assert caught.value.code == "bad-draft"
    for key, value in (("value", float("nan")), ("kind", "colour"), ("belongs_to", "f99"), ("months", "12")):
        draft = draft_from(RECORD)[0]
        draft["figures"][0][key] = value
        with pytest.raises(InputRefused) as caught:
            promote(draft, {})
        assert caught.value.code == "bad-draft"


def test_a_file_that_is_no_draft():
    for wrong in ({}, {"schema": "draft/1"}, [], {**draft_from(RECORD)[0], "verified": "full_text"}):
        with pytest.raises(InputRefused) as caught:
            promote(wrong, {})
        assert caught.value.code == "bad-draft"


@pytest.mark.parametrize(
    ("authors", "title", "year", "right"),
    [
        (("Karl Müller",), "T", 2024, "muller-2024"), (("Smith AB",), "T", 2024, "smith-2024"), ((), "Bone pain", None, "bone-undated"),
        (("王 伟",), "T", 2024, "study-2024"),
    ],
)  # fmt: skip
def test_ids(authors, title, year, right):
    assert study_id(Record(1, 1, "ris", title, authors=authors, year=year), ()) == right
    assert study_id(Record(1, 1, "ris", title, authors=authors, year=year), {right, f"{right}-b"}) == f"{right}-c"


def test_decisions_keep_their_order(tmp_path):
    path = tmp_path / "decisions.csv"
    assert read_decisions(path) == []
    add_decisions(path, [Decision(1, True, "A", "2026-11-27"), Decision(2, False, "A", "")])
    assert [(one.record, one.relevant) for one in add_decisions(path, [Decision(1, False, "B", "")])] == [
        (1, True),
        (2, False),
        (1, False),
    ]
    assert read_decisions(path)[1].date
    with pytest.raises(InputRefused) as caught:
        add_decisions(path, [Decision(3, True, " ", "")])
    assert caught.value.code == "no-name"
    path.write_text("record,relevant,by,date\n1,perhaps,A,\n")
    with pytest.raises(InputRefused) as caught:
        read_decisions(path)
    assert caught.value.code == "bad-decisions" and caught.value.problem.line == 2
