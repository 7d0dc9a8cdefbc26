"""First expired, first out, and every dose on a day that its lot covers."""

import itertools
from collections import Counter
from datetime import date, timedelta
from typing import Final
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.inventory.rules import LotStatus
from pharmacy.inventory.rules.allocation import Need, Sharing, Supply, WhyNot, share, why_not

FIRST: Final = date(2026, 3, 3)
LATE: Final = date(2026, 12, 31)


def lot(number: int, free: int, beyond_use_on: date = LATE, strength_ug: int = 1_500) -> Supply:
    return Supply(
        lot_id=UUID(int=number), strength_ug=strength_ug, beyond_use_on=beyond_use_on, free=free
    )


def need(days: int, *, first_on: date = FIRST, per_dose: int = 1, strength_ug: int = 1_500) -> Need:
    return Need(
        strength_ug=strength_ug,
        per_dose=per_dose,
        first_on=first_on,
        last_on=first_on + timedelta(days=days - 1),
    )


def drawn(sharing: Sharing) -> list[tuple[int, int]]:
    return [(portion.lot_id.int, portion.capsules) for portion in sharing.portions]


def test_the_lot_that_expires_first_is_given_first() -> None:
    shelf = [lot(1, 100, date(2026, 9, 1)), lot(2, 100, date(2026, 6, 1))]

    assert drawn(share([need(28)], shelf, fewest=True)) == [(2, 28)]


def test_one_lot_that_covers_a_step_is_preferred_to_a_remnant_and_another_vial() -> None:
    shelf = [lot(1, 10, date(2026, 6, 1)), lot(2, 100, date(2026, 9, 1))]

    assert drawn(share([need(28)], shelf, fewest=True)) == [(2, 28)]
    assert drawn(share([need(28)], shelf, fewest=False)) == [(1, 10), (2, 18)]


def test_a_step_is_split_over_lots_with_the_days_of_each() -> None:
    shelf = [lot(1, 10, date(2026, 6, 1)), lot(2, 20, date(2026, 9, 1))]

    first, second = share([need(28)], shelf, fewest=True).portions

    assert (first.first_on, first.last_on) == (date(2026, 3, 3), date(2026, 3, 12))
    assert (second.first_on, second.last_on) == (date(2026, 3, 13), date(2026, 3, 30))


def test_a_lot_that_expires_in_the_middle_serves_the_days_before() -> None:
    """domain.md E6: the beyond-use date lies before the last dose."""
    shelf = [lot(1, 100, date(2026, 3, 9)), lot(2, 22, date(2026, 9, 1))]

    first, second = share([need(28)], shelf, fewest=True).portions

    assert (first.lot_id.int, first.last_on, first.capsules) == (1, date(2026, 3, 9), 7)
    assert (second.lot_id.int, second.first_on, second.capsules) == (2, date(2026, 3, 10), 21)


def test_a_lot_that_expires_in_the_middle_is_not_enough_alone() -> None:
    """domain.md E6."""
    sharing = share([need(28)], [lot(1, 100, date(2026, 3, 29))], fewest=True)

    assert sharing.missing == {1_500: 1}


def test_capsules_of_one_dose_come_from_one_lot() -> None:
    shelf = [lot(1, 5, date(2026, 6, 1)), lot(2, 52, date(2026, 9, 1))]

    assert drawn(share([need(28, per_dose=2)], shelf, fewest=False)) == [(1, 4), (2, 52)]


def test_what_is_missing_is_counted_by_strength() -> None:
    needs = [need(28), need(28, strength_ug=3_000), need(28, strength_ug=3_000)]

    sharing = share(needs, [lot(1, 28), lot(2, 30, strength_ug=3_000)], fewest=True)

    assert sharing.missing == {3_000: 26}


@pytest.mark.parametrize(
    ("supply", "reason"),
    [
        (lot(1, 100), None),
        (lot(1, 100, strength_ug=3_000), WhyNot.OTHER_STRENGTH),
        (lot(1, 0), WhyNot.ALL_TAKEN),
        (lot(1, 100, date(2026, 3, 1)), WhyNot.PAST_BEYOND_USE),
        (lot(1, 100, date(2026, 3, 29)), WhyNot.BEYOND_USE_BEFORE_LAST_DOSE),
    ],
)
def test_a_hidden_lot_says_why(supply: Supply, reason: WhyNot | None) -> None:
    assert why_not(supply, need(28), today=date(2026, 3, 2)) is reason


@pytest.mark.parametrize("status", [status for status in LotStatus if status != "released"])
def test_a_lot_that_is_not_released_says_so(status: LotStatus) -> None:
    supply = Supply(
        lot_id=UUID(int=1), strength_ug=1_500, beyond_use_on=LATE, free=9, status=status
    )

    assert why_not(supply, need(1), today=FIRST) == status.value


supplies = st.lists(
    st.builds(
        lot,
        st.integers(1, 10_000),
        st.integers(0, 60),
        st.dates(date(2026, 2, 1), date(2026, 6, 30)),
        st.sampled_from([1_500, 3_000]),
    ),
    max_size=6,
    unique_by=lambda each: each.lot_id,
)
wishes = st.lists(
    st.tuples(st.integers(1, 30), st.integers(1, 3), st.sampled_from([1_500, 3_000])),
    min_size=1,
    max_size=4,
)


@given(shelf=supplies, wished=wishes, fewest=st.booleans())
def test_sharing_balances_whatever_is_on_the_shelf(
    shelf: list[Supply], wished: list[tuple[int, int, int]], fewest: bool
) -> None:
    needs, first_on = [], FIRST
    for days, per_dose, strength in wished:
        needs.append(need(days, first_on=first_on, per_dose=per_dose, strength_ug=strength))
        first_on += timedelta(days=days)
    lots = {each.lot_id: each for each in shelf}

    sharing = share(needs, shelf, fewest=fewest)

    taken: Counter[UUID] = Counter()
    for portion in sharing.portions:
        wanted, source = needs[portion.need_no], lots[portion.lot_id]
        taken[portion.lot_id] += portion.capsules
        assert source.strength_ug == wanted.strength_ug
        assert portion.last_on <= source.beyond_use_on
        assert wanted.first_on <= portion.first_on <= portion.last_on <= wanted.last_on
        assert portion.capsules == ((portion.last_on - portion.first_on).days + 1) * wanted.per_dose
    assert all(count <= lots[lot_id].free for lot_id, count in taken.items())
    for number, wanted in enumerate(needs):
        parts = [part for part in sharing.portions if part.need_no == number]
        for before, after in itertools.pairwise(parts):
            assert after.first_on == before.last_on + timedelta(days=1)
        if not sharing.missing:
            assert sum(part.capsules for part in parts) == wanted.capsules
    given_out = sum(taken.values())
    assert given_out + sum(sharing.missing.values()) == sum(each.capsules for each in needs)
