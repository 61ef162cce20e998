"""From option to Directive: what is filled in, what blocks signing, what an override records."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from portico.advice import Advice, Engine, advise, propose, sign
from portico.case import Case, case_from, read_case
from portico.directive import Directive, check_directive, verify_seal
from portico.errors import Blocked, DirectiveRefused, UsageError
from portico.knowledge import load_library
from portico.reading import read_document
from portico.units import parse_regimen, parse_sib

ROOT = Path(__file__).parents[2]
CASES = ROOT / "examples" / "cases"
ENGINE = Engine(load_library())
SITE = Engine(load_library(signatures=ROOT / "examples" / "site" / "signatures.yaml"))


def given(name: str, engine: Engine = ENGINE) -> tuple[Case, Advice]:
    case = read_case(CASES / f"{name}.yaml")
    return case, advise(case, engine)


def signed(name: str, option: str, *, engine: Engine = ENGINE, **more: Any) -> Directive:
    case, advice = given(name, engine)
    override = more.pop("override", False)
    draft = propose(case, advice, engine, option, override=override, **more)
    return sign(draft, advice, option, by="Dr A", reason="because", override=override)


@pytest.mark.parametrize("path", sorted(CASES.glob("*.yaml")), ids=lambda p: p.stem)
def test_every_eligible_option_gives_a_directive_that_holds(path: Path) -> None:
    case = read_case(path)
    advice = advise(case, ENGINE)
    for option in advice.options:
        if option.status == "eligible":
            assert check_directive(propose(case, advice, ENGINE, option.id)) == ()


def test_signed_directive_is_sealed_and_complete() -> None:
    directive = signed("thoracic-separation", "sbrt-24-2")
    assert verify_seal(directive)
    assert directive.status == "signed" and directive.for_planning
    assert directive.decision is not None
    assert (directive.decision.by, directive.decision.reason) == ("Dr A", "because")
    assert directive.decision.date == dt.date(2026, 4, 20)
    cord = next(limit for limit in directive.limits if limit.limit_id == "hytec-cord-2fx-dmax")
    assert (cord.value, cord.unit, cord.fractions, cord.strength) == (17.0, "Gy", 2, "hard")


def test_same_input_same_seal() -> None:
    assert signed("femur-renal", "conv-30-10").hash == signed("femur-renal", "conv-30-10").hash


@pytest.mark.parametrize(
    "name",
    ["unknown-deficit", "femur-open-wound", "femur-sarcoma-suspected", "femur-pathology-pending", "almost-nothing"],
)
def test_signing_is_blocked(name: str) -> None:
    case, advice = given(name)
    draft = propose(case, advice, ENGINE, "conv-30-10")
    with pytest.raises(Blocked) as caught:
        sign(draft, advice, "conv-30-10", by="Dr A", reason="because")
    assert caught.value.code == "signing-blocked"
    assert caught.value.exit_status == 1


def test_an_override_does_not_pass_a_gate() -> None:
    case, advice = given("femur-open-wound")
    draft = propose(case, advice, ENGINE, "conv-30-10", chosen=parse_regimen("30Gy/10"), override=True)
    with pytest.raises(Blocked):
        sign(draft, advice, "conv-30-10", by="Dr A", reason="because", override=True)


def test_not_eligible_needs_an_override() -> None:
    case, advice = given("femur-renal")
    draft = propose(case, advice, ENGINE, "none")
    with pytest.raises(Blocked) as caught:
        sign(draft, advice, "none", by="Dr A", reason="because")
    assert caught.value.code == "not-eligible"
    directive = sign(draft, advice, "none", by="Dr A", reason="wish of the patient", override=True)
    assert directive.decision is not None and directive.decision.override
    assert directive.decision.override_of == "conv-30-10"
    assert directive.levels == () and not directive.for_planning


def test_override_dose_is_recorded_as_one() -> None:
    directive = signed("femur-renal", "conv-30-10", chosen=parse_regimen("25Gy/10"), override=True)
    assert directive.decision is not None
    assert directive.decision.override
    assert directive.decision.certainty == "not_graded"
    assert directive.decision.label == "25 Gy in 10 (conventional)"
    assert [(level.dose_gy, level.fractions) for level in directive.levels] == [(25.0, 10)]


def test_a_range_needs_an_exact_dose_inside_it() -> None:
    with pytest.raises(Blocked) as caught:
        signed("femur-myeloma-plate", "conv-myeloma-20-25")
    assert caught.value.code == "dose-not-sourced"
    directive = signed("femur-myeloma-plate", "conv-myeloma-20-25", chosen=parse_regimen("24Gy/8"))
    assert [(level.dose_gy, level.fractions) for level in directive.levels] == [(24.0, 8)]
    assert directive.decision is not None and not directive.decision.override
    for outside in ("30Gy/10", "24Gy/12"):
        with pytest.raises(UsageError) as usage:
            signed("femur-myeloma-plate", "conv-myeloma-20-25", chosen=parse_regimen(outside))
        assert usage.value.code == "outside-option"


def test_unsourced_elective_dose_cannot_be_signed_without_an_override() -> None:
    with pytest.raises(Blocked):
        signed("thoracic-separation", "sib-48.5-10", engine=SITE)
    directive = signed(
        "thoracic-separation", "sib-48.5-10", engine=SITE, chosen=parse_sib("48.5Gy+30Gy/10"), override=True
    )
    assert [level.dose_gy for level in directive.levels] == [48.5, 30.0]


def test_levels_must_match() -> None:
    with pytest.raises(UsageError) as caught:
        signed("thoracic-separation", "sib-40-30-10", engine=SITE, chosen=parse_regimen("40Gy/10"), override=True)
    assert caught.value.code == "levels-differ"


def test_volume_is_a_named_choice() -> None:
    chosen = {v.recipe for v in signed("femur-renal", "conv-20-5", volume="surgical_bed").volumes if v.chosen}
    assert chosen == {"surgical_bed"}
    with pytest.raises(UsageError) as caught:
        signed("femur-renal", "conv-20-5", volume="half_bone")
    assert caught.value.code == "unknown-volume"


def test_unknown_option_is_suggested() -> None:
    case, advice = given("femur-renal")
    with pytest.raises(UsageError) as caught:
        propose(case, advice, ENGINE, "conv-30-1o")
    assert "conv-30-10" in caught.value.problem.fix


@pytest.mark.parametrize(("by", "reason"), [("", "x"), ("x", " ")])
def test_name_and_reason_are_needed(by: str, reason: str) -> None:
    case, advice = given("femur-renal")
    draft = propose(case, advice, ENGINE, "conv-30-10")
    with pytest.raises(UsageError):
        sign(draft, advice, "conv-30-10", by=by, reason=reason)


def test_day_of_decision_is_needed() -> None:
    value = read_document(CASES / "femur-renal.yaml").value
    del value["as_of"]
    case = case_from(value)
    advice = advise(case, ENGINE)
    draft = propose(case, advice, ENGINE, "conv-30-10")
    with pytest.raises(UsageError) as caught:
        sign(draft, advice, "conv-30-10", by="Dr A", reason="x")
    assert caught.value.code == "no-date"
    assert sign(draft, advice, "conv-30-10", by="Dr A", reason="x", date=dt.date(2026, 3, 2)).hash


def test_neural_organ_without_limit_keeps_a_directive_from_planning() -> None:
    plain = signed("thoracic-separation", "conv-30-10")
    assert not plain.for_planning
    assert any("SpinalCord" in text for text in plain.blockers_for_planning)
    site = signed("thoracic-separation", "conv-30-10", engine=SITE)
    assert site.for_planning and site.stamps.watermark


def test_steep_gradient_limit_never_judges_a_conventional_course() -> None:
    for option in ("conv-8-1", "conv-20-5", "conv-30-10", "conv-24-6"):
        assert not [
            x for x in signed("thoracic-separation", option, engine=SITE).limits if x.limit_id.startswith("hytec")
        ]


def test_no_limit_organs_stand_in_the_directive() -> None:
    directive = signed("femur-renal", "conv-30-10")
    assert {entry.roi for entry in directive.no_limit} >= {"Skin"}
    assert directive.plain_field is not None
    assert set(directive.plain_field.model_dump().values()) == {None}


def test_reirradiation_carries_courses_and_conditions() -> None:
    directive = signed("spine-reirradiation", "re-sbrt-24-2")
    assert [(c.dose_gy, c.fractions, c.cord_dmax_gy) for c in directive.prior_courses] == [(30.0, 10, 31.0)]
    assert directive.reirradiation is not None and len(directive.reirradiation.factors) == 4
    assert {limit.setting for limit in directive.limits} == {"reirradiation"}


def test_signing_an_option_that_is_not_there() -> None:
    case, advice = given("femur-renal")
    draft = propose(case, advice, ENGINE, "conv-30-10")
    with pytest.raises(UsageError) as caught:
        sign(draft, advice, "conv-31-10", by="Dr A", reason="x")
    assert caught.value.code == "unknown-option"


def test_no_volume_without_radiotherapy() -> None:
    case, advice = given("femur-renal")
    with pytest.raises(UsageError) as caught:
        propose(case, advice, ENGINE, "none", volume="surgical_bed")
    assert caught.value.code == "unknown-volume"


def test_a_directive_that_does_not_hold_is_not_signed() -> None:
    case, advice = given("thoracic-separation")
    draft = propose(case, advice, ENGINE, "sbrt-24-2")
    broken = draft.model_copy(update={"limits": (draft.limits[0].model_copy(update={"fractions": 5}),)})
    with pytest.raises(DirectiveRefused):
        sign(broken, advice, "sbrt-24-2", by="Dr A", reason="x")


def test_cervical_target_lists_its_organs() -> None:
    value = read_document(CASES / "thoracic-separation.yaml").value
    value["lesions"][0]["levels"] = ["C5"]
    value["surgeries"][0]["hardware"]["levels"] = ["C4", "C6"]
    advice = advise(case_from(value), ENGINE)
    option = advice.option("sbrt-24-2")
    assert option is not None
    assert {limit.roi for limit in option.limits} >= {"BrachialPlex", "Larynx"}


@pytest.mark.parametrize("drop", ["dose", "end", "site"])
def test_reirradiation_with_gaps_cannot_be_told(drop: str) -> None:
    value = read_document(CASES / "spine-reirradiation.yaml").value
    course = value["prior_radiotherapy"]["courses"][0]
    extra = {"site": "same", "dose": "8 Gy", "fractions": 1, "end": "2025-06-02"}
    value["prior_radiotherapy"]["courses"] = [course, {key: item for key, item in extra.items() if key != drop}]
    review = advise(case_from(value), ENGINE).reirradiation
    assert review is not None
    verdicts = {factor["code"]: factor["verdict"] for factor in review["factors"]}
    assert verdicts["cumulative_eqd2"] == "cannot_tell"
    assert all(row["dose_gy"] is None and row["why"] for row in review["budget"])
    assert (verdicts["interval"] == "cannot_tell") == (drop in ("end", "site"))


def test_plain_field_items_can_be_stated() -> None:
    stated = {"beam_arrangement": "anterior and posterior", "energy": "6 MV"}
    field = signed("femur-renal", "conv-30-10", plain_field=stated).plain_field
    assert field is not None
    assert (field.beam_arrangement, field.energy, field.isodose) == ("anterior and posterior", "6 MV", None)
    for name, option, items in (
        ("femur-renal", "conv-30-10", {"colour": "red"}),
        ("thoracic-separation", "sbrt-24-2", stated),
    ):
        with pytest.raises(UsageError) as caught:
            signed(name, option, plain_field=items)
        assert caught.value.code == "unknown-field-item"


def test_follow_up_fits_the_site() -> None:
    spine = {look.what for look in signed("thoracic-separation", "sbrt-24-2").follow_up}
    femur = {look.what for look in signed("femur-renal", "conv-30-10").follow_up}
    assert spine - femur == {"interval of MRI after spine treatment"}
