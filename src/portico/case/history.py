"""Earlier radiotherapy, the patient's state, what must be known before treatment, and wishes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StrictFloat, StrictInt

from portico.case.fields import Day, DoseField, Flag, Part, Words

__all__ = ["CordDose", "Course", "Department", "Plan", "Preflight", "PriorRadiotherapy", "Status", "Wishes"]

Number = StrictInt | StrictFloat


class CordDose(Part):
    """Neural maximum of an earlier course: which contour it was read on matters."""

    dose: DoseField | None = None
    defined_on: Literal["true_cord", "prv", "thecal_sac", "cauda_equina", "canal"] | None = None


class Course(Part):
    """One earlier course of radiotherapy: total dose with unit, number of fractions, dates."""

    id: Words | None = None
    site: Literal["same", "overlapping", "elsewhere"] | None = None
    dose: DoseField | None = None
    fractions: Annotated[StrictInt, Field(ge=1, le=60)] | None = None
    technique: Literal["conventional", "imrt", "sbrt", "brachytherapy", "particle", "other"] | None = None
    start: Day | None = None
    end: Day | None = None
    cord_dmax: CordDose | None = None


class PriorRadiotherapy(Part):
    """``status: none`` says that no course was ever given here; leaving it out says that it is unknown."""

    status: Literal["none", "given"] | None = None
    courses: tuple[Course, ...] | None = None


class Status(Part):
    """Function and pain now. Pain 0 to 10; opioids as oral morphine equivalents in mg a day."""

    date: Day | None = None
    pain_worst: Annotated[StrictInt, Field(ge=0, le=10)] | None = None
    opioid_mg_per_day: Annotated[Number, Field(ge=0, le=5000)] | None = None
    walking: Literal["independent", "with_aid", "not_walking"] | None = None
    weight_bearing: Literal["full", "partial", "none"] | None = None
    limb_function: Literal["normal", "reduced", "none"] | None = None
    mechanically_unstable: Flag | None = None
    fit_for_surgery: Flag | None = None


class Preflight(Part):
    """What must be known before simulation."""

    cied: Flag | None = None
    pregnancy: Literal["excluded", "possible", "confirmed", "not_applicable"] | None = None
    can_lie_flat: Flag | None = None
    contrast_contraindicated: Flag | None = None
    egfr_ml_min_173m2: Annotated[Number, Field(ge=0, le=250)] | None = None
    mri_possible: Flag | None = None


class Department(Part):
    """What the department can deliver."""

    sbrt: Flag | None = None
    imrt: Flag | None = None
    image_guidance: Literal["none", "planar", "cbct", "mr"] | None = None


class Wishes(Part):
    """What the patient wants and can bear."""

    declines_radiotherapy: Flag | None = None
    max_visits: Annotated[StrictInt, Field(ge=0, le=60)] | None = None
    travel_minutes: Annotated[StrictInt, Field(ge=0, le=1440)] | None = None
    goal: Literal["comfort", "function", "local_control"] | None = None


class Plan(Part):
    """What is already arranged. A start before the operation is refused."""

    intended_start: Day | None = None
