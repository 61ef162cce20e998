"""The guided questions of ``portico case new`` and of the web form: which are asked, in which order, and where each answer goes.

The words of a question and what it means stand in ``columns.yaml``; a question without a column has its own. Every
question may be answered "unknown". A question is left out when the case so far already answers it or when it does
not concern the part of the skeleton.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

__all__ = ["AGENT", "COURSE", "QUESTIONS", "WITHOUT_QUESTION", "Draft", "Question", "Steps", "value_at"]

Kind = Literal["enum", "flag", "int", "number", "date", "dose", "length", "text", "levels", "sectors"]
#: Place of an answer in the case: keys and list positions.
Steps = tuple[str | int, ...]
#: The case while it is being written, as plain data.
Draft = Mapping[str, Any]
#: The flat row of the case so far.
Row = Mapping[str, Any]
When = Callable[[Draft, Row], bool]


def value_at(draft: Any, steps: Steps) -> Any:
    """The value at a place of plain data; None when it is not there.

    >>> value_at({"lesions": [{"bone": "femur"}]}, ("lesions", 0, "bone"))
    'femur'
    """
    for step in steps:
        if isinstance(step, int):
            draft = draft[step] if isinstance(draft, list) and step < len(draft) else None
        else:
            draft = draft.get(step) if isinstance(draft, Mapping) else None
    return draft


LESION: Final[Steps] = ("lesions", 0)
SURGERY: Final[Steps] = ("surgeries", 0)


def _always(draft: Draft, row: Row) -> bool:
    return True


def _region(draft: Draft) -> str | None:
    bone = value_at(draft, (*LESION, "bone"))
    if bone is None:
        return None
    return "spine" if bone in ("vertebra", "sacrum") else "non_spine"


def _spine(draft: Draft, row: Row) -> bool:
    return _region(draft) == "spine"


def _limb(draft: Draft, row: Row) -> bool:
    return _region(draft) != "spine"


def _maybe_curable(draft: Draft, row: Row) -> bool:
    return row.get("histology") in (None, "plasmacytoma", "lymphoma", "germ_cell")


def _vertebra(draft: Draft, row: Row) -> bool:
    return bool(value_at(draft, (*LESION, "bone")) == "vertebra")


def _operated(draft: Draft, row: Row) -> bool:
    return bool(draft.get("surgery") == "done")


def _operated_spine(draft: Draft, row: Row) -> bool:
    return _operated(draft, row) and _spine(draft, row)


def _implant(draft: Draft, row: Row) -> bool:
    return _operated(draft, row) and value_at(draft, (*SURGERY, "hardware", "present")) is True


def _implant_spine(draft: Draft, row: Row) -> bool:
    return _implant(draft, row) and _spine(draft, row)


def _cord(draft: Draft, row: Row) -> bool:
    return _spine(draft, row) and row.get("below_conus") is not True


def _graded_again(draft: Draft, row: Row) -> bool:
    return _operated(draft, row) and _cord(draft, row) and row.get("postop_mri") is not False


def _systemic(draft: Draft, row: Row) -> bool:
    return bool(value_at(draft, ("cancer", "systemic", "status")) == "given")


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Parameters
    ----------
    column : column whose words are used and which is checked before asking; None when the question has its own words
    steps : where the answer goes in the case
    kind : how an answer is read
    when : whether the question concerns the case so far
    ask : the question in its own words; those of the column when empty
    explain : what is printed for ``?`` when there is no column
    values : allowed words of an enum without a column
    yes, no : for a flag that is stored as a word, the stored word
    """

    column: str | None
    steps: Steps
    kind: Kind
    when: When = _always
    ask: str = ""
    explain: str = ""
    values: tuple[str, ...] = ()
    yes: str | None = None
    no: str | None = None


def _lesion(column: str, kind: Kind, name: str, when: When = _always) -> Question:
    return Question(column, (*LESION, name), kind, when)


def _surgery(column: str, kind: Kind, name: str, when: When = _operated) -> Question:
    return Question(column, (*SURGERY, *name.split(".")), kind, when)


def _plain(column: str, kind: Kind, place: str, when: When = _always) -> Question:
    return Question(column, tuple(place.split(".")), kind, when)


