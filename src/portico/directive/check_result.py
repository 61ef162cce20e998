"""The result of a plan check against a Directive, schema ``check-result/1``.

One item answers one question. ``cannot_tell`` and ``no_limit`` are answers of their own: neither counts as met. ``info``
is no answer: something worth knowing that neither passes nor fails, and that the exit status does not see.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import Field, StrictInt, ValidationError, model_validator

from portico.directive.fields import (
    Amount,
    Contour,
    MetricText,
    Part,
    RecordId,
    Roi,
    Sha256,
    Text,
    Unit,
    Verified,
    refusal,
)
from portico.directive.metric import unit_allowed
from portico.errors import DirectiveRefused, Exit
from portico.reading import Document
from portico.reading.form_problems import form_problems

__all__ = [
    "CheckItem",
    "CheckResult",
    "CheckSummary",
    "PlanObject",
    "check_result_from",
    "json_schema",
    "summarise",
]

Verdict = Literal["met", "not_met", "cannot_tell", "no_limit", "info"]
Count = StrictInt


class PlanObject(Part):
    """One object of the plan, known by the SHA-256 of its SOP Instance UID, never by the UID."""

    kind: Literal["plan", "dose", "structures", "image"]
    sop_uid_sha256: Sha256


class CheckItem(Part):
    """One question and its answer.

    Parameters
    ----------
    kind : ``limit`` and ``goal`` compare a number; ``prescription``, ``integrity``, ``identity``, ``hardware`` and
        ``earlier_dose`` are facts of the plan
    code : machine name of the question, e.g. ``limit``, ``dose-grid``, ``prv-margin``
    roi : structure of the Directive by TG-263
    structure : name of the structure in the plan that was read; None when there is none
    matched : how ``structure`` was found for ``roi``: the same name, a synonym of the table, or a guess
    defined_on : contour that a limit is read on
    value : measured, in ``unit``; None when it could not be
    limit : what ``value`` is compared with by ``op``, in ``unit``; None when there is none
    verdict : ``met`` and ``not_met`` of a limit or goal must be what the numbers say
    why : how the answer was got, or why there is none
    limit_id, source_id, verified : record of the limit, the study it comes from, and how far that was verified
    """

    kind: Literal["limit", "goal", "prescription", "integrity", "identity", "hardware", "earlier_dose"]
    code: RecordId
    roi: Roi | None = None
    structure: Text | None = None
    matched: Literal["exact", "synonym", "guessed"] | None = None
    defined_on: Contour | None = None
    metric: MetricText | None = None
    value: Amount | None = None
    unit: Unit | None = None
    limit: Amount | None = None
    op: Literal["<=", ">="] | None = None
    verdict: Verdict
    why: Text
    limit_id: RecordId | None = None
    source_id: RecordId | None = None
    verified: Verified | None = None

    @model_validator(mode="after")
    def _holds_together(self) -> CheckItem:
        if self.kind not in ("limit", "goal"):
            if self.verdict == "no_limit":
                raise refusal("verdict-contradiction", "no_limit is an answer of limits and goals only")
            return self
        if self.verdict == "no_limit":
            if self.limit is not None:
                raise refusal("verdict-contradiction", "the verdict is no_limit, and a limit is given")
            return self
        if self.metric is not None and self.unit is not None and not unit_allowed(self.metric, self.unit):
            raise refusal("unit-mismatch", "the unit does not belong to the metric")
        if self.verdict in ("cannot_tell", "info"):
            return self
        known = (self.roi, self.metric, self.value, self.unit, self.limit, self.op)
        if self.value is None or self.limit is None or None in known:
            raise refusal("verdict-contradiction", "met and not_met need structure, metric, value, unit, limit and op")
        if self.verified == "memory":
            raise refusal("verdict-contradiction", "a limit from memory never judges")
        holds = self.value <= self.limit if self.op == "<=" else self.value >= self.limit
        if holds != (self.verdict == "met"):
            raise refusal("verdict-contradiction", "the verdict is not what the numbers say")
        return self


class CheckSummary(Part):
    """How many items have which verdict."""

    met: Count
    not_met: Count
    cannot_tell: Count
    no_limit: Count
    info: Count = 0


class CheckResult(Part):
    """A plan checked against one sealed Directive.

    Parameters
    ----------
    directive_hash : seal of the Directive
    plan : objects the plan consists of
    end_cap : rule by which a structure ends beyond its last contour; every volume depends on it
    watermark : of the Directive, when a teaching site signed it
    exit_status : 1 when an item is not met; else 4 when one cannot be told or has no limit, or when nothing was
        checked; else 0
    """

    schema_: Literal["check-result/1"] = Field(alias="schema")
    directive_hash: Sha256
    plan: tuple[PlanObject, ...]
    items: tuple[CheckItem, ...]
    summary: CheckSummary
    exit_status: Literal[0, 1, 4]
    end_cap: Literal["none", "half", "full", "tapered"]
    watermark: Text | None = None
    intended_use: Text
    software_version: Text

    @model_validator(mode="after")
    def _adds_up(self) -> CheckResult:
        if (self.summary, self.exit_status) != summarise(self.items):
            raise refusal("summary-contradiction", "summary or exit_status is not that of the items")
        return self

    def to_dict(self) -> dict[str, Any]:
        """Plain data in the order of the schema."""
        return self.model_dump(mode="json", by_alias=True)


def summarise(items: Iterable[CheckItem]) -> tuple[CheckSummary, Literal[0, 1, 4]]:
    """Counts and exit status of the items.

    >>> summarise([])[1]  # nothing was checked, so nothing can be told
    4
    """
    verdicts = [item.verdict for item in items]
    summary = CheckSummary(
        met=verdicts.count("met"),
        not_met=verdicts.count("not_met"),
        cannot_tell=verdicts.count("cannot_tell"),
        no_limit=verdicts.count("no_limit"),
        info=verdicts.count("info"),
    )
    if summary.not_met:
        return summary, Exit.FINDINGS.value
    if summary.cannot_tell or summary.no_limit or not summary.met:
        return summary, Exit.CANNOT_TELL.value
    return summary, Exit.FINE.value


def check_result_from(value: Any, document: Document | None = None) -> CheckResult:
    """Build a check result from plain data.

    Raises
    ------
    DirectiveRefused : with all problems, each with path, and with file and line when ``document`` is given
    """
    try:
        return CheckResult.model_validate(value)
    except ValidationError as error:
        problems = form_problems(error, CheckResult, document)
    raise DirectiveRefused.from_problems(problems)


def json_schema() -> dict[str, Any]:
    """JSON Schema of ``check-result/1`` (draft 2020-12)."""
    schema = CheckResult.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "check-result/1",
    }
