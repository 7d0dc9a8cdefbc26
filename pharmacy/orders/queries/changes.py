"""Who did what to an order since somebody looked at it, and when: a conflict names the person."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.kernel.ids import encode
from pharmacy.orders.models import Order, OrderEvent
from pharmacy.orders.rules import Action
from pharmacy.orders.rules.telling import told
from pharmacy.practice import queries as practice
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import Actor, Permission

MOST: Final = 5
OF_KINDS: Final = {"worker": "The pharmacy's machine", "client": "A clinic's system"}
SOMEBODY: Final = "Somebody in the pharmacy"
BESIDE: Final = (Action.LABEL, Action.REMIND, Action.ESCALATE)
"""What the worker does without changing anything that a person decided on."""


@dataclass(frozen=True, slots=True)
class Change:
    """One step that somebody took with an order."""

    action: str
    by_id: UUID | None
    words: str
    """A sentence: who did what, and when on the pharmacy's clock."""
    at: datetime

    def fact(self) -> dict[str, object]:
        """Return it as programs read it."""
        by = encode("acc", self.by_id) if self.by_id else None
        return {"action": self.action, "by": by, "at": self.at.isoformat(), "words": self.words}


def changes_since(
    session: Session, order: Order, version: int, *, to: Actor, now: datetime
) -> list[Change]:
    """
    Return what happened to an order since a version of it, the last step first, a few at most.

    Args:
        to: Who is told. Only those who see the queue learn the names of staff.
    """
    steps = min(order.version - version, MOST)  # each step is one event and one version
    if steps <= 0:
        return []
    found = session.scalars(
        select(OrderEvent)
        .where(OrderEvent.order_id == order.id)
        .order_by(OrderEvent.id.desc())
        .limit(steps)
    ).all()
    return _changes(session, found, to=to, now=now)


def last_change(session: Session, order: Order, *, to: Actor, now: datetime) -> Change | None:
    """Return the last step that was taken with an order."""
    return next(iter(changes_since(session, order, order.version - 1, to=to, now=now)), None)


def others_since(
    session: Session, order: Order, version: int, *, to: Actor, now: datetime
) -> list[Change]:
    """Return those changes that somebody else made, and that a decision may depend on."""
    return [
        each
        for each in changes_since(session, order, version, to=to, now=now)
        if (each.by_id is None or each.by_id != to.id) and each.action not in BESIDE
    ]


def _changes(
    session: Session, events: Sequence[OrderEvent], *, to: Actor, now: datetime
) -> list[Change]:
    zone = ZoneInfo(practice.site(session).time_zone)
    sees_names = Permission.READ_QUEUE in to.permissions
    people = {each.by_id for each in events if each.by_id} if sees_names else set()
    names = staff.names(session, people)

    def who(event: OrderEvent) -> str:
        if event.by_id and event.by_id == to.id:
            return "You"
        known = names.get(event.by_id) if event.by_id else None
        return known or OF_KINDS.get(event.by_kind, SOMEBODY)

    return [
        Change(
            each.action,
            each.by_id if sees_names else None,
            told(who(each), each.action, at=each.at.astimezone(zone), now=now.astimezone(zone)),
            each.at,
        )
        for each in events
    ]
