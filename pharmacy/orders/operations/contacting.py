"""What it means for the orders that wait when a patient's phone or address is settled."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.orders.operations.checking import owe_check
from pharmacy.orders.operations.holding import lift_what_no_longer_applies
from pharmacy.orders.operations.steps import open_codes, take
from pharmacy.orders.rules import Action, Origin
from pharmacy.orders.rules.contacting import PersonUnsettled
from pharmacy.orders.rules.holds import ADDRESS_DIFFERS
from pharmacy.patients import operations as patients
from pharmacy.patients import queries as known
from pharmacy.patients.rules.contact import Contact, ContactDecision, Ground
from pharmacy.prescriptions.models import DETAILS_DIFFER
from pharmacy.staff.rules import Actor


def settle_contact(
    session: Session,
    patient_id: UUID,
    change_id: UUID,
    decision: ContactDecision,
    *,
    ground: Ground,
    by: Actor,
    now: datetime,
) -> list[Order]:
    """
    Take over the phone and address that a prescription gives, or keep what is on file.

    Nothing else lifts the hold of the patient's orders. Into another State an order is checked
    again: whether the pharmacy, and by policy the prescriber, has a licence there.

    Returns:
        The patient's open orders.

    Raises:
        PersonUnsettled: Whether it is this patient at all is for a pharmacist to settle first.
        Refusal: Whatever `patients.operations.settle_contact` refuses.
    """
    orders = queries.lock_open_of_patient(session, patient_id)
    taken = decision is ContactDecision.TAKEN_OVER
    if taken and any(DETAILS_DIFFER in open_codes(session, each) for each in orders):
        raise PersonUnsettled("a prescription gives another name or birth date for this patient")
    state = known.lock(session, patient_id).state
    patients.settle_contact(session, patient_id, change_id, decision, ground=ground, by=by, now=now)
    _follow(session, orders, patient_id, was_in=state, decision=decision, by=by, now=now)
    return orders


def correct_contact(
    session: Session,
    patient_id: UUID,
    contact: Contact,
    *,
    ground: Ground,
    by: Actor,
    now: datetime,
) -> list[Order]:
    """
    Write down the phone and address that somebody told us, for the patient's open orders too.

    Returns:
        The patient's open orders.

    Raises:
        Refusal: Whatever `patients.operations.correct_contact` refuses.
    """
    orders = queries.lock_open_of_patient(session, patient_id)
    state = known.lock(session, patient_id).state
    patients.correct_contact(session, patient_id, contact, ground=ground, by=by, now=now)
    taken = ContactDecision.TAKEN_OVER
    _follow(session, orders, patient_id, was_in=state, decision=taken, by=by, now=now)
    return orders


def _follow(
    session: Session,
    orders: Sequence[Order],
    patient_id: UUID,
    *,
    was_in: str,
    decision: ContactDecision,
    by: Actor,
    now: datetime,
) -> None:
    settled = not known.open_contact_changes(session, patient_id)
    moved = known.get(session, patient_id).state != was_in
    for order in orders:
        facts = {"decision": decision, "state_changed": moved}
        take(session, order, Action.SETTLE_CONTACT, by=by, now=now, facts=facts)
        if settled:
            still = frozenset(open_codes(session, order)) - {ADDRESS_DIFFERS}
            lift_what_no_longer_applies(session, order, Origin.CHECK, still=still, now=now)
        if moved:
            owe_check(session, order)
