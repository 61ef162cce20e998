"""Score files load, and a broken copy is refused with file and line."""

from __future__ import annotations

import re

import pytest

from portico.errors import KnowledgeRefused, UsageError
from portico.knowledge.scores import check_score, find_score, load_scores, read_score_files, try_traps
from portico.knowledge.scores_model import STRENGTH, Change
from portico.knowledge.scores_traps import apply_changes
from portico.reading import Document, parse_yaml

FILES = read_score_files()
MODEL_2008 = "n_patients: null, cohort: Predicted value of the 2008 model, era: null, verified: "


def broken(name: str, old: str, new: str) -> Document:
    """The shipped file with one piece of text replaced."""
    from importlib import resources

    text = (resources.files("portico") / "knowledge" / "data" / "scores" / f"{name}.yaml").read_text("utf-8")
    assert text.count(old) == 1, "the test must change exactly one place"
    return parse_yaml(text.replace(old, new), name=f"{name}.yaml")


def refusal(document: Document) -> KnowledgeRefused:
    with pytest.raises(KnowledgeRefused) as caught:
        check_score(document)
    return caught.value


def test_there_are_36_scores_each_under_its_own_name() -> None:
    scores = load_scores()
    assert len(scores) == 36
    assert all(name == score.id for name, score in scores.items())
    assert list(scores) == sorted(scores)


def test_the_library_cannot_be_changed() -> None:
    scores = load_scores()
    with pytest.raises(TypeError):
        scores["sins"] = scores["mirels"]  # type: ignore[index]
    with pytest.raises(ValueError, match="frozen"):
        scores["sins"].name = "other"  # type: ignore[misc]
    assert isinstance(scores["sins"].inputs, tuple)


@pytest.mark.parametrize("name", sorted(FILES))
def test_nothing_remembered_is_active(name: str) -> None:
    score = load_scores()[name]
    if score.computable:
        assert STRENGTH[score.verified] > STRENGTH["memory"]
        assert "memory" not in score.verified_parts.values()
    carried = [o.verified for c in score.classes for o in c.outcomes]
    carried += [d.verified for d in score.definitions] + [m.verified for m in score.maps]
    carried += [v.verified for v in score.validation] + [s.verified for s in score.sources]
    assert "memory" not in carried


@pytest.mark.parametrize("name", sorted(FILES))
def test_what_is_to_be_checked_carries_no_figure_to_copy(name: str) -> None:
    for text in load_scores()[name].to_check:
        assert not re.search(r"\d\s*%|\d\.\d+(?! \()|\d months", text.replace("version 5.0", ""))


@pytest.mark.parametrize("name", sorted(FILES))
def test_choice_ids_can_be_typed_on_a_command_line(name: str) -> None:
    for question in load_scores()[name].inputs:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", question.id)
        for choice in question.choices:
            assert re.fullmatch(r"[a-z0-9_]+", choice.id)
            assert choice.id != "unknown"


@pytest.mark.parametrize("name", sorted(FILES))
def test_no_unit_is_implied(name: str) -> None:
    for question in load_scores()[name].inputs:
        if question.type != "choice":
            assert question.unit


@pytest.mark.parametrize("name", [n for n in sorted(FILES) if load_scores()[n].computable])
def test_every_computed_score_has_a_trap_that_is_caught(name: str) -> None:
    outcomes = list(try_traps(FILES[name]))
    assert outcomes
    assert [(o.trap_id, o.got) for o in outcomes] == [(o.trap_id, o.expected) for o in outcomes]


def test_a_table_whose_range_disagrees_is_refused_with_file_and_line() -> None:
    document = broken("tomita", 'or no primary found", points: 4', 'or no primary found", points: 3')
    error = refusal(document)
    assert error.code == "score-range"
    assert error.problem.file == "tomita.yaml"
    assert error.problem.line == document.line(("range",))
    assert error.problem.line is not None
    assert "2-9" in error.problem.message
    assert "2-10" in error.problem.message


