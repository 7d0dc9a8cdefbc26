"""Reading what belongs to one fill: its parts, what replaces vials of it, and its nights."""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from pharmacy.orders.models import Container, Order
from pharmacy.orders.queries.one import containers
from pharmacy.orders.rules import OPEN
from pharmacy.orders.rules.life import CAME_BACK, NEVER_GIVEN
from pharmacy.orders.rules.parts import Nights, OrderKind, first_gap
from pharmacy.orders.rules.reasons import NEVER_ARRIVED, ReplaceReason
from pharmacy.prescriptions.models import Prescription
from pharmacy.titration import queries as plans
from pharmacy.titration.rules import PlannedStep, between, days_supply


def _same_fill(order: Order) -> ColumnElement[bool]:
    return and_(
        Order.prescription_id == order.prescription_id,
        Order.fill_no == order.fill_no,
    )


def lock_fill(session: Session, order: Order) -> None:
    """Keep others from dividing up the prescription's fills until the transaction ends."""
    wanted = select(Prescription.id).where(Prescription.id == order.prescription_id)
    session.execute(wanted.with_for_update(key_share=True))


def family(session: Session, order: Order) -> list[Order]:
    """Return every order of an order's fill, this one too, the fill's own first."""
    found = select(Order).where(_same_fill(order)).order_by(Order.supplement_no)
    return list(session.scalars(found.execution_options(populate_existing=True)))


def own_of_fill(session: Session, order: Order) -> UUID:
    """Return which order is the fill's own: it starts the clock of the refill."""
    return own_of_fills(session, [order])[order.id]


def own_of_fills(session: Session, orders: Sequence[Order]) -> dict[UUID, UUID]:
    """Return for each order which one is its fill's own: the newest, where it was ordered again."""
    own = {order.id: order.id for order in orders}
    supplements = [order.id for order in orders if order.kind is not OrderKind.FILL]
    if supplements:
        given, first = aliased(Order), aliased(Order)
        is_own = and_(
            first.prescription_id == given.prescription_id,
            first.fill_no == given.fill_no,
            first.kind == OrderKind.FILL,
        )
        found = select(given.id, first.id).join(first, is_own).where(given.id.in_(supplements))
        found = found.order_by(first.supplement_no)
        own |= {row[0]: row[1] for row in session.execute(found)}
    return own


def parts(session: Session, order: Order) -> list[Order]:
    """Return the orders that share the nights of a fill and stand, the first to be taken first."""
    return sorted(
        (
            each
            for each in family(session, order)
            if each.kind is not OrderKind.REPLACEMENT and each.status not in NEVER_GIVEN
        ),
        key=lambda each: each.first_night or 1,
    )


def earlier_parts(session: Session, order: Order) -> list[Order]:
    """Return the parts of the fill that are taken before an order's nights."""
    if order.kind is not OrderKind.REMAINDER or order.first_night is None:
        return []
    return [each for each in parts(session, order) if (each.first_night or 1) < order.first_night]


def after_earlier_parts(session: Session, order: Order) -> date | None:
    """Return the day on which a remainder begins, never earlier than it was planned, or None."""
    follows = follows_on(session, order)
    if follows is None or order.first_dose_on is None:
        return None
    return max(follows, order.first_dose_on)


def follows_on(session: Session, order: Order) -> date | None:
    """Return the day on which the part before a remainder, as it is dated now, is used up."""
    earlier = earlier_parts(session, order)
    if not earlier or order.first_night is None:
        return None
    last = earlier[-1]
    if last.last_dose_on is None or last.last_night is None:
        return None
    return last.last_dose_on + timedelta(days=order.first_night - last.last_night)


def later_parts(session: Session, order: Order) -> list[Order]:
    """Return the parts of the fill that are taken after an order's nights."""
    if order.kind is OrderKind.REPLACEMENT or order.last_night is None:
        return []
    after = order.last_night
    return [each for each in parts(session, order) if (each.first_night or 1) > after]


def open_dependents(session: Session, order: Order) -> list[UUID]:
    """
    Return the open orders that go on with an order's medicine or replace it, by id.

    What replaces recalled vials does not wait for them: they are meant to come back.
    """
    later = [each.id for each in later_parts(session, order) if each.status in OPEN]
    recalled = select(Container.replaced_by).where(
        Container.order_id == order.id, Container.lost_reason == ReplaceReason.RECALLED
    )
    replacing = select(Order.id).where(
        Order.of_order_id == order.id,
        Order.kind == OrderKind.REPLACEMENT,
        Order.status.in_(OPEN),
        Order.id.not_in(recalled),
    )
    return sorted({*later, *session.scalars(replacing)})


