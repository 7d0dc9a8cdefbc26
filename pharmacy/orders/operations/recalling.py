"""What a recall does to orders: it holds what is here and marks what left."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.orders.operations.holding import place_hold
from pharmacy.orders.operations.reviewing import owe_refill
from pharmacy.orders.operations.steps import take
from pharmacy.orders.rules import OPEN, Action, Origin, Status
from pharmacy.staff.rules import WORKER


def reach_by_recall(session: Session, order_id: UUID, *, recall_id: UUID, now: datetime) -> Order:
    """
    Hold or mark an order with a vial of a recalled lot, by where it stands. Repeating adds nothing.

    An open order is held until the vials are taken back. One that was handed over becomes recalled:
    its vials stay on record as they left, nothing follows it by itself, and its return can be
    written down. Open orders that go on with that treatment are held for a pharmacist, who decides
    whether the patient goes on at that dose. What ended otherwise stays as it is.
    """
    order = queries.lock(session, order_id)
    facts = {"recall": str(recall_id)}
    if order.status in OPEN:
        place_hold(
            session,
            order_id,
            code="lot-recalled",
            words="A lot in this order is recalled: take the vials back and allocate again.",
            facts=facts,
            origin=Origin.RECALL,
            by=WORKER,
            now=now,
        )
    elif order.status is Status.HANDED_OVER:
        take(session, order, Action.RECALL, by=WORKER, now=now, facts=facts)
        owe_refill(session, order)
        for later_id in queries.open_after(session, order):
            place_hold(
                session,
                later_id,
                code="fill-before-recalled",
                words="The fill before this one was recalled: settle at which dose to go on.",
                facts=facts,
                origin=Origin.RECALL,
                by=WORKER,
                now=now,
            )
    return order
