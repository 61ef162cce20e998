"""Biology: BED, EQD2, sums of courses, tolerance formulas, conditions for a second course.

No input or output, no clinical constant: α/β, limits and model parameters are arguments that the
knowledge supplies with their sources.
"""

from portico.biology import claims as _claims  # noqa: F401  importing the room registers its claims
from portico.biology.budget import Budget, remaining_budget
from portico.biology.conditions import NiederConditions, ReirradiationConditions
from portico.biology.courses import Course, CourseSum, Repair, SibLevel, sib_levels, sum_bed, sum_eqd2
from portico.biology.factors import Factor, ReirradiationReview, Verdict
from portico.biology.intervals import Interval
from portico.biology.lq import (
    IsoeffectPoint,
    bed,
    dose_for_eqd2,
    eqd2,
    isoeffect_line,
    lq_validity,
    organ_bed,
    organ_eqd2,
)
from portico.biology.nieder import evaluate_nieder
from portico.biology.reirradiation import evaluate_reirradiation
from portico.biology.tables import Conversion, ConversionRow, conversion_table
from portico.biology.tolerance import Exposure, ModelRange, geud, lkb, schultheiss_logistic

__all__ = [
    "Budget",
    "Conversion",
    "ConversionRow",
    "Course",
    "CourseSum",
    "Exposure",
    "Factor",
    "Interval",
    "IsoeffectPoint",
    "ModelRange",
    "NiederConditions",
    "ReirradiationConditions",
    "ReirradiationReview",
    "Repair",
    "SibLevel",
    "Verdict",
    "bed",
    "conversion_table",
    "dose_for_eqd2",
    "eqd2",
    "evaluate_nieder",
    "evaluate_reirradiation",
    "geud",
    "isoeffect_line",
    "lkb",
    "lq_validity",
    "organ_bed",
    "organ_eqd2",
    "remaining_budget",
    "schultheiss_logistic",
    "sib_levels",
    "sum_bed",
    "sum_eqd2",
]
