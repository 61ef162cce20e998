"""Whole months between two courses, counted so that a border is never reached early."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from portico.errors import QuantityRefused

__all__ = ["Interval"]

LONGEST_MONTH_DAYS = 31
"""Days in the longest calendar month: the divisor when only a count of days is known."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Whole months from the last day of one course to the first day of the next.

    Two ways to get one, and both round down:

    - :meth:`between` counts on the calendar. A month is complete on the day of the same number; where the
      later month has no such day, on the first of the month after it.
    - :meth:`from_days` takes every month as 31 days, since the days alone do not say which months they
      were. Five months then need 155 days, though on the calendar 150 to 153 suffice. Give the dates where
      it matters.

    >>> Interval.between(date(2024, 3, 15), date(2024, 8, 14)).months
    4
    >>> Interval.between(date(2024, 3, 15), date(2024, 8, 15)).months
    5
    >>> Interval.from_days(154).months
    4

    Parameters
    ----------
    months : complete months, 0 or more
    rule : how they were counted, for print
    """

    months: int
    rule: str

    def __post_init__(self) -> None:
        if isinstance(self.months, bool) or not isinstance(self.months, int):
            raise QuantityRefused("months is not a whole number.", code="not-a-whole-number", path="months")
        if self.months < 0:
            raise QuantityRefused("months is negative.", code="interval-negative", path="months")

    @classmethod
    def between(cls, last_day_before: date, first_day_after: date) -> Interval:
        """Complete calendar months between two dates.

        Parameters
        ----------
        last_day_before : last day of the earlier course
        first_day_after : first day of the later course

        Raises
        ------
        QuantityRefused : ``interval-negative`` when the later course begins before the earlier one ended;
            ``date-with-time`` for a date that carries a clock time
        """
        if isinstance(last_day_before, datetime) or isinstance(first_day_after, datetime):
            raise QuantityRefused("An interval needs dates without a time.", code="date-with-time")
        if first_day_after < last_day_before:
            raise QuantityRefused("The later course begins before the earlier one ended.", code="interval-negative")
        months = (first_day_after.year - last_day_before.year) * 12
        months += first_day_after.month - last_day_before.month
        if first_day_after.day < last_day_before.day:
            months -= 1
        return cls(months, "complete calendar months")

    @classmethod
    def from_days(cls, days: int) -> Interval:
        """Complete months of 31 days.

        Parameters
        ----------
        days : whole days from the last day of one course to the first day of the next, 0 or more

        Raises
        ------
        QuantityRefused : ``not-a-whole-number``, ``interval-negative``
        """
        if isinstance(days, bool) or not isinstance(days, int):
            raise QuantityRefused("days is not a whole number.", code="not-a-whole-number", path="days")
        if days < 0:
            raise QuantityRefused("days is negative.", code="interval-negative", path="days")
        return cls(days // LONGEST_MONTH_DAYS, "complete months of 31 days")
