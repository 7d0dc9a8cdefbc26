"""How a patient reads: their language, and whether the leaflet is printed large."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.kernel.jobs import JobKind
from pharmacy.labels.models import Label
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.patients import operations as patients
from pharmacy.staff.rules import Actor


def choose_reading(
    session: Session,
    patient_id: UUID,
    *,
    language: str,
    large_print: bool,
    reason: str,
    by: Actor,
    now: datetime,
) -> list[Order]:
    """
    Write down how a patient reads, and have the labels of their open orders drawn again for it.

    Returns:
        The orders whose labels are drawn again: those that nobody has packed.

    Raises:
        PatientNotFound, ReadingInvalid, PermissionMissing.
    """
    patients.choose_reading(
        session,
        patient_id,
        language=language,
        large_print=large_print,
        reason=reason,
        by=by,
        now=now,
    )
    orders = session.scalars(
        select(Order)
        .where(Order.patient_id == patient_id, Order.status == Status.LABELING)
        .order_by(Order.id)
        .with_for_update()
    ).all()
    for order in orders:
        old = update(Label).where(Label.order_id == order.id, Label.voided_at.is_(None))
        session.execute(old.values(voided_at=now))
        order.labeled_at = None
        key = f"{JobKind.RENDER_LABELS}:{order.id}:reading:{now.isoformat()}"
        jobs.add(session, JobKind.RENDER_LABELS, ref_id=order.id, dedupe_key=key)
    session.flush()
    return list(orders)
