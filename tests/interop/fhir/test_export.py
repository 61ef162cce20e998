"""Export: CodeX prescriptions that give the same Directive back, decisions, and the rules applied as a PlanDefinition."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portico.advice import advise, propose
from portico.case import case_from, read_case
from portico.directive import read_directive, seal
from portico.errors import CannotTell, DirectiveRefused, InputRefused, KnowledgeRefused
from portico.interop.fhir_apply import apply_plan
from portico.interop.fhir_decision import decision_bundle
from portico.interop.fhir_directive import directive_bundle, prescribed, read_directive_bundle
from portico.interop.fhir_import_courses import CODEX
from portico.interop.fhir_plan import plan_definition
from portico.interop.fhir_r4 import r4_problems

ROOT = Path(__file__).parents[3]
DIRECTIVES = sorted((ROOT / "examples" / "directives").glob("*.json"))
CASES = sorted((ROOT / "examples" / "cases").glob("*.yaml"))
PROFILES = ROOT / "tests" / "data" / "fhir"


def _through_json(value):
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("path", DIRECTIVES, ids=lambda path: path.stem)
def test_a_directive_comes_back_as_it_was(path) -> None:
    directive = read_directive(path)
    bundle = directive_bundle(directive, patient="Patient/123")
    assert r4_problems(bundle) == ()
    assert read_directive_bundle(_through_json(bundle)) == directive
    course, phase = (entry["resource"] for entry in bundle["entry"][:2])
    wanted = [(level.dose_gy, level.fractions) for level in directive.levels]
    assert prescribed(course) == prescribed(phase) == wanted


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (0, "ServiceRequest-RadiotherapyCoursePrescription-04-Prostate"),
        (1, "ServiceRequest-RadiotherapyPhasePrescription-04-Prostate-Phase1"),
    ],
)
def test_the_form_is_that_of_the_published_example(published, kind, name) -> None:
    ours = directive_bundle(read_directive(DIRECTIVES[0]), patient="Patient/1")["entry"][kind]["resource"]
    theirs = published(name)
    for key in ("resourceType", "intent"):
        assert ours[key] == theirs[key]
    for key in ("code", "category"):
        assert _codes(ours[key]) == _codes(theirs[key])
    assert ours["meta"]["profile"] == theirs["meta"]["profile"]
    assert {one["use"] for one in ours["identifier"]} == {"usual", "official"}
    own = f"{CODEX}codexrt-radiotherapy-course-involves-reirradiation"  # optional, and left out in the example
    assert {one["url"] for one in ours["extension"]} <= {one["url"] for one in theirs["extension"]} | {own}
    dose = next(one for one in theirs["extension"] if "dose-prescribed" in one["url"])
    mine = next(one for one in ours["extension"] if "dose-prescribed" in one["url"])
    assert {part["url"] for part in mine["extension"]} == {part["url"] for part in dose["extension"]}
    assert prescribed(theirs)


def _codes(value):
    return [c["code"] for one in (value if isinstance(value, list) else [value]) for c in one["coding"]]


def test_a_bundle_that_was_changed_is_refused() -> None:
    bundle = directive_bundle(read_directive(DIRECTIVES[0]))
    changed = copy.deepcopy(bundle)
    changed["entry"][0]["resource"]["extension"][0]["extension"][1]["valueQuantity"]["value"] += 100
    with pytest.raises(DirectiveRefused) as error:
        read_directive_bundle(changed)
    assert error.value.code == "coded-part-differs"
    for entries in (bundle["entry"][:3], bundle["entry"] * 2, []):
        with pytest.raises(DirectiveRefused):
            read_directive_bundle({"entry": entries})
    broken = copy.deepcopy(bundle)
    attachment = broken["entry"][-1]["resource"]["content"][0]["attachment"]
    for data in ("!!", "", attachment["data"][:-4], None):
        attachment["data"] = data
        with pytest.raises(InputRefused):
            read_directive_bundle(broken)


def test_an_attached_directive_that_was_changed_is_refused() -> None:
    directive = read_directive(DIRECTIVES[0])
    changed = directive.model_copy(update={"id": "another"})
    with pytest.raises(DirectiveRefused) as error:
        read_directive_bundle(directive_bundle(changed))
    assert error.value.code == "seal-broken"
    assert read_directive_bundle(directive_bundle(seal(changed))).id == "another"


@settings(max_examples=40)
@given(st.integers(1, 9000), st.integers(1, 40))
def test_doses_survive_to_the_centigray(cgy: int, fractions: int) -> None:
    directive = read_directive(DIRECTIVES[0])
    level = directive.levels[0].model_copy(update={"dose_gy": cgy / 100, "fractions": fractions})
    bundle = directive_bundle(directive.model_copy(update={"levels": (level,)}))
    assert prescribed(bundle["entry"][0]["resource"]) == [(cgy / 100, fractions)]


@pytest.mark.parametrize(
    "quantity",
    [
        None, 3000, {}, {"value": 3000}, {"value": 3000, "code": "cGy"},
        {"value": "3000", "code": "cGy", "system": "http://unitsofmeasure.org"},
        {"value": 3000, "code": "MV", "system": "http://unitsofmeasure.org"},
        {"value": -1, "code": "Gy", "system": "http://unitsofmeasure.org"},
        {"value": True, "code": "Gy", "system": "http://unitsofmeasure.org"},
    ],
)  # fmt: skip
def test_a_dose_that_cannot_be_read_is_none(quantity) -> None:
    url = f"{CODEX}codexrt-radiotherapy-dose-prescribed-to-volume"
    assert (
        prescribed({"extension": [{"url": url, "extension": [{"url": "totalDose", "valueQuantity": quantity}]}]}) == []
    )


def test_nothing_is_prescribed_without_dose(engine) -> None:
    case = read_case(ROOT / "examples" / "cases" / "femur-renal.yaml")
    advice = advise(case, engine)
    for option in advice.options:
        directive = propose(case, advice, engine, option.id)
        if option.technique == "none" or any(
            level.dose_gy is None or level.fractions is None for level in directive.levels
        ):
            with pytest.raises(CannotTell):
                directive_bundle(directive)
        else:
            assert r4_problems(directive_bundle(directive)) == ()


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_options_hold_as_r4_with_what_is_urgent_first(engine, path) -> None:
    advice = advise(read_case(path), engine)
    bundle = decision_bundle(advice, engine.library, patient="Patient/1")
    assert r4_problems(bundle) == ()
    guidance, group = (entry["resource"] for entry in bundle["entry"])
    actions = group.get("action", [])
    stops = [action for action in actions if action["title"] != "Options"]
    assert [action["code"][0]["text"] for action in stops] == [notice.rule for notice in advice.notices]
    assert actions[: len(stops)] == stops
    offered = [one["code"][0]["text"] for action in actions[len(stops) :] for one in action["action"]]
    assert offered == [option.id for option in advice.options if option.status == "eligible"]
    assert guidance["status"] == ("data-required" if advice.signing_blocked else "success")
    assert [one["mustSupport"] for one in guidance.get("dataRequirement", [])] == [[m.column] for m in advice.missing]


def test_a_decision_marks_what_was_chosen(engine) -> None:
    case = read_case(ROOT / "examples" / "cases" / "femur-renal.yaml")
    directive = read_directive(ROOT / "examples" / "directives" / "femur-30-10.json")
    bundle = decision_bundle(advise(case, engine), engine.library, directive=directive)
    assert r4_problems(bundle) == ()
    group = bundle["entry"][1]["resource"]
    marked = [one["code"][0]["text"] for one in group["action"][-1]["action"] if one.get("precheckBehavior") == "yes"]
    assert marked == ["conv-30-10"]
    assert any(directive.decision.reason in note["text"] for note in group["note"])
    assert group["status"] == "active"
    assert len(bundle["entry"]) == 6


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_apply_gives_exactly_the_rules_of_the_engine(engine, path) -> None:
    case = read_case(path)
    care = apply_plan(case, engine, patient="Patient/1")
    assert r4_problems(care) == ()
    truths = engine.truths(case.row())
    acting = {action["code"][0]["text"] for action in plan_definition(engine.library)["action"]}
    group = care["contained"][0]
    assert [a["code"][0]["text"] for a in group.get("action", [])] == [
        r for r in truths if truths[r] is True and r in acting
    ]
    waits = {issue["details"]["text"] for one in care["contained"][1:] for issue in one["issue"]}
    assert waits == {rule for rule in acting if truths[rule] is None}


def test_apply_says_which_answers_a_rule_waits_for(engine) -> None:
    care = apply_plan(case_from({"schema": "case/1"}), engine)
    told = {issue["details"]["text"]: issue["diagnostics"] for issue in care["contained"][1]["issue"]}
    assert told["urgent-new-deficit"].startswith("NOT EXCLUDED: waits for: ")
    assert "deficit" in told["urgent-new-deficit"]


@pytest.mark.parametrize("code", [[{"text": "no-such-rule"}], [], None, [{}]])
def test_an_action_of_another_plan_is_refused(engine, code) -> None:
    plan = plan_definition(engine.library)
    plan["action"][0]["code"] = code
    with pytest.raises(KnowledgeRefused):
        apply_plan(case_from({"schema": "case/1"}), engine, plan=plan)
