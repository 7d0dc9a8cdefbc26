"""Lots of finished capsules."""

import itertools
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from pharmacy.inventory import operations
from pharmacy.inventory.models import (
    CapsuleLot,
    CapsuleMove,
    IngredientLot,
    LotStatus,
    MoveKind,
    ShellLot,
    ShellMove,
    ShellReason,
)
from pharmacy.kernel.ids import new_id
from pharmacy.staff.rules import OPERATOR
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


def make_shell_lot(session: Session, on_hand: int = 1_000, **columns: Any) -> ShellLot:
    """Release white shells of size 3, tared at 48 mg."""
    values: dict[str, Any] = {
        "id": new_id(),
        "maker": "icapsulepack",
        "lot_number": f"SHELL-{next(counter)}",
        "capsule_size": "3",
        "description": "white capsule",
        "received_on": date(2026, 1, 5),
        "expires_on": date(2028, 1, 5),
        "status": LotStatus.RELEASED,
        "on_hand": on_hand,
        "mean_tare_ug": 48_000,
        "received_by": new_id(),
        "released_by": new_id(),
        "released_at": NOW,
    }
    lot = ShellLot(**values | columns)
    session.add(lot)
    session.flush()
    session.add(
        ShellMove(
            lot_id=lot.id, kind=ShellReason.RECEIVED, quantity=on_hand, cause_id=lot.id, at=NOW
        )
    )
    session.flush()
    return lot


def store_certificate(session: Session, lot: IngredientLot) -> IngredientLot:
    """Keep an example certificate with a quarantined lot."""
    content = b"%PDF-1.4 an example certificate"
    return operations.store_certificate(session, lot.id, content, by=OPERATOR, now=NOW)
