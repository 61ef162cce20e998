"""The case: the inputs of the decision, the flat row that rules see, and the language of predicates over it."""

from portico.case.checks import check_case
from portico.case.columns import Column, Columns, load_columns
from portico.case.model import Case
from portico.case.read import case_from, case_problems, read_case
from portico.case.row import latest_surgery, prior_courses_at_site, row_of

__all__ = [
    "Case",
    "Column",
    "Columns",
    "case_from",
    "case_problems",
    "check_case",
    "latest_surgery",
    "load_columns",
    "prior_courses_at_site",
    "read_case",
    "row_of",
]
