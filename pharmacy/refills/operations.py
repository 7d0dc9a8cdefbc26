"""Working out the fill that follows an order, and turning it into an order."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.kernel.ids import encode, new_id
from pharmacy.kernel.refusals import Conflict, Refusal
from pharmacy.orders import operations as orders
from pharmacy.orders import queries as order_queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.life import CAME_BACK
from pharmacy.orders.rules.parts import OrderKind
from pharmacy.practice import queries as practice
from pharmacy.practice.rules import Policy
from pharmacy.prescriptions import queries as prescriptions
from pharmacy.prescriptions.models import Prescription
from pharmacy.prescriptions.rules.regimen import Regimen
from pharmacy.refills import queries
from pharmacy.refills.models import Refill, RefillState
from pharmacy.refills.rules import (
    EarlyReason,
    NoFillsLeft,
    RefillClosed,
    RefillExpired,
    Supply,
    Window,
    require_in_window,
    require_valid,
    window,
)
from pharmacy.staff.rules import WORKER, Actor, Permission
from pharmacy.titration import queries as plans
from pharmacy.titration.rules.schedule import days_supply


class LastFillNotHandedOver(Conflict):
    """The patient has not received the fill before this one."""

    code = "refill-last-not-handed-over"
    remedy = (
        "See to the order before it first: hand it over, or replace what came back of it; where it"
        " was cancelled, a pharmacist orders that fill again."
    )


@dataclass(frozen=True, slots=True)
class NextFill:
    """What authorises the next fill, and what it continues with."""

    prescription: Prescription
    fill_no: int
    regimen: Regimen
    remaining_fills: int


def schedule(session: Session, order_id: UUID, *, now: datetime) -> Refill | None:
    """
    Work out the fill that follows an order: after its approval, and again from its hand-over.

    Nothing follows an order that was rejected, cancelled, returned or recalled, until its fill is
    ordered again or what the patient has not is replaced; a fill that was ordered meanwhile stays
    as it is. Running it twice changes nothing more.
    """
    order = order_queries.lock(session, order_id)
    refill = queries.after_order(session, order_id)
    if refill is not None and refill.state is RefillState.ORDERED:
        return refill
    if order.kind is not OrderKind.FILL:
        return None  # the clock runs from the fill's own order
    if order_queries.is_off(session, order) or _is_broken_off(session, order):
        return _cancel(session, refill, now)
    if order.plan_id is None or order.first_dose_on is None:
        return refill
    policy = practice.policy(session)
    days = window(_supply(session, order), policy)
    following, working = _following(session, order, policy, days)
    if refill is None:
        refill = Refill(
            id=new_id(), after_order_id=order.id, patient_id=order.patient_id, npi=order.npi
        )
        session.add(refill)
    _write(refill, following, days, [*days.working, *working], now)
    session.flush()
    _record(session, "refill.scheduled", refill, by=WORKER, now=now)
    return refill


def _is_broken_off(session: Session, order: Order) -> bool:
    """
    Say whether a later part of the fill was called off or came back, and nobody ordered it again.

    The next fill would leave out its doses, and perhaps a step; so nothing follows by itself.
    """
    later = order_queries.later_parts(session, order)
    gone = any(order_queries.is_off(session, each) for each in later)
    return gone or order_queries.nights_left(session, order) is not None


def _supply(session: Session, order: Order) -> Supply:
    """
    Return what the order gives the patient, by its labels; it counts from its hand-over.

    Where what replaces its vials is taken later than they would have been, all of it is later.
    """
    plan = plans.get(session, order.plan_id) if order.plan_id else None
    if plan is None or order.first_dose_on is None:
        raise plans.PlanNotFound("the order was not approved")
    filled_on = first_dose_on = order.first_dose_on
    if order.handed_over_at is not None:
        filled_on = practice.site(session).today(order.handed_over_at)
    supply = Supply(
        filled_on=filled_on, first_dose_on=first_dose_on, days=days_supply(plan.planned_steps)
    )
    last_days = [each.last_dose_on for each in order_queries.replacements(session, order)]
    ends = [on + timedelta(days=1) for on in last_days if on is not None]
    return supply.moved(max([supply.run_out_on, *ends]) - supply.run_out_on)


def _following(
    session: Session, order: Order, policy: Policy, days: Window
) -> tuple[NextFill | None, list[dict[str, Any]]]:
    """Return the next authorised fill that is still valid when its window opens, and why."""
    prescription = prescriptions.get(session, order.prescription_id)
    continued_by = prescriptions.following(session, prescription.id)
    candidates = [(prescription, order.fill_no + 1)]
    if continued_by is not None:
        candidates.append((continued_by, 1))
    counted = {each.id: order_queries.fills_counted(session, each.id) for each, _ in candidates}
    left = sum(
        max(each.authorised_fills - counted[each.id] - fill_no + 1, 0)
        for each, fill_no in candidates
    )
    working: list[dict[str, Any]] = []
    for each, fill_no in candidates:
        try:
            regimen = _authorised(each, fill_no, counted[each.id], policy, days)
        except Refusal as refusal:
            left -= max(each.authorised_fills - counted[each.id] - fill_no + 1, 0)
            working.append({"name": "passed-over", "formula": refusal.code, "value": str(refusal)})
            continue
        lines = [
            {"name": name, "formula": formula, "value": str(value)}
            for name, formula, value in (
                ("valid_from", "signed; not filled earlier", each.valid_from),
                ("remaining_fills", "authorised less ordered", left),
            )
        ]
        return NextFill(each, fill_no, regimen, left), [*working, *lines]
    return None, working


def _authorised(
    prescription: Prescription, fill_no: int, counted: int, policy: Policy, days: Window
) -> Regimen:
    """
    Return what a fill delivers, if it is authorised, described and in force by then.

    Args:
        counted: Replacements that count as fills of this prescription.
    """
    if prescription.cancelled_at is not None:
        raise NoFillsLeft("the prescription was cancelled")
    if fill_no + counted > prescription.authorised_fills:
        raise NoFillsLeft("every authorised fill of this prescription is ordered")
    if prescription.valid_until < days.earliest_on:
        raise RefillExpired(
            "the prescription ends before the window opens",
            valid_until=prescription.valid_until.isoformat(),
        )
    return orders.fill_of(prescription, fill_no, policy)


def _write(
    refill: Refill,
    following: NextFill | None,
    days: Window,
    working: list[dict[str, Any]],
    now: datetime,
) -> None:
    opens_on = max(days.earliest_on, following.prescription.valid_from) if following else None
    refill.earliest_on = opens_on or days.earliest_on
    refill.due_on = max(days.due_on, refill.earliest_on)
    refill.run_out_on, refill.working, refill.updated_at = days.run_out_on, working, now
    refill.state = RefillState.SCHEDULED if following else RefillState.RENEWAL_NEEDED
    refill.prescription_id = following.prescription.id if following else None
    refill.authorised_fills = following.prescription.authorised_fills if following else None
    refill.fill_no = following.fill_no if following else None
    refill.regimen = following.regimen.to_data() if following else None
    refill.remaining_fills = following.remaining_fills if following else 0


def _cancel(session: Session, refill: Refill | None, now: datetime) -> Refill | None:
    if refill is None or refill.state is RefillState.CANCELLED:
        return refill
    refill.state, refill.updated_at = RefillState.CANCELLED, now
    _record(session, "refill.cancelled", refill, by=WORKER, now=now)
    return refill


def order_next(
    session: Session,
    refill_id: UUID,
    *,
    early: str | None = None,
    by: Actor,
    now: datetime,
) -> Order:
    """
    Begin the order of the next fill. It continues where the patient is, never at step 1 again.

    Args:
        early: A code of `rules.EarlyReason`, by which a pharmacist fills before the window opens.

    Raises:
        RefillClosed: It was ordered or cancelled before.
        NoFillsLeft, RefillExpired: The prescriber must renew.
        RefillNotYetValid: The prescription that continues is signed for later.
        RefillTooSoon, LastFillNotHandedOver: The patient has enough.
    """
    by.require(Permission.CREATE_REFILL)
    refill = queries.lock(session, refill_id)
    if not by.may_see(refill.npi):
        raise queries.RefillNotFound("there is no such refill")
    prescription, fill_no = _require_open(session, refill)
    last = order_queries.get(session, refill.after_order_id)
    if last.status not in {Status.HANDED_OVER, *CAME_BACK} or order_queries.is_off(session, last):
        raise LastFillNotHandedOver(f"the fill before this one is {last.status}")
    if order_queries.open_of_fill(session, last):
        raise LastFillNotHandedOver("a part of the fill before this one is still to come")
    policy = practice.policy(session)
    today = practice.site(session).today(now)
    require_valid(today, valid_from=prescription.valid_from, valid_until=prescription.valid_until)
    reason = require_in_window(
        today,
        earliest_on=refill.earliest_on,
        hard_stop_on=window(_supply(session, last), policy).hard_stop_on,
        early=early,
        may_open=Permission.APPROVE_ORDER in by.permissions,
    )
    order = orders.open_fill(session, prescription, fill_no=fill_no, policy=policy, by=by, now=now)
    refill.state, refill.order_id, refill.updated_at = RefillState.ORDERED, order.id, now
    _record(session, "refill.ordered", refill, by=by, now=now, early=reason)
    return order


def order_again(
    session: Session, order_id: UUID, *, reason: str, words: str = "", by: Actor, now: datetime
) -> Order:
    """
    Order a fill again whose order was cancelled or rejected, and take its refills along.

    What ordered the fill names its new order, and what follows the fill follows that one: it is
    worked out again once the fill is approved.

    Raises:
        Refusal: Whatever `orders.operations.reorder` refuses.
    """
    opened = orders.reorder(session, order_id, reason=reason, words=words, by=by, now=now)
    for refill in queries.lock_about(session, order_id):
        if refill.order_id == order_id:
            refill.order_id = opened.id
        else:
            refill.after_order_id, refill.state = opened.id, RefillState.CANCELLED
        refill.updated_at = now
        _record(session, "refill.taken-along", refill, by=by, now=now)
    session.flush()
    return opened


def _require_open(session: Session, refill: Refill) -> tuple[Prescription, int]:
    """Return what authorises the fill. Raises RefillClosed, NoFillsLeft."""
    if refill.state is RefillState.RENEWAL_NEEDED:
        raise NoFillsLeft("no authorised fill follows")
    if refill.prescription_id is None or refill.fill_no is None:
        raise NoFillsLeft("no authorised fill follows")
    if refill.state is not RefillState.SCHEDULED:
        order = encode("ord", refill.order_id) if refill.order_id else None
        raise RefillClosed(f"this refill is {refill.state}", state=refill.state, order=order)
    prescription = prescriptions.get(session, refill.prescription_id)
    if prescription.cancelled_at is not None:
        raise NoFillsLeft("the prescription was cancelled")
    return prescription, refill.fill_no


def _record(
    session: Session,
    action: str,
    refill: Refill,
    *,
    by: Actor,
    now: datetime,
    early: EarlyReason | None = None,
) -> None:
    detail: dict[str, Any] = {"state": refill.state, "fill_no": refill.fill_no}
    audit.record(
        session,
        action,
        by=by,
        at=now,
        subject_kind="refill",
        subject_id=refill.id,
        patient_id=refill.patient_id,
        detail=detail | ({"early": early} if early else {}),
    )
