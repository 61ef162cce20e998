"""The methods text of an audit's report: what was counted and how, in the words that a reader of figures needs."""

from __future__ import annotations

from typing import Final

from portico.cohort.audit_result import AuditResult
from portico.report.evidence_page import Section

__all__ = ["methods_section"]

_PARAGRAPHS: Final = (
    (
        "Unit. One row of the registry is one course. Rows are used or refused, none is dropped without a word, and an "
        "empty cell is unknown: it is never read as no."
    ),
    (
        "Rules. Every course is judged by the same rules, library and code that advise on one patient, with the answers "
        "known at its day; an answer that is missing leaves the verdict open where it matters."
    ),
    (
        "Variation. Rates of centres are indirectly standardised: observed courses over those expected from the rate of "
        "all centres in each stratum of case mix. Limits of the funnel are exact binomial limits round the rate of all; "
        "intervals of observed over expected are exact Poisson intervals (Garwood 1936); over-dispersion is the mean "
        "square of winsorised z-scores (Spiegelhalter 2005). Control charts are p-charts with limits of three standard "
        "deviations."
    ),
    (
        "Outcomes. Cumulative incidence is that of Aalen and Johansen with death as a competing event, its variance "
        "that of Gray (1988), its interval on the scale log(−log). Groups are compared by Gray's test. None of this is "
        "adjusted, and comparisons by what was done after surgery carry immortal time."
    ),
)
_SMALL: Final = (
    "Small numbers. A count from 1 to {most} is hidden. Within each table further counts are hidden so that it does "
    "not follow from the rows, the columns and their totals; groups with fewer courses stand together. Tables of the "
    "same courses are protected beside each other: verdicts by group beside their totals and reasons, centres beside "
    "the funnel, one step beside the next. Other tables of different sections are not. Counts of rows refused and "
    "numbers at risk stand alone and are given as under the limit. The whole counts stand in the audit's own file."
)


def methods_section(result: AuditResult) -> Section:
    """How the figures were made, and the notes that the audit itself carries."""
    small = _SMALL.format(most=result.threshold - 1)
    return Section("Methods", (*_PARAGRAPHS, small, *result.notes), anchor="methods")
