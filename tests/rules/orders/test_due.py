"""Due times in the hours in which somebody is there."""

from datetime import UTC, datetime, timedelta

import pytest

from pharmacy.orders.rules.due import OpenHours, due
from pharmacy.practice.rules import Policy

HOUSTON = "America/Chicago"
HOURS = OpenHours.of(Policy(), HOUSTON)
"""Monday to Friday, 9 to 17: in March, before the clocks change, 15:00 to 23:00 UTC."""


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of March 2026, in UTC. The 2nd is a Monday, the 6th a Friday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "open_hours"),
    [
        (at(2, 16), at(2, 19), 3),  # within one day
        (at(2, 10), at(2, 16), 1),  # before opening
        (at(2, 22), at(3, 16), 2),  # an hour before closing, an hour after opening
        (at(6, 22), at(9, 15), 2),  # Friday evening to Monday; the clocks change on Sunday
        (at(7, 15), at(8, 23), 0),  # a weekend
        (at(3, 16), at(3, 15), 0),  # backwards
    ],
)
def test_only_hours_in_which_somebody_is_there_count(
    start: datetime, end: datetime, open_hours: int
) -> None:
    assert HOURS.between(start, end) == timedelta(hours=open_hours)


def test_a_day_on_which_the_pharmacy_is_closed_does_not_count() -> None:
    closed = OpenHours.of(Policy(closed_on=("2026-03-03",)), HOUSTON)

    assert closed.between(at(2, 15), at(4, 23)) == timedelta(hours=16)


def test_an_order_due_over_the_weekend_is_due_in_the_hours_that_are_left_on_friday() -> None:
    left = due(at(7, 20), hours=HOURS, now=at(6, 20))

    assert (left.span, left.is_late, left.is_soon) == (timedelta(hours=3), False, True)


def test_an_order_is_late_by_open_hours() -> None:
    left = due(at(6, 21), hours=HOURS, now=at(9, 15))

    assert (left.span, left.is_late) == (timedelta(hours=3), True)
