"""Dosimetry: dose-volume histograms, plan metrics and quality figures of contours in a dose grid. No input or output."""

from portico.dosimetry import accumulation_claims as _accumulation_claims  # noqa: F401
from portico.dosimetry import claims as _claims  # noqa: F401  importing the room registers its claims
from portico.dosimetry import hardware_claims as _hardware_claims  # noqa: F401
from portico.dosimetry.accumulation import (
    Accumulated,
    EarlierDose,
    NeuralMaximum,
    accumulate_eqd2,
    neural_maximum,
)
from portico.dosimetry.check import CheckOptions, check_plan, label_histograms, plan_histograms, plan_objects
from portico.dosimetry.dvh import Dvh, dvh
from portico.dosimetry.isodose import isodose_volume_cm3
from portico.dosimetry.label_doses import label_doses, mask_dvh
from portico.dosimetry.metrics import MetricValue, Prescription, evaluate_metric
from portico.dosimetry.names import Match, NameTable
from portico.dosimetry.plan_check import Implant, PlanCheck, StructureDose
from portico.dosimetry.quality import (
    Icru91,
    gradient_index,
    homogeneity_icru83,
    icru91,
    paddick_conformity,
    r50,
    stereotactic_grid_warning,
)
from portico.dosimetry.second_course import (
    CumulativeSum,
    EarlierCourse,
    PlannedCourse,
    SecondCourse,
    review_second_course,
)
from portico.dosimetry.second_course_items import second_course_items, second_course_of

__all__ = [
    "Accumulated",
    "CheckOptions",
    "CumulativeSum",
    "Dvh",
    "EarlierCourse",
    "EarlierDose",
    "Icru91",
    "Implant",
    "Match",
    "MetricValue",
    "NameTable",
    "NeuralMaximum",
    "PlanCheck",
    "PlannedCourse",
    "Prescription",
    "SecondCourse",
    "StructureDose",
    "accumulate_eqd2",
    "check_plan",
    "dvh",
    "evaluate_metric",
    "gradient_index",
    "homogeneity_icru83",
    "icru91",
    "isodose_volume_cm3",
    "label_doses",
    "label_histograms",
    "mask_dvh",
    "neural_maximum",
    "paddick_conformity",
    "plan_histograms",
    "plan_objects",
    "r50",
    "review_second_course",
    "second_course_items",
    "second_course_of",
    "stereotactic_grid_warning",
]
