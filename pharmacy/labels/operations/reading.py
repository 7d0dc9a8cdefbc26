"""What about a patient changes their labels: how they read, and in which State they live."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.kernel.jobs import JobKind
from pharmacy.labels.models import Label
from pharmacy.orders.models import Order
from pharmacy.orders.operations import contacting as orders
from pharmacy.orders.rules import Status
from pharmacy.patients import operations as patients
from pharmacy.patients import queries as known
from pharmacy.patients.rules.contact import Contact, ContactDecision, Ground
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
    return draw_again(session, patient_id, why="reading", now=now)


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
    """Settle an address as `orders.operations` does; what another State's labels say follows."""
    with _drawing_again_in_another_state(session, patient_id, now=now):
        return orders.settle_contact(
            session, patient_id, change_id, decision, ground=ground, by=by, now=now
        )


def correct_contact(
    session: Session,
    patient_id: UUID,
    contact: Contact,
    *,
    ground: Ground,
    by: Actor,
    now: datetime,
) -> list[Order]:
    """Correct an address as `orders.operations` does; what another State's labels say follows."""
    with _drawing_again_in_another_state(session, patient_id, now=now):
        return orders.correct_contact(session, patient_id, contact, ground=ground, by=by, now=now)


@contextmanager
def _drawing_again_in_another_state(
    session: Session, patient_id: UUID, *, now: datetime
) -> Iterator[None]:
    """The State decides whether a label says what the medicine is for."""
    was_in = known.get(session, patient_id).state
    yield
    if known.get(session, patient_id).state != was_in:
        draw_again(session, patient_id, why="state", now=now)


def draw_again(session: Session, patient_id: UUID, *, why: str, now: datetime) -> list[Order]:
    """Void the labels of a patient's orders that nobody has packed, and owe new ones."""
    found = session.scalars(
        select(Order)
        .where(Order.patient_id == patient_id, Order.status == Status.LABELING)
        .order_by(Order.id)
        .with_for_update()
    ).all()
    for order in found:
        old = update(Label).where(Label.order_id == order.id, Label.voided_at.is_(None))
        session.execute(old.values(voided_at=now))
        order.labeled_at = None
        key = f"{JobKind.RENDER_LABELS}:{order.id}:{why}:{now.isoformat()}"
        jobs.add(session, JobKind.RENDER_LABELS, ref_id=order.id, dedupe_key=key)
    session.flush()
    return list(found)
