"""From which day a patient who took an opioid may take naltrexone."""

from datetime import date, timedelta


def earliest_first_dose(last_taken_on: date, *, free_days: int) -> date:
    """
    Return the first day on which a first dose may be taken.

    Args:
        last_taken_on: The local date of the last opioid dose.
        free_days: 10 after a short-acting opioid (7 only with a pharmacist's plan), 14 after
            methadone or buprenorphine.

    Source: domain.md R02, R03 and V31.
    """
    return last_taken_on + timedelta(days=free_days)
