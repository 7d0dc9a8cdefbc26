"""Reading next fills: one by one, and the list of those that are due."""

from collections.abc import Collection
from datetime import date
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import bindparam, column, func, or_, select, true, tuple_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from pharmacy.kernel.refusals import NotFound
from pharmacy.orders.models import Order
from pharmacy.patients.models import Patient
from pharmacy.refills.models import Refill, RefillState
from pharmacy.staff.rules import Actor

Row = TypeVar("Row", Patient, Order)


class RefillNotFound(NotFound):
    """There is no such refill, or none that the caller may see."""

    code = "refill-not-found"


class DueRow(NamedTuple):
    """One line of the due list."""

    refill: Refill
    patient: Patient
    last: Order
    """The order that it follows."""


class Doses(NamedTuple):
    """What next fills will need of one dose."""

    dose_ug: int
    nights: int


STEPS: Final = func.jsonb_array_elements(Refill.regimen["steps"]).table_valued(
    column("value", JSONB), name="step"
)
NEEDED: Final = (
    select(
        STEPS.c.value["dose_ug"].as_integer().label("dose_ug"),
        func.sum(STEPS.c.value["days"].as_integer()),
    )
    .select_from(Refill)
    .join(STEPS, true())
    .where(
        Refill.state == RefillState.SCHEDULED,
        Refill.due_on.between(bindparam("since"), bindparam("until")),
    )
    .group_by("dose_ug")
    .order_by("dose_ug")
)


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
    due_from: date | None = None,
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
    if due_from is not None:
        page = page.where(Refill.due_on >= due_from)
    if due_before is not None:
        page = page.where(Refill.due_on < due_before)
    if by.npis is not None:
        page = page.where(Refill.npi.in_(by.npis))
    if after is not None:
        page = page.where(tuple_(Refill.due_on, Refill.id) > after)
    refills = session.scalars(page).all()
    patients = _by_id(session, Patient, {each.patient_id for each in refills})
    orders = _by_id(session, Order, {each.after_order_id for each in refills})
    return [
        DueRow(each, patients[each.patient_id], orders[each.after_order_id]) for each in refills
    ]


def row_of(session: Session, refill: Refill) -> DueRow:
    """Return one next fill as a line of the due list."""
    patient = session.get_one(Patient, refill.patient_id)
    return DueRow(refill, patient, session.get_one(Order, refill.after_order_id))


def needed(session: Session, *, since: date, until: date) -> list[Doses]:
    """Return what the fills due from one day to another will need, the smallest dose first."""
    found = session.execute(NEEDED, {"since": since, "until": until})
    return [Doses(dose_ug, nights) for dose_ug, nights in found]


def _by_id(session: Session, kind: type[Row], ids: Collection[UUID]) -> dict[UUID, Row]:
    return {each.id: each for each in session.scalars(select(kind).where(kind.id.in_(ids)))}
