"""What a patient's new answers mean for the orders that wait."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.orders.operations.checking import screen_again
from pharmacy.orders.rules import Status
from pharmacy.practice import queries as practice
from pharmacy.prescriptions import queries as prescriptions
from pharmacy.prescriptions.rules.regimen import FillNotDescribed


def rescreen(session: Session, patient_id: UUID, *, now: datetime) -> list[Order]:
    """
    Screen every open order of a patient again, locked in the order of their ids.

    An order that the worker still has to check is left to it; one that it is checking just now is
    waited for, since that check may not have seen the new answers. Decisions about findings that
    say the same as before stand.
    """
    policy = practice.policy(session)
    screened = []
    for order in queries.lock_open_of_patient(session, patient_id):
        if order.status is Status.RECEIVED:
            continue
        prescription = prescriptions.get(session, order.prescription_id)
        try:
            screen_again(session, order, prescription, policy=policy, now=now)
        except FillNotDescribed:
            continue  # the order is on hold for it; there is no fill to screen
        screened.append(order)
    return screened
