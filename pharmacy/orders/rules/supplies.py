"""How long the medicine of an order lasts the patient."""

from collections.abc import Collection
from datetime import date, timedelta


def given_until(
    last_doses: Collection[date], *, first_dose_on: date, handed_over_on: date
) -> date | None:
    """
    Return the first day without a dose from what a patient was given; None: nothing is left of it.

    Args:
        last_doses: As planned, of each vial that was not lost, and neither came back nor was
            recalled.
        first_dose_on: As planned. What was handed over later is taken later by as many days.
    """
    if not last_doses:
        return None
    late = max(handed_over_on - first_dose_on, timedelta(0))
    return max(last_doses) + late + timedelta(days=1)


def open_until(
    *, first_dose_on: date | None, last_dose_on: date | None, days_per_fill: int, today: date
) -> date:
    """
    Return the first day without a dose from an order that is still to be handed over.

    None of it was taken yet: a first dose that was planned for a day before today is still to come.

    Args:
        days_per_fill: For how long it is where it is not planned yet.
    """
    if first_dose_on is None or last_dose_on is None:
        return today + timedelta(days=days_per_fill)
    nights = last_dose_on - first_dose_on + timedelta(days=1)
    return max(first_dose_on, today) + nights
