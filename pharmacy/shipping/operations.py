"""Sending an order, and learning what became of it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.orders import operations as orders
from pharmacy.orders import queries as order_queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules.handing_over import Collector, HandingOver
from pharmacy.orders.rules.reasons import Counselling, ReturnReason
from pharmacy.patients import queries as patients
from pharmacy.practice import queries as practice
from pharmacy.shipping import queries
from pharmacy.shipping.models import Parcel
from pharmacy.shipping.rules import (
    ENDS,
    Carrier,
    NotLicensedThere,
    ParcelEnded,
    ParcelStatus,
    tracking_number,
)
from pharmacy.staff.rules import Actor, Permission


def ship(
    session: Session, order_id: UUID, *, carrier: Carrier, number: str, by: Actor, now: datetime
) -> Parcel:
    """
    Hand an order over to a carrier, with the written notice of the right to advice.

    Args:
        number: The carrier's tracking number, as it was scanned or typed.

    Raises:
        TrackingNumberWrong: Its form or its check digit.
        ContactUnsettled: Nobody has settled yet at which address the patient lives.
        NotLicensedThere: Into the patient's State nothing may be sent today.
        LabelsOutOfDate: The first dose comes before the parcel does, by the policy's days.
        Refusal: Whatever else `orders.operations.hand_over` refuses.
    """
    kept = tracking_number(carrier, number)
    order = order_queries.lock(session, order_id)
    state = patients.settled(session, order.patient_id).state
    site = practice.site(session)
    if not practice.may_ship_to(session, state, site.today(now)):
        raise NotLicensedThere("this pharmacy may not ship into the patient's State", state=state)
    given = HandingOver(
        identifiers=(), counselling=Counselling.WRITTEN_NOTICE, collector=Collector.CARRIER
    )
    orders.hand_over(session, order_id, given=given, by=by, now=now)
    parcel = Parcel(
        order_id=order_id,
        carrier=carrier,
        tracking_number=kept,
        state=state,
        shipped_by=by.id,
        shipped_at=now,
    )
    session.add(parcel)
    session.flush()
    _note(session, "parcel.shipped", parcel, order, by=by, now=now)
    return parcel


def end(
    session: Session, order_id: UUID, *, status: ParcelStatus, by: Actor, now: datetime
) -> Parcel:
    """
    Record what became of a parcel. What comes back is never restocked; see `orders.destroy`.

    Args:
        status: Delivered, returned or lost. The order of a returned parcel is returned too; that
            of a lost one stays handed over, and another fill is for the prescriber and pharmacist.

    Raises:
        ParcelEnded: That is known already.
    """
    by.require(Permission.HAND_OVER)
    order = order_queries.lock(session, order_id)
    parcel = queries.of_order(session, order_id)
    if parcel.status in ENDS or status not in ENDS:
        raise ParcelEnded("what became of this parcel is known", status=parcel.status)
    parcel.status, parcel.ended_by, parcel.ended_at = status, by.id, now
    if status is ParcelStatus.RETURNED:
        orders.return_(session, order_id, reason=ReturnReason.UNDELIVERABLE, by=by, now=now)
    _note(session, f"parcel.{status}", parcel, order, by=by, now=now)
    return parcel


def _note(
    session: Session, action: str, parcel: Parcel, order: Order, *, by: Actor, now: datetime
) -> None:
    audit.record(
        session,
        action,
        by=by,
        at=now,
        subject_kind="parcel",
        subject_id=parcel.id,
        patient_id=order.patient_id,
        detail={"carrier": parcel.carrier, "state": parcel.state, "order": str(order.id)},
    )
