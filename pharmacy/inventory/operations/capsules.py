"""Movements of capsules. Each is a row, happens once for each cause, and never below zero."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from pharmacy.inventory import queries
from pharmacy.inventory.models import CapsuleMove, MoveKind
from pharmacy.kernel.ids import new_id
from pharmacy.staff.rules import Actor


@dataclass(frozen=True, slots=True)
class Take:
    """Capsules of one lot for one cause: a container."""

    lot_id: UUID
    quantity: int
    cause_id: UUID


class _Effect(NamedTuple):
    """What one capsule of a movement adds to a lot's balances."""

    on_hand: int
    reserved: int


EFFECTS: Final[dict[MoveKind, _Effect]] = {
    MoveKind.RESERVED: _Effect(on_hand=0, reserved=1),
    MoveKind.UNRESERVED: _Effect(on_hand=0, reserved=-1),
    MoveKind.DISPENSED: _Effect(on_hand=-1, reserved=-1),
    MoveKind.WASTED: _Effect(on_hand=-1, reserved=-1),
}


def reserve(session: Session, takes: Sequence[Take], *, by: Actor, now: datetime) -> None:
    """Set capsules aside. The lots were locked and shared out in this transaction."""
    _move(session, MoveKind.RESERVED, takes, by=by, now=now)


def unreserve(session: Session, takes: Sequence[Take], *, by: Actor, now: datetime) -> None:
    """Give reserved capsules back to their lots; they never left the bottle."""
    _move(session, MoveKind.UNRESERVED, takes, by=by, now=now)


def dispense(session: Session, takes: Sequence[Take], *, by: Actor, now: datetime) -> None:
    """Take reserved capsules out of the pharmacy, to the patient."""
    _move(session, MoveKind.DISPENSED, takes, by=by, now=now)


def waste(session: Session, takes: Sequence[Take], *, by: Actor, now: datetime) -> None:
    """Destroy reserved capsules that left the lot's bottle; they never go back."""
    _move(session, MoveKind.WASTED, takes, by=by, now=now)


def _move(
    session: Session, kind: MoveKind, takes: Iterable[Take], *, by: Actor, now: datetime
) -> None:
    takes = sorted(takes, key=lambda take: (take.lot_id, take.cause_id))
    if not takes:
        return
    lots = queries.lock_capsule_lots(session, {take.lot_id for take in takes})
    effect = EFFECTS[kind]
    for take in takes:
        lot = lots[take.lot_id]
        lot.on_hand += effect.on_hand * take.quantity
        lot.reserved += effect.reserved * take.quantity
    session.flush()
    session.execute(
        insert(CapsuleMove),
        [
            {
                "id": new_id(),
                "lot_id": take.lot_id,
                "kind": kind,
                "quantity": take.quantity,
                "cause_id": take.cause_id,
                "by_id": by.id,
                "at": now,
            }
            for take in takes
        ],
    )
