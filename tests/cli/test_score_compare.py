"""`portico score compare`: side by side, the flag, and what it refuses."""

from __future__ import annotations

import pytest

BAD = "nrf_chow:breast_primary=no,bone_only_mets=no,kps=60"
GOOD = "teachh:cancer_type=breast,ecog=1,age=50,prior_palliative_chemo_courses=0,hospitalisations_3_months=0,hepatic_mets=no"


def test_disagreement_is_flagged(run) -> None:
    ended = run("score", "compare", BAD, GOOD)
    assert ended.status == 1
    assert "The scores disagree." in ended.out
    assert "TEACHH" in ended.out


def test_scores_that_can_all_hold(run) -> None:
    ended = run("score", "compare", GOOD, "nrf_chow:breast_primary=yes,bone_only_mets=yes,kps=90")
    assert ended.status == 0
    assert "can all hold" in ended.out


def test_as_json(run) -> None:
    found = run("score", "compare", BAD, GOOD, "--json")
    assert found.status == 1
    assert found.json["schema"] == "score-comparison/1"
    assert found.json["disagreement"]
    assert [r["score_id"] for r in found.json["results"]] == ["nrf_chow", "teachh"]


def test_an_entered_value_needs_its_source(run) -> None:
    assert run("score", "compare", BAD, "metsss:class=high_risk,source=web page").status in (0, 1)
    assert run("score", "compare", BAD, "metsss:class=high_risk").status == 2


@pytest.mark.parametrize(
    "words", [[BAD], [BAD, "teachh"], [BAD, "teachh:"], [BAD, "nosuch:a=b"], [BAD, "metsss:total=x"]]
)
def test_refused(run, words) -> None:
    assert run("score", "compare", *words).status == 2


def test_unknown_answers_leave_a_range(run) -> None:
    ended = run("score", "compare", BAD, "teachh:ecog=1")
    assert ended.status in (0, 1)
    assert "answers are missing" in ended.out
