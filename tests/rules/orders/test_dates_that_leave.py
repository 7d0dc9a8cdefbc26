"""The days on labels are those on which the patient can take the doses."""

from datetime import date

import pytest

from pharmacy.orders.rules.gates import LabelsOutOfDate, dates_over, require_dates_ahead

TODAY = date(2026, 3, 9)


@pytest.mark.parametrize(
    ("first_dose_on", "transit_days"),
    [
        (TODAY, 0),
        (date(2026, 3, 30), 0),
        (date(2026, 3, 11), 2),
    ],
    ids=["tonight", "in-three-weeks", "as-the-parcel-arrives"],
)
def test_an_order_leaves_whose_first_dose_is_to_come(
    first_dose_on: date, transit_days: int
) -> None:
    require_dates_ahead(first_dose_on, today=TODAY, transit_days=transit_days)


@pytest.mark.parametrize(
    ("first_dose_on", "transit_days", "earliest"),
    [(date(2026, 3, 8), 0, "2026-03-09"), (date(2026, 3, 10), 2, "2026-03-11")],
    ids=["yesterday", "while-the-parcel-is-under-way"],
)
def test_an_order_stays_whose_first_dose_nobody_could_take(
    first_dose_on: date, transit_days: int, earliest: str
) -> None:
    with pytest.raises(LabelsOutOfDate) as refused:
        require_dates_ahead(first_dose_on, today=TODAY, transit_days=transit_days)

    assert refused.value.facts == {
        "first_dose_on": first_dose_on.isoformat(),
        "earliest": earliest,
    }


def test_a_first_dose_is_over_from_the_next_day_on() -> None:
    assert not dates_over(TODAY, TODAY)
    assert dates_over(date(2026, 3, 8), TODAY)
    assert not dates_over(None, TODAY)
