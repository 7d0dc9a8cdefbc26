"""Of which stretch of time figures are worked out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pharmacy.kernel.refusals import Invalid

LONGEST: Final = timedelta(days=366)


class PeriodImpossible(Invalid):
    """Figures are of a period that has a beginning before its end and is no longer than a year."""

    code = "period-impossible"
    remedy = "Name a beginning and a later end, with time zones, at most 366 days apart."


@dataclass(frozen=True, slots=True)
class Period:
    """From one instant on, and before another. Raises PeriodImpossible."""

    since: datetime
    until: datetime

    def __post_init__(self) -> None:
        if self.since.tzinfo is None or self.until.tzinfo is None:
            raise PeriodImpossible("an instant of a period has no time zone")
        if not timedelta(0) < self.until - self.since <= LONGEST:
            raise PeriodImpossible("this is no period of at most a year")


def share(part: int, whole: int) -> str | None:
    """Return a part in per cent, with one decimal, half up; None of nothing."""
    if not whole:
        return None
    tenths = (2000 * part + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10}"
