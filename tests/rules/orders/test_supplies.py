"""How long a patient's medicine lasts, by its vials."""

from datetime import date

from pharmacy.orders.rules.supplies import given_until, open_until

TOLD = date(2026, 3, 3)


def test_it_lasts_until_the_day_after_the_last_dose() -> None:
    ends = [date(2026, 3, 30), date(2026, 5, 25)]

    assert given_until(ends, first_dose_on=TOLD, handed_over_on=date(2026, 3, 2)) == date(
        2026, 5, 26
    )


def test_what_was_collected_late_lasts_longer_by_as_many_days() -> None:
    """Collected on 9 March instead of the 3rd."""
    ends = [date(2026, 5, 25)]

    assert given_until(ends, first_dose_on=TOLD, handed_over_on=date(2026, 3, 9)) == date(
        2026, 6, 1
    )


def test_without_a_vial_nothing_lasts() -> None:
    assert given_until([], first_dose_on=TOLD, handed_over_on=TOLD) is None


def test_an_open_order_lasts_for_its_nights_from_when_it_can_begin() -> None:
    """84 nights from 3 March, or from 10 March where it is still here then."""
    planned = {"first_dose_on": TOLD, "last_dose_on": date(2026, 5, 25), "days_per_fill": 28}

    assert open_until(**planned, today=date(2026, 3, 2)) == date(2026, 5, 26)
    assert open_until(**planned, today=date(2026, 3, 10)) == date(2026, 6, 2)


def test_an_order_without_a_plan_lasts_as_long_as_its_fill() -> None:
    assert open_until(
        first_dose_on=None, last_dose_on=None, days_per_fill=28, today=date(2026, 3, 2)
    ) == date(2026, 3, 30)
