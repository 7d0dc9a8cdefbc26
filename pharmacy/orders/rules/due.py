"""How urgent an order is, told in the hours in which somebody is there to work on it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pharmacy.kernel.working_time import WorkingHours, working_time_between

SOON: Final = timedelta(hours=4)
"""Less open time than this is left: half a working day."""


@dataclass(frozen=True, slots=True)
class Due:
    """How far an order is from when it is due, in open hours."""

    span: timedelta
    is_late: bool

    @property
    def is_soon(self) -> bool:
        return not self.is_late and self.span < SOON


def due(due_at: datetime, *, hours: WorkingHours, now: datetime) -> Due:
    """Return how much open time is left until an order is due, or has passed since."""
    late = now > due_at
    first, last = (due_at, now) if late else (now, due_at)
    return Due(working_time_between(first, last, hours), late)
