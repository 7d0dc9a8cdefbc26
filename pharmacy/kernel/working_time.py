"""Working hours: how much of a stretch of time the pharmacy was open."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final, Self
from zoneinfo import ZoneInfo

from pharmacy.kernel.refusals import Invalid

WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LINE: Final = re.compile(
    r"(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))? "
    r"(?P<opens>\d\d:\d\d)-(?P<closes>\d\d:\d\d|24:00)"
)
MIDNIGHT: Final = "24:00"
A_DAY: Final = timedelta(days=1)
LONGEST_WAIT: Final = 366
"""Days that are looked through for an opening."""
NONE: Final = timedelta(0)
COUNTED_FROM: Final = 2026
"""Any year would do. The nearer it is, the fewer years are gone through."""


class HoursUnclear(Invalid):
    """Opening hours or a holiday are not written so that they have one meaning."""

    code = "working-hours-unclear"
    remedy = "Write hours like `mon-fri 08:30-18:00`, holidays like `2026-12-25` or `12-25`."


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When the pharmacy is open, by its own clock. Made by `read`."""

    time_zone: str
    of_weekday: tuple[tuple[tuple[time, time | None], ...], ...]
    """Seven of them, Monday first; each opening in order. A closing of None is midnight."""
    closed_on: frozenset[date]
    closed_yearly: frozenset[tuple[int, int]]
    """Month and day."""

    @classmethod
    def read(cls, lines: Iterable[str], holidays: Iterable[str], *, time_zone: str) -> Self:
        """
        Return the hours that lines like `mon-fri 08:30-18:00` and holidays say.

        An opening that goes on after midnight is written as two. A day with several lines is open
        in each of them.

        Raises:
            HoursUnclear: A line or a holiday has another form, or two lines overlap.
        """
        days: list[list[tuple[time, time | None]]] = [[] for _ in WEEKDAYS]
        for line in lines:
            for weekday, opening in _of_line(line):
                days[weekday].append(opening)
        for openings in days:
            openings.sort(key=lambda opening: opening[0])
            for before, after in pairwise(openings):
                if before[1] is None or before[1] > after[0]:
                    raise HoursUnclear("two openings of one day overlap")
        once, yearly = _of_holidays(holidays)
        return cls(time_zone, tuple(tuple(openings) for openings in days), once, yearly)

    def is_closed_on(self, day: date) -> bool:
        """Say whether a day is a holiday."""
        return day in self.closed_on or (day.month, day.day) in self.closed_yearly


def working_time_between(start: datetime, end: datetime, hours: WorkingHours) -> timedelta:
    """
    Return for how long the pharmacy was open between two instants; nothing when they are reversed.

    Openings are the pharmacy's local times, and what is counted is time that passed: an opening
    over the hour that the clocks skip is an hour shorter, one over the hour that they repeat an
    hour longer.
    """
    if start >= end:
        return NONE
    return _opened(end, hours) - _opened(start, hours)


def after_working_time(start: datetime, span: timedelta, hours: WorkingHours) -> datetime:
    """
    Return the instant by which the pharmacy will have been open for a span, counted from `start`.

    One that is not open for so long within a year gives the span by the wall clock.
    """
    day, left = start.astimezone(ZoneInfo(hours.time_zone)).date(), span
    for number in range(LONGEST_WAIT):
        for opens, closes in _openings(hours, day + A_DAY * number):
            begins = max(opens, start)
            if begins + left <= closes:
                return begins + left
            left -= max(closes - begins, NONE)
    return start + span


def _opened(instant: datetime, hours: WorkingHours) -> timedelta:
    """Return for how long the pharmacy was open until an instant, counted from `COUNTED_FROM`."""
    day = instant.astimezone(ZoneInfo(hours.time_zone)).date()
    opened, openings = _day(hours, day)
    for opens, closes in openings:
        if opens < instant:
            opened += min(closes, instant) - opens
    return opened


@lru_cache(maxsize=4096)
def _day(hours: WorkingHours, day: date) -> tuple[timedelta, tuple[tuple[datetime, datetime], ...]]:
    """Return for how long it was open before a day, and the openings of that day."""
    later = sum((_year(hours, each)[-1] for each in range(COUNTED_FROM, day.year)), NONE)
    earlier = sum((_year(hours, each)[-1] for each in range(day.year, COUNTED_FROM)), NONE)
    before = _year(hours, day.year)[day.timetuple().tm_yday - 1]
    return later - earlier + before, _openings(hours, day)


@lru_cache(maxsize=64)
def _year(hours: WorkingHours, year: int) -> tuple[timedelta, ...]:
    """Return for how long it was open before each day of a year, and before the next year."""
    days = (date(year, 12, 31) - date(year, 1, 1)).days + 1
    each = (_openings(hours, date(year, 1, 1) + A_DAY * number) for number in range(days))
    spans = (sum((closes - opens for opens, closes in day), NONE) for day in each)
    return tuple(accumulate(spans, initial=NONE))


def _openings(hours: WorkingHours, day: date) -> tuple[tuple[datetime, datetime], ...]:
    """Return the openings of a day as instants in UTC, in which differences are true."""
    if hours.is_closed_on(day):
        return ()
    zone = ZoneInfo(hours.time_zone)

    def instant(on: date, at: time) -> datetime:
        return datetime.combine(on, at, tzinfo=zone).astimezone(UTC)

    return tuple(
        (
            instant(day, opens),
            instant(day + A_DAY, time.min) if closes is None else instant(day, closes),
        )
        for opens, closes in hours.of_weekday[day.weekday()]
    )


def _of_line(line: str) -> Iterable[tuple[int, tuple[time, time | None]]]:
    found = LINE.fullmatch(line)
    names = (found["first"], found["last"] or found["first"]) if found else ()
    if found is None or not set(names) <= set(WEEKDAYS):
        raise HoursUnclear("opening hours are not of the form `mon-fri 08:30-18:00`")
    first, last = (WEEKDAYS.index(name) for name in names)
    opens = _time(found["opens"])
    closes = None if found["closes"] == MIDNIGHT else _time(found["closes"])
    if last < first or (closes is not None and closes <= opens):
        raise HoursUnclear("an opening ends before it begins")
    return [(weekday, (opens, closes)) for weekday in range(first, last + 1)]


def _time(text: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError as error:
        raise HoursUnclear("there is no such time of day") from error


def _of_holidays(holidays: Iterable[str]) -> tuple[frozenset[date], frozenset[tuple[int, int]]]:
    once, yearly = set(), set()
    for holiday in holidays:
        leap = f"2028-{holiday}" if re.fullmatch(r"\d\d-\d\d", holiday) else holiday
        try:
            day = date.fromisoformat(leap)
        except ValueError as error:
            raise HoursUnclear("there is no such day") from error
        if leap == holiday:
            once.add(day)
        else:
            yearly.add((day.month, day.day))
    return frozenset(once), frozenset(yearly)
