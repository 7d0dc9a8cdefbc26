"""Beyond-use dates (domain.md 3.3; V20, E6)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.compounding.rules.beyond_use import (
    BeyondUseBeforeLastDose,
    BeyondUseLimitTooLong,
    Component,
    ComponentExpired,
    beyond_use,
    end_of_month,
    last_dispensable_on,
    require_covers,
)

MADE = date(2026, 1, 15)


def limit(*components: Component, day_one: bool = False) -> tuple[date, str]:
    found = beyond_use(MADE, limit_days=180, day_one=day_one, components=components)
    return found.on, found.set_by


def test_v20_the_earliest_component_sets_the_date() -> None:
    components = [
        Component("filler", end_of_month(2026, 12)),
        Component("active", date(2026, 5, 31)),
    ]

    assert limit(*components) == (date(2026, 5, 31), "active")


def test_v20_the_limit_is_counted_in_one_of_two_ways() -> None:
    assert limit() == (date(2026, 7, 14), "limit")
    assert limit(day_one=True) == (date(2026, 7, 13), "limit")


def test_v20_packs_are_handed_over_in_time_for_their_last_dose() -> None:
    assert last_dispensable_on(date(2026, 7, 14), days_supply=84) == date(2026, 4, 21)
    assert last_dispensable_on(date(2026, 7, 14), days_supply=90) == date(2026, 4, 15)


@pytest.mark.parametrize(("year", "month", "day"), [(2026, 9, 30), (2028, 2, 29), (2026, 2, 28)])
def test_an_expiry_of_only_a_month_is_its_last_day(year: int, month: int, day: int) -> None:
    assert end_of_month(year, month) == date(year, month, day)


@pytest.mark.parametrize("days", [0, -1, 181, 360])
def test_no_study_gives_capsules_more_than_the_chapter(days: int) -> None:
    with pytest.raises(BeyondUseLimitTooLong):
        beyond_use(MADE, limit_days=days, day_one=True, components=[])


def test_an_expired_component_is_not_compounded_with() -> None:
    with pytest.raises(ComponentExpired):
        limit(Component("active", MADE - timedelta(days=1)))


def test_e6_a_date_in_the_middle_of_a_pack_blocks_it() -> None:
    last_dose = date(2026, 3, 29)

    require_covers(last_dose, last_dose_on=last_dose)
    with pytest.raises(BeyondUseBeforeLastDose):
        require_covers(last_dose - timedelta(days=1), last_dose_on=last_dose)


@given(
    days=st.integers(min_value=1, max_value=180),
    day_one=st.booleans(),
    expiries=st.lists(st.dates(min_value=MADE, max_value=date(2030, 1, 1)), max_size=4),
)
def test_nothing_lasts_longer_than_its_shortest_part(
    days: int, day_one: bool, expiries: list[date]
) -> None:
    found = beyond_use(
        MADE,
        limit_days=days,
        day_one=day_one,
        components=[Component(str(i), expiry) for i, expiry in enumerate(expiries)],
    )

    assert MADE <= found.on <= min([MADE + timedelta(days=days), *expiries])
