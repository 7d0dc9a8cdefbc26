"""Setting released capsules aside for an order, or asking for a batch of those that are missing."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from pharmacy.inventory import operations as inventory
from pharmacy.inventory import queries as lots
from pharmacy.inventory.operations import Take
from pharmacy.inventory.rules.allocation import Need, Portion, share
from pharmacy.kernel.ids import new_id
from pharmacy.orders import queries
from pharmacy.orders.models import BatchRequest, Container, Order
from pharmacy.orders.operations.checking import owe_labels
from pharmacy.orders.operations.reviewing import owe_refill, require_prescription, set_dates
from pharmacy.orders.operations.steps import lock_for, look_ahead, take
from pharmacy.orders.operations.supplements import due_before, hold_for_new_dates
from pharmacy.orders.rules import OPEN, Action
from pharmacy.orders.rules.life import ALLOCATED
from pharmacy.orders.rules.parts import EarlierPartFirst, Nights, NothingToReplace, OrderKind
from pharmacy.practice import queries as practice
from pharmacy.practice.models import Site
from pharmacy.prescriptions.rules.regimen import Regimen
from pharmacy.staff.rules import Actor
from pharmacy.titration.rules.schedule import DatedStep, dated, run_out_on


def allocate(session: Session, order_id: UUID, *, by: Actor, now: datetime) -> Order:
    """
    Set aside capsules for every step, first expired first out, each dose within its lot's date.

    All or nothing: where capsules are missing the order waits in `compounding` with a request for
    each strength, and is allocated again later. Where the planned first dose has passed meanwhile,
    the doses are dated anew from today.

    Raises:
        MoveNotAllowed, OrderHeld, ClaimedByAnother: As the order stands.
        EarlierPartFirst: A part of the fill that is taken before has no capsules yet.
        NothingToReplace: The days of the lost vials are over.
        PrescriptionOver: It was cancelled, or is not valid today.
    """
    order = lock_for(session, order_id, by)
    look_ahead(session, order, Action.ALLOCATE, by=by, now=now)
    policy, site = practice.policy(session), practice.site(session)
    prescription = require_prescription(session, order, site, now)
    _require_earlier_parts(session, order)
    planned = queries.after_earlier_parts(session, order) or order.first_dose_on
    first_dose_on = _first_dose_on(order, planned, site, policy.first_dose_after_days, now)
    steps = dated(queries.own_steps(session, order), first_dose_on)
    needs = [_need(step) for step in steps]
    free = lots.lock_free(session, {need.strength_ug for need in needs}, usable_on=site.today(now))
    shared = share(needs, [lot.supply for lot in free], fewest=policy.fewest_containers)
    if shared.missing:
        return _await_capsules(session, order, shared.missing, by=by, now=now)
    in_all = Regimen.of_data(prescription.regimen).steps[-1].no
    made = _containers(order, steps, shared.portions, in_all)
    session.add_all(made)
    session.flush()
    taken = [Take(each.lot_id, each.quantity, each.id) for each in made]
    inventory.reserve(session, taken, by=by, now=now)
    _requests_met(session, order, now)
    redated = first_dose_on != order.first_dose_on
    set_dates(order, first_dose_on, run_out_on([each.step for each in steps], first_dose_on))
    order.labeled_at = None
    facts = {"containers": len(made), "first_dose_on": first_dose_on.isoformat()}
    take(session, order, Action.ALLOCATE, by=by, now=now, facts=facts)
    owe_labels(session, order)
    if redated:
        _later_parts_follow(session, order, now=now)
        owe_refill(session, order)
    return order


def _require_earlier_parts(session: Session, order: Order) -> None:
    """Raise EarlierPartFirst: what is taken first has the capsules first."""
    for each in queries.earlier_parts(session, order):
        if each.status in OPEN and each.status not in ALLOCATED:
            raise EarlierPartFirst("the part before it has no capsules yet", order=each.number)


def _first_dose_on(
    order: Order, planned: date | None, site: Site, days: int, now: datetime
) -> date:
    """
    Keep the approved day while it can still be kept, and no part of a fill begins in another.

    A replacement that comes late is for fewer nights: the plan does not wait for it. Raises
    NothingToReplace where none is left.
    """
    today = site.today(now)
    if planned is None or order.first_dose_on is None:
        return today + timedelta(days=days)
    if planned >= today:
        return planned
    later = today + timedelta(days=days)
    if order.kind is OrderKind.REPLACEMENT and order.nights is not None:
        assert order.last_dose_on is not None
        if later > order.last_dose_on:
            raise NothingToReplace("the days of the lost vials are over")
        order.nights = Nights(
            order.nights.first + (later - order.first_dose_on).days, order.nights.last
        )
    return later


def _later_parts_follow(session: Session, order: Order, *, now: datetime) -> None:
    """
    Move the doses of later parts behind an order that was dated anew.

    A part that has vials is held, since their labels say other days: it is allocated anew.
    """
    for each in queries.later_parts(session, order):
        if each.status not in OPEN or each.nights is None:
            continue
        if each.status in ALLOCATED:
            hold_for_new_dates(session, each, now=now)
            continue
        assert order.last_dose_on is not None
        assert order.last_night is not None
        first_on = order.last_dose_on + timedelta(days=each.nights.first - order.last_night)
        set_dates(each, first_on, first_on + timedelta(days=each.nights.many))
        each.due_at = due_before(session, first_on, now=now)
        each.version += 1


def _need(step: DatedStep) -> Need:
    return Need(
        strength_ug=step.step.strength_ug,
        per_dose=step.step.capsules_per_dose,
        first_on=step.first_on,
        last_on=step.last_on,
    )


def _containers(
    order: Order,
    steps: Sequence[DatedStep],
    portions: Sequence[Portion],
    in_all: int,
) -> list[Container]:
    """
    Return a container for each portion, the first to be taken first, counted by what the patient
    gets with this order: a part of a fill, or what replaces vials, has a count of its own.

    Args:
        in_all: How many steps the prescription has; a later fill goes on counting in it.
    """
    return [
        Container(
            id=new_id(),
            order_id=order.id,
            part_no=part_no,
            parts=len(portions),
            step_no=steps[portion.need_no].step.no,
            steps=in_all,
            strength_ug=steps[portion.need_no].step.strength_ug,
            capsules_per_dose=steps[portion.need_no].step.capsules_per_dose,
            quantity=portion.capsules,
            directions=steps[portion.need_no].step.directions,
            first_dose_on=portion.first_on,
            last_dose_on=portion.last_on,
            lot_id=portion.lot_id,
        )
        for part_no, portion in enumerate(portions, start=1)
    ]


def _await_capsules(
    session: Session, order: Order, missing: dict[int, int], *, by: Actor, now: datetime
) -> Order:
    """Ask for a batch of each missing strength; what is asked already is brought up to date."""
    rows = [
        {
            "id": new_id(),
            "order_id": order.id,
            "strength_ug": strength_ug,
            "quantity": quantity,
            "asked_at": now,
        }
        for strength_ug, quantity in sorted(missing.items())
    ]
    _requests_met(session, order, now)
    statement = insert(BatchRequest).values(rows)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["order_id", "strength_ug"],
            set_={"quantity": statement.excluded.quantity, "met_at": None},
        )
    )
    facts = {"missing": {str(strength): quantity for strength, quantity in missing.items()}}
    take(session, order, Action.AWAIT_CAPSULES, by=by, now=now, facts=facts)
    return order


def _requests_met(session: Session, order: Order, now: datetime) -> None:
    session.execute(
        update(BatchRequest)
        .where(BatchRequest.order_id == order.id, BatchRequest.met_at.is_(None))
        .values(met_at=now)
    )
