"""The pharmacist's first check: prescription, findings and plan."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.kernel.jobs import JobKind
from pharmacy.kernel.refusals import Conflict
from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.orders.operations.dating import usual_first_dose
from pharmacy.orders.operations.reasons import because
from pharmacy.orders.operations.steps import lock_for, look_ahead, take
from pharmacy.orders.operations.supplements import hold_what_depends
from pharmacy.orders.rules import Action
from pharmacy.orders.rules.gates import (
    DatesImpossible,
    FindingsUndecided,
    require_first_dose,
    require_in_force,
)
from pharmacy.orders.rules.parts import OrderKind
from pharmacy.orders.rules.reasons import Purpose
from pharmacy.practice import queries as practice
from pharmacy.practice.models import Site
from pharmacy.prescriptions import queries as prescriptions
from pharmacy.prescriptions.models import Prescription
from pharmacy.screening import queries as screening
from pharmacy.staff.rules import Actor
from pharmacy.titration import operations as titration
from pharmacy.titration import queries as plans
from pharmacy.titration.rules.schedule import run_out_on


class PlanChanged(Conflict):
    """The plan in force is not the one that the pharmacist looked at."""

    code = "plan-changed"
    remedy = "Look at the present plan, then approve it."


def approve(
    session: Session,
    order_id: UUID,
    *,
    plan_id: UUID | None = None,
    first_dose_on: date | None = None,
    by: Actor,
    now: datetime,
) -> Order:
    """
    Record that prescription, findings and plan are right: capsules may be allocated.

    Args:
        plan_id: The plan that was looked at. Default: whichever is in force.
        first_dose_on: Default: `dating.usual_first_dose`, after the fill before this one, and
            counted again from the day on which the labels are drawn.

    Raises:
        MoveNotAllowed, OrderHeld, ClaimedByAnother: As the order stands.
        FindingsUndecided: A BLOCK or REVIEW finding has no decision in the order's favour.
        PrescriptionOver: It was cancelled, or is not valid today.
        PlanChanged: Somebody chose another strategy in the meantime.
        DatesImpossible: The first dose would be in the past, or after the prescription's end; of
            what belongs to an approved fill, it would be on another day than the plan's.
    """
    order = lock_for(session, order_id, by)
    look_ahead(session, order, Action.APPROVE, by=by, now=now)
    if order.kind is not OrderKind.FILL:
        return _approve_supplement(
            session, order, plan_id=plan_id, first_dose_on=first_dose_on, by=by, now=now
        )
    site = practice.site(session)
    today = site.today(now)
    prescription = require_prescription(session, order, site, now)
    require_findings_decided(session, order)
    usual = usual_first_dose(session, order, now=now)
    order.first_dose_named = first_dose_on is not None
    first_dose_on = first_dose_on or usual
    latest = max(prescription.valid_until, usual)  # filled in time, it is taken after the last one
    require_first_dose(first_dose_on, today=today, valid_until=latest)
    plan = plans.current(session, order.prescription_id, order.fill_no)
    if plan is None or (plan_id is not None and plan.id != plan_id):
        raise PlanChanged("another plan is in force than was looked at")
    approved = titration.approve(
        session, plan_id=plan.id, first_dose_on=first_dose_on, by=by, now=now
    )
    order.plan_id = approved.id
    set_dates(order, first_dose_on, run_out_on(approved.planned_steps, first_dose_on))
    facts = {"plan": str(approved.id), "first_dose_on": first_dose_on.isoformat()}
    take(session, order, Action.APPROVE, by=by, now=now, facts=facts)
    owe_refill(session, order)
    return order


def _approve_supplement(
    session: Session,
    order: Order,
    *,
    plan_id: UUID | None,
    first_dose_on: date | None,
    by: Actor,
    now: datetime,
) -> Order:
    """Approve what belongs to a fill that was approved: its plan and its dates stand."""
    require_prescription(session, order, practice.site(session), now)
    require_findings_decided(session, order)
    if plan_id is not None and plan_id != order.plan_id:
        raise PlanChanged("this order is made by the plan of its fill")
    if first_dose_on is not None and first_dose_on != order.first_dose_on:
        raise DatesImpossible("the plan of the fill says on which day these doses begin")
    facts = {"plan": str(order.plan_id), "first_dose_on": str(order.first_dose_on)}
    take(session, order, Action.APPROVE, by=by, now=now, facts=facts)
    return order


def reject(
    session: Session, order_id: UUID, *, reason: str, words: str, by: Actor, now: datetime
) -> Order:
    """
    Record that this prescription is not filled, and why.

    Args:
        reason: A code in use; see `reasons.because`.
        words: What the prescriber is told.
    """
    order = lock_for(session, order_id, by)
    facts: dict[str, Any] = {"code": because(session, Purpose.REJECT, reason, words)}
    facts |= kept_on_prescription(order)
    take(session, order, Action.REJECT, by=by, now=now, reason=words, facts=facts)
    if order.kind is not OrderKind.FILL:
        hold_what_depends(session, order, now=now)
        owe_refill(session, order)
    return order


def kept_on_prescription(order: Order) -> dict[str, Any]:
    """Return, for the last event of a part that is not given, what becomes of its doses."""
    if order.kind is OrderKind.FILL or order.nights is None:
        return {}
    if order.kind is OrderKind.REPLACEMENT:
        return {"quantity": "not-replaced", "nights": order.nights}
    return {"quantity": "stays-on-prescription", "nights": order.nights}


def set_dates(order: Order, first_dose_on: date, first_without_dose_on: date) -> None:
    """Say on which days the order's doses fall."""
    order.first_dose_on = first_dose_on
    order.last_dose_on = first_without_dose_on - timedelta(days=1)


def owe_refill(session: Session, order: Order) -> None:
    """Owe the working out of the fill that follows the order's fill."""
    owe_refills(session, [order])


def owe_refills(session: Session, orders: Sequence[Order]) -> None:
    """Owe the working out of the fill that follows each order's fill."""
    own = queries.own_of_fills(session, orders)
    kind = JobKind.SCHEDULE_REFILL
    jobs.add_each(
        session, kind, {f"{kind}:{each.id}:v{each.version}": own[each.id] for each in orders}
    )


def require_prescription(session: Session, order: Order, site: Site, now: datetime) -> Prescription:
    """Return the order's prescription, in force today. Raises PrescriptionOver."""
    prescription = prescriptions.get(session, order.prescription_id)
    require_in_force(
        valid_from=prescription.valid_from,
        valid_until=prescription.valid_until,
        cancelled=prescription.cancelled_at is not None,
        today=site.today(now),
    )
    return prescription


def require_findings_decided(session: Session, order: Order) -> None:
    """Raise FindingsUndecided unless each finding was decided in the order's favour."""
    waiting = screening.undecided(session, order.prescription_id, order.fill_no)
    if waiting:
        raise FindingsUndecided(
            "findings wait for a pharmacist's decision",
            rules=sorted(finding.rule_id for finding in waiting),
        )