def nights_left(session: Session, order: Order) -> Nights | None:
    """Return the first nights after an order's own that no standing order is for, or None."""
    if order.kind is OrderKind.REPLACEMENT or order.last_night is None:
        return None
    days = days_supply(plan_steps(session, order))
    taken = [each.nights or Nights(1, days) for each in parts(session, order)]
    return first_gap([*taken, Nights(1, order.last_night)], days)


def plan_steps(session: Session, order: Order) -> tuple[PlannedStep, ...]:
    """Return the steps of the whole fill. Raises PlanNotFound."""
    if order.plan_id is None:
        raise plans.PlanNotFound("the order has no strength plan")
    return plans.get(session, order.plan_id).planned_steps


def own_steps(session: Session, order: Order) -> tuple[PlannedStep, ...]:
    """Return what of the fill's steps an order is for. Raises PlanNotFound."""
    return of_nights(plan_steps(session, order), order.nights)


def of_nights(steps: Sequence[PlannedStep], nights: Nights | None) -> tuple[PlannedStep, ...]:
    """Return what of steps falls on an order's nights; None: every one."""
    return between(steps, *nights) if nights else tuple(steps)


def capsules_of(session: Session, order: Order, nights: Nights) -> int:
    """Return how many capsules nights of an order's fill take. Raises PlanNotFound."""
    return sum(step.capsules for step in of_nights(plan_steps(session, order), nights))


def fills_counted(session: Session, prescription_id: UUID) -> int:
    """Return how many replacements count as fills of a prescription."""
    counted = select(func.count()).where(
        Order.prescription_id == prescription_id,
        Order.uses_fill,
        Order.status.not_in(NEVER_GIVEN),
    )
    return session.scalar(counted) or 0


def fills_ordered(session: Session, prescription_id: UUID) -> int:
    """Return the number of the last fill of a prescription that has an order which stands."""
    last = select(func.max(Order.fill_no)).where(
        Order.prescription_id == prescription_id,
        Order.kind == OrderKind.FILL,
        Order.status.not_in(NEVER_GIVEN),
    )
    return session.scalar(last) or 0


def replaced_by(session: Session, order_id: UUID) -> list[Container]:
    """Return the vials that an order replaces, the first to be taken first."""
    found = select(Container).where(Container.replaced_by == order_id)
    return list(session.scalars(found.order_by(Container.first_dose_on)))


def is_replaced(session: Session, vial: Container) -> bool:
    """Say whether a lost vial has its replacement, and it was not called off."""
    if vial.replaced_by is None:
        return False
    return session.get_one(Order, vial.replaced_by).status not in NEVER_GIVEN


def is_off(session: Session, order: Order) -> bool:
    """
    Say whether the patient has nothing of an order: never given, come back or recalled.

    Vials that came back or were recalled are made good by an order that replaces them, and by one
    that replaces that order's. A pharmacist may leave out those that are taken first, since their
    days may be over; what is replaced, is replaced to the end.
    """
    if order.status not in CAME_BACK:
        return order.status in NEVER_GIVEN
    gone = [each for each in containers(session, order.id) if each.returned_at or each.recalled_at]
    gone.sort(key=lambda each: each.first_dose_on)
    good = [_is_made_good(session, each) for each in gone]
    return not any(good) or False in good[good.index(True) :]


def _is_made_good(session: Session, vial: Container) -> bool:
    if vial.replaced_by is None:
        return False
    return not is_off(session, session.get_one(Order, vial.replaced_by))


def replacements(session: Session, order: Order) -> list[Order]:
    """Return the orders that replace vials of an order's fill, and stand."""
    return [
        each
        for each in family(session, order)
        if each.kind is OrderKind.REPLACEMENT and each.status not in NEVER_GIVEN
    ]


def is_followed(session: Session, order: Order) -> bool:
    """Say whether something that is taken after an order has its days already."""
    later_fill = and_(Order.prescription_id == order.prescription_id, Order.fill_no > order.fill_no)
    continued = Order.prescription_id.in_(
        select(Prescription.id).where(Prescription.follows_id == order.prescription_id)
    )
    found = select(Order.id).where(or_(later_fill, continued), Order.status.not_in(NEVER_GIVEN))
    return bool(later_parts(session, order)) or session.scalar(found.limit(1)) is not None


def waits_for_patient(session: Session, replacement: Order) -> bool:
    """
    Say whether the nights of a replacement wait for it, however late it comes.

    They do where nothing of the parcel reached the patient, so that no night of it was taken, and
    where no later nights would be pushed into others.
    """
    lost = replaced_by(session, replacement.id)
    never_arrived = any(each.lost_reason in NEVER_ARRIVED for each in lost)
    return never_arrived and not is_followed(session, replacement)


def open_of_fill(session: Session, order: Order) -> list[UUID]:
    """Return other orders of an order's fill that are still owed to the patient."""
    found = select(Order.id).where(_same_fill(order), Order.id != order.id, Order.status.in_(OPEN))
    return list(session.scalars(found.order_by(Order.id)))
