"""A way out for an order whose capsules cannot be given: other capsules, under the same number."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.orders.models import Order
from pharmacy.orders.operations.giving_up import give_up_vials
from pharmacy.orders.operations.holding import lift_what_no_longer_applies
from pharmacy.orders.operations.reasons import because
from pharmacy.orders.operations.steps import lock_for, look_ahead, take
from pharmacy.orders.rules import Action, Origin
from pharmacy.orders.rules.reasons import Purpose
from pharmacy.staff.rules import Actor

NOT_OF_VIALS: Final = frozenset({"fill-before-recalled"})
"""What a recall found about the treatment; other capsules settle nothing of it."""


def reallocate(
    session: Session, order_id: UUID, *, reason: str, words: str = "", by: Actor, now: datetime
) -> Order:
    """
    Give up the vials of an order that has not left, so that it is allocated from other lots.

    The approved plan stands. Nothing that was said of the old vials does: they are labelled, packed
    and checked anew. What was packed of them is destroyed. Holds that were about those vials are
    lifted: their labels are owed no more, and a recall of their lots reaches the order no more; any
    other stays, and is settled before the order is allocated again. Their drawn labels are made
    void by `labels.operations.reallocate`.

    Args:
        reason: A code in use; see `reasons.because`.

    Raises:
        MoveNotAllowed: Nothing is allocated, or the order was handed over.
        ReasonUnknown, ReasonWordsNeeded: It is not said why.
    """
    order = lock_for(session, order_id, by)
    look_ahead(session, order, Action.REALLOCATE, by=by, now=now)
    code = because(session, Purpose.REALLOCATE, reason, words)
    facts = {"code": code} | give_up_vials(session, order, by=by, now=now)
    for origin in (Origin.LABELS, Origin.RECALL):
        lift_what_no_longer_applies(session, order, origin, still=NOT_OF_VIALS, now=now)
    take(session, order, Action.REALLOCATE, by=by, now=now, reason=words or None, facts=facts)
    order.labeled_at = None
    order.packed_by = order.packed_at = None
    order.checked_by = order.checked_at = None
    return order
