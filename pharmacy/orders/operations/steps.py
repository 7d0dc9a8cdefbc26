"""What every operation on an order does alike: lock it, move it, remember the step."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.orders import queries
from pharmacy.orders.models import Order, OrderEvent
from pharmacy.orders.rules import Action, Status
from pharmacy.orders.rules.claims import ClaimedByAnother
from pharmacy.orders.rules.life import MoveNotAllowed
from pharmacy.staff.rules import Actor


def lock_for(session: Session, order_id: UUID, by: Actor) -> Order:
    """Return an order locked, if it is the actor's to see. Raises OrderNotFound."""
    order = queries.lock(session, order_id)
    if not by.may_see(order.npi):
        raise queries.OrderNotFound("there is no such order")
    return order


def look_ahead(session: Session, order: Order, action: Action, *, by: Actor, now: datetime) -> None:
    """Raise what `take` would, before work is done for a step that will not be taken."""
    with _naming_people(session, order, by=by, now=now):
        order.require(action, by=by, now=now, held_by=open_codes(session, order))


def open_codes(session: Session, order: Order) -> tuple[str, ...]:
    """Return the codes of what keeps an order where it is."""
    return tuple(hold.code for hold in queries.open_holds(session, order.id))


def take(
    session: Session,
    order: Order,
    action: Action,
    *,
    by: Actor,
    now: datetime,
    reason: str | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Move a locked order, and remember the step in its events and in the audit."""
    take_each(session, [order], action, by=by, now=now, reason=reason, facts=facts)


def take_each(
    session: Session,
    orders: Sequence[Order],
    action: Action,
    *,
    by: Actor,
    now: datetime,
    reason: str | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Move locked orders alike, however many, in the same few statements; or none of them."""
    held = queries.open_holds_of(session, [order.id for order in orders])
    taken = []
    for order in orders:
        before = order.status
        codes = tuple(hold.code for hold in held.get(order.id, ()))
        with _naming_people(session, order, by=by, now=now):
            order.apply(action, by=by, now=now, held_by=codes)
        taken.append((order, before))
    _remember_each(session, taken, action, by=by, now=now, reason=reason, facts=facts)


@contextmanager
def _naming_people(session: Session, order: Order, *, by: Actor, now: datetime) -> Iterator[None]:
    """Add to a conflict who came before, with what, and when."""
    try:
        yield
    except (ClaimedByAnother, MoveNotAllowed) as refusal:
        last = queries.last_change(session, order, to=by, now=now)
        if last is None:
            raise
        facts = {**refusal.facts, "changes": [last.fact()]}
        raise type(refusal)(f"{refusal}: {last.words}", **facts) from refusal


KEEP_EVENT: Final = insert(OrderEvent.table()).inline()


def remember(
    session: Session,
    order: Order,
    action: str,
    before: Status | None,
    *,
    by: Actor,
    now: datetime,
    reason: str | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Write the event and the audit entry of a step that was taken."""
    _remember_each(session, [(order, before)], action, by=by, now=now, reason=reason, facts=facts)


def _remember_each(
    session: Session,
    taken: Iterable[tuple[Order, Status | None]],
    action: str,
    *,
    by: Actor,
    now: datetime,
    reason: str | None,
    facts: dict[str, Any] | None,
) -> None:
    events, subjects = [], []
    for order, before in taken:
        events.append(
            {
                "order_id": order.id,
                "action": action,
                "from_status": before,
                "to_status": order.status,
                "by_kind": by.kind,
                "by_id": by.id,
                "reason": reason,
                "facts": facts or {},
                "at": now,
            }
        )
        detail = {"version": order.version, **(facts or {})}
        subjects.append(audit.Subject(order.id, order.patient_id, detail))
    if events:
        session.execute(KEEP_EVENT, events)
    audit.record_each(session, f"order.{action}", subjects, by=by, at=now, subject_kind="order")
