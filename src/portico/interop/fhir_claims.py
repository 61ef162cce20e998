"""Claims of this room for ``portico verify``: chapter ``fhir``.

What published examples say is read as it stands there, and what they do not say stays unknown.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from portico.claims import Claim, chapter, claim_equal
from portico.interop.fhir_codes import load_codes
from portico.interop.fhir_directive import prescribed
from portico.interop.fhir_import import FURTHER_COURSE, import_bundle
from portico.interop.fhir_import_courses import CODEX, MCODE

__all__ = ["code_claims", "course_claims", "prescription_claims"]

SCT: Final = "http://snomed.info/sct"
UCUM: Final = "http://unitsofmeasure.org"
XRTS: Final = "CodeX Radiation Therapy 2.0.0, example XRTS-05, first course"
PROSTATE: Final = "CodeX Radiation Therapy 2.0.0, example course prescription 04-Prostate"
LEVELS: Final = "mCODE 4.0.0, radiotherapy treatment location value set; DICOM PS3.16 CID 7603"


@chapter("fhir")
def code_claims() -> Iterator[Claim]:
    """Codes of bones and levels mean what their publication calls them; with another text they mean nothing."""
    table = load_codes()
    for code, text, wanted in (
        ("71341001", "Bone structure of femur (body structure)", {"bone": "femur"}),
        (
            "77435000",
            "Structure of body of eighth thoracic vertebra (body structure)",
            {"bone": "vertebra", "level": "T8", "part": "body"},
        ),
        ("11068009", "T8 vertebra", {"bone": "vertebra", "level": "T8"}),
        ("94222008", "Bony metastasis", {"metastasis": "bone"}),
    ):
        found = table.find({"system": SCT, "code": code, "display": text})
        yield claim_equal("fhir", f"SNOMED CT {code}, {text}", source=LEVELS, expected=wanted, got=dict(found.means))
        wrong = table.find({"system": SCT, "code": code, "display": "Bone structure of humerus (body structure)"})
        yield claim_equal(
            "fhir",
            f"SNOMED CT {code} with the text of the humerus",
            source="by definition",
            expected="mismatch",
            got=wrong.state,
        )


def _first_course() -> dict[str, Any]:
    dose = [
        {"url": "totalDoseDelivered", "valueQuantity": {"value": 2500, "system": UCUM, "code": "cGy"}},
        {"url": "fractionsDelivered", "valueUnsignedInt": 5},
    ]
    technique = {"coding": [{"system": SCT, "code": "441799006"}]}
    return {
        "resourceType": "Procedure", "status": "completed", "code": {"coding": [{"system": SCT, "code": "1217123003"}]},
        "subject": {"reference": "Patient/invented"}, "performedPeriod": {"start": "2020-09-07", "end": "2020-09-14"},
        "extension": [
            {"url": f"{MCODE}mcode-radiotherapy-sessions", "valueUnsignedInt": 6},
            {"url": f"{MCODE}mcode-radiotherapy-dose-delivered-to-volume", "extension": dose},
            {
                "url": f"{MCODE}mcode-radiotherapy-modality-and-technique",
                "extension": [{"url": f"{MCODE}mcode-radiotherapy-technique", "valueCodeableConcept": technique}],
            },
        ],
    }  # fmt: skip


@chapter("fhir")
def course_claims() -> Iterator[Claim]:
    """A published course: its dose with its unit, its fractions and not its sessions, and an open list."""
    bundle = {"resourceType": "Bundle", "entry": [{"resource": _first_course()}]}
    imported = import_bundle(bundle)
    course, further = imported.draft["prior_radiotherapy"]["courses"]
    yield claim_equal("fhir", "dose, as it was sent", source=XRTS, expected="2500 cGy", got=course.get("dose"))
    yield claim_equal(
        "fhir", "fractions, with 6 sessions recorded", source=XRTS, expected=5, got=course.get("fractions")
    )
    yield claim_equal(
        "fhir",
        "technique from the code for IMRT",
        source="no code tells SBRT",
        expected=None,
        got=course.get("technique"),
    )
    yield claim_equal("fhir", "site without a body site", source="by definition", expected=None, got=course.get("site"))
    yield claim_equal(
        "fhir", "entry after the last course", source="by definition", expected={"id": FURTHER_COURSE}, got=further
    )
    row = imported.case.row()
    for column in ("prior_rt_at_site", "prior_rt_stereotactic", "brain_metastases", "infection"):
        yield claim_equal(
            "fhir", f"{column}, which is not said", source="by definition", expected=None, got=row[column]
        )


@chapter("fhir")
def prescription_claims() -> Iterator[Claim]:
    """The three volumes of a published prescription."""
    url = f"{CODEX}codexrt-radiotherapy-dose-prescribed-to-volume"
    volumes = [
        {"url": url, "extension": [
            {"url": "totalDose", "valueQuantity": {"value": cgy, "code": "cGy", "system": UCUM}},
            {"url": "fractions", "valuePositiveInt": fractions},
        ]}
        for cgy, fractions in ((8300, 44), (4500, 25), (7920, 44))
    ]  # fmt: skip
    wanted = [(83.0, 44), (45.0, 25), (79.2, 44)]
    yield claim_equal(
        "fhir",
        "Gy and fractions of three volumes",
        source=PROSTATE,
        expected=wanted,
        got=prescribed({"extension": volumes}),
    )
