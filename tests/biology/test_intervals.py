"""Complete months: the border is never reached early."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portico.biology import Interval
from portico.errors import QuantityRefused

days = st.dates(min_value=date(1990, 1, 1), max_value=date(2060, 1, 1))


@pytest.mark.parametrize(
    ("before", "after", "months"),
    [
        (date(2024, 3, 15), date(2024, 8, 14), 4),
        (date(2024, 3, 15), date(2024, 8, 15), 5),
        (date(2024, 3, 15), date(2024, 3, 15), 0),
        (date(2023, 9, 30), date(2024, 2, 29), 4),  # February has no day 30
        (date(2023, 9, 30), date(2024, 3, 1), 5),
        (date(2024, 1, 31), date(2024, 2, 29), 0),
        (date(2024, 1, 31), date(2024, 6, 30), 4),
        (date(2024, 1, 31), date(2024, 7, 1), 5),
        (date(2023, 11, 20), date(2024, 4, 20), 5),
        (date(2020, 5, 5), date(2024, 5, 4), 47),
    ],
)
def test_calendar_months(before: date, after: date, months: int) -> None:
    interval = Interval.between(before, after)
    assert interval.months == months
    assert interval.rule == "complete calendar months"


@pytest.mark.parametrize(("count", "months"), [(0, 0), (30, 0), (31, 1), (153, 4), (154, 4), (155, 5)])
def test_months_of_days(count: int, months: int) -> None:
    interval = Interval.from_days(count)
    assert interval.months == months
    assert interval.rule == "complete months of 31 days"


@given(days, st.integers(min_value=0, max_value=4000))
def test_days_alone_never_give_more_than_the_dates(start: date, count: int) -> None:
    on_calendar = Interval.between(start, start + timedelta(days=count)).months
    from_days = Interval.from_days(count).months
    assert from_days <= on_calendar
    assert on_calendar <= count / 28


@given(days, st.integers(min_value=0, max_value=2000), st.integers(min_value=0, max_value=400))
def test_waiting_never_shortens_the_interval(start: date, count: int, more: int) -> None:
    first = Interval.between(start, start + timedelta(days=count)).months
    assert Interval.between(start, start + timedelta(days=count + more)).months >= first


def test_reversed_dates_are_refused() -> None:
    with pytest.raises(QuantityRefused) as caught:
        Interval.between(date(2024, 3, 15), date(2024, 3, 14))
    assert caught.value.code == "interval-negative"


def test_a_clock_time_is_refused() -> None:
    for before, after in (
        (datetime(2024, 1, 1, 12), date(2024, 8, 1)),
        (date(2024, 1, 1), datetime(2024, 8, 1, 12)),
    ):
        with pytest.raises(QuantityRefused) as caught:
            Interval.between(before, after)
        assert caught.value.code == "date-with-time"


@pytest.mark.parametrize("count", [-1, 1.5, None, True, "150"])
def test_bad_counts_are_refused(count: object) -> None:
    with pytest.raises(QuantityRefused):
        Interval.from_days(count)  # type: ignore[arg-type]
    with pytest.raises(QuantityRefused):
        Interval(count, "by hand")  # type: ignore[arg-type]
