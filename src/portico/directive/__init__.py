"""Directive: the physician's intent in data, its limits, its metric grammar, its seal."""

from portico.directive.canonical import canonical_json, sha256_of
from portico.directive.check_result import (
    CheckItem,
    CheckResult,
    CheckSummary,
    PlanObject,
    check_result_from,
    summarise,
)
from portico.directive.checks import check_directive
from portico.directive.cited import cited_records
from portico.directive.course import Factor, FollowUp, PriorCourse, Review, Site, Timing, TimingMark
from portico.directive.doses import Goal, Level, Limit, NoLimit
from portico.directive.metric import Metric, parse_metric, unit_allowed
from portico.directive.model import Decision, Directive, Disagreement, PlainField, Stamps, Volume
from portico.directive.read import directive_from, directive_problems, read_directive, write_directive
from portico.directive.seal import directive_hash, seal, verify_seal

__all__ = [
    "CheckItem",
    "CheckResult",
    "CheckSummary",
    "Decision",
    "Directive",
    "Disagreement",
    "Factor",
    "FollowUp",
    "Goal",
    "Level",
    "Limit",
    "Metric",
    "NoLimit",
    "PlainField",
    "PlanObject",
    "PriorCourse",
    "Review",
    "Site",
    "Stamps",
    "Timing",
    "TimingMark",
    "Volume",
    "canonical_json",
    "check_directive",
    "check_result_from",
    "cited_records",
    "directive_from",
    "directive_hash",
    "directive_problems",
    "parse_metric",
    "read_directive",
    "seal",
    "sha256_of",
    "summarise",
    "unit_allowed",
    "verify_seal",
    "write_directive",
]
