"""The order leaves: to the patient, and sometimes back again."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.inventory import operations as inventory
from pharmacy.inventory import queries as lots
from pharmacy.inventory.operations import Take
from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.orders.operations.packing import require_lots_usable
from pharmacy.orders.operations.reviewing import owe_refill, require_findings_decided
from pharmacy.orders.operations.steps import lock_for, look_ahead, take
from pharmacy.orders.rules import Action
from pharmacy.orders.rules.gates import GateClosed, IdentityNotChecked
from pharmacy.orders.rules.reasons import Counselling, ReturnReason, coded
from pharmacy.practice import queries as practice
from pharmacy.staff.rules import Actor


def hand_over(
    session: Session,
    order_id: UUID,
    *,
    identifiers_checked: bool,
    counselling: str,
    by: Actor,
    now: datetime,
) -> Order:
    """
    Record that the patient, or who came for them, received the order.

    Collected after the planned first dose, the doses move by as many days; every lot must be good
    for the moved last dose too. The next fill is worked out again from this day.

    Args:
        identifiers_checked: Two identifiers were compared with the order.
        counselling: What the patient said to the offer: a code of `rules.reasons.Counselling`.

    Raises:
        IdentityNotChecked, ReasonUnknown: Something was not done.
        GateClosed: A lot was withdrawn meanwhile, or does not last for the moved doses.
        FindingsUndecided: The patient said something new since the release: "I take opioids now".
    """
    order = lock_for(session, order_id, by)
    look_ahead(session, order, Action.HAND_OVER, by=by, now=now)
    if not identifiers_checked:
        raise IdentityNotChecked("two identifiers are compared before an order is handed over")
    facts: dict[str, object] = {"counselling": coded(Counselling, counselling)}
    require_findings_decided(session, order)
    require_lots_usable(session, order)
    if days := _days_late(session, order, now):
        _require_lots_last(session, order, timedelta(days=days))
        facts["days_late"] = days
    inventory.dispense(session, takes(session, order), by=by, now=now)
    order.handed_over_by, order.handed_over_at = by.id, now
    take(session, order, Action.HAND_OVER, by=by, now=now, facts=facts)
    owe_refill(session, order)
    return order


def return_(
    session: Session, order_id: UUID, *, reason: str, words: str = "", by: Actor, now: datetime
) -> Order:
    """
    Record that medicine came back. It is destroyed, never restocked (domain.md 7.1).

    Args:
        reason: A code of `rules.reasons.ReturnReason`.
    """
    order = lock_for(session, order_id, by)
    facts = {"code": coded(ReturnReason, reason)}
    take(session, order, Action.RETURN, by=by, now=now, reason=words or None, facts=facts)
    owe_refill(session, order)
    return order


def takes(session: Session, order: Order) -> list[Take]:
    """Return what the order's present containers took from their lots."""
    return [
        Take(each.lot_id, each.quantity, each.id) for each in queries.containers(session, order.id)
    ]


def _days_late(session: Session, order: Order, now: datetime) -> int:
    """Return by how many days the doses begin later than planned."""
    today = practice.site(session).today(now)
    if order.first_dose_on is None or order.first_dose_on >= today:
        return 0
    return (today - order.first_dose_on).days


def _require_lots_last(session: Session, order: Order, later: timedelta) -> None:
    for each in queries.containers(session, order.id):
        lot = lots.get_capsule_lot(session, each.lot_id)
        if lot.beyond_use_on < each.last_dose_on + later:
            raise GateClosed(
                "a lot's beyond-use date comes before the last dose when it starts today",
                lots=[lot.lot_number],
                beyond_use_on=lot.beyond_use_on.isoformat(),
            )
