"""What a recall does to orders: it holds what is here and marks what left."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.orders import queries
from pharmacy.orders.operations.holding import hold_each
from pharmacy.orders.operations.reviewing import owe_refills
from pharmacy.orders.operations.steps import take_each
from pharmacy.orders.rules import OPEN, Action, Origin, Status
from pharmacy.staff.rules import WORKER


def reach_by_recall(
    session: Session, vial_ids: Collection[UUID], *, recall_id: UUID, now: datetime
) -> None:
    """
    Hold or mark the orders of vials of a recalled lot, by where each stands. Again adds nothing.

    An open order is held until the vials are taken back. One that was handed over becomes recalled:
    these of its vials are marked and stay on record as they left, nothing follows it by itself, and
    its return can be written down, vial by vial. Open orders that go on with that treatment are
    held for a pharmacist, who decides whether the patient goes on at that dose. What ended
    otherwise stays as it is.

    However many orders there are, it takes the same few statements.
    """
    vials = queries.containers_by_id(session, vial_ids)
    order_ids = sorted({vial.order_id for vial in vials})
    locked = queries.lock_with_following(session, order_ids)
    reached = [locked[order_id] for order_id in order_ids]
    facts = {"recall": str(recall_id)}
    hold_each(
        session,
        [order for order in reached if order.status in OPEN],
        code="lot-recalled",
        words="A lot in this order is recalled: take the vials back and allocate again.",
        facts=facts,
        origin=Origin.RECALL,
        now=now,
    )
    gone = {order.id for order in reached if order.status in {Status.HANDED_OVER, Status.RECALLED}}
    marked = [vial for vial in vials if vial.order_id in gone and vial.recalled_at is None]
    for vial in marked:
        vial.recalled_at = now
    left = [locked[order_id] for order_id in sorted({vial.order_id for vial in marked})]
    take_each(session, left, Action.RECALL, by=WORKER, now=now, facts=facts)
    owe_refills(session, left)
    following = queries.open_after(session, [order.id for order in left])
    hold_each(
        session,
        [locked[order_id] for order_id in following],
        code="fill-before-recalled",
        words="The fill before this one was recalled: settle at which dose to go on.",
        facts=facts,
        origin=Origin.RECALL,
        now=now,
    )
