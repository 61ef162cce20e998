"""Import of bundles: what they say, nothing more; doubts stay unknown; the report names every resource."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from portico.advice import advise
from portico.case import read_case
from portico.errors import ReadingRefused
from portico.interop.fhir_import import FURTHER_COURSE, import_bundle
from portico.interop.fhir_import_courses import CODEX, MCODE, MII
from portico.interop.fhir_import_facts import COLUMNS, Site
from portico.interop.fhir_r4 import R4_TYPES, r4_problems

ROOT = Path(__file__).parents[3]
GOLDEN = Path(__file__).parent / "golden"
SCT = "http://snomed.info/sct"
PAIRS = {
    "femur-postop": ("femur-renal", "2026-03-02"),
    "spine-postop": ("spine-escc-1b", "2026-04-20"),
    "spine-urgent": ("spine-escc-3-new-deficit", "2026-04-20"),
}
#: What FHIR has no code for here: agents, the score of the bone before surgery; the urgent example codes its operation otherwise.
OUTSIDE = {"systemic_therapy", "systemic_cytotoxic", "systemic_recall_agent", "mirels_preop", "sins_preop"}
PUBLISHED = [
    "Bundle-mcode-patient-bundle-jenny-m", "Bundle-xrts-01-prostate-1p-1v", "Bundle-xrts-05-brainmets-reirradiation",
    "Bundle-xrts-06-uterus-1p-1v",
]  # fmt: skip


def _says(report, state, part):
    return [line for line in report.of(state) if part in line.says]


@pytest.mark.parametrize("name", PAIRS)
def test_an_example_gives_the_row_of_the_same_case_written_by_hand(example, name) -> None:
    case, day = PAIRS[name]
    wanted = read_case(ROOT / "examples" / "cases" / f"{case}.yaml").row()
    found = import_bundle(example(name), as_of=dt.date.fromisoformat(day)).case.row()
    differ = {column for column in wanted if wanted[column] != found[column]}
    assert differ == (OUTSIDE & {c for c in wanted if wanted[c] is not None}) | (
        {"procedure"} if name == "spine-urgent" else set()
    )
    assert all(found[column] is None for column in differ - {"procedure"})


@pytest.mark.parametrize("name", [*PAIRS, *PUBLISHED])
def test_the_import_is_the_one_that_was_looked_at(example, published, name) -> None:
    bundle = (example if name in PAIRS else published)(name)
    day = dt.date.fromisoformat(PAIRS[name][1] if name in PAIRS else "2026-11-27")
    wanted = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    assert import_bundle(bundle, as_of=day).to_dict() == wanted


@pytest.mark.parametrize("name", [*PAIRS, *PUBLISHED])
def test_the_report_names_every_resource(example, published, name) -> None:
    bundle = (example if name in PAIRS else published)(name)
    report = import_bundle(bundle).report
    named = {line.place.split(".")[0] for line in report.lines}
    helpers = {"Device", "BodyStructure"}
    for i, entry in enumerate(bundle["entry"]):
        if entry["resource"]["resourceType"] not in helpers:
            assert f"entry[{i}]" in named
    assert "Invented" not in json.dumps(report.to_dict())


@pytest.mark.parametrize("name", PAIRS)
def test_the_examples_hold_as_r4(example, name) -> None:
    assert r4_problems(example(name)) == ()


def test_r4_refuses_what_only_r4b_has_and_never_shows_a_value() -> None:
    plan = {"resourceType": "PlanDefinition", "status": "draft", "subjectCanonical": "x"}
    assert any("not in R4" in one for one in r4_problems(plan))
    shown = r4_problems({"resourceType": "Patient", "birthDate": "Meier", "Meier 1": 1})
    assert shown
    assert "Meier" not in " ".join(shown)
    assert "Citation" not in R4_TYPES
    assert r4_problems({"resourceType": "Citation"})


def test_absence_is_never_denial(example) -> None:
    bundle = example("femur-postop")
    bundle["entry"] = bundle["entry"][:5]
    row = import_bundle(bundle, as_of=dt.date(2026, 3, 2)).case.row()
    assert row["brain_metastases"] is None
    assert row["visceral_metastases"] is None
    assert row["prior_rt_at_site"] is None
    assert row["infection"] is None
    assert row["surgery_done"] is True
    assert [c for c, v in row.items() if v is False] == []


def test_without_the_day_of_the_decision_there_is_no_age(example) -> None:
    row = import_bundle(example("femur-postop")).case.row()
    assert row["age_years"] is None
    assert row["days_since_surgery"] is None


def test_a_code_and_its_text_that_disagree_answer_nothing(example, resource) -> None:
    bundle = example("femur-postop")
    for ending in ("-metastasis", "-operation"):
        resource(bundle, ending)["bodySite"][0]["coding"][0]["display"] = "Bone structure of humerus (body structure)"
    found = import_bundle(bundle)
    assert found.case.row()["bone"] is None
    assert _says(found.report, "doubtful", "do not fit together")


def test_codes_that_disagree_answer_nothing(example, resource) -> None:
    bundle = example("femur-postop")
    resource(bundle, "-metastasis")["bodySite"][0]["coding"].append({"system": SCT, "code": "85050009"})
    found = import_bundle(bundle)
    assert found.case.row()["bone"] is None
    assert _says(found.report, "doubtful", "disagree on: bone")


def test_sides_that_contradict_are_told(example, resource) -> None:
    bundle = example("femur-postop")
    body = json.loads(json.dumps(resource(bundle, "-operation")["bodySite"]))
    body[0]["extension"][0]["valueCodeableConcept"] = {
        "coding": [{"system": SCT, "code": "24028007", "display": "Right"}]
    }
    resource(bundle, "-operation")["bodySite"] = body
    found = import_bundle(bundle)
    assert _says(found.report, "doubtful", "contradicts the rest")
    assert "surgeries" not in found.draft or "procedure" not in found.draft["surgeries"][0]


@pytest.mark.parametrize("status", ["refuted", "entered-in-error", "unconfirmed", "provisional", "differential"])
def test_a_metastasis_that_is_not_confirmed_is_not_taken(example, resource, status) -> None:
    bundle = example("femur-postop")
    bundle["entry"] = bundle["entry"][:5]
    resource(bundle, "-metastasis")["verificationStatus"]["coding"][0]["code"] = status
    assert "lesions" not in import_bundle(bundle).draft


@pytest.mark.parametrize("status", ["not-done", "entered-in-error", "preparation", "in-progress", "stopped", "unknown"])
def test_an_operation_that_was_not_completed_is_not_taken(example, resource, status) -> None:
    bundle = example("femur-postop")
    bundle["entry"] = bundle["entry"][:5]
    resource(bundle, "-operation")["status"] = status
    assert "surgeries" not in import_bundle(bundle).draft


def test_the_lesion_that_was_operated_on_stands_first(example, resource) -> None:
    bundle = example("femur-postop")
    other = json.loads(json.dumps(resource(bundle, "-metastasis")))
    other["id"] = "other-metastasis-2"
    other["bodySite"] = [{"coding": [{"system": SCT, "code": "85050009", "display": "Humerus"}]}]
    bundle["entry"].insert(1, {"resource": other})
    found = import_bundle(bundle)
    assert [one["bone"] for one in found.draft["lesions"]] == ["femur", "humerus"]
    assert found.case.row()["bone"] == "femur"
    del resource(bundle, "-operation")["reasonReference"]
    assert import_bundle(bundle).case.row()["bone"] == "femur"
    del resource(bundle, "-operation")["bodySite"]
    unclear = import_bundle(bundle)
    assert "bone" not in unclear.draft.get("lesions", [{}])[0]
    assert _says(unclear.report, "doubtful", "no operation tells which one")


def test_two_cancers_are_told_apart_by_the_metastasis_or_not_at_all(example, resource) -> None:
    bundle = example("femur-postop")
    second = json.loads(json.dumps(resource(bundle, "-primary")))
    second |= {"id": "second", "code": {"coding": [{"system": SCT, "code": "254900004"}]}}
    bundle["entry"].append({"resource": second})
    assert import_bundle(bundle).case.row()["histology"] == "renal_cell"
    del resource(bundle, "-metastasis")["extension"]
    unclear = import_bundle(bundle)
    assert unclear.case.row()["histology"] is None
    assert len(_says(unclear.report, "doubtful", "Several cancers")) == 2


def test_an_agent_does_not_say_that_there_is_no_other(example) -> None:
    bundle = example("femur-postop")
    agent = {
        "resourceType": "MedicationRequest", "status": "active", "intent": "order",
        "subject": {"reference": "Patient/femur-postop-patient"},
        "medicationCodeableConcept": {
            "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "84857", "display": "anastrozole"}]
        },
    }  # fmt: skip
    bundle["entry"].append({"resource": agent})
    row = import_bundle(bundle).case.row()
    assert row["systemic_therapy"] is True
    assert row["systemic_cytotoxic"] is None
    agent["medicationCodeableConcept"]["coding"][0] |= {"code": "3639", "display": "DOXOrubicin"}
    assert import_bundle(bundle).case.row()["systemic_recall_agent"] is True
    agent["status"] = "stopped"
    assert import_bundle(bundle).case.row()["systemic_recall_agent"] is None


def test_performance_is_taken_only_where_value_and_interpretation_fit(example, resource) -> None:
    bundle = example("femur-postop")
    ecog = resource(bundle, "-ecog")
    ecog["interpretation"] = [{"coding": [{"system": "http://loinc.org", "code": "LA9622-7"}]}]
    assert import_bundle(bundle).case.row()["ecog"] is None
    ecog["valueInteger"] = 0
    assert import_bundle(bundle).case.row()["ecog"] == 0
    del ecog["interpretation"]
    for value in (5, -1, True, 1.0, "1", None):
        ecog["valueInteger"] = value
        assert import_bundle(bundle).case.row()["ecog"] is None
    ecog |= {"valueInteger": 2, "status": "preliminary"}
    assert import_bundle(bundle).case.row()["ecog"] is None


# --- earlier radiotherapy -------------------------------------------------------------------------------------------


def _course(**more):
    dose = [
        {
            "url": "totalDoseDelivered",
            "valueQuantity": {"value": 20, "system": "http://unitsofmeasure.org", "code": "Gy"},
        },
        {"url": "fractionsDelivered", "valueUnsignedInt": 5},
    ]
    return {
        "resourceType": "Procedure", "id": "course", "status": "completed",
        "code": {"coding": [{"system": SCT, "code": "1217123003"}]},
        "subject": {"reference": "Patient/femur-postop-patient"},
        "performedPeriod": {"start": "2024-01-08", "end": "2024-01-12"},
        "bodySite": [
            {
                "coding": [{"system": SCT, "code": "71341001"}],
                "extension": [
                    {"url": f"{MCODE}mcode-laterality-qualifier", "valueCodeableConcept": {"coding": [{"system": SCT, "code": "7771000"}]}}
                ],
            }
        ],
        "extension": [{"url": f"{MCODE}mcode-radiotherapy-dose-delivered-to-volume", "extension": dose}],
    } | more  # fmt: skip


def _with(example, *resources, keep=5):
    bundle = example("femur-postop")
    bundle["entry"] = bundle["entry"][:keep] + [{"resource": one} for one in resources]
    return import_bundle(bundle, as_of=dt.date(2026, 3, 2))


def test_a_course_at_the_site_is_taken_and_the_list_stays_open(example) -> None:
    found = _with(example, _course())
    courses = found.draft["prior_radiotherapy"]["courses"]
    assert courses == [
        {"id": "course-1", "site": "same", "dose": "20 Gy", "fractions": 5, "start": "2024-01-08", "end": "2024-01-12"},
        {"id": FURTHER_COURSE},
    ]
    row = found.case.row()
    assert row["prior_rt_at_site"] is True
    assert row["prior_rt_courses_n"] is None
    assert row["prior_rt_stereotactic"] is None


def test_a_course_elsewhere_or_anywhere_is_not_placed(example) -> None:
    for site in (
        [],
        [{"coding": [{"system": SCT, "code": "85050009"}]}],
        [{"coding": [{"system": SCT, "code": "71341001"}]}],
    ):
        found = _with(example, _course(bodySite=site))
        assert found.case.row()["prior_rt_at_site"] is None
        assert _says(found.report, "doubtful", "touched the site")


@pytest.mark.parametrize(
    ("quantity", "dose"),
    [
        ({"value": 2000, "code": "cGy", "system": "http://unitsofmeasure.org"}, "2000 cGy"),
        ({"value": 20, "unit": "Gy"}, "20 Gy"),
        ({"value": 20}, None),
        ({"value": 20, "code": "GBq", "system": "http://unitsofmeasure.org"}, None),
        ({"value": 20, "unit": "Gy", "system": "http://unitsofmeasure.org"}, None),
        ({"value": 20, "code": "Gy", "system": "http://unitsofmeasure.org", "comparator": "<"}, None),
        ({"value": "20", "code": "Gy", "system": "http://unitsofmeasure.org"}, None),
        ({"value": 0, "code": "Gy", "system": "http://unitsofmeasure.org"}, None),
    ],
)
def test_a_dose_without_its_unit_is_no_dose(example, quantity, dose) -> None:
    course = _course()
    course["extension"][0]["extension"][0]["valueQuantity"] = quantity
    found = _with(example, course)
    assert found.draft["prior_radiotherapy"]["courses"][0].get("dose") == dose
    told = [one for one in found.report.of("doubtful") if "cGy" in one.says or "unit" in one.says]
    assert bool(told) is (dose != "20 Gy")


def test_sessions_are_not_fractions(example) -> None:
    course = _course()
    course["extension"][0]["extension"].pop()
    course["extension"].append({"url": f"{MCODE}mcode-radiotherapy-sessions", "valueUnsignedInt": 5})
    found = _with(example, course)
    assert "fractions" not in found.draft["prior_radiotherapy"]["courses"][0]
    assert _says(found.report, "ignored", "Sessions are not fractions")
    assert _says(found.report, "doubtful", "number of fractions is not told")


@pytest.mark.parametrize(("flag", "state", "part"), [
    (None, "doubtful", "unknown, not no"), (True, "doubtful", "at least one came before"), (False, "ignored", "nothing was irradiated before"),
])  # fmt: skip
def test_a_missing_reirradiation_flag_is_unknown(example, flag, state, part) -> None:
    course = _course()
    if flag is not None:
        url = f"{CODEX}codexrt-radiotherapy-course-involves-reirradiation"
        course["extension"].append({"url": url, "valueBoolean": flag})
    assert _says(_with(example, course).report, state, part)


@pytest.mark.parametrize("code", ["441799006", "1156530009", "1162782007", "1156526006"])
def test_no_technique_code_says_whether_a_course_was_stereotactic(example, code) -> None:
    course = _course()
    inner = [
        {
            "url": f"{MCODE}mcode-radiotherapy-modality",
            "valueCodeableConcept": {"coding": [{"system": SCT, "code": "1156506007"}]},
        },
        {
            "url": f"{MCODE}mcode-radiotherapy-technique",
            "valueCodeableConcept": {"coding": [{"system": SCT, "code": code}]},
        },
    ]
    course["extension"].append({"url": f"{MCODE}mcode-radiotherapy-modality-and-technique", "extension": inner})
    found = _with(example, course)
    assert found.case.row()["prior_rt_stereotactic"] is None
    assert _says(found.report, "doubtful", "stereotactic no code says")
    inner[0]["valueCodeableConcept"]["coding"][0]["code"] = "10611004"
    assert _with(example, course).draft["prior_radiotherapy"]["courses"][0]["technique"] == "particle"


def test_several_volumes_leave_the_dose_open(example) -> None:
    course = _course()
    course["extension"].append(course["extension"][0])
    assert "dose" not in _with(example, course).draft["prior_radiotherapy"]["courses"][0]


def test_states_of_one_course_count_once_and_phases_belong_to_it(example) -> None:
    identifier = [{"use": "official", "system": "urn:dicom:uid", "value": "urn:oid:1.2.3"}]
    early = _course(id="early", identifier=identifier, status="in-progress", performedPeriod={"start": "2024-01-08"})
    phase = _course(
        id="phase", code={"coding": [{"system": SCT, "code": "1222565005"}]}, partOf=[{"reference": "Procedure/course"}]
    )
    found = _with(example, early, _course(identifier=identifier), phase)
    assert len(found.draft["prior_radiotherapy"]["courses"]) == 2
    lonely = _with(example, phase | {"partOf": [{"reference": "Procedure/elsewhere"}]})
    assert "prior_radiotherapy" not in lonely.draft
    assert _says(lonely.report, "doubtful", "its total is unknown")


def test_the_german_module(example) -> None:
    system = "https://www.medizininformatik-initiative.de/fhir/ext/modul-onko/CodeSystem/"
    radiotherapy = {
        "resourceType": "Procedure", "status": "completed", "subject": {"reference": "Patient/femur-postop-patient"},
        "category": {"coding": [{"system": SCT, "code": "1287742003", "display": "Radiotherapy (procedure)"}]},
        "performedPeriod": {"start": "2025-07-04", "end": "2025-07-18"},
    }  # fmt: skip
    bracket = radiotherapy | {
        "id": "st",
        "extension": [
            {
                "url": f"{MII}mii-ex-onko-strahlentherapie-stellungzurop",
                "valueCodeableConcept": {
                    "coding": [{"system": f"{system}mii-cs-onko-therapie-stellungzurop", "code": "A"}]
                },
            }
        ],
    }
    target = {
        "system": f"{system}mii-cs-onko-strahlentherapie-zielgebiet",
        "code": "6.16",
        "display": "Oberschenkel (r, l)",
    }
    side = {"coding": [{"system": f"{system}mii-cs-onko-seitenlokalisation", "code": "L", "display": "links"}]}
    given = radiotherapy | {
        "id": "b",
        "partOf": [{"reference": "Procedure/st"}],
        "bodySite": [
            {
                "coding": [target],
                "extension": [
                    {
                        "url": f"{MII}mii-ex-onko-strahlentherapie-bestrahlung-seitenlokalisation",
                        "valueCodeableConcept": side,
                    }
                ],
            }
        ],
        "extension": [
            {
                "url": f"{MII}mii-ex-onko-strahlentherapie-bestrahlung-gesamtdosis",
                "valueQuantity": {"value": 30, "unit": "Gy"},
            },
            {
                "url": f"{MII}mii-ex-onko-strahlentherapie-bestrahlung-einzeldosis",
                "valueQuantity": {"value": 3, "unit": "Gy"},
            },
        ],
    }
    found = _with(example, bracket, given)
    assert found.draft["prior_radiotherapy"]["courses"][0] == {
        "id": "course-1", "site": "same", "dose": "30 Gy", "start": "2025-07-04", "end": "2025-07-18",
    }  # fmt: skip
    assert _says(found.report, "doubtful", "no number of fractions")
    assert _says(found.report, "ignored", "How the course stood to an operation")[0].value == "after surgery"
    assert _says(found.report, "doubtful", "It followed an operation")
    bracket["extension"][0]["valueCodeableConcept"]["coding"][0]["code"] = "Q"
    assert _says(_with(example, bracket, given).report, "doubtful", "relation to surgery cannot be read")


# --- answers in Portico's own columns -------------------------------------------------------------------------------


def _answer(column, **value):
    return {
        "resourceType": "Observation", "status": "final", "subject": {"reference": "Patient/femur-postop-patient"},
        "code": {"coding": [{"system": COLUMNS, "code": column}]},
    } | value  # fmt: skip


def test_answers_are_held_against_the_question(example) -> None:
    def tried(*answers):
        return _with(example, *answers)

    assert tried(_answer("cement", valueBoolean=False)).case.row()["cement"] is False
    assert tried(_answer("pain_worst", valueInteger=11)).case.row()["pain_worst"] is None
    word = {"coding": [{"system": COLUMNS, "code": "healed"}]}
    assert tried(_answer("wound_state", valueCodeableConcept=word)).case.row()["wound_state"] == "healed"
    word["coding"][0]["code"] = "fine"
    assert tried(_answer("wound_state", valueCodeableConcept=word)).case.row()["wound_state"] is None
    length = {"value": 40, "system": "http://unitsofmeasure.org", "code": "cm"}
    assert tried(_answer("hardware_length_cm", valueQuantity=length)).case.row()["hardware_length_cm"] == 40
    assert tried(_answer("hardware_length_cm", valueQuantity={"value": 40})).case.row()["hardware_length_cm"] is None
    assert tried(_answer("no_such_column", valueBoolean=True)).report.of("ignored")
    twice = tried(_answer("cement", valueBoolean=False), _answer("cement", valueBoolean=True))
    assert twice.case.row()["cement"] is None
    assert tried(_answer("cement", valueBoolean=True) | {"status": "preliminary"}).case.row()["cement"] is None


def test_an_answer_against_a_coded_resource_leaves_both_out(example) -> None:
    word = {"coding": [{"system": COLUMNS, "code": "plate"}]}
    found = _with(example, _answer("procedure", valueCodeableConcept=word))
    assert found.case.row()["procedure"] is None
    assert _says(found.report, "doubtful", "neither is taken")


# --- one patient, safe reading --------------------------------------------------------------------------------------


def test_only_one_patient(example, resource) -> None:
    bundle = example("femur-postop")
    bundle["entry"].append({"resource": {"resourceType": "Patient", "id": "other"}})
    with pytest.raises(ReadingRefused) as error:
        import_bundle(bundle)
    assert error.value.code == "several-patients"
    bundle["entry"].pop()
    resource(bundle, "-operation")["subject"] = {"reference": "Patient/other"}
    found = import_bundle(bundle)
    assert _says(found.report, "doubtful", "another patient")
    resource(bundle, "-operation")["subject"] = {"reference": "https://elsewhere.example/Patient/femur-postop-patient"}
    assert _says(import_bundle(bundle).report, "doubtful", "another patient")
    bundle["entry"] = bundle["entry"][1:]
    with pytest.raises(ReadingRefused):
        import_bundle(bundle)


def test_a_bundle_without_a_patient_keeps_age_and_sex_unknown(example) -> None:
    bundle = example("femur-postop")
    bundle["entry"] = bundle["entry"][1:5]
    found = import_bundle(bundle, as_of=dt.date(2026, 3, 2))
    assert found.case.row()["age_years"] is None
    assert found.case.row()["bone"] == "femur"
    assert _says(found.report, "doubtful", "holds no patient")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('{"resourceType": "Bundle", "resourceType": "Bundle"}', "duplicate-key"),
        ('{"resourceType": "Bundle", "total": NaN}', "not-a-number"),
        ('{"resourceType": "Bundle", "entry": ' + "[" * 100 + "]" * 100 + "}", "too-deep"),
        ('{"resourceType": "Patient"}', "not-a-bundle"),
        ("[]", "not-a-bundle"),
        ('{"resourceType": "Bundle", "entry": {}}', "not-a-bundle"),
        ("", "empty-document"),
        ('{"resourceType": "Bundle", "x": "' + "y" * 200_000 + '"}', "too-large"),
    ],
)
def test_what_is_no_safe_bundle_is_refused(text, code) -> None:
    with pytest.raises(ReadingRefused) as error:
        import_bundle(text)
    assert error.value.code == code


def test_an_unknown_modifier_is_doubtful(example, resource) -> None:
    bundle = example("femur-postop")
    resource(bundle, "-metastasis")["modifierExtension"] = [{"url": "https://x.example/not", "valueBoolean": True}]
    assert _says(import_bundle(bundle).report, "doubtful", "changes the meaning")


def test_the_draft_is_advised_like_any_case(example, engine) -> None:
    found = import_bundle(example("spine-urgent"), as_of=dt.date(2026, 4, 20))
    assert {n.rule for n in advise(found.case, engine).notices} == {"urgent-new-deficit", "urgent-compression"}


@pytest.mark.parametrize(
    ("course", "treated", "same"),
    [
        (Site("femur", None, "left"), Site("femur", "shaft", "left"), True),
        (Site("femur", "shaft", "left"), Site("femur", "shaft", "left"), True),
        (Site("femur", "proximal", "left"), Site("femur", "distal", "left"), False),
        (Site("femur"), Site("femur"), False),
        (Site("femur", None, "left"), Site("femur"), False),
        (Site("femur", None, "right"), Site("femur", None, "left"), False),
        (Site("vertebra"), Site("vertebra"), False),
        (Site("vertebra", levels=("T7", "T8")), Site("vertebra", levels=("T8",)), True),
        (Site("vertebra", levels=("T7",)), Site("vertebra", levels=("T8",)), False),
        (Site("vertebra"), Site("vertebra", levels=("T8",)), False),
        (Site("sacrum"), Site("sacrum", levels=("S1",)), True),
        (Site("rib", None, "left"), Site("rib", None, "left"), False),
        (Site(), Site(), False),
    ],
)
def test_an_earlier_course_is_at_the_site_only_beyond_doubt(course, treated, same) -> None:
    assert course.is_certainly(treated) is treated.is_certainly(course) is same


def test_a_metastasis_recorded_twice_is_one(example, resource) -> None:
    bundle = example("femur-postop")
    twin = json.loads(json.dumps(resource(bundle, "-metastasis"))) | {"id": "twin"}
    twin["code"] = {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "C79.51"}]}
    bundle["entry"].append({"resource": twin})
    found = import_bundle(bundle)
    assert len(found.draft["lesions"]) == 1
    assert _says(found.report, "ignored", "recorded already")
    resource(bundle, "-operation")["reasonReference"] = [{"reference": "Condition/twin"}]
    assert import_bundle(bundle).case.row()["procedure"] == "intramedullary_nail"


def test_an_operation_of_the_table_that_no_metastasis_accounts_for_is_doubtful(example, resource) -> None:
    bundle = example("femur-postop")
    bundle["entry"] = bundle["entry"][:5]
    for key in ("reasonReference", "bodySite"):
        del resource(bundle, "-operation")[key]
    found = import_bundle(bundle)
    assert "surgeries" not in found.draft
    assert _says(found.report, "doubtful", "no bone metastasis of the case accounts for")
