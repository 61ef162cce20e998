"""Each contradiction is found, with its file and line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from portico.errors import KnowledgeRefused
from portico.knowledge import load_library

Break = Callable[[dict[str, Any]], object]
ALPHA = "studies/alpha-2020.yaml"
GAMMA = "studies/gamma.yaml"
CORD = "limits/cord.yaml"
RULES = "rules/all.yaml"
REGIMENS = "regimens/all.yaml"
VOLUMES = "volumes/spine.yaml"
MODELS = "models/all.yaml"


def put(*path: str | int, value: Any) -> Break:
    """A change of one place."""

    def change(content: dict[str, Any]) -> None:
        node: Any = content
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = value

    return change


def result(**changes: Any) -> Break:
    return lambda content: content["results"][0].update(changes)


def arm(**changes: Any) -> Break:
    return lambda content: content["arms"][0].update(changes)


def cord(row: int, **changes: Any) -> Break:
    return lambda content: content["rows"][row].update(changes)


def rule(**changes: Any) -> Break:
    return lambda content: content["rules"][0].update(changes)


def regimen(**changes: Any) -> Break:
    return lambda content: content["regimens"][0].update(changes)


TABLE: list[tuple[str, str, Break, str]] = [
    # shapes
    ("unknown key", ALPHA, put("colour", value="blue"), "unknown-key"),
    ("missing key", ALPHA, lambda c: c.pop("design"), "missing-key"),
    ("text for a number", ALPHA, result(est="0.2"), "wrong-type"),
    ("bool for a number", ALPHA, result(est=True), "wrong-type"),
    ("number for text", ALPHA, put("citation", value=3), "wrong-type"),
    ("decimal for a whole number", ALPHA, put("year", value=2020.5), "wrong-type"),
    ("text for a flag", ALPHA, result(display_only="false"), "wrong-type"),
    ("list for a mapping", ALPHA, put("results", 0, value=[]), "wrong-type"),
    ("mapping for a list", ALPHA, put("results", value={}), "wrong-type"),
    ("null design", ALPHA, put("design", value=None), "null-not-allowed"),
    ("unknown design", ALPHA, put("design", value="cohort"), "unknown-word"),
    ("unknown outcome", ALPHA, result(outcome="local_failures"), "unknown-word"),
    ("no rows", CORD, put("rows", value=[]), "list-too-short"),
    ("unknown schema", ALPHA, put("schema", value="study/2"), "unknown-schema"),
    # ids and links
    ("id not file name", ALPHA, put("id", value="alpha-2021"), "id-not-file-name"),
    ("duplicate id", ALPHA, put("aliases", value=["gamma"]), "duplicate-id"),
    ("duplicate row", CORD, cord(1, id="cord-2"), "duplicate-id"),
    ("dangling source of a limit", CORD, cord(0, source_id="delta"), "dangling-source"),
    ("limit without source", CORD, cord(0, source_id=None), "no-source"),
    ("dangling source of a rule", RULES, rule(sources=[{"id": "delta"}]), "dangling-source"),
    ("dangling dissent", RULES, rule(disagrees=[{"id": "alpha-2022", "says": "no"}]), "dangling-source"),
    (
        "dangling source of a mark",
        RULES,
        rule(marks=[{"name": "late", "day": 40, "says": "late", "source": {"id": "delta"}}]),
        "dangling-source",
    ),
    ("dangling source of a volume", VOLUMES, cord(0, source_ids=["delta"]), "dangling-source"),
    ("volume without source", VOLUMES, cord(0, source_ids=[]), "no-source"),
    ("dangling overlap", ALPHA, put("overlaps", value=["delta"]), "dangling-overlaps"),
    ("dangling dispute", ALPHA, put("disputes", value=["delta"]), "dangling-disputes"),
    ("overlap one way", ALPHA, put("overlaps", value=[]), "overlap-one-way"),
    ("overlap with itself", ALPHA, put("overlaps", value=["alpha-2020", "beta-2021"]), "overlaps-itself"),
    # figures of studies
    ("outside interval, below", ALPHA, result(est=0.2, lo=0.21), "outside-interval"),
    ("outside interval, above", ALPHA, result(est=0.2, hi=0.19), "outside-interval"),
    ("interval reversed", ALPHA, result(lo=0.3, hi=0.1), "interval-reversed"),
    ("interval without name", ALPHA, result(interval=None), "interval-unnamed"),
    ("events above n", ALPHA, result(events=41, est=None), "events-above-n"),
    ("negative events", ALPHA, result(events=-1), "not-positive"),
    ("no patients", ALPHA, result(n=0, events=0), "not-positive"),
    ("estimate against events", ALPHA, result(events=9, lo=None, hi=None), "estimate-not-events"),
    ("per cent as proportion", ALPHA, result(est=20, lo=None, hi=None, events=None), "not-a-proportion"),
    ("ratio of zero", ALPHA, result(measure="hr", est=0, unit=None, lo=None, hi=None), "ratio-not-positive"),
    ("no estimate", ALPHA, result(est=None, events=None, lo=None, hi=None), "no-estimate"),
    ("unknown arm", ALPHA, result(arm="other"), "unknown-arm"),
    ("two arms of one id", ALPHA, lambda c: c["arms"].append(dict(c["arms"][0])), "duplicate-arm"),
    ("dose range reversed", ALPHA, arm(dose_low_gy=30, dose_high_gy=20), "range-reversed"),
    ("fraction range reversed", ALPHA, arm(fractions_low=10, fractions_high=5), "range-reversed"),
    ("dose of zero", ALPHA, arm(dose_gy=0), "not-positive"),
    ("boost below elective", ALPHA, arm(boost_dose_gy=25), "boost-not-higher"),
    ("memory with arms", GAMMA, put("arms", value=[]), ""),
    # limits
    ("memory with value", CORD, cord(3, value=20.0), "memory-with-numbers"),
    ("value without unit", CORD, cord(0, unit=None), "limit-incomplete"),
    ("value without direction", CORD, cord(0, op=None), "limit-incomplete"),
    ("negative value", CORD, cord(0, value=-1), "range-reversed"),
    ("value below its range", CORD, cord(0, value_low=18), "range-reversed"),
    ("fractions reversed", CORD, cord(0, fractions=None, fractions_low=5, fractions_high=1), "range-reversed"),
    ("fractions twice", CORD, cord(0, fractions_low=1), "fractions-twice"),
    ("no metric and not display only", CORD, cord(0, metric=None), "display-only-missing"),
    ("contour that no plan names", CORD, cord(0, defined_on="segment"), "contour-unclear"),
    ("contour with a bad margin", CORD, cord(0, defined_on="prv+x"), "contour-unclear"),
    ("metric outside the grammar", CORD, cord(0, metric="D95"), "metric-unknown"),
    ("unit that the metric has not", CORD, cord(0, unit="%"), "unit-wrong"),
    ("memory source, firm row", CORD, cord(0, source_id="gamma"), "source-unverified"),
    ("firm row, secondary source", CORD, cord(0, source_id="beta-2021"), "stronger-than-source"),
    ("margin reversed", VOLUMES, cord(0, margin={"low_mm": 2, "high_mm": 1}), "range-reversed"),
    ("model of a memory source", MODELS, cord(0, source_ids=["gamma"]), "source-unverified"),
    (
        "timeline claims more",
        "history/timeline.yaml",
        lambda c: c["entries"][0].update(source_id="beta-2021"),
        "stronger-than-source",
    ),
    (
        "kind that may not bind in the precedence",
        "limits/precedence.yaml",
        lambda c: c["kinds"]["neural"].append("practice_survey"),
        "unknown-word",
    ),
    # rules and regimens
    ("rule of a secondary source", RULES, rule(sources=[{"id": "beta-2021"}]), "source-unverified"),
    (
        "rule of a memory source",
        RULES,
        rule(sources=[{"id": "gamma"}], needs_signature=True),
        "source-unverified",
    ),
    ("dissent of a memory source", RULES, rule(disagrees=[{"id": "gamma", "says": "no"}]), "source-unverified"),
    ("evidence without source", RULES, rule(sources=[]), "no-source"),
    (
        "rule claims more",
        RULES,
        rule(sources=[{"id": "beta-2021"}], needs_signature=True, verified="abstract"),
        "stronger-than-source",
    ),
    ("unknown group", RULES, rule(targets={"groups": ["sbrts"]}), "unknown-target"),
    ("unknown regimen", RULES, rule(targets={"regimens": ["other"]}), "unknown-target"),
    ("unknown column", RULES, rule(when="escc_posttop = '2'"), "predicate-"),
    ("grade compared as number", RULES, rule(when="escc_postop > 2"), "predicate-"),
    ("unknown column in a policy", "policy/order.yaml", lambda c: c["bands"][0].update(when="x = 1"), "predicate-"),
    ("regimen claims more", REGIMENS, regimen(sources=[{"id": "beta-2021"}]), "stronger-than-source"),
    (
        "regimen of a memory source",
        REGIMENS,
        regimen(sources=[{"id": "gamma"}], verified="memory"),
        "source-unverified",
    ),
    ("regimen without source", REGIMENS, regimen(sources=[]), "no-source"),
    (
        "levels of unequal fractions",
        REGIMENS,
        lambda c: c["regimens"][0]["levels"].append({"name": "b", "roi": "PTV", "dose_gy": 20, "fractions": 3}),
        "fractions-differ",
    ),
    ("dose of zero in a regimen", REGIMENS, lambda c: c["regimens"][0]["levels"][0].update(dose_gy=0), "not-positive"),
    (
        "signable without dose",
        REGIMENS,
        lambda c: c["regimens"][0]["levels"][0].update(dose_gy=None),
        "signable-without-dose",
    ),
    ("no level", REGIMENS, regimen(levels=[]), "no-levels"),
]


def test_the_small_library_has_no_problem(tiny: Any) -> None:
    assert tiny.problems() == ()
    assert set(tiny.load().studies) == {"alpha-2020", "beta-2021", "gamma"}


@pytest.mark.parametrize(("name", "change", "code"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_each_contradiction_is_found_with_file_and_line(tiny: Any, name: str, change: Break, code: str) -> None:
    change(tiny.files[name])
    found = tiny.problems()
    if not code:
        assert found == ()
        return
    hits = [p for p in found if p.code.startswith(code)]
    assert hits, [str(p) for p in found]
    assert all(p.file is not None and p.file.endswith(".yaml") and p.line is not None for p in hits)
    with pytest.raises(KnowledgeRefused) as caught:
        load_library(tiny.root)
    assert {p.code for p in caught.value.problems} >= {p.code for p in hits}


def test_memory_study_with_figures(tiny: Any) -> None:
    tiny.files[GAMMA] = tiny.study("gamma", verified="memory")
    assert [p.code for p in tiny.problems()] == ["memory-with-numbers"]
    tiny.files[GAMMA] = tiny.study("gamma", verified="memory", arms=[])
    assert {p.code for p in tiny.problems()} == {"memory-with-numbers", "unknown-arm"}


def test_the_line_is_the_line_of_the_place(tiny: Any) -> None:
    tiny.files[ALPHA]["results"][0]["est"] = 0.9
    tiny.write()
    lines = (tiny.root / ALPHA).read_text(encoding="utf-8").splitlines()
    expected = 1 + next(i for i, line in enumerate(lines) if '"est": 0.9' in line)
    problem = next(p for p in tiny.problems() if p.code == "outside-interval")
    assert (problem.file, problem.line, problem.path) == (ALPHA, expected, "results[0].est")


def test_all_problems_are_found_not_only_the_first(tiny: Any) -> None:
    tiny.files[ALPHA]["results"][0]["est"] = 0.9
    tiny.files[CORD]["rows"][0]["source_id"] = "delta"
    tiny.files[RULES]["rules"][0]["when"] = "no_such_column"
    codes = {p.code for p in tiny.problems()}
    assert {"outside-interval", "dangling-source"} < codes
    assert any(code.startswith("predicate-") for code in codes)


def test_a_file_that_cannot_be_read_is_a_problem(tiny: Any) -> None:
    tiny.files["studies/broken.yaml"] = "id: no\n"
    tiny.files["studies/list.yaml"] = "- 1\n"
    assert {(p.file, p.code) for p in tiny.problems()} == {
        ("studies/broken.yaml", "ambiguous-scalar"),
        ("studies/list.yaml", "unknown-schema"),
    }


def test_exactly_one_precedence_file(tiny: Any) -> None:
    del tiny.files["limits/precedence.yaml"]
    assert [p.code for p in tiny.problems()] == ["precedence-files"]
    with pytest.raises(KnowledgeRefused, match="precedence"):
        tiny.load()
    with pytest.raises(KnowledgeRefused) as caught:
        load_library(tiny.root, check=False)
    assert caught.value.code == "precedence-missing"


def test_a_score_that_fails_its_checks_is_a_problem(tiny: Any) -> None:
    tiny.files["scores/bad.yaml"] = {"schema": "score/1", "id": "bad", "verified": "secondary"}
    found = tiny.problems()
    assert found
    assert {p.file for p in found} == {"scores/bad.yaml"} | {"knowledge/data/scores/bad.yaml"} & {p.file for p in found}


def test_an_empty_folder_is_refused(tmp_path: Any) -> None:
    with pytest.raises(KnowledgeRefused) as caught:
        load_library(tmp_path)
    assert caught.value.code == "library-missing"


def test_the_shipped_library_has_no_problem() -> None:
    from portico.knowledge.checks import check_library

    assert [str(problem) for problem in check_library()] == []
