"""What an audit found: plain counts and figures, as one JSON document that says all that a report needs.

>>> VerdictCounts("all", offered=3, not_offered=1, undetermined=2).courses
6

The figures are whole: small numbers are *not* hidden here. Whoever shows them to others applies :func:`portico.cohort.suppression.suppress`
with ``threshold``. ``synthetic`` is true when every row is of an invented patient, and then every output says so.
The text is canonical (keys sorted, no time stamp, no name of a file), so equal results are equal bytes.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cache
from typing import ClassVar, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from portico.errors import InputRefused

__all__ = [
    "AuditResult", "CentreSchedules", "Characteristic", "Chart", "ChartDot", "Concordance", "Days", "DaysGroup", "FunnelFigure",
    "FunnelRow", "GroupTest", "HardwareCoverage", "Incidence", "IncidencePoint", "Level", "ProblemCount", "PublishedShare",
    "ReasonCount", "Referral", "RowCounts", "RuleCount", "ScheduleCount", "Schedules", "VerdictCounts",
]  # fmt: skip


@dataclass(frozen=True)
class ProblemCount:
    """Rows refused for one reason in one column; a row with several problems counts in each."""

    column: str
    code: str
    rows: int


@dataclass(frozen=True)
class RowCounts:
    """Rows of the file.

    Parameters
    ----------
    read, used, refused : the first is the sum of the others
    patients : different patients among all rows
    problems : by column and code
    absent : columns of a registry that the file lacks: unknown in every row
    ignored : number of headings that are no column of a registry
    alike : used rows that differ from an earlier one of the same patient in nothing but the course key: entered twice, or lesions treated
        alike
    """

    read: int
    used: int
    refused: int
    patients: int
    problems: tuple[ProblemCount, ...]
    absent: tuple[str, ...]
    ignored: int
    alike: int = 0


@dataclass(frozen=True)
class VerdictCounts:
    """Courses of one group by verdict; ``group`` None is unknown."""

    group: str | None
    offered: int
    not_offered: int
    undetermined: int

    @property
    def courses(self) -> int:
        """All courses of the group."""
        return self.offered + self.not_offered + self.undetermined


@dataclass(frozen=True)
class ReasonCount:
    """Courses that are not offered, or undetermined, for one reason.

    Parameters
    ----------
    reason : id of a rule, or a word of :data:`portico.cohort.concordance.REASONS`
    says : the same in plain words
    kind : kind of the rule; None for a word
    """

    verdict: Literal["not_offered", "undetermined"]
    reason: str
    says: str
    kind: str | None
    courses: int


@dataclass(frozen=True)
class Concordance:
    """Courses against the rules.

    Parameters
    ----------
    total : all courses (its group is ``all``)
    reasons : the most frequent first
    centres, options, regimens : by centre, prescribed technique, and the regimen that decided (None: no regimen fits)
    parts : groups ``technique``, ``dose`` (technique and dose), ``fractions`` (and fractions): whether an eligible regimen has them;
        ``delivered``: whether what was delivered is what was prescribed (``offered`` then says yes)
    """

    total: VerdictCounts
    reasons: tuple[ReasonCount, ...]
    centres: tuple[VerdictCounts, ...]
    options: tuple[VerdictCounts, ...]
    regimens: tuple[VerdictCounts, ...]
    parts: tuple[VerdictCounts, ...]


@dataclass(frozen=True)
class RuleCount:
    """How often one rule of the library is true, false and unknown over all courses."""

    rule: str
    kind: str
    true: int
    false: int
    unknown: int


@dataclass(frozen=True)
class ScheduleCount:
    """Courses of one schedule: Gy and fractions."""

    dose_gy: float
    fractions: int
    courses: int


@dataclass(frozen=True)
class CentreSchedules:
    """Schedules of one centre: different ones, and their entropy in bits (None without a known one)."""

    centre: str | None
    courses: int
    different: int
    entropy_bits: float | None


@dataclass(frozen=True)
class Schedules:
    """Schedules in use, the most frequent first; ``unknown`` courses state none."""

    used: tuple[ScheduleCount, ...]
    unknown: int
    entropy_bits: float | None
    centres: tuple[CentreSchedules, ...]


@dataclass(frozen=True)
class DaysGroup:
    """Whole days in one group: lowest, quartiles and highest, None when nothing is known."""

    group: str | None
    known: int
    unknown: int
    low: float | None
    q1: float | None
    median: float | None
    q3: float | None
    high: float | None


@dataclass(frozen=True)
class Days:
    """Days from surgery to the first fraction: all, and by centre."""

    total: DaysGroup
    centres: tuple[DaysGroup, ...]


@dataclass(frozen=True)
class PublishedShare:
    """A share that a study reports, as its record in the library has it, with how far the record was checked."""

    study: str
    arm: str
    label: str
    share: float
    low: float | None
    high: float | None
    events: int | None
    n: int | None
    verified: str


@dataclass(frozen=True)
class Referral:
    """Referral to radiotherapy.

    Parameters
    ----------
    days : the limit, from the library's rule
    within, later : courses with a known day of referral
    unknown : the day is empty: not referred, or not recorded
    share_known, known_low, known_high : of those with a known day, and exact 95 % limits; None without one
    share_all : of all courses, as if nobody with an empty day had been referred: the lowest it can be
    published : shares to set beside it
    """

    days: int
    within: int
    later: int
    unknown: int
    share_known: float | None
    known_low: float | None
    known_high: float | None
    share_all: float | None
    published: tuple[PublishedShare, ...]


@dataclass(frozen=True)
class HardwareCoverage:
    """Courses with an implant: whole (share 1), part, unknown; ``tenths`` counts known shares in [0, 0.1) … [0.9, 1), and 1."""

    whole: int
    part: int
    unknown: int
    tenths: tuple[int, ...]


@dataclass(frozen=True)
class FunnelRow:
    """One centre of a funnel; see :class:`portico.cohort.variation.CentreRate`. The limits are exact, round the rate of all."""

    centre: str | None
    courses: int
    observed: int
    expected: float
    ratio: float | None
    low: float | None
    high: float | None
    standardised: float | None
    within_95: bool | None
    within_998: bool | None
    z: float | None
    low_998: float
    low_95: float
    high_95: float
    high_998: float


@dataclass(frozen=True)
class FunnelFigure:
    """Centres by one property (``offered``, ``referred_in_time``), standardised by ``strata``; ``dispersion`` None under ten centres."""

    property: str
    strata: tuple[str, ...]
    left_out: int
    rate: float | None
    dispersion: float | None
    rows: tuple[FunnelRow, ...]


@dataclass(frozen=True)
class ChartDot:
    """One period; see :class:`portico.cohort.variation.ChartPoint`."""

    period: str
    events: int
    total: int
    low: float
    high: float
    outside: bool | None
    run: int


@dataclass(frozen=True)
class Chart:
    """p-chart of one property over the periods of surgery; empty when the file states no year. ``left_out`` courses have no period."""

    property: str
    left_out: int
    mean: float | None
    points: tuple[ChartDot, ...]


@dataclass(frozen=True)
class IncidencePoint:
    """Cumulative incidence at a day with its 95 % interval, and how many were still at risk."""

    day: int
    share: float
    low: float
    high: float
    at_risk: int


@dataclass(frozen=True)
class Incidence:
    """Cumulative incidence of one event in one group, death competing; days from surgery.

    Parameters
    ----------
    event, by, group : ``local_failure``; by ``all``, ``prescribed_option`` or ``verdict``
    n, events, deaths : followed, with the event, dead without it
    left_out : last day or death is unknown
    at : half a year, one and two years where somebody was followed so long
    curve : weekly
    """

    event: str
    by: str
    group: str | None
    n: int
    events: int
    deaths: int
    left_out: int
    at: tuple[IncidencePoint, ...]
    curve: tuple[IncidencePoint, ...]


@dataclass(frozen=True)
class GroupTest:
    """Gray's test of one event between groups. Lesions of one patient count as independent."""

    event: str
    by: str
    groups: tuple[str, ...]
    statistic: float
    df: int
    p: float


