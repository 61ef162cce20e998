"""Outcomes after treatment: competing risks, intervals without immortal time, weighting, missing answers, calibration."""

from portico.cohort.outcomes.coefficients import HazardModel
from portico.cohort.outcomes.events import EventTimes
from portico.cohort.outcomes.fine_gray import cause_specific, fine_gray
from portico.cohort.outcomes.gray import GrayTest, gray_test
from portico.cohort.outcomes.incidence import Hazard, Incidence, cumulative_hazard, cumulative_incidence

__all__ = [
    "EventTimes",
    "GrayTest",
    "Hazard",
    "HazardModel",
    "Incidence",
    "cause_specific",
    "cumulative_hazard",
    "cumulative_incidence",
    "fine_gray",
    "gray_test",
]
