"""Reading parcels."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from pharmacy.kernel.refusals import NotFound
from pharmacy.shipping.models import Parcel
from pharmacy.shipping.rules import ParcelStatus, numbers_in


class ParcelNotFound(NotFound):
    """There is no such parcel."""

    code = "parcel-not-found"


def of_order(session: Session, order_id: UUID) -> Parcel:
    """Return the parcel of an order. Raises ParcelNotFound."""
    found = session.scalars(select(Parcel).where(Parcel.order_id == order_id)).one_or_none()
    if found is None:
        raise ParcelNotFound("this order was not shipped")
    return found


def orders_under(session: Session, number: str) -> tuple[UUID, ...]:
    """Return the orders that were sent under a tracking number, as it was typed or scanned."""
    found = select(Parcel.order_id).where(Parcel.tracking_number.in_(numbers_in(number)))
    return tuple(session.scalars(found))


def on_their_way(
    session: Session, *, after: tuple[datetime, UUID] | None = None, limit: int
) -> Sequence[Parcel]:
    """Return parcels of which nobody knows the end, the first first; `limit` and one more."""
    found = select(Parcel).where(Parcel.status == ParcelStatus.SHIPPED)
    if after is not None:
        found = found.where(tuple_(Parcel.shipped_at, Parcel.id) > after)
    return session.scalars(found.order_by(Parcel.shipped_at, Parcel.id).limit(limit + 1)).all()
