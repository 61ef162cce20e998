"""Cohort: registries of courses, practice against the rules, variation and outcomes."""

from portico.cohort.outcomes import cumulative_incidence

__all__ = ["cumulative_incidence"]
