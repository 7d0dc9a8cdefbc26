"""Replacing vials that were lost, damaged or stolen after they left, came back or were recalled."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.orders import queries
from pharmacy.orders.models import Container, Order
from pharmacy.orders.operations.reasons import because, reason_of_end
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
    require_loss,
    to_replace,
)
from pharmacy.orders.rules.reasons import NEVER_ARRIVED, Purpose, ReplaceReason
from pharmacy.orders.rules.reordering import require_not_voided
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

    Those that came back or were recalled count as lost. It is for the nights that the plan still
    has for those vials, never for more than they held, and is checked and labelled like any other.
    The plan waits only where none of the parcel reached the patient and nothing follows it. It is
    no refill, except where the policy counts what a patient lost. From now on the lost vials' codes
    are dead.

    Args:
        vials: That follow one another; one that was replaced by an order since cancelled counts as
            not replaced.
        reason: A code in use; see `reasons.because`.
        start_on: From when on the patient has nothing. Default: the policy's days from today.
        counted: What was lost with these vials has used up its fill already.

    Raises:
        MoveNotAllowed: The order has not left.
        PrescriptionVoided: It came back because the dose changed.
        LossNotSo: The vials did not come back, or were not recalled, as the reason says.
        VialLost: A vial is replaced already.
        VialsOutOfOrder, NothingToReplace: See `rules.parts.to_replace`.
        NoFillToCount: The replacement would be a fill more than was authorised.
        PrescriptionOver: It was cancelled, or is not valid today.
    """
    order = lock_for(session, order_id, by)
    look_ahead(session, order, Action.REPLACE, by=by, now=now)
    code = because(session, Purpose.REPLACE, reason, words)
    policy = practice.policy(session)
    require_replaceable(session, order, now=now)
    lost = _of_order(session, order, vials)
    require_loss(
        code,
        came_back=all(each.returned_at for each in lost),
        recalled=all(each.recalled_at for each in lost),
    )
    queries.lock_fill(session, order)
    waits = code in NEVER_ARRIVED and not queries.is_followed(session, order)
    left = what_is_left(session, order, lost, start_on=start_on, waits=waits, now=now)
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


def require_replaceable(session: Session, order: Order, *, now: datetime) -> None:
    """Raise PrescriptionOver or PrescriptionVoided where nothing more is given for an order."""
    require_prescription(session, order, practice.site(session), now)
    require_not_voided(order.status, reason_of_end(session, order))


def what_is_left(
    session: Session,
    order: Order,
    vials: Collection[Container],
    *,
    start_on: date | None = None,
    waits: bool = False,
    now: datetime,
) -> Left:
    """
    Return which nights and how many capsules vials still have from a day on, by the plan.

    Raises as `rules.parts.to_replace`.

    Args:
        waits: The order's first night is still to come, since nothing of it reached the patient.
    """
    site, policy = practice.site_and_policy(session)
    today = site.today(now)
    start = max(start_on or today + timedelta(days=policy.first_dose_after_days), today)
    assert order.first_dose_on is not None
    later = max(start - order.first_dose_on, timedelta(0)) if waits else timedelta(0)
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
