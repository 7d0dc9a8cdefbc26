"""Reading next fills: one by one, and the list of those that are due."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import or_, select, tuple_
from sqlalchemy.orm import Session

from pharmacy.kernel.refusals import NotFound
from pharmacy.patients.models import Patient
from pharmacy.refills.models import Refill, RefillState
from pharmacy.staff.rules import Actor


class RefillNotFound(NotFound):
    """There is no such refill, or none that the caller may see."""

    code = "refill-not-found"


class DueRow(NamedTuple):
    """One line of the due list."""

    refill: Refill
    patient: Patient


def get(session: Session, refill_id: UUID) -> Refill:
    """Return a next fill. Raises RefillNotFound."""
    if (refill := session.get(Refill, refill_id)) is None:
        raise RefillNotFound("there is no such refill")
    return refill


def lock(session: Session, refill_id: UUID) -> Refill:
    """Return a next fill as it is now, locked. Raises RefillNotFound."""
    refill = session.get(Refill, refill_id, with_for_update=True, populate_existing=True)
    if refill is None:
        raise RefillNotFound("there is no such refill")
    return refill


def lock_about(session: Session, order_id: UUID) -> list[Refill]:
    """Return the refill that an order came of, and the one that follows it, locked by id."""
    found = (
        select(Refill)
        .where(or_(Refill.after_order_id == order_id, Refill.order_id == order_id))
        .order_by(Refill.id)
        .with_for_update()
    )
    return list(session.scalars(found.execution_options(populate_existing=True)))


def after_order(session: Session, order_id: UUID) -> Refill | None:
    """Return the fill that follows an order, if it was worked out."""
    return session.scalars(select(Refill).where(Refill.after_order_id == order_id)).one_or_none()


def due(
    session: Session,
    *,
    by: Actor,
    due_before: date | None = None,
    state: RefillState = RefillState.SCHEDULED,
    after: tuple[date, UUID] | None = None,
    limit: int,
) -> list[DueRow]:
    """Return next fills, the one due first first; `limit` and one more where there are more."""
    page = (
        select(Refill)
        .where(Refill.state == state)
        .order_by(Refill.due_on, Refill.id)
        .limit(limit + 1)
    )
    if due_before is not None:
        page = page.where(Refill.due_on < due_before)
    if by.npis is not None:
        page = page.where(Refill.npi.in_(by.npis))
    if after is not None:
        page = page.where(tuple_(Refill.due_on, Refill.id) > after)
    refills = session.scalars(page).all()
    patients = _patients(session, refills)
    return [DueRow(refill, patients[refill.patient_id]) for refill in refills]


def _patients(session: Session, refills: Sequence[Refill]) -> dict[UUID, Patient]:
    ids = {refill.patient_id for refill in refills}
    found = session.scalars(select(Patient).where(Patient.id.in_(ids)))
    return {patient.id: patient for patient in found}
