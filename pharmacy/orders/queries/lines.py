"""
Lines of the queue: orders with what keeps each where it is.

The statements are made once: to make one anew took longer than the database takes to answer it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, and_, exists, or_, select
from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.infra.db import among, written
from pharmacy.inventory.models import CapsuleLot, LotStatus
from pharmacy.kernel.jobs import JobKind
from pharmacy.orders.models import Container, Hold, Order
from pharmacy.orders.queries.one import OrderNotFound
from pharmacy.orders.queries.parts import of_nights
from pharmacy.orders.queries.returns import TO_DESTROY
from pharmacy.patients.models import Patient
from pharmacy.staff.models import Account
from pharmacy.titration.models import PlanState, StrengthPlan
from pharmacy.titration.rules import PlannedStep

LOT_OUT: Final = exists().where(
    Container.order_id == Order.id,
    Container.voided_at.is_(None),
    CapsuleLot.id == Container.lot_id,
    or_(
        CapsuleLot.status != written(LotStatus.RELEASED),
        CapsuleLot.beyond_use_on < Container.last_dose_on,
    ),
)
"""The order has a vial that `rules.gates.lots_out` lets nobody have."""
CAME_BACK: Final = exists().where(Container.order_id == Order.id, *TO_DESTROY)
WITH_LOTS_OUT: Final = select(Order.id).where(among(Order.id, "orders"), LOT_OUT)
WITH_VIALS_BACK: Final = select(Order.id).where(among(Order.id, "orders"), CAME_BACK)

OPEN_HOLDS: Final = (
    select(Hold)
    .where(among(Hold.order_id, "orders"), Hold.lifted_at.is_(None))
    .order_by(Hold.placed_at, Hold.id)
)

GIVEN_UP: Final = jobs.given_up_on("orders").subquery("given_up")
CONTEXT: Final = (
    select(
        Order.id,
        Patient,
        Account.display_name.label("holder"),
        StrengthPlan.steps,  # alone: the other columns hold every option and its working
        GIVEN_UP.c.kinds.label("given_up"),
        LOT_OUT.label("lots_out"),
        CAME_BACK.label("came_back"),
    )
    .join(Patient, Patient.id == Order.patient_id)
    .outerjoin(Account, Account.id == Order.claimed_by)
    .outerjoin(
        StrengthPlan,
        and_(
            StrengthPlan.prescription_id == Order.prescription_id,
            StrengthPlan.fill_no == Order.fill_no,
            StrengthPlan.state != written(PlanState.SUPERSEDED),
        ),
    )
    .outerjoin(GIVEN_UP, GIVEN_UP.c.ref_id == Order.id)
    .where(among(Order.id, "orders"))
)
"""What a line tells beside its order, but for the holds, of which an order may have several."""

BY_DUE: Final = select(Order).where(among(Order.id, "orders")).order_by(Order.due_at)


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the queue, with what keeps it where it is."""

    order: Order
    patient: Patient
    holder: str
    """What whoever took it last is called, whether or not their lease still runs."""
    holds: tuple[Hold, ...]
    given_up: tuple[JobKind, ...]
    """Work about the order that the worker could not do."""
    lots_out: bool
    """A lot in its vials may not be given out for their days."""
    came_back: bool
    """Vials came back and are not destroyed yet."""
    steps: tuple[PlannedStep, ...]
    """Of the strength plan in force; none while there is no plan."""

    @property
    def place(self) -> tuple[datetime, UUID]:
        """Where it stands in the queue: what a page goes on after."""
        return self.order.due_at, self.order.id


def with_context(session: Session, orders: Sequence[Order]) -> list[QueueRow]:
    """Return orders as lines of the queue, in the same order. Costs the same for few and many."""
    if not orders:
        return []
    wanted = {"orders": [order.id for order in orders]}
    context = {row.id: row for row in session.execute(CONTEXT, wanted)}
    holds: dict[UUID, list[Hold]] = {}
    for hold in session.scalars(OPEN_HOLDS, wanted):
        holds.setdefault(hold.order_id, []).append(hold)
    return [_row(order, context[order.id], holds.get(order.id, ())) for order in orders]


def _row(order: Order, context: Row[*tuple[Any, ...]], holds: Sequence[Hold]) -> QueueRow:
    steps = [PlannedStep.of_data(each) for each in context.steps or ()]
    return QueueRow(
        order=order,
        patient=context.Patient,
        holder=context.holder or "",
        holds=tuple(holds),
        given_up=tuple(context.given_up or ()),
        lots_out=context.lots_out,
        came_back=context.came_back,
        steps=of_nights(steps, order.nights),
    )


def rows_of(session: Session, order_ids: Collection[UUID]) -> list[QueueRow]:
    """Return orders as lines of the queue. Raises OrderNotFound for none."""
    found = session.scalars(BY_DUE, {"orders": [*order_ids]})
    rows = with_context(session, found.all())
    if not rows:
        raise OrderNotFound("there is no such order")
    return rows


def with_lots_out(session: Session, order_ids: Collection[UUID]) -> set[UUID]:
    """Return which of these orders have a vial that `rules.gates.lots_out` lets nobody have."""
    return set(session.scalars(WITH_LOTS_OUT, {"orders": [*order_ids]}))


def with_vials_back(session: Session, order_ids: Collection[UUID]) -> set[UUID]:
    """Return which of these orders have vials that came back and are not destroyed yet."""
    return set(session.scalars(WITH_VIALS_BACK, {"orders": [*order_ids]}))
