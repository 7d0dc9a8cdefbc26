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
from pharmacy.orders.operations.dating import usual_first_dose
from pharmacy.orders.operations.following import later_parts_follow
from pharmacy.orders.operations.reviewing import owe_refill, require_prescription, set_dates
from pharmacy.orders.operations.steps import lock_for, look_ahead, take
from pharmacy.orders.rules import OPEN, Action
from pharmacy.orders.rules.life import ALLOCATED
from pharmacy.orders.rules.parts import EarlierPartFirst, Nights, NothingToReplace, OrderKind
from pharmacy.practice import queries as practice
from pharmacy.prescriptions.rules.regimen import Regimen
from pharmacy.staff.rules import Actor
from pharmacy.titration.rules.schedule import DatedStep, dated, run_out_on


def allocate(session: Session, order_id: UUID, *, by: Actor, now: datetime) -> Order:
    """
    Set aside capsules for every step, first expired first out, each dose within its lot's date.

    All or nothing: where capsules are missing the order waits in `compounding` with a request for
    each strength, and is allocated again later. A fill is dated from today on,
    as its labels will say, unless a pharmacist named its first day and that is still to come.

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
    first_dose_on = _first_dose_on(session, order, now)
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
        later_parts_follow(session, order, now=now)
        owe_refill(session, order)
    return order


def _require_earlier_parts(session: Session, order: Order) -> None:
    """Raise EarlierPartFirst: what is taken first has the capsules first."""
    for each in queries.earlier_parts(session, order):
        if each.status in OPEN and each.status not in ALLOCATED:
            raise EarlierPartFirst("the part before it has no capsules yet", order=each.number)


def _first_dose_on(session: Session, order: Order, now: datetime) -> date:
    """
    Return the day on which the labels that are drawn now begin.

    A fill that nobody dated is dated from today. A day that a pharmacist named, or the plan of a
    fill in parts, is kept while it can be kept; no part of a fill begins in another. A replacement
    that comes late is for fewer nights: the plan does not wait for it, unless none of it reached
    the patient. Raises NothingToReplace where none is left.
    """
    if order.first_dose_on is None or (order.kind is OrderKind.FILL and not order.first_dose_named):
        return usual_first_dose(session, order, now=now)
    site, policy = practice.site_and_policy(session)
    today = site.today(now)
    planned = queries.after_earlier_parts(session, order) or order.first_dose_on
    if planned >= today:
        return planned
    later = today + timedelta(days=policy.first_dose_after_days)
    if order.kind is not OrderKind.REPLACEMENT or queries.waits_for_patient(session, order):
        return later
    if order.nights is not None:
        assert order.last_dose_on is not None
        if later > order.last_dose_on:
            raise NothingToReplace("the days of the lost vials are over")
        order.nights = Nights(
            order.nights.first + (later - order.first_dose_on).days, order.nights.last
        )
    return later


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
