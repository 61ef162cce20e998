"""`advise` on shipped cases: notices, options, order, timing, and that every sentence has its record."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from portico.advice import Advice, Engine, advise
from portico.case import case_from, read_case
from portico.knowledge import load_library
from portico.reading import read_document

CASES = Path(__file__).parents[2] / "examples" / "cases"
LIBRARY = load_library()
ENGINE = Engine(LIBRARY)


def run(name: str) -> Advice:
    return advise(read_case(CASES / f"{name}.yaml"), ENGINE)


def eligible(advice: Advice) -> list[str]:
    return [option.id for option in advice.options if option.status == "eligible"]


def records_in(value: Any) -> set[str]:
    """Every record id that a plain advice names."""
    found: set[str] = set()
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "records":
                found |= set(item)
            elif key in ("record", "study", "source", "limit_id", "rule") and isinstance(item, str):
                found.add(item)
            else:
                found |= records_in(item)
    elif isinstance(value, list):
        for item in value:
            found |= records_in(item)
    return found


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda p: p.stem)
def test_no_statement_is_orphaned_and_nothing_at_memory_level_is_active(path: Path) -> None:
    plain = advise(read_case(path), ENGINE).to_dict()
    named = records_in(plain)
    assert named
    for record in named:
        assert LIBRARY.record(record) is not None, record
        assert getattr(LIBRARY.record(record), "verified", None) != "memory", record

    def every(value: Any) -> None:
        if isinstance(value, dict):
            if "text" in value and "records" in value:
                assert value["records"], value["text"]
            for item in value.values():
                every(item)
        elif isinstance(value, list):
            for item in value:
                every(item)

    every(plain)


def test_unknown_deficit_is_not_excluded_and_blocks() -> None:
    advice = run("unknown-deficit")
    assert advice.exit_status == 1
    assert advice.signing_blocked
    first = advice.notices[0]
    assert (first.rule, first.state) == ("urgent-new-deficit", "unknown")
    assert first.ask


@pytest.mark.parametrize("name", ["femur-renal", "thoracic-separation"])
def test_demo_cases_have_no_notice(name: str) -> None:
    advice = run(name)
    assert advice.notices == ()
    assert advice.exit_status == 0
    assert eligible(advice)


def test_every_unknown_urgent_rule_shows() -> None:
    advice = run("almost-nothing")
    urgent = {key for key, rule in ENGINE.rules.items() if rule.kind in ("urgent", "gate")}
    shown = {notice.rule for notice in advice.notices}
    assert shown == {key for key in urgent if advice.rules[key] is not False}
    assert eligible(advice) == []


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("femur-sarcoma-suspected", "urgent-primary-tumour"),
        ("femur-open-wound", "urgent-infection"),
        ("spine-escc-3-new-deficit", "urgent-new-deficit"),
        ("spine-escc-2", "urgent-compression"),
        ("spine-unstable", "urgent-instability"),
    ],
)
def test_urgent_states_stand_first(name: str, rule: str) -> None:
    advice = run(name)
    assert rule in [n.rule for n in advice.notices if n.state == "true"]
    assert advice.exit_status == 1


@pytest.mark.parametrize(
    "name", ["femur-sarcoma-suspected", "femur-open-wound", "femur-pathology-pending", "spine-unstable"]
)
def test_gates_stop_radiotherapy(name: str) -> None:
    advice = run(name)
    assert [o.id for o in advice.options if o.technique != "none" and o.status == "eligible"] == []
    assert advice.signing_blocked


def test_weeks_to_live_is_not_offered_ten_fractions_first() -> None:
    advice = run("femur-lung-weeks")
    first = [o for o in advice.options if o.rank == 1]
    assert [o.id for o in first] == ["conv-8-1"]
    ten = advice.option("conv-30-10")
    assert ten is not None and ten.rank is not None and ten.rank > 1
    assert advice.why_this_order and advice.would_change


def test_last_weeks_offers_no_radiotherapy_beside_one_fraction() -> None:
    assert {o.id for o in run("femur-last-weeks").options if o.rank is not None and o.rank <= 2} == {"none", "conv-8-1"}


def test_reirradiation_and_first_course_exclude_each_other() -> None:
    for name, course in (
        ("femur-reirradiation", "reirradiation"),
        ("femur-renal", "first"),
        ("spine-reirradiation", "reirradiation"),
    ):
        assert {o.course for o in run(name).options if o.status == "eligible"} == {course}


def test_spine_reirradiation_reviews_the_four_conditions() -> None:
    review = run("spine-reirradiation").reirradiation
    assert review is not None
    assert review["overall"] == "review"
    assert len(review["factors"]) == 4
    lost = run("spine-reirradiation-unknown-dose").reirradiation
    assert lost is not None and {f["verdict"] for f in lost["factors"]} >= {"cannot_tell"}


def test_sbrt_needs_its_imaging() -> None:
    advice = run("spine-no-mri")
    assert not [o for o in advice.options if o.technique == "sbrt" and o.status == "eligible"]
    option = advice.option("sbrt-24-2")
    assert option is not None and any("contra-sbrt" in s.records[0] for s in option.why)


def test_undetermined_options_name_what_would_settle_them() -> None:
    for path in CASES.glob("*.yaml"):
        for option in advise(read_case(path), ENGINE).options:
            if option.status == "undetermined":
                assert option.settle, (path.stem, option.id)
                assert all(1 <= len(s.columns) <= 2 for s in option.settle)


def test_unsourced_doses_are_shown_and_cannot_be_signed() -> None:
    advice = run("thoracic-separation")
    for key in ("sib-48.5-10", "conv-45"):
        option = advice.option(key)
        assert option is not None and not option.signable
        assert any(level.bed10_gy is None for level in option.levels)


def test_no_limit_comes_first() -> None:
    for name in ("femur-renal", "thoracic-separation", "spine-multilevel"):
        for option in run(name).options:
            states = [limit.state == "no limit" for limit in option.limits]
            assert states == sorted(states, reverse=True)


def test_de_novo_limits_need_known_absence_of_prior_radiotherapy() -> None:
    document = read_document(CASES / "thoracic-separation.yaml").value
    document.pop("prior_radiotherapy")
    advice = advise(case_from(document), ENGINE)
    for option in advice.options:
        assert all(limit.state != "binding" for limit in option.limits if limit.neural)


def test_key_order_does_not_matter() -> None:
    def shuffled(value: Any, rng: random.Random) -> Any:
        if isinstance(value, dict):
            items = list(value.items())
            rng.shuffle(items)
            return {key: shuffled(item, rng) for key, item in items}
        return [shuffled(item, rng) for item in value] if isinstance(value, list) else value

    for path in CASES.glob("*.yaml"):
        value = read_document(path).value
        expected = json.dumps(advise(case_from(value), ENGINE).to_dict(), sort_keys=True)
        got = advise(case_from(shuffled(value, random.Random(1))), ENGINE).to_dict()
        assert json.dumps(got, sort_keys=True) == expected


def test_volume_conflict_is_shown_with_one_proposal() -> None:
    advice = run("femur-renal")
    assert {v.recipe for v in advice.volumes} == {"whole_hardware", "surgical_bed", "whole_bone"}
    assert [v.recipe for v in advice.volumes if v.proposed] == ["whole_hardware"]
    assert any(v.statement.disagrees for v in advice.volumes)


@pytest.mark.parametrize(("day", "state"), [(6, "early"), (14, "open"), (28, "open"), (41, "late"), (90, "very late")])
def test_spine_clock_never_makes_ineligible(day: int, state: str) -> None:
    import datetime as dt

    document = read_document(CASES / "thoracic-separation.yaml").value
    document["as_of"] = (dt.date(2026, 3, 30) + dt.timedelta(days=day)).isoformat()
    document["spine"].pop("escc_postop")
    document["spine"]["postop_mri"] = None
    document["surgeries"][0]["wound"].pop("date")
    advice = advise(case_from(document), ENGINE)
    assert advice.timing is not None and advice.timing.state == state
    assert eligible(advice)


def test_ties_are_ties() -> None:
    for path in CASES.glob("*.yaml"):
        ranked = [o for o in advise(read_case(path), ENGINE).options if o.rank is not None]
        for option in ranked:
            same = [o for o in ranked if o.rank == option.rank]
            assert option.tied == (len(same) > 1)
            keys = {tuple(step.key for step in o.order) for o in same}
            assert len(keys) == 1


def test_survival_estimates_stand_side_by_side_with_a_flag() -> None:
    document = read_document(CASES / "femur-renal.yaml").value
    document["patient"]["survival"] = [
        {"by": "clinician", "months_low": 12, "months_high": 24},
        {"by": "model", "name": "PATHFx", "months_low": 2, "months_high": 5, "operated_cohort": True},
        {"by": "model", "name": "SORG", "months_high": 7},
        {"by": "model", "name": "SPRING", "months_low": 1, "date": "2026-02-01"},
        {"by": "model", "name": "BMETS"},
    ]
    advice = advise(case_from(document), ENGINE)
    assert advice.survival == (
        "clinician: 12 to 24 months",
        "PATHFx: 2 to 5 months (from operated patients)",
        "SORG: at most 7 months (operated or not is not stated)",
        "SPRING: at least 1 months (2026-02-01, operated or not is not stated)",
        "BMETS: no months given (operated or not is not stated)",
    )
    assert advice.survival_flag is not None and "1 to 24 months" in advice.survival_flag
    assert run("femur-renal").survival_flag is None
    assert run("almost-nothing").survival == ()
