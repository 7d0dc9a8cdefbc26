"""What a hold leaves and wastes (domain.md 1.4; V18, E3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.titration.rules.holds import (
    NotADayOfTheFill,
    hold,
    holds_after_each_step,
    must_titrate_again,
)
from pharmacy.titration.rules.strategy import Strategy, options
from tests.rules.titration.samples import P84, STOCKED, fill, steps


def test_v18_a_hold_at_3_mg_wastes_every_stronger_capsule() -> None:
    found = hold(steps(P84, Strategy.ONE_CAPSULE), after_day=39)

    assert found.step == 2
    assert found.usable == {1_500: 0, 3_000: 17}
    assert found.short_days == 28
    assert found.wasted == {1_500: 0, 3_000: 0, 4_500: 28}
    assert found.wasted_ug == 126_000


def test_v18_unit_capsules_cover_the_hold_to_day_98() -> None:
    found = hold(steps(P84, Strategy.UNITS), after_day=39)

    assert found.usable == {1_500: 118}
    assert found.covered_days == 59
    assert found.covered_to_day == 98
    assert found.short_days == 0
    assert found.wasted_ug == 0


def test_mixed_covers_the_hold_until_its_units_end() -> None:
    """28 + 56 unit capsules, 50 taken: 34 are 17 days at 3 mg; 28 of 4.5 mg are wasted."""
    found = hold(steps(P84, Strategy.MIXED), after_day=39)

    assert found.covered_days == 17
    assert found.short_days == 28
    assert found.wasted_ug == 126_000


def test_an_odd_unit_capsule_is_left_over() -> None:
    """One night each of 3 mg and 4.5 mg from 1.5 mg: three are left, one more than a dose."""
    found = hold(steps(fill((1, 3_000), (1, 4_500)), Strategy.UNITS), after_day=1)

    assert found.usable == {1_500: 2}
    assert found.wasted == {1_500: 1}


def test_there_is_a_hold_for_every_step_but_the_last() -> None:
    found = holds_after_each_step(steps(P84))

    assert [(each.step, each.after_day) for each in found] == [(1, 28), (2, 56)]
    assert [each.short_days for each in found] == [56, 28]


@pytest.mark.parametrize("day", [0, -1, 85])
def test_a_hold_begins_on_a_day_of_the_fill(day: int) -> None:
    with pytest.raises(NotADayOfTheFill):
        hold(steps(P84), after_day=day)


@given(
    lengths=st.lists(
        st.tuples(
            st.integers(min_value=1, max_value=60), st.sampled_from([500, 1_500, 3_000, 4_500])
        ),
        min_size=1,
        max_size=6,
    ),
    data=st.data(),
)
def test_taken_usable_and_wasted_capsules_add_up(
    lengths: list[tuple[int, int]], data: st.DataObject
) -> None:
    day = data.draw(st.integers(min_value=1, max_value=sum(days for days, _ in lengths)))
    for option in options(fill(*lengths), STOCKED):
        if not option.possible:
            continue
        found = hold(option.steps, after_day=day)
        taken, passed = 0, 0
        for step in option.steps:
            taken += step.capsules_per_dose * max(0, min(step.days, day - passed))
            passed += step.days
        assert taken + sum(found.usable.values()) + found.wasted_capsules == option.capsules
        held = next(step for step in option.steps if step.no == found.step)
        usable_ug = sum(strength * count for strength, count in found.usable.items())
        assert usable_ug == found.covered_days * held.dose_ug


def test_e3_after_more_than_a_fortnight_the_titration_starts_again() -> None:
    assert not must_titrate_again(14)
    assert must_titrate_again(15)
