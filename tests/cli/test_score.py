"""portico score."""

from __future__ import annotations

import pytest

SINS = [
    "location=junctional",
    "pain=mechanical",
    "bone_lesion=lytic",
    "alignment=normal",
    "collapse=none",
    "posterolateral=bilateral",
]


def test_list_marks_what_is_amber(run) -> None:
    ended = run("score", "list")
    assert ended.status == 0
    line = next(line for line in ended.out.splitlines() if line.startswith("sins "))
    assert "AMBER" in line and "secondary" in line
    found = run("score", "list", "--json").json["scores"]
    assert {"id", "amber", "computable", "verified"} <= set(found[0])


def test_questions_without_answers(run) -> None:
    ended = run("score", "sins")
    assert ended.status == 0
    assert "junctional | mobile" in ended.out
    assert run("score", "sins", "--json").json["score"]["id"] == "sins"


def test_questions_of_a_score_that_is_not_computed(run) -> None:
    ended = run("score", "metsss")
    assert ended.status == 0
    assert "Not computed here" in ended.out and "high_risk" in ended.out


def test_a_settled_score(run) -> None:
    ended = run("score", "sins", *SINS)
    assert ended.status == 0
    assert ended.out.startswith("AMBER")
    assert "11 points" in ended.out
    assert "before surgery" in ended.out


def test_missing_answers_leave_a_range_and_status_4(run) -> None:
    ended = run("score", "sins", "pain=mechanical")
    assert ended.status == 4
    assert "3 to 18 points" in ended.out
    found = run("score", "sins", "pain=mechanical", "location=unknown", "--json")
    assert found.status == 4
    assert found.json["total"] is None
    assert "location" in found.json["missing"]


def test_outcomes_carry_cohort_and_era(run) -> None:
    ended = run("score", "nrf_chow", "breast_primary=no", "bone_only_mets=no", "kps=60")
    assert ended.status == 0
    assert "cohort and era" in ended.out


def test_an_entered_value_needs_its_source(run) -> None:
    ended = run("score", "metsss", "--class", "high_risk", "--source", "web page, 2024-05-02")
    assert ended.status == 0
    assert "Entered, not computed here" in ended.out
    assert run("score", "metsss", "--class", "high_risk").status == 2


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        (["sinns"], 2, "unknown-score"),
        (["sins", "pian=mechanical"], 2, "unknown-input"),
        (["sins", "pain"], 2, "answer-without-value"),
        (["sins", "pain="], 2, "answer-without-value"),
        (["sins", "pain=mechanical", "pain=painless"], 2, "answered-twice"),
        (["sins", "pain=mechanical", "--total", "7", "--source", "x"], 2, "entered-and-answered"),
        (["list", "pain=mechanical"], 2, "list-with-answers"),
        (["nrf_chow", "kps=600"], 3, "out-of-range"),
        (["metsss", "age=60"], 4, "score-not-computable"),
    ],
)
def test_refusals(run, words, status, code) -> None:
    ended = run("score", *words, "--json")
    assert (ended.status, ended.json["error"]["code"]) == (status, code)


def test_the_near_name_is_offered(run) -> None:
    assert "Did you mean sins?" in run("score", "sinns").err


def test_every_score_answers_to_its_name(run) -> None:
    from portico.knowledge.scores import load_scores

    for name, score in load_scores().items():
        ended = run("score", name)
        assert ended.status == 0
        assert score.name in ended.out
        assert all(definition.label in ended.out for definition in score.definitions)


def test_a_mean_shows_its_parts(run) -> None:
    ended = run("score", "bpi_sf", "worst=7", "least=2", "average=4", "now=3")
    assert ended.status == 4
    assert "(open)" in ended.out


def test_maps_that_disagree_stand_side_by_side(run) -> None:
    ended = run("score", "ecog_kps_map", "ecog=2")
    assert ended.status == 0
    assert ended.out.count("KPS ") >= 3


def test_a_published_action_is_named_as_published(run) -> None:
    assert "Published action: " in run("score", "mirels", "--total", "9", "--source", "clinic").out
