"""Replacing vials that were lost, damaged or stolen after they left."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.orders import queries
from pharmacy.orders.models import Container, Order
from pharmacy.orders.operations.reasons import because
from pharmacy.orders.operations.reviewing import owe_refill, require_prescription
from pharmacy.orders.operations.steps import lock_for, look_ahead, take
from pharmacy.orders.operations.supplements import open_supplement
from pharmacy.orders.rules import Action
from pharmacy.orders.rules.parts import (
    Nights,
    NoFillToCount,
    OrderKind,
    Stretch,
    VialLost,
    VialsOutOfOrder,
    in_runs,
    to_replace,
)
from pharmacy.orders.rules.reasons import Purpose, ReplaceReason
from pharmacy.practice import queries as practice
from pharmacy.staff.rules import Actor


class Left(NamedTuple):
    """What a replacement of vials would be for."""

    days: Stretch
    nights: Nights
    capsules: int


def replace_each(
    session: Session,
    order_id: UUID,
    *,
    vials: Collection[UUID],
    reason: str,
    words: str = "",
    start_on: date | None = None,
    by: Actor,
    now: datetime,
) -> list[Order]:
    """
    Replace any vials of an order that left; one order for each run of them that follow one another.

    They were lost together, so together they use up one fill at most. Returns the replacements, the
    first to be taken first. Raises as `replace`.
    """
    order = lock_for(session, order_id, by)
    lost = _of_order(session, order, vials)
    days = {each.id: Stretch(each.first_dose_on, each.last_dose_on) for each in lost}
    opened: list[Order] = []
    for run in in_runs(days) or [[]]:
        opened.append(
            replace(
                session,
                order_id,
                vials=run,
                reason=reason,
                words=words,
                start_on=start_on,
                counted=any(each.uses_fill for each in opened),
                by=by,
                now=now,
            )
        )
    return opened


def replace(
    session: Session,
    order_id: UUID,
    *,
    vials: Collection[UUID],
    reason: str,
    words: str = "",
    start_on: date | None = None,
    counted: bool = False,
    by: Actor,
    now: datetime,
) -> Order:
    """
    Write vials of an order that left down as lost, and return the order that replaces them.

    It is for the nights that the plan still has for those vials, never for more than they held, and
    is checked and labelled like any other. It is no refill, except where the policy counts what a
    patient lost. From now on the lost vials' codes are dead.

    Args:
        vials: That follow one another; one that was replaced by an order since cancelled counts as
            not replaced.
        reason: A code in use; see `reasons.because`.
        start_on: From when on the patient has nothing. Default: the policy's days from today.
        counted: What was lost with these vials has used up its fill already.

    Raises:
        MoveNotAllowed: The order has not left, or came back.
        VialLost: A vial is replaced already.
        VialsOutOfOrder, NothingToReplace: See `rules.parts.to_replace`.
        NoFillToCount: The replacement would be a fill more than was authorised.
        PrescriptionOver: It was cancelled, or is not valid today.
    """
    order = lock_for(session, order_id, by)
    look_ahead(session, order, Action.REPLACE, by=by, now=now)
    code = because(session, Purpose.REPLACE, reason, words)
    site, policy = practice.site_and_policy(session)
    require_prescription(session, order, site, now)
    lost = _of_order(session, order, vials)
    left = what_is_left(session, order, lost, start_on=start_on, now=now)
    queries.lock_fill(session, order)
    lost_by_patient = code == ReplaceReason.LOST_BY_PATIENT
    counts = policy.patient_lost_counts_as_fill and lost_by_patient and not counted
    if counts:
        _require_fill_left(session, order)
    opened = open_supplement(
        session,
        order,
        OrderKind.REPLACEMENT,
        left.nights,
        first_dose_on=left.days.first_on,
        uses_fill=counts,
        by=by,
        now=now,
    )
    for each in lost:
        each.lost_at, each.lost_reason, each.replaced_by = now, code, opened.id
    facts = {
        "code": code,
        "vials": [str(each.id) for each in lost],
        "replaced_by": str(opened.id),
        "nights": left.nights,
        "capsules": left.capsules,
        "counts_as_fill": counts,
    }
    take(session, order, Action.REPLACE, by=by, now=now, reason=words or None, facts=facts)
    if counts:
        owe_refill(session, order)
    return opened


def what_is_left(
    session: Session,
    order: Order,
    vials: Collection[Container],
    *,
    start_on: date | None = None,
    now: datetime,
) -> Left:
    """
    Return which nights and how many capsules vials still have from a day on, by the plan.

    What was collected late is taken later by as many days; the nights are counted as they are
    really taken. Raises as `rules.parts.to_replace`.
    """
    site, policy = practice.site_and_policy(session)
    today = site.today(now)
    start = max(start_on or today + timedelta(days=policy.first_dose_after_days), today)
    assert order.first_dose_on is not None
    assert order.handed_over_at is not None
    late = max((site.today(order.handed_over_at) - order.first_dose_on).days, 0)
    later = timedelta(days=late)
    taken = sorted(vials, key=lambda each: each.first_dose_on)
    days = to_replace(
        [Stretch(each.first_dose_on + later, each.last_dose_on + later) for each in taken],
        start_on=start,
    )
    night_1_on = order.first_dose_on + later - timedelta(days=(order.first_night or 1) - 1)
    nights = Nights((days.first_on - night_1_on).days + 1, (days.last_on - night_1_on).days + 1)
    return Left(days, nights, queries.capsules_of(session, order, nights))


def _of_order(session: Session, order: Order, wanted: Collection[UUID]) -> list[Container]:
    """Return the chosen vials, the first to be taken first. Raises VialsOutOfOrder, VialLost."""
    found = [each for each in queries.containers(session, order.id) if each.id in set(wanted)]
    if len(found) != len(set(wanted)):
        raise VialsOutOfOrder("not every one of these vials is this order's", field="vials")
    for each in found:
        if queries.is_replaced(session, each):
            raise VialLost("this vial is replaced already", field="vials")
    return found


def _require_fill_left(session: Session, order: Order) -> None:
    used = queries.fills_ordered(session, order.prescription_id)
    counted = queries.fills_counted(session, order.prescription_id)
    if used + counted >= order.authorised_fills:
        raise NoFillToCount(
            "every authorised fill is used", authorised=order.authorised_fills, used=used + counted
        )