QUESTIONS: Final[tuple[Question, ...]] = (
    Question(
        None, ("label",), "text", ask="A name for the case, not the patient's?",
        explain="Printed on reports. Leave it out, or use a number that only your team can resolve.",
    ),
    Question(
        None, ("as_of",), "date", ask="Which day is the decision made for?",
        explain="Every interval is counted to this day. Portico has no clock; write the date, or today.",
    ),
    _lesion("bone", "enum", "bone"),
    _lesion("levels_n", "levels", "levels", _spine),
    _plain("below_conus", "flag", "spine.below_conus", _vertebra),
    _lesion("bone_part", "enum", "part"),
    _lesion("index_side", "enum", "side"),
    _lesion("fracture_state", "enum", "fracture"),
    _lesion("lesion_type", "enum", "type"),
    _lesion("soft_tissue_extension", "flag", "soft_tissue_extension", _limb),
    _lesion("paraspinal_extension", "flag", "paraspinal_extension", _spine),
    _lesion("other_lesions_in_bone", "flag", "other_lesions_in_bone", _limb),
    Question("surgery_done", ("surgery",), "flag", yes="done", no="none"),
    _surgery("days_since_surgery", "date", "date"),
    _surgery("surgery_indication", "enum", "indication"),
    _surgery("procedure", "enum", "procedure"),
    _surgery("resection", "enum", "resection"),
    _surgery("margin", "enum", "margin"),
    _lesion("residual_disease", "flag", "residual_disease", _operated),
    _surgery("hardware_present", "flag", "hardware.present"),
    _surgery("hardware_material", "enum", "hardware.material", _implant),
    _surgery("hardware_length_cm", "length", "hardware.length", _implant),
    _surgery("hardware_anterior_cage", "flag", "hardware.anterior_cage", _implant_spine),
    _surgery("cement", "flag", "cement"),
    _surgery("embolised", "flag", "embolised"),
    _surgery("wound_state", "enum", "wound.state"),
    _surgery("infection", "flag", "wound.infection"),
    _surgery("csf_leak", "flag", "wound.csf_leak", _operated_spine),
    _surgery("reoperation_planned", "flag", "reoperation_planned"),
    _plain("deficit", "enum", "spine.neurology.deficit", _spine),
    _plain("sphincter_dysfunction", "flag", "spine.neurology.sphincter_dysfunction", _spine),
    _plain("escc_preop", "enum", "spine.escc_preop.grade", _cord),
    _plain("epidural_preop", "flag", "spine.epidural_preop", _spine),
    _plain("epidural_circumferential_preop", "flag", "spine.epidural_circumferential_preop", _spine),
    _plain("preop_mri", "flag", "spine.preop_mri", _spine),
    _plain("postop_mri", "flag", "spine.postop_mri", _operated_spine),
    _plain("escc_postop", "enum", "spine.escc_postop.grade", _graded_again),
    _plain("compression_now", "flag", "spine.compression_now", _spine),
    _plain("sectors_preop_known", "sectors", "spine.sectors_preop", _spine),
    _plain("cord_imaging", "enum", "spine.cord_imaging", _spine),
    _plain("unstable_now", "flag", "status.mechanically_unstable"),
    _plain("histology", "enum", "cancer.histology"),
    _plain("pathology_status", "enum", "cancer.pathology"),
    _plain("primary_bone_tumour_suspected", "flag", "cancer.primary_bone_tumour_suspected"),
    _plain("curative_option_excluded", "flag", "cancer.curative_option_excluded", _maybe_curable),
    _plain("radiosensitivity", "enum", "cancer.radiosensitivity"),
    _plain("oligometastatic", "flag", "cancer.oligometastatic"),
    _plain("visceral_metastases", "flag", "cancer.visceral_metastases"),
    _plain("brain_metastases", "flag", "cancer.brain_metastases"),
    _plain("bone_modifying_agent", "flag", "cancer.bone_modifying_agent"),
    Question("systemic_therapy", ("cancer", "systemic", "status"), "flag", yes="given", no="none"),
    _plain("age_years", "number", "patient.age_years"),
    Question("ecog", ("patient", "performance", 0, "value"), "int"),
    Question(
        "kps", ("patient", "performance", 0, "value"), "int",
        lambda draft, row: value_at(draft, ("patient", "performance")) is None,
    ),
    Question(
        "survival_months_low", ("patient", "survival", 0, "months_low"), "number",
        ask="How long is the patient expected to live, at least (months)?",
    ),
    Question(
        "survival_months_high", ("patient", "survival", 0, "months_high"), "number",
        ask="How long is the patient expected to live, at most (months)?",
    ),
    Question("prior_rt_at_site", ("prior_radiotherapy", "status"), "flag", yes="given", no="none"),
    _plain("pain_worst", "int", "status.pain_worst"),
    _plain("ambulatory", "enum", "status.walking"),
    _plain("weight_bearing", "enum", "status.weight_bearing", _limb),
    _plain("fit_for_surgery", "flag", "status.fit_for_surgery"),
    _plain("cied", "flag", "preflight.cied"),
    _plain("pregnancy", "enum", "preflight.pregnancy"),
    _plain("can_lie_flat", "flag", "preflight.can_lie_flat"),
    _plain("contrast_contraindicated", "flag", "preflight.contrast_contraindicated"),
    _plain("mri_possible", "flag", "preflight.mri_possible"),
    _plain("dept_sbrt", "flag", "department.sbrt", _spine),
    _plain("dept_imrt", "flag", "department.imrt"),
    _plain("dept_image_guidance", "enum", "department.image_guidance"),
    # the column says "declines", so the question is put that way round too
    Question(
        "declines_radiotherapy", ("wishes", "declines_radiotherapy"), "flag",
        ask="Does the patient decline radiotherapy?",
    ),
    _plain("max_visits", "int", "wishes.max_visits"),
    _plain("goal", "enum", "wishes.goal"),
)  # fmt: skip
"""In the order in which they are asked. ``AGENT`` and ``COURSE`` follow a yes to their question, once for each."""

