"""What happens to lots: they arrive, are released, are withdrawn, and give their capsules."""

from pharmacy.inventory.operations.capsules import Take, dispense, reserve, unreserve, waste
from pharmacy.inventory.operations.lots import (
    keep_document,
    receive_capsule_lot,
    receive_ingredient_lot,
    record_packing,
    release_capsule_lot,
    release_ingredient_lot,
    store_certificate,
    withdraw_capsule_lot,
    withdraw_ingredient_lot,
)
from pharmacy.inventory.operations.materials import (
    draw_powder,
    draw_shells,
    record_components,
    return_powder,
)
from pharmacy.inventory.operations.shells import (
    receive_shell_lot,
    release_shell_lot,
    store_shell_certificate,
    tare_shells,
)
from pharmacy.inventory.operations.triturations import make_trituration

__all__ = [
    "Take",
    "dispense",
    "draw_powder",
    "draw_shells",
    "keep_document",
    "make_trituration",
    "receive_capsule_lot",
    "receive_ingredient_lot",
    "receive_shell_lot",
    "record_components",
    "record_packing",
    "release_capsule_lot",
    "release_ingredient_lot",
    "release_shell_lot",
    "reserve",
    "return_powder",
    "store_certificate",
    "store_shell_certificate",
    "tare_shells",
    "unreserve",
    "waste",
    "withdraw_capsule_lot",
    "withdraw_ingredient_lot",
]
