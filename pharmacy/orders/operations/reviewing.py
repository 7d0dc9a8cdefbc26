"""The pharmacist's first check: prescription, findings and plan."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.kernel.jobs import JobKind
from pharmacy.kernel.refusals import Conflict
from pharmacy.orders.models import Order
from pharmacy.orders.operations.dating import usual_first_dose
from pharmacy.orders.operations.reasons import because
from pharmacy.orders.operations.steps import lock_for, look_ahead, take
from pharmacy.orders.rules import Action
from pharmacy.orders.rules.gates import FindingsUndecided, require_first_dose, require_in_force
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
        first_dose_on: Default: `dating.usual_first_dose`, after the fill before this one.

    Raises:
        MoveNotAllowed, OrderHeld, ClaimedByAnother: As the order stands.
        FindingsUndecided: A BLOCK or REVIEW finding has no decision in the order's favour.
        PrescriptionOver: It was cancelled, or is not valid today.
        PlanChanged: Somebody chose another strategy in the meantime.
        DatesImpossible: The first dose would be in the past, or after the prescription's end.
    """
    order = lock_for(session, order_id, by)
    look_ahead(session, order, Action.APPROVE, by=by, now=now)
    site = practice.site(session)
    today = site.today(now)
    prescription = require_prescription(session, order, site, now)
    require_findings_decided(session, order)
    usual = usual_first_dose(session, order, now=now)
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
    facts = {"code": because(session, Purpose.REJECT, reason, words)}
    take(session, order, Action.REJECT, by=by, now=now, reason=words, facts=facts)
    return order


def set_dates(order: Order, first_dose_on: date, first_without_dose_on: date) -> None:
    """Say on which days the order's doses fall."""
    order.first_dose_on = first_dose_on
    order.last_dose_on = first_without_dose_on - timedelta(days=1)


def owe_refill(session: Session, order: Order) -> None:
    """Owe the working out of the fill that follows."""
    owe_refills(session, [order])


def owe_refills(session: Session, orders: Iterable[Order]) -> None:
    """Owe the working out of the fill that follows each order."""
    kind = JobKind.SCHEDULE_REFILL
    jobs.add_each(session, kind, {each.id: f"{kind}:{each.id}:v{each.version}" for each in orders})


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