@dataclass(frozen=True)
class Level:
    """Courses with one value (None is unknown), by group in the order of ``groups`` of its characteristic."""

    value: str | None
    courses: tuple[int, ...]


@dataclass(frozen=True)
class Characteristic:
    """One row block of Table 1; groups are prescribed techniques (None is unknown)."""

    column: str
    meaning: str
    unit: str | None
    groups: tuple[str | None, ...]
    levels: tuple[Level, ...]


@dataclass(frozen=True)
class AuditResult:
    """All of an audit.

    Parameters
    ----------
    synthetic : every row is of an invented patient
    software_version, knowledge_version : what judged
    watermark : of the library; None when nothing of it was signed by a teaching site
    threshold : the smallest count that may be shown outside
    local_failure_definitions : courses with local failure, by the definition stated (None: not stated)
    notes : sentences that belong to every report of these figures
    """

    synthetic: bool
    software_version: str
    knowledge_version: str
    watermark: str | None
    threshold: int
    rows: RowCounts
    concordance: Concordance
    rules: tuple[RuleCount, ...]
    schedules: Schedules
    interval: Days
    referral: Referral
    hardware: HardwareCoverage
    funnels: tuple[FunnelFigure, ...]
    charts: tuple[Chart, ...]
    incidence: tuple[Incidence, ...]
    tests: tuple[GroupTest, ...]
    local_failure_definitions: tuple[tuple[str | None, int], ...]
    characteristics: tuple[Characteristic, ...]
    notes: tuple[str, ...]
    schema: Literal["audit/1"] = "audit/1"
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    def to_json(self) -> str:
        """Canonical text: keys sorted, two blanks of indent, a line end at the end."""
        return json.dumps(asdict(self), sort_keys=True, indent=2, allow_nan=False, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes) -> AuditResult:
        """Read what :meth:`to_json` wrote.

        Raises
        ------
        InputRefused : ``audit-form``: it is no such document; ``path`` names the first place
        """
        try:
            return _adapter().validate_json(text, strict=True)
        except ValidationError as error:
            place = error.errors(include_input=False, include_url=False)[0]["loc"]
            raise InputRefused(
                "This is no result of an audit that this version can read.", code="audit-form", path=".".join(map(str, place)),
                fix="Run the audit again.",
            ) from None  # fmt: skip


@cache
def _adapter() -> TypeAdapter[AuditResult]:
    return TypeAdapter(AuditResult)
