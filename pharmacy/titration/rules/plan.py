"""A strength plan as data: every option with its batches, and the working of the chosen one."""

from collections.abc import Iterable
from typing import Any

from pharmacy.compounding.rules.bench import Bench, PlannedBatch, plan_batch
from pharmacy.titration.rules.strategy import Option

Batches = dict[tuple[int, int], PlannedBatch]
"""By strength in micrograms and capsules: options that share a batch share its arithmetic."""


def batches_of(options: Iterable[Option], bench: Bench) -> Batches:
    """Work out every batch that one of the options needs, once."""
    wanted = {batch for option in options for batch in option.batches.items()}
    return {
        (strength, capsules): plan_batch(bench, strength_ug=strength, capsules_wanted=capsules)
        for strength, capsules in sorted(wanted)
    }


def options_data(options: Iterable[Option], batches: Batches) -> list[dict[str, Any]]:
    """Return the options side by side, each with its batches."""
    return [
        option.to_data()
        | {"batches": [batches[batch].to_data() for batch in option.batches.items()]}
        for option in options
    ]


def working_data(option: Option, batches: Batches) -> list[dict[str, Any]]:
    """Return every line of working of the option's batches."""
    return [line for batch in option.batches.items() for line in batches[batch].working()]
