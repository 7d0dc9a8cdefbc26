"""What a patient's new answers mean for the orders that wait."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.orders.models import Order
from pharmacy.orders.operations.checking import fill_of
from pharmacy.orders.rules import OPEN, Status
from pharmacy.practice import queries as practice
from pharmacy.prescriptions import queries as prescriptions
from pharmacy.prescriptions.rules.regimen import FillNotDescribed
from pharmacy.screening import operations as screening


def rescreen(session: Session, patient_id: UUID, *, now: datetime) -> list[Order]:
    """
    Screen every open order of a patient again, locked in the order of their ids.

    An order that the worker still has to check is left to it. Decisions about findings that say the
    same as before stand.
    """
    policy = practice.policy(session)
    orders = session.scalars(
        select(Order)
        .where(Order.patient_id == patient_id, Order.status.in_(OPEN))
        .where(Order.status != Status.RECEIVED)
        .order_by(Order.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    screened = []
    for order in orders:
        prescription = prescriptions.get(session, order.prescription_id)
        try:
            fill = fill_of(prescription, order.fill_no, policy)
        except FillNotDescribed:
            continue  # the order is on hold for it; there is no fill to screen
        screening.screen(
            session,
            prescription=prescription,
            fill_no=order.fill_no,
            fill=fill,
            patient_id=patient_id,
            first_fill=order.fill_no == 1 and prescription.follows_id is None,
            policy=policy,
            now=now,
        )
        screened.append(order)
    return screened
