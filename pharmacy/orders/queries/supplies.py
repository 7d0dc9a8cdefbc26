"""What else a patient has, or is about to have, of the same medicine."""

from datetime import date, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from pharmacy.kernel.ids import encode
from pharmacy.orders.models import Container, Order
from pharmacy.orders.rules import OPEN
from pharmacy.orders.rules.life import NEVER_GIVEN
from pharmacy.orders.rules.supplies import given_until, open_until
from pharmacy.practice import queries as practice
from pharmacy.practice.models import Site
from pharmacy.practice.rules import Policy
from pharmacy.prescriptions.models import Prescription


def other_supplies(
    session: Session, prescription: Prescription, *, policy: Policy, today: date
) -> tuple[str, ...]:
    """
    Return other prescriptions of which the patient has, or is to get, capsules far beyond today.

    What one clinic signed together, or in continuation, is one treatment. A supply that ends soon
    is being renewed. What was never ordered, rejected or cancelled gives nobody capsules; and who
    cancelled a prescription knows what the patient has of it.
    """
    site = practice.site(session)
    enough = today + timedelta(days=policy.duplicate_grace_days)
    row = Prescription
    continued = or_(row.follows_id.is_(None), row.follows_id != prescription.id)
    if prescription.follows_id is not None:
        continued = and_(continued, row.id != prescription.follows_id)
    found = session.execute(
        select(Order, row)
        .join(row, row.id == Order.prescription_id)
        .where(
            row.patient_id == prescription.patient_id,
            row.evidence_id != prescription.evidence_id,
            row.cancelled_at.is_(None),
            row.valid_from <= today,
            continued,
            Order.status.not_in(NEVER_GIVEN),
        )
    )
    lasting = {
        other.id
        for order, other in found
        if (until := _lasts_until(session, order, other, site, today)) and until > enough
    }
    return tuple(sorted(encode("rx", each) for each in lasting))


def _lasts_until(
    session: Session, order: Order, prescription: Prescription, site: Site, today: date
) -> date | None:
    """Return the first day without a dose of an order; None: the patient has nothing of it."""
    if order.status in OPEN:
        return open_until(
            first_dose_on=order.first_dose_on,
            last_dose_on=order.last_dose_on,
            days_per_fill=prescription.days_per_fill,
            today=today,
        )
    if order.handed_over_at is None or order.first_dose_on is None:
        return None
    kept = select(Container.last_dose_on).where(
        Container.order_id == order.id,
        Container.voided_at.is_(None),
        Container.lost_at.is_(None),
        Container.returned_at.is_(None),
        Container.recalled_at.is_(None),
    )
    return given_until(
        session.scalars(kept).all(),
        first_dose_on=order.first_dose_on,
        handed_over_on=site.today(order.handed_over_at),
    )
