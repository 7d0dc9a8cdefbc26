"""Which batches open orders need."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.compounding.rules.planning import (
    OpenLine,
    PlanningImpossible,
    Savings,
    plan_batches,
)

START = datetime(2026, 3, 2, tzinfo=UTC)
GOOD_UNTIL = date(2026, 8, 28)


def line(
    number: int, capsules: int = 28, *, strength: int = 1_500, last_on: date = GOOD_UNTIL
) -> OpenLine:
    """An order's line; the number is also the hour at which it is due."""
    return OpenLine(UUID(int=number), strength, capsules, START + timedelta(hours=number), last_on)


def planned(*lines: OpenLine, coming: int = 0, most: int = 1_000):
    return plan_batches(
        lines,
        coming={1_500: coming},
        capacity=100,
        most=most,
        beyond_use_on={1_500: GOOD_UNTIL, 3_000: GOOD_UNTIL},
    )


def test_orders_for_one_strength_are_made_together() -> None:
    """5 x 28 = 140: two loads of 70 and one record instead of five, 40 capsules less to weigh."""
    [proposal] = planned(*(line(number) for number in range(5))).proposals

    assert (proposal.capsules, proposal.loads) == (140, (70, 70))
    assert proposal.saves == Savings(set_ups=4, loads=3, capsules_tested=40)
    assert proposal.first_due_at == START


def test_strengths_are_made_apart() -> None:
    plan = planned(line(1), line(2, strength=3_000))

    assert [each.strength_ug for each in plan.proposals] == [1_500, 3_000]


def test_what_is_in_production_serves_those_due_first() -> None:
    [proposal] = planned(line(1), line(2), line(3), coming=60).proposals

    assert proposal.order_ids == (UUID(int=3),)


def test_a_large_need_is_divided_evenly() -> None:
    """12 x 100 with at most 1000 in a batch: 600 and 600, not 1000 and 200."""
    plan = planned(*(line(number, 100) for number in range(12)))

    assert [each.capsules for each in plan.proposals] == [600, 600]


def test_a_last_dose_after_the_beyond_use_date_is_not_planned() -> None:
    late = line(1, last_on=GOOD_UNTIL + timedelta(days=1))

    plan = planned(late, line(2))

    assert (plan.too_late, len(plan.proposals)) == ((late,), 1)


def test_an_order_larger_than_a_batch_is_said() -> None:
    large = line(1, 101)

    assert planned(large, most=100).too_large == (large,)


def test_a_machine_that_holds_nothing_is_no_machine() -> None:
    with pytest.raises(PlanningImpossible):
        plan_batches([], coming={}, capacity=0, most=100, beyond_use_on={})


@given(
    st.lists(
        st.tuples(st.integers(1, 200), st.sampled_from([1_500, 3_000])), min_size=1, max_size=60
    ),
    st.integers(200, 1_000),
)
def test_every_order_is_in_one_batch_and_no_batch_is_too_large(
    wanted: list[tuple[int, int]], most: int
) -> None:
    lines = [line(number, count, strength=ug) for number, (count, ug) in enumerate(wanted)]

    plan = planned(*lines, most=most)

    assert all(each.capsules <= most for each in plan.proposals)
    assert sum(each.capsules for each in plan.proposals) == sum(count for count, _ in wanted)
    named = [order for each in plan.proposals for order in each.order_ids]
    assert sorted(named) == [each.order_id for each in lines]
    assert all(min(each.saves.set_ups, each.saves.capsules_tested) >= 0 for each in plan.proposals)
