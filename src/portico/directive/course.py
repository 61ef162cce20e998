"""Where, when and after what: the site, the clock, follow-up, earlier courses and their review."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StrictInt

from portico.case.fields import Day
from portico.directive.fields import Amount, Contour, FractionCount, Number, Part, RecordId, Text

__all__ = ["Factor", "FollowUp", "PriorCourse", "Review", "ReviewField", "Site", "Timing", "TimingMark"]

DayCount = Annotated[StrictInt, Field(ge=-3650, le=3650)]


class Site(Part):
    """What is treated; None means unknown."""

    region: Literal["spine", "non_spine"] | None = None
    bone: Text | None = None
    levels: tuple[Text, ...] = ()
    side: Literal["left", "right", "midline", "bilateral"] | None = None
    description: Text | None = None


class TimingMark(Part):
    """A day on the clock, counted from surgery; ``date`` is None when the day of surgery is unknown."""

    name: Text
    date: Day | None = None
    day: DayCount
    says: Text
    source_id: RecordId


class Timing(Part):
    """The window. Lateness alone never makes radiotherapy ineligible, and no clock overrides an open wound.

    Parameters
    ----------
    surgery_date, earliest, aim_by, late_after : days; None when unknown or when no source states one
    wound_condition : what must hold before the first fraction
    """

    surgery_date: Day | None = None
    earliest: Day | None = None
    aim_by: Day | None = None
    late_after: Day | None = None
    marks: tuple[TimingMark, ...] = ()
    wound_condition: Text | None = None

    @property
    def window(self) -> tuple[dt.date, ...]:
        """The dates that are known, in the order in which they must stand."""
        days = (self.surgery_date, self.earliest, self.aim_by, self.late_after)
        return tuple(day for day in days if day is not None)


class FollowUp(Part):
    """What is looked at, and when.

    Parameters
    ----------
    due : day; None when it cannot be computed or the team states it
    weeks : weeks after the end of radiotherapy; None when no source states it
    """

    what: Text
    due: Day | None = None
    weeks: Annotated[StrictInt, Field(ge=0, le=1040)] | None = None
    says: Text
    source_id: RecordId | None = None


class PriorCourse(Part):
    """One earlier course at this site; every field may be unknown.

    Parameters
    ----------
    dose_gy : total dose in Gy
    end : last day
    cord_dmax_gy : neural maximum in Gy, read on ``defined_on``
    """

    dose_gy: Amount | None = None
    fractions: FractionCount | None = None
    end: Day | None = None
    cord_dmax_gy: Amount | None = None
    defined_on: Contour | None = None


class Factor(Part):
    """One published condition with its answer, as :class:`portico.biology.Factor` gives it."""

    code: RecordId
    verdict: Literal["met", "not_met", "cannot_tell"]
    value: Number | None
    limit: Number
    op: Literal["<=", ">="]
    unit: Text
    reason: Text
    source_ids: tuple[RecordId, ...] = Field(min_length=1)


def _plain_review(value: object) -> object:
    """Accepts the review of the biology room as it is."""
    to_dict = getattr(value, "to_dict", None)
    return to_dict() if callable(to_dict) else value


class Review(Part):
    """Conditions on a second course, each by itself; always a review by people.

    Parameters
    ----------
    factors : in the published order
    overall : ``review`` where a person must judge, ``display`` for figures that are shown only
    assumption : the repair assumption
    """

    factors: tuple[Factor, ...] = Field(min_length=1)
    overall: Literal["review", "display"]
    assumption: Text


ReviewField = Annotated[Review, BeforeValidator(_plain_review)]
