"""How urgent an order is, told in the hours in which somebody is there to work on it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Self
from zoneinfo import ZoneInfo

from pharmacy.practice.rules import Policy

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SOON: Final = timedelta(hours=4)
"""Less open time than this is left: half a working day."""
LONGEST: Final = timedelta(days=120)
"""What lies further apart is not counted exactly; nobody plans by it."""


@dataclass(frozen=True, slots=True)
class OpenHours:
    """When a pharmacy works, on its own clock."""

    days: frozenset[str]
    opens: time
    closes: time
    closed_on: frozenset[str]
    zone: ZoneInfo

    @classmethod
    def of(cls, policy: Policy, zone: str) -> Self:
        """Return the hours that the pharmacy's policies say."""
        return cls(
            frozenset(policy.working_days),
            time.fromisoformat(policy.opens_at),
            time.fromisoformat(policy.closes_at),
            frozenset(policy.closed_on),
            ZoneInfo(zone),
        )

    def between(self, start: datetime, end: datetime) -> timedelta:
        """Return how much open time lies between two instants; none when `end` is not later."""
        end = min(end, start + LONGEST)
        day, total = start.astimezone(self.zone).date(), timedelta()
        while day <= end.astimezone(self.zone).date():
            if self._is_open_on(day):
                opens = datetime.combine(day, self.opens, self.zone).astimezone(UTC)
                closes = datetime.combine(day, self.closes, self.zone).astimezone(UTC)
                total += max(timedelta(), min(end, closes) - max(start, opens))
            day += timedelta(days=1)
        return total

    def _is_open_on(self, day: date) -> bool:
        return DAYS[day.weekday()] in self.days and day.isoformat() not in self.closed_on


@dataclass(frozen=True, slots=True)
class Due:
    """How far an order is from when it is due, in open hours."""

    span: timedelta
    is_late: bool

    @property
    def is_soon(self) -> bool:
        return not self.is_late and self.span < SOON


def due(due_at: datetime, *, hours: OpenHours, now: datetime) -> Due:
    """Return how much open time is left until an order is due, or has passed since."""
    late = now > due_at
    span = hours.between(due_at, now) if late else hours.between(now, due_at)
    return Due(span, late)
