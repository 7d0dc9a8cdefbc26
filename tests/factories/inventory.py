"""Lots of finished capsules."""

import itertools
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from pharmacy.inventory.models import CapsuleLot, CapsuleMove, IngredientLot, LotStatus, MoveKind
from pharmacy.kernel.ids import new_id
from tests.conftest import NOW
from tests.factories.titration import make_active_lot

counter = itertools.count(1)


def make_capsule_lot(
    session: Session,
    strength_ug: int = 1_500,
    quantity: int = 100,
    *,
    active: IngredientLot | None = None,
    **columns: Any,
) -> CapsuleLot:
    """Release a lot of capsules that keep until 15 August 2026."""
    values: dict[str, Any] = {
        "id": new_id(),
        "lot_number": f"CAP-{next(counter)}",
        "strength_ug": strength_ug,
        "capsule_size": "3",
        "description": "white capsule",
        "filler": "microcrystalline-cellulose",
        "active_lot_id": (active or make_active_lot(session)).id,
        "compounded_on": date(2026, 2, 17),
        "beyond_use_on": date(2026, 8, 15),
        "status": LotStatus.RELEASED,
        "made": quantity,
        "on_hand": quantity,
        "reserved": 0,
        "made_by": new_id(),
        "released_by": new_id(),
        "released_at": NOW,
    }
    lot = CapsuleLot(**values | columns)
    session.add(lot)
    session.flush()
    session.add(
        CapsuleMove(lot_id=lot.id, kind=MoveKind.MADE, quantity=lot.made, cause_id=lot.id, at=NOW)
    )
    session.flush()
    return lot


def stock_the_clinic(session: Session, quantity: int = 100) -> dict[int, CapsuleLot]:
    """Release a lot of each strength of the clinic's regimen, and of 0.5 mg."""
    active = make_active_lot(session)
    return {
        strength: make_capsule_lot(session, strength, quantity, active=active)
        for strength in (500, 1_500, 3_000, 4_500)
    }
