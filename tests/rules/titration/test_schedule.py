"""Dated steps and run-out (domain.md 1.3; V17, E5)."""

import itertools
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.prescriptions.rules.regimen import TimeOfDay
from pharmacy.titration.rules import PlannedStep, dated, days_supply, directions, run_out_on
from pharmacy.titration.rules.directions import NoStandardDirection
from pharmacy.titration.rules.schedule import StepDoesNotAddUp
from tests.rules.titration.samples import P84, PACKS, fill, steps

STEP = PlannedStep.of(
    no=1, dose_ug=3_000, days=28, time_of_day=TimeOfDay.BEDTIME, strength_ug=1_500
)


def test_v17_an_84_day_pack_from_5_january() -> None:
    found = dated(steps(P84), date(2026, 1, 5))

    assert [(each.first_on, each.last_on) for each in found] == [
        (date(2026, 1, 5), date(2026, 2, 1)),
        (date(2026, 2, 2), date(2026, 3, 1)),
        (date(2026, 3, 2), date(2026, 3, 29)),
    ]
    assert run_out_on(steps(P84), date(2026, 1, 5)) == date(2026, 3, 30)


@pytest.mark.parametrize(
    ("pack", "days", "label_ug"),
    [("P84", 84, 252_000), ("P90", 90, 279_000), ("P90m", 90, 270_000), ("P90f", 90, 342_000)],
)
def test_packs_last_their_days_and_hold_their_milligrams(
    pack: str, days: int, label_ug: int
) -> None:
    found = steps(PACKS[pack])

    assert days_supply(found) == days
    assert sum(step.dose_ug * step.days for step in found) == label_ug


@pytest.mark.parametrize(
    ("first", "three_months_later", "days"),
    [
        (date(2026, 1, 15), date(2026, 4, 15), 90),
        (date(2026, 7, 1), date(2026, 10, 1), 92),
        (date(2026, 12, 1), date(2027, 3, 1), 90),
        (date(2026, 2, 1), date(2026, 5, 1), 89),
    ],
)
def test_three_months_are_as_many_days_as_the_calendar_has(
    first: date, three_months_later: date, days: int
) -> None:
    assert run_out_on(steps(fill((days, 4_500))), first) == three_months_later


def test_half_milligram_steps_reach_the_last_after_112_days() -> None:
    regimen = fill(*[(14, 500 * step) for step in range(1, 9)])

    assert days_supply([PlannedStep.of(
        no=step.no, dose_ug=step.dose_ug, days=14, time_of_day=step.time_of_day,
        strength_ug=step.dose_ug,
    ) for step in regimen.steps]) == 112  # fmt: skip


@pytest.mark.parametrize("first", [date(2026, 2, 20), date(2026, 10, 20)])
def test_e5_a_night_is_a_local_date_whatever_the_clocks_do(first: date) -> None:
    """Clocks change on 8 March and 1 November 2026 in the United States."""
    found = dated(steps(fill((28, 4_500))), first)[0]

    assert (found.last_on - found.first_on).days == 27


def test_a_leap_day_is_a_day() -> None:
    assert run_out_on(steps(fill((28, 4_500))), date(2028, 2, 15)) == date(2028, 3, 14)


@given(
    lengths=st.lists(st.integers(min_value=1, max_value=60), min_size=1, max_size=12),
    first=st.dates(min_value=date(2024, 1, 1), max_value=date(2040, 1, 1)),
)
def test_dated_steps_leave_no_gap_and_end_the_day_before_the_run_out(
    lengths: list[int], first: date
) -> None:
    planned = steps(fill(*[(days, 1_500) for days in lengths]))

    found = dated(planned, first)

    assert found[0].first_on == first
    assert found[-1].last_on + timedelta(days=1) == run_out_on(planned, first)
    for before, after in itertools.pairwise(found):
        assert after.first_on - before.last_on == timedelta(days=1)


def test_a_step_is_the_same_after_being_stored() -> None:
    assert PlannedStep.of_data(STEP.to_data()) == STEP
    assert STEP.to_data() == {
        "no": 1,
        "dose_ug": 3_000,
        "days": 28,
        "time_of_day": "bedtime",
        "strength_ug": 1_500,
        "capsules_per_dose": 2,
        "capsules": 56,
        "directions": "take-2-bedtime",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dose_ug", 4_500),
        ("days", 27),
        ("days", 0),
        ("capsules", 57),
        ("capsules_per_dose", 3),
        ("strength_ug", 3_000),
        ("directions", "take-2-morning"),
    ],
)
def test_a_step_that_does_not_add_up_cannot_be_made(field: str, value: object) -> None:
    with pytest.raises(StepDoesNotAddUp):
        replace(STEP, **{field: value})


def test_there_are_six_standard_directions() -> None:
    assert directions.KEYS == (
        "take-1-bedtime",
        "take-2-bedtime",
        "take-3-bedtime",
        "take-1-morning",
        "take-2-morning",
        "take-3-morning",
    )


@pytest.mark.parametrize("capsules", [0, 4, 6, 9])
def test_e17_six_or_nine_capsules_have_no_standard_direction(capsules: int) -> None:
    with pytest.raises(NoStandardDirection):
        directions.key(capsules, TimeOfDay.BEDTIME)
