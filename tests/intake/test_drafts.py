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
