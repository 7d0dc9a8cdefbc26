"""Dividing a fill: which cut is one, what is left of it, and what a replacement is for."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.kernel.ids import new_id
from pharmacy.orders.rules.parts import (
    Nights,
    NothingToReplace,
    PartCutsVial,
    PartEmpty,
    Stretch,
    VialsOutOfOrder,
    first_gap,
    in_runs,
    last_given,
    require_cut,
    to_replace,
)
from pharmacy.prescriptions.rules.regimen import TimeOfDay
from pharmacy.titration.rules import PlannedStep, between, days_supply

FIRST = date(2026, 1, 5)
VIALS = [
    ("a", Stretch(date(2026, 1, 5), date(2026, 2, 1))),
    ("b", Stretch(date(2026, 2, 2), date(2026, 3, 1))),
    ("c", Stretch(date(2026, 3, 2), date(2026, 3, 29))),
]
DAYS = [days for _, days in VIALS]
CLINIC = tuple(
    PlannedStep.of(
        no=no,
        dose_ug=1_500 * no,
        days=28,
        time_of_day=TimeOfDay.BEDTIME,
        strength_ug=1_500 * no,
    )
    for no in (1, 2, 3)
)
"""1.5, 3 and 4.5 mg for four weeks each: domain.md 1.1."""


def test_the_part_that_goes_now_ends_with_its_last_vial() -> None:
    assert last_given(VIALS, {"a", "b"}) == date(2026, 3, 1)


@pytest.mark.parametrize("given", [set(), {"a", "b", "c"}])
def test_a_part_is_neither_everything_nor_nothing(given: set[str]) -> None:
    with pytest.raises(PartEmpty):
        last_given(VIALS, given)


@pytest.mark.parametrize("given", [{"b"}, {"a", "c"}, {"b", "c"}])
def test_no_vial_is_handed_over_before_one_that_is_taken_earlier(given: set[str]) -> None:
    with pytest.raises(VialsOutOfOrder):
        last_given(VIALS, given)


def test_a_vial_is_not_cut() -> None:
    with pytest.raises(PartCutsVial):
        require_cut(date(2026, 2, 10), first_on=FIRST, last_on=date(2026, 3, 29), vials=DAYS)
    require_cut(date(2026, 2, 10), first_on=FIRST, last_on=date(2026, 3, 29), vials=())


@pytest.mark.parametrize("through", [FIRST - timedelta(days=1), date(2026, 3, 29)])
def test_both_parts_hold_a_dose(through: date) -> None:
    with pytest.raises(PartEmpty):
        require_cut(through, first_on=FIRST, last_on=date(2026, 3, 29), vials=())


def test_the_rest_of_a_fill_is_its_first_nights_without_an_order() -> None:
    assert first_gap([Nights(1, 28)], 84) == (29, 84)
    assert first_gap([Nights(57, 84), Nights(1, 28)], 84) == (29, 56)
    assert first_gap([Nights(1, 56), Nights(57, 84)], 84) is None


def test_a_replacement_is_for_the_days_that_are_left() -> None:
    assert to_replace(DAYS[1:2], start_on=date(2026, 2, 11)) == (
        date(2026, 2, 11),
        date(2026, 3, 1),
    )
    assert to_replace(DAYS[2:], start_on=date(2026, 2, 11)) == DAYS[2]


def test_what_is_used_up_is_not_replaced() -> None:
    with pytest.raises(NothingToReplace):
        to_replace(DAYS[:1], start_on=date(2026, 2, 2))


def test_vials_are_replaced_in_runs_of_those_that_follow_one_another() -> None:
    a, b, c = (new_id() for _ in DAYS)
    days = dict(zip((a, b, c), DAYS, strict=True))

    assert in_runs({c: days[c], a: days[a]}) == [[a], [c]]
    assert in_runs({c: days[c], b: days[b]}) == [[b, c]]
    assert in_runs({b: days[b], c: days[c], a: days[a]}) == [[a, b, c]]
    assert in_runs({}) == []


def test_vials_with_another_between_them_are_two_replacements() -> None:
    with pytest.raises(VialsOutOfOrder):
        to_replace([DAYS[0], DAYS[2]], start_on=FIRST)


def test_a_cut_step_keeps_its_number_and_its_dose() -> None:
    """38 nights from the 11th on: 18 of step 1 (1.5 mg), 20 of step 2 (3 mg)."""
    found = between(CLINIC, 11, 48)

    assert [(each.no, each.dose_ug, each.days, each.capsules) for each in found] == [
        (1, 1_500, 18, 18),
        (2, 3_000, 20, 20),
    ]


@given(cuts=st.sets(st.integers(1, 83), max_size=6))
def test_parts_together_are_the_fill_however_it_is_cut(cuts: set[int]) -> None:
    ends = [*sorted(cuts), 84]
    starts = [1, *(end + 1 for end in ends[:-1])]

    parts = [between(CLINIC, start, end) for start, end in zip(starts, ends, strict=True)]

    assert [days_supply(each) for each in parts] == [
        end - start + 1 for start, end in zip(starts, ends, strict=True)
    ]
    nights = [step.dose_ug for part in parts for step in part for _ in range(step.days)]
    assert nights == [1_500] * 28 + [3_000] * 28 + [4_500] * 28
