"""Working hours, also on the two nights of the year on which the clocks are changed."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.kernel.working_time import (
    HoursUnclear,
    WorkingHours,
    after_working_time,
    working_time_between,
)

HOUSTON = "America/Chicago"
USUAL = WorkingHours.read(
    ["mon-fri 08:30-18:00", "sat 09:00-13:00"], ["2026-07-03", "12-25"], time_zone=HOUSTON
)
ROUND_THE_CLOCK = WorkingHours.read(["mon-sun 00:00-24:00"], [], time_zone=HOUSTON)
NIGHT = WorkingHours.read(["mon-sun 00:00-05:00"], [], time_zone=HOUSTON)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(HOUSTON)).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        ("2026-03-02 09:00", "2026-03-02 11:00", 2),  # a Monday
        ("2026-03-02 06:00", "2026-03-02 09:30", 1),  # from the opening on
        ("2026-03-02 17:00", "2026-03-03 09:30", 2),  # an hour before and an hour after the night
        ("2026-03-06 17:00", "2026-03-09 09:30", 6),  # Friday 1, Saturday 4, Monday 1
        ("2026-03-07 14:00", "2026-03-08 23:00", 0),  # the rest of a weekend
        ("2026-03-02 20:00", "2026-03-03 08:00", 0),  # at night
        ("2026-07-02 17:00", "2026-07-04 10:00", 2),  # the 3rd is a holiday of that year
        ("2030-12-24 17:00", "2030-12-26 09:30", 2),  # the 25th is one of every year
        ("2026-03-02 11:00", "2026-03-02 09:00", 0),  # reversed
    ],
)
def test_what_counts_is_the_time_that_the_pharmacy_was_open(
    start: str, end: str, hours: int
) -> None:
    assert working_time_between(local(start), local(end), USUAL) == timedelta(hours=hours)


def test_a_night_opening_is_shorter_when_the_clocks_skip_and_longer_when_they_repeat() -> None:
    """domain.md E5: Houston skips from 2 to 3 am on 8 March 2026; it repeats 1 am on 1 November."""

    def night_of(day: str) -> timedelta:
        return working_time_between(local(f"{day} 00:00"), local(f"{day} 12:00"), NIGHT)

    assert night_of("2026-03-07") == timedelta(hours=5)
    assert night_of("2026-03-08") == timedelta(hours=4)
    assert night_of("2026-11-01") == timedelta(hours=6)


def test_the_week_of_the_change_has_as_many_working_hours_as_any() -> None:
    """5 days of 9.5 h and one of 4 h: the clocks change on a Sunday night."""
    for monday in ("2026-03-02", "2026-03-09", "2026-10-26", "2026-11-02"):
        start = local(f"{monday} 00:00")
        assert working_time_between(start, start + timedelta(days=6), USUAL) == timedelta(
            hours=51.5
        )


NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
instants = st.integers(0, 365 * 24 * 60).map(lambda minutes: NEW_YEAR + timedelta(minutes=minutes))


@given(start=instants, end=instants)
def test_round_the_clock_every_minute_is_working_time(start: datetime, end: datetime) -> None:
    passed = max(end - start, timedelta(0))

    assert working_time_between(start, end, ROUND_THE_CLOCK) == passed


@given(instants=st.lists(instants, min_size=3, max_size=3).map(sorted))
def test_two_stretches_have_the_working_time_of_the_whole(instants: list[datetime]) -> None:
    first, middle, last = instants
    parts = working_time_between(first, middle, USUAL) + working_time_between(middle, last, USUAL)

    assert working_time_between(first, last, USUAL) == parts


@pytest.mark.parametrize(
    "line",
    [
        "monday 09:00-17:00",
        "mon 9-17",
        "mon 17:00-09:00",
        "mon 09:00-09:00",
        "mon 25:00-26:00",
        "fri-mon 09:00-17:00",
        "xyz 09:00-17:00",
        "mon 09:00-17:00 ",
        "",
    ],
)
def test_hours_that_mean_nothing_are_refused(line: str) -> None:
    with pytest.raises(HoursUnclear):
        WorkingHours.read([line], [], time_zone=HOUSTON)


def test_two_openings_of_a_day_may_touch_but_not_overlap() -> None:
    lunch = WorkingHours.read(["mon 09:00-12:00", "mon 13:00-17:00"], [], time_zone=HOUSTON)

    day = working_time_between(local("2026-03-02 00:00"), local("2026-03-02 23:00"), lunch)
    assert day == timedelta(hours=7)
    with pytest.raises(HoursUnclear):
        WorkingHours.read(["mon 09:00-12:00", "mon 11:00-17:00"], [], time_zone=HOUSTON)


@pytest.mark.parametrize("holiday", ["2026-02-29", "13-01", "Christmas", "2026-12"])
def test_a_holiday_that_is_no_day_is_refused(holiday: str) -> None:
    with pytest.raises(HoursUnclear):
        WorkingHours.read([], [holiday], time_zone=HOUSTON)


@pytest.mark.parametrize(
    ("start", "hours", "until"),
    [
        ("2026-03-02 09:00", 2, "2026-03-02 11:00"),
        ("2026-03-02 06:00", 1, "2026-03-02 09:30"),  # the opening is at half past eight
        ("2026-03-02 17:00", 2, "2026-03-03 09:30"),  # an hour is left of Monday
        ("2026-03-06 18:49", 1, "2026-03-07 10:00"),  # after Friday's closing: Saturday from nine
        ("2026-03-07 12:30", 10, "2026-03-09 18:00"),  # half an hour, and all of Monday's 9.5
        ("2026-07-02 18:00", 1, "2026-07-04 10:00"),  # the 3rd is a holiday
        ("2026-03-02 09:00", 0, "2026-03-02 09:00"),
    ],
)
def test_a_span_of_open_hours_ends_while_somebody_is_there(
    start: str, hours: int, until: str
) -> None:
    found = after_working_time(local(start), timedelta(hours=hours), USUAL)

    assert found == local(until)
    assert working_time_between(local(start), found, USUAL) == timedelta(hours=hours)


def test_a_pharmacy_that_never_opens_counts_by_the_clock() -> None:
    never = WorkingHours.read([], [], time_zone=HOUSTON)

    assert after_working_time(local("2026-03-02 09:00"), timedelta(hours=3), never) == local(
        "2026-03-02 12:00"
    )
