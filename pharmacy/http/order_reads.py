"""Showing orders through any door: only to whom they are theirs to see, and written down."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.infra.db import Database
from pharmacy.kernel import ids
from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.staff.rules import Actor


def visible(order: Order, actor: Actor) -> Order:
    """Return an order that is the actor's to see. Raises OrderNotFound."""
    if not actor.may_see(order.npi):
        raise queries.OrderNotFound("there is no such order")
    return order


@contextmanager
def reading(
    db: Database,
    order_id: str,
    actor: Actor,
    now: datetime,
    action: str,
    *,
    detail: dict[str, Any] | None = None,
) -> Iterator[tuple[Session, Order]]:
    """Yield an order that the actor may see; that it was read is written down."""
    wanted = ids.decode("ord", order_id)
    with db.transaction() as session:
        order = visible(queries.get(session, wanted), actor)
        note_read(session, action, order, by=actor, now=now, detail=detail)
        yield session, order


def note_read(
    session: Session,
    action: str,
    order: Order,
    *,
    by: Actor,
    now: datetime,
    detail: dict[str, Any] | None = None,
) -> None:
    """Write down that somebody saw something of an order, and so of its patient."""
    audit.record(
        session,
        action,
        by=by,
        at=now,
        subject_kind="order",
        subject_id=order.id,
        patient_id=order.patient_id,
        detail=detail,
    )


def note_queue_read(
    session: Session, order_ids: Iterable[UUID], *, by: Actor, now: datetime
) -> None:
    """Write down whose orders somebody saw in the queue."""
    audit.record(
        session,
        "queue.read",
        by=by,
        at=now,
        subject_kind="queue",
        subject_id=None,
        detail={"orders": [ids.encode("ord", each) for each in order_ids]},
    )
