"""Steps, their dates, and which capsules they are made of. Pure."""

from pharmacy.titration.rules.schedule import (
    DatedStep,
    PlannedStep,
    between,
    capsules_by_strength,
    dated,
    days_supply,
    run_out_on,
)

__all__ = [
    "DatedStep",
    "PlannedStep",
    "between",
    "capsules_by_strength",
    "dated",
    "days_supply",
    "run_out_on",
]
