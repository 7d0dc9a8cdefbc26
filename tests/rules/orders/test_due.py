"""Due times in the hours in which somebody is there."""

from datetime import UTC, datetime, timedelta

from pharmacy.orders.rules.due import due
from pharmacy.practice.rules import Policy

HOUSTON = "America/Chicago"
HOURS = Policy().hours(HOUSTON)
"""Monday to Friday, 9 to 17: in March, before the clocks change, 15:00 to 23:00 UTC."""


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant of March 2026, in UTC. The 2nd is a Monday, the 6th a Friday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=UTC)


def test_an_order_due_over_the_weekend_is_due_in_the_hours_that_are_left_on_friday() -> None:
    left = due(at(7, 20), hours=HOURS, now=at(6, 20))

    assert (left.span, left.is_late, left.is_soon) == (timedelta(hours=3), False, True)


def test_an_order_is_late_by_open_hours() -> None:
    left = due(at(6, 21), hours=HOURS, now=at(9, 15))

    assert (left.span, left.is_late) == (timedelta(hours=3), True)