@pytest.mark.parametrize(
    ("name", "old", "new", "code"),
    [
        ("sins", "range: {low: 0, high: 18}", "range: {low: 0, high: 17}", "score-range"),
        ("sins", "label: Stable, low: 0, high: 6", "label: Stable, low: 1, high: 6", "score-classes"),
        ("sins", "low: 7, high: 12", "low: 6, high: 12", "score-classes"),
        ("sins", "low: 13, high: 18", "low: 13, high: 17", "score-classes"),
        ("sins", "label: Mixed, points: 1", "label: Mixed", "score-choices"),
        ("sins", "{id: mixed, label: Mixed", "{id: lytic, label: Mixed", "score-choices"),
        ("sins", "id: painless, label", "id: unknown, label", "score-choices"),
        ("sins", "direction: higher_is_worse", "direction: upwards", "score-schema"),
        ("sins", "schema: score/1", "schema: score/2", "score-schema"),
        ("sins", "label: Mixed, points: 1", "label: Mixed, points: '1'", "score-schema"),
        ("sins", "id: sins", "id: sines", "score-id"),
        (
            "sins",
            "verified: secondary\nverified_parts",
            "verified: abstract\nverified_parts",
            "score-verified",
        ),
        ("sins", "verified: secondary\nverified_parts", "verified: memory\nverified_parts", "score-memory"),
        ("sins", "points: secondary, classes", "points: memory, classes", "score-memory"),
        ("sins", "usable_as_calculator: true", "usable_as_calculator: false", "score-kind"),
        ("teachh", "value: 5.0, low: 4.3", "value: 4.0, low: 4.3", "score-interval"),
        ("teachh", "direction: higher_is_worse", "direction: higher_is_better", "score-direction"),
        ("nrf_chow", "value: 6.5", "value: 16.5", "score-direction"),
        ("katagiri_2014", "value: 78", "value: 98", "score-interval"),
        ("mirels", "high: 4, interval: range", "high: 4", "score-interval"),
        ("van_der_linden", "{low: 50, high: 70", "{low: 40, high: 70", "score-bands"),
        (
            "ecog_kps_map",
            "{ecog: 2, kps_low: 60, kps_high: 70}",
            "{ecog: 2, kps_low: 60, kps_high: 80}",
            "score-map",
        ),
        (
            "msts93",
            "id: gait, label: Gait, type: int, unit: points 0-5",
            "id: gait, label: Gait, type: int",
            "score-choices",
        ),
        (
            "harrington_acetabular",
            "{when: {}, gives: class_i}",
            "{when: {}, gives: class_v}",
            "score-decisions",
        ),
        ("harrington_acetabular", "  - {when: {}, gives: class_i}\n", "", "score-decisions"),
        (
            "metsss",
            "usable_as_calculator: false\ncomputable: false",
            "usable_as_calculator: true\ncomputable: true",
            "score-kind",
        ),
        (
            "bpi_sf",
            "needs: 4}",
            "needs: 4}\n  - {id: third, label: Third, items: [other], needs: null}",
            "score-kind",
        ),
        ("sins", "id: alignment", "id: pain", "score-choices"),
        ("teachh", "    unit: years\n", "", "score-choices"),
        ("teachh", "type: int\n    unit: years", "type: choice\n    unit: years", "score-choices"),
        ("sins", "id: unstable, label: Unstable", "id: stable, label: Unstable", "score-classes"),
        ("sins", ", low: 0, high: 6}", "}", "score-classes"),
        ("bpi_sf", "range: {low: 0, high: 10}", "range: null", "score-range"),
        (
            "msts93",
            "gait, label: Gait, type: int, unit: points 0-5, minimum: 0, maximum: 5, only_if: {limb: lower}",
            "gait, label: Gait, type: int, unit: points 0-5, minimum: 0, maximum: 5, only_if: {limb: middle}",
            "score-decisions",
        ),
        (
            "msts93",
            "gait, label: Gait, type: int, unit: points 0-5, minimum: 0, maximum: 5",
            "gait, label: Gait, type: int, unit: points 0-5, minimum: 0",
            "score-range",
        ),
        (
            "nrf_chow",
            f"value: 6.5, {MODEL_2008}abstract",
            f"value: 6.5, {MODEL_2008}memory",
            "score-memory",
        ),
        (
            "spino_local_control",
            "without treatment, verified: secondary",
            "without treatment, verified: memory",
            "score-memory",
        ),
        ("tomita", "range: {low: 2, high: 10}", "range: null", "score-range"),
        ("osri", 'citation: "Bone Joint J 2013;95-B:210-16", ', "", "score-kind"),
        ("sins", "low: 8, high: 9", "low: 8, high: 10", "score-example"),
        (
            "sins",
            "answers: {location: semirigid, pain: mechanical",
            "answers: {location: semirigid, pain: mecanical",
            "score-example",
        ),
        ("mirels", "refused_as: unknown-choice", "refused_as: out-of-range", "score-example"),
        ("katagiri_2014", "value: 6, at_months: 12", "value: 60, at_months: 12", "score-interval"),
        ("van_der_linden", "value: 4, at_months: 24", "value: 54, at_months: 24", "score-interval"),
        ("metsss", "kind: external", "kind: sum", "score-range"),
        ("metsss", "kind: external", "kind: classification", "score-decisions"),
        (
            "sosgoq2",
            "range: null",
            "range: null\ninputs: [{id: a, label: A, type: int, unit: points}]",
            "score-kind",
        ),
    ],
)
def test_a_broken_file_is_refused(name: str, old: str, new: str, code: str) -> None:
    error = refusal(broken(name, old, new))
    assert code in {problem.code for problem in error.problems}
    assert all(problem.file == f"{name}.yaml" and problem.line for problem in error.problems)


def test_a_file_that_is_no_mapping_is_refused() -> None:
    assert refusal(parse_yaml("- 1", name="sins.yaml")).code == "score-schema"


def test_an_unknown_score_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean tomita") as caught:
        find_score("tomitta")
    assert caught.value.code == "unknown-score"


@pytest.mark.parametrize(
    "at",
    [
        ("inputs", "size_of_heart", "points"),
        ("classes", 99),
        ("name", "x", "y"),
        ("inputs", "x"),
        ("name", "x"),
    ],
)
def test_a_trap_must_name_a_place_that_exists(at: tuple[str | int, ...]) -> None:
    with pytest.raises(KnowledgeRefused) as caught:
        apply_changes(FILES["sins"], (Change(at=at, value=1),))
    assert caught.value.code == "score-trap"


def test_a_change_may_replace_a_whole_entry_of_a_list() -> None:
    edited = apply_changes(FILES["sins"], (Change(at=("rule_notes", 0), value="other"),))
    assert edited["rule_notes"] == ["other"]


def test_trying_a_trap_leaves_the_record_alone() -> None:
    before = str(FILES["sins"].value)
    list(try_traps(FILES["sins"]))
    assert str(FILES["sins"].value) == before