AGENT: Final[tuple[Question, ...]] = (
    Question(None, ("name",), "text", _systemic, "Name of the agent?", "The generic name, such as doxorubicin."),
    Question(
        None, ("kind",), "enum", _systemic, "What kind of agent is it?",
        "Only cytotoxic agents have rules of their own.",
        ("cytotoxic", "antiangiogenic", "targeted", "immunotherapy", "endocrine", "radioligand", "other"),
    ),
    Question(
        None, ("status",), "enum", _systemic, "Is it current, planned or stopped?",
        "A stopped agent is kept for the record and counts as not current.", ("current", "planned", "stopped"),
    ),
)  # fmt: skip

COURSE: Final[tuple[Question, ...]] = (
    Question(None, ("dose",), "dose", ask="Total dose of the earlier course, with its unit?", explain="As in 30 Gy."),
    Question(None, ("fractions",), "int", ask="In how many fractions?", explain="A whole number."),
    Question(
        None, ("technique",), "enum", ask="By which technique?", explain="Stereotactic treatment is sbrt.",
        values=("conventional", "imrt", "sbrt", "brachytherapy", "particle", "other"),
    ),
    Question(None, ("end",), "date", ask="When did it end?", explain="Last day of treatment."),
    Question(
        None, ("cord_dmax", "dose"), "dose", _spine, "Largest dose to cord, sac or cauda, with its unit?",
        "The total of the course in physical dose, as in 31 Gy.",
    ),
    Question(
        None, ("cord_dmax", "defined_on"), "enum", _spine, "On which contour was that read?",
        "It matters: the sac receives more than the cord inside it.",
        ("true_cord", "prv", "thecal_sac", "cauda_equina", "canal"),
    ),
)  # fmt: skip

WITHOUT_QUESTION: Final[Mapping[str, str]] = {
    "site_region": "follows from the bone",
    "systemic_cytotoxic": "follows from the agents",
    "systemic_recall_agent": "follows from the agents",
    "prior_rt_courses_n": "follows from the courses",
    "days_since_prior_rt": "follows from the courses",
    "prior_cord_dose_known": "follows from the courses",
    "prior_rt_stereotactic": "follows from the courses",
    "sins_preop": "no rule may read it; add it to the file by hand",
    "mirels_preop": "no rule may read it; add it to the file by hand",
}
"""Columns that are not asked for, and why."""
