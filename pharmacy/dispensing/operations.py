"""Releasing an order on the record that was seen, letting it leave, replacing what was lost."""

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
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.gates import FindingsUndecided, GateClosed
from pharmacy.orders.rules.handing_over import HandingOver
from pharmacy.orders.rules.parts import NotInTransit
from pharmacy.orders.rules.reasons import ReplaceReason
from pharmacy.printing import operations as printing
from pharmacy.shipping import operations as shipping
from pharmacy.shipping import queries as parcels
from pharmacy.shipping.models import Parcel
from pharmacy.shipping.rules import Carrier, ParcelStatus
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


def hand_over(
    session: Session, order_id: UUID, *, given: HandingOver, by: Actor, now: datetime
) -> Order:
    """
    Hand an order over whose papers are as they should be.

    Raises:
        LabelsUnconfirmed: A vial bears a label that is void: its newer copy was not scanned.
        LeafletUnprinted: The leaflet was sent to a printer, and is not known to be out.
        Refusal: Whatever `orders.operations.hand_over` refuses.
    """
    _require_papers(session, order_id)
    return orders.hand_over(session, order_id, given=given, by=by, now=now)


def ship(
    session: Session, order_id: UUID, *, carrier: Carrier, number: str, by: Actor, now: datetime
) -> Parcel:
    """
    Hand an order over to a carrier. Raises as `hand_over` and as `shipping.operations.ship`.

    Args:
        number: The carrier's tracking number, as it was scanned or typed.
    """
    _require_papers(session, order_id)
    return shipping.ship(session, order_id, carrier=carrier, number=number, by=by, now=now)


def _require_papers(session: Session, order_id: UUID) -> None:
    """Ask about the labels and the leaflet of an order that is about to leave."""
    if order_queries.lock(session, order_id).status is Status.READY:
        printing.require_confirmed(session, order_id)
        printing.require_leaflet_printed(session, order_id)


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
    """Have an order checked again whose release is refused because a check is not current."""
    try:
        yield
    except (GateClosed, FindingsUndecided):
        with db.transaction() as session:  # the refusal undid the release's own transaction
            orders.recheck(session, order_id, by=by, now=now)
        raise


@contextmanager
def owing_check(db: Database, order_id: UUID) -> Iterator[None]:
    """
    Have an order checked by the worker that is refused to leave for a check that is not current.

    Whoever hands over may not ask for a re-check; the worker's findings hold the order in any case.
    """
    try:
        yield
    except (GateClosed, FindingsUndecided):
        with db.transaction() as session:
            order = order_queries.lock(session, order_id)
            if order.status is Status.READY:
                orders.owe_check(session, order)
        raise
