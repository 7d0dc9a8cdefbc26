"""Pictures of the finished product, kept as evidence of what was packed."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.infra import pictures
from pharmacy.orders import queries
from pharmacy.orders.models import Order, OrderPicture
from pharmacy.orders.operations.steps import lock_for, look_ahead, take
from pharmacy.orders.rules import Action
from pharmacy.orders.rules.gates import PictureMissing
from pharmacy.practice.rules import Policy
from pharmacy.staff.rules import Actor


def photograph(
    session: Session, order_id: UUID, *, data: bytes, by: Actor, now: datetime
) -> OrderPicture:
    """
    Keep a picture of the order as it is packed, without what the camera wrote beside it.

    Raises:
        MoveNotAllowed: The order is neither being packed nor waits for its final check.
        PictureTooLarge, NotAPicture, PictureDamaged: See `infra.pictures.checked`.
    """
    picture = pictures.checked(data)
    order = lock_for(session, order_id, by)
    look_ahead(session, order, Action.PHOTOGRAPH, by=by, now=now)
    kept = OrderPicture(
        order_id=order_id, taken_by=by.id, taken_at=now, **pictures.columns(picture)
    )
    session.add(kept)
    session.flush()
    facts = {"picture": str(kept.id), "sha256": picture.sha256.hex()}
    take(session, order, Action.PHOTOGRAPH, by=by, now=now, facts=facts)
    return kept


def require_picture(session: Session, order: Order, policy: Policy) -> None:
    """Raise PictureMissing where the policy asks for a picture of this packing."""
    if policy.picture_needed and not queries.pictures(session, order.id):
        raise PictureMissing("there is no picture of the order as it is packed")
