"""Outcomes after treatment: competing risks, intervals without immortal time, weighting, missing answers, calibration."""

from portico.cohort.outcomes.calibration import Calibration, calibration
from portico.cohort.outcomes.clones import Strategies, clone_censor_weight
from portico.cohort.outcomes.coefficients import HazardModel
from portico.cohort.outcomes.effect import Difference, weighted_difference
from portico.cohort.outcomes.events import EventTimes
from portico.cohort.outcomes.fine_gray import cause_specific, fine_gray
from portico.cohort.outcomes.gray import GrayTest, gray_test
from portico.cohort.outcomes.imputation import PooledEstimate, imputations, rubin
from portico.cohort.outcomes.incidence import Hazard, Incidence, cumulative_hazard, cumulative_incidence
from portico.cohort.outcomes.landmark import Landmark, landmark
from portico.cohort.outcomes.sensitivity import EValue, e_value
from portico.cohort.outcomes.weighting import Balance, Propensity, propensity

__all__ = [
    "Balance",
    "Calibration",
    "Difference",
    "EValue",
    "EventTimes",
    "GrayTest",
    "Hazard",
    "HazardModel",
    "Incidence",
    "Landmark",
    "PooledEstimate",
    "Propensity",
    "Strategies",
    "calibration",
    "cause_specific",
    "clone_censor_weight",
    "cumulative_hazard",
    "cumulative_incidence",
    "e_value",
    "fine_gray",
    "gray_test",
    "imputations",
    "landmark",
    "propensity",
    "rubin",
    "weighted_difference",
]
