"""What people and the worker do to orders, one function for each thing."""

from pharmacy.orders.operations.holding import (
    hold_for_compromised_key,
    lift_hold,
    place_hold,
)
from pharmacy.orders.operations.packing import labeled

__all__ = ["hold_for_compromised_key", "labeled", "lift_hold", "place_hold"]
