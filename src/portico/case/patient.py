"""Patient and cancer: who is treated, for what, with which expected survival."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictFloat, StrictInt

from portico.case.fields import Day, Flag, Part, Words

__all__ = ["Agent", "Cancer", "Patient", "Performance", "Survival", "Systemic"]

Number = StrictInt | StrictFloat
Months = Annotated[Number, Field(ge=0, le=240)]


class Performance(Part):
    """Performance status on the scale on which it was recorded.

    ECOG and Karnofsky are never converted into each other: three published maps disagree.
    """

    scale: Literal["ECOG", "KPS"]
    value: StrictInt | None = None
    date: Day | None = None


class Survival(Part):
    """One estimate of expected survival, in months, with who or what made it and when."""

    by: Literal["clinician", "model"]
    name: Words | None = None
    months_low: Months | None = None
    months_high: Months | None = None
    date: Day | None = None
    operated_cohort: Flag | None = None


class Patient(Part):
    """The patient. Age in years; sex is recorded for pregnancy and score inputs only."""

    age_years: Annotated[Number, Field(ge=0, le=120)] | None = None
    sex: Literal["female", "male", "other"] | None = None
    performance: tuple[Performance, ...] | None = None
    survival: tuple[Survival, ...] | None = None


class Agent(Part):
    """One systemic agent. ``status``: stopped agents are kept for the record and count as not current."""

    name: Words | None = None
    kind: (
        Literal["cytotoxic", "antiangiogenic", "targeted", "immunotherapy", "endocrine", "radioligand", "other"] | None
    ) = None
    status: Literal["current", "planned", "stopped"] | None = None
    last_dose: Day | None = None
    next_dose: Day | None = None


class Systemic(Part):
    """Systemic therapy: ``status: none`` says that there is none; leaving it out says that it is unknown."""

    status: Literal["none", "given"] | None = None
    agents: tuple[Agent, ...] | None = None


class Cancer(Part):
    """The cancer, and what the pathologist said of the operated bone."""

    histology: (
        Literal[
            "breast", "prostate", "lung_nsclc", "lung_sclc", "renal_cell", "thyroid", "melanoma", "colorectal",
            "hepatocellular", "gastric", "oesophageal", "pancreatic", "bladder", "head_neck", "gynaecological",
            "neuroendocrine", "germ_cell", "lymphoma", "myeloma", "plasmacytoma", "sarcoma", "unknown_primary",
            "other",
        ]
        | None
    ) = None  # fmt: skip
    pathology: Literal["confirmed", "confirmed_earlier", "pending", "discordant", "not_sent"] | None = None
    primary_bone_tumour_suspected: Flag | None = None
    curative_option_excluded: Flag | None = None
    radiosensitivity: Literal["radiosensitive", "radioresistant"] | None = None
    oligometastatic: Flag | None = None
    visceral_metastases: Flag | None = None
    brain_metastases: Flag | None = None
    bone_modifying_agent: Flag | None = None
    systemic: Systemic | None = None
