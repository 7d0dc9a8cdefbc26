"""What happens to lots: they arrive, are released, are withdrawn, and give their capsules."""

from pharmacy.inventory.operations.capsules import Take, dispense, reserve, unreserve, waste
from pharmacy.inventory.operations.lots import (
    receive_capsule_lot,
    receive_ingredient_lot,
    record_packing,
    release_capsule_lot,
    release_ingredient_lot,
    withdraw_capsule_lot,
)

__all__ = [
    "Take",
    "dispense",
    "receive_capsule_lot",
    "receive_ingredient_lot",
    "record_packing",
    "release_capsule_lot",
    "release_ingredient_lot",
    "reserve",
    "unreserve",
    "waste",
    "withdraw_capsule_lot",
]
