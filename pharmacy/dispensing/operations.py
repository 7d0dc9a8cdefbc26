"""Releasing an order on the record that the pharmacist saw, and replacing what was lost."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.dispensing import queries
from pharmacy.infra.db import Database
from pharmacy.kernel.refusals import Conflict
from pharmacy.orders import operations as orders
from pharmacy.orders import queries as order_queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules.gates import FindingsUndecided, GateClosed
from pharmacy.orders.rules.parts import NotInTransit
from pharmacy.orders.rules.reasons import ReplaceReason
from pharmacy.printing import operations as printing
from pharmacy.shipping import operations as shipping
from pharmacy.shipping import queries as parcels
from pharmacy.shipping.rules import ParcelStatus
from pharmacy.staff.rules import Actor, Attestation


class RecordChanged(Conflict):
    """The order is not any more what the pharmacist looked at."""

    code = "record-changed"
    remedy = "Look at the second check again; something about the order is new."


def release(
    session: Session, order_id: UUID, *, attestation: Attestation, by: Actor, now: datetime
) -> Order:
    """
    Release an order by a pharmacist's signature under the record of its second check.

    Raises:
        Conflict: A label that was sent to a printer is not confirmed to have come out.
        RecordChanged: The signature is under another record than the present one.
        Refusal: Whatever `orders.operations.release` refuses.
    """
    order_queries.lock(session, order_id)
    printing.require_confirmed(session, order_id)
    if queries.second_check(session, order_id).record_sha256() != attestation.record_sha256:
        raise RecordChanged("the record of the second check is another one by now")
    return orders.release(session, order_id, attestation=attestation, by=by, now=now)


def replace(
    session: Session,
    order_id: UUID,
    *,
    vials: Collection[UUID],
    reason: str,
    words: str = "",
    start_on: date | None = None,
    by: Actor,
    now: datetime,
) -> list[Order]:
    """
    Replace vials that left, and end the parcel that lost them as lost. Returns what replaces them:
    an order for each run of vials that follow one another.

    Raises:
        NotInTransit: They were not sent, or their parcel was delivered or came back.
        Refusal: Whatever `orders.operations.replace_each` refuses.
    """
    order_queries.lock(session, order_id)
    if reason == ReplaceReason.LOST_IN_TRANSIT:
        _end_as_lost(session, order_id, by=by, now=now)
    return orders.replace_each(
        session,
        order_id,
        vials=vials,
        reason=reason,
        words=words,
        start_on=start_on,
        by=by,
        now=now,
    )


def _end_as_lost(session: Session, order_id: UUID, *, by: Actor, now: datetime) -> None:
    try:
        parcel = parcels.of_order(session, order_id)
    except parcels.ParcelNotFound as error:
        raise NotInTransit("the order was not sent", field="reason") from error
    if parcel.status is ParcelStatus.SHIPPED:
        shipping.end(session, order_id, status=ParcelStatus.LOST, by=by, now=now)
    elif parcel.status is not ParcelStatus.LOST:
        raise NotInTransit(f"the parcel was {parcel.status}", field="reason")


@contextmanager
def owing_recheck(db: Database, order_id: UUID, *, by: Actor, now: datetime) -> Iterator[None]:
    """Have an order checked again where its release is refused because a check is not current."""
    try:
        yield
    except (GateClosed, FindingsUndecided):
        with db.transaction() as session:  # the refusal undid the release's own transaction
            orders.recheck(session, order_id, by=by, now=now)
        raise
