"""Orders as other systems see them."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, Self
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.kernel import ids
from pharmacy.kernel.jobs import JobKind
from pharmacy.kernel.quantities import Mass
from pharmacy.kernel.working_time import WorkingHours, working_time_between
from pharmacy.orders import queries
from pharmacy.orders.models import BatchRequest, Container, Hold, Order, OrderEvent
from pharmacy.orders.queries import QueueRow
from pharmacy.orders.rules.gates import dates_over
from pharmacy.orders.rules.next_step import next_step
from pharmacy.orders.rules.parts import OrderKind
from pharmacy.patients.models import Patient
from pharmacy.practice import queries as practice
from pharmacy.practice.rules import local_date
from pharmacy.prescriptions.models import Prescription
from pharmacy.refills import queries as refills
from pharmacy.staff.rules import Actor, Permission

A_MINUTE: Final = timedelta(minutes=1)


def milligrams(micrograms: int) -> str:
    """Return a dose or a strength as decimal text: `4.5`."""
    return str(Mass.of_micrograms(micrograms)).removesuffix(" mg")


def encoded(prefix: str, value: UUID | None) -> str | None:
    """Return the public form of an identifier, where there is one."""
    return ids.encode(prefix, value) if value is not None else None


class PatientBrief(msgspec.Struct, frozen=True):
    """Who the medicine is for; the name only where the caller may read prescriptions."""

    id: str
    name: str | None

    @classmethod
    def of(cls, patient: Patient, actor: Actor) -> Self:
        may_read = Permission.READ_PRESCRIPTION in actor.permissions
        name = f"{patient.family}, {patient.given}" if may_read else None
        return cls(id=ids.encode("pat", patient.id), name=name)


class NextStepView(msgspec.Struct, frozen=True):
    """What is owed next, and by whom."""

    owner: str
    action: str
    words: str

    @classmethod
    def of(
        cls,
        order: Order,
        holds: Sequence[Hold],
        given_up: Collection[JobKind],
        *,
        lots_out: bool,
        today: date,
        came_back: bool,
    ) -> Self:
        step = next_step(
            order.status,
            labeled=order.labeled_at is not None,
            lots_out=lots_out,
            dates_over=dates_over(order.first_dose_on, today),
            came_back=came_back,
            held=[(hold.code, hold.words, hold.owner) for hold in holds],
            given_up=given_up,
        )
        return cls(owner=step.owner, action=step.action, words=step.words)


class HoldView(msgspec.Struct, frozen=True):
    """Why an order waits, or waited."""

    id: str
    code: str
    words: str
    owner: str
    origin: str
    facts: dict[str, Any]
    placed_at: datetime
    deadline_at: datetime
    lifted_at: datetime | None
    lift_reason: str | None

    @classmethod
    def of(cls, hold: Hold) -> Self:
        return cls(
            id=ids.encode("hld", hold.id),
            code=hold.code,
            words=hold.words,
            owner=hold.owner,
            origin=hold.origin,
            facts=hold.facts,
            placed_at=hold.placed_at,
            deadline_at=hold.deadline_at,
            lifted_at=hold.lifted_at,
            lift_reason=hold.lift_reason,
        )


class ContainerView(msgspec.Struct, frozen=True):
    """One vial. Its `id` is what the label's codes say."""

    id: str
    part: int
    parts: int
    step: int
    steps: int
    strength_mg: str
    capsules_per_dose: int
    quantity: int
    directions: str
    first_dose_on: date
    last_dose_on: date
    lot: str
    scanned_at: datetime | None
    recalled_at: datetime | None
    """When a recall reached it."""
    returned_at: datetime | None
    """When it came back."""
    destroyed_at: datetime | None
    witnessed_by: str | None
    """Who saw it destroyed."""
    lost_at: datetime | None
    """Its code is dead from then on."""
    replaced_by: str | None
    """The order that replaces it."""

    @classmethod
    def of(cls, container: Container) -> Self:
        return cls(
            id=ids.encode("ctr", container.id),
            part=container.part_no,
            parts=container.parts,
            step=container.step_no,
            steps=container.steps,
            strength_mg=milligrams(container.strength_ug),
            capsules_per_dose=container.capsules_per_dose,
            quantity=container.quantity,
            directions=container.directions,
            first_dose_on=container.first_dose_on,
            last_dose_on=container.last_dose_on,
            lot=ids.encode("lot", container.lot_id),
            scanned_at=container.scanned_at,
            recalled_at=container.recalled_at,
            returned_at=container.returned_at,
            destroyed_at=container.destroyed_at,
            witnessed_by=encoded("acc", container.witnessed_by),
            lost_at=container.lost_at,
            replaced_by=encoded("ord", container.replaced_by),
        )


class MissingView(msgspec.Struct, frozen=True):
    """Capsules that an order waits for."""

    strength_mg: str
    quantity: int
    asked_at: datetime

    @classmethod
    def of(cls, request: BatchRequest) -> Self:
        return cls(
            strength_mg=milligrams(request.strength_ug),
            quantity=request.quantity,
            asked_at=request.asked_at,
        )


class EventView(msgspec.Struct, frozen=True):
    """One step in an order's life."""

    action: str
    from_status: str | None
    to_status: str
    by_kind: str
    by: str | None
    reason: str | None
    facts: dict[str, Any]
    at: datetime

    @classmethod
    def of(cls, event: OrderEvent) -> Self:
        prefix = "ehr" if event.by_kind == "client" else "acc"
        return cls(
            action=event.action,
            from_status=event.from_status,
            to_status=event.to_status,
            by_kind=event.by_kind,
            by=encoded(prefix, event.by_id),
            reason=event.reason,
            facts=event.facts,
            at=event.at,
        )


class RelatedView(msgspec.Struct, frozen=True):
    """Another order of the same fill."""

    id: str
    number: int
    kind: OrderKind
    belongs_to: str | None
    status: str
    first_dose_on: date | None
    last_dose_on: date | None

    @classmethod
    def of_order(cls, order: Order) -> Self:
        return cls(
            id=ids.encode("ord", order.id),
            number=order.number,
            kind=order.kind,
            belongs_to=encoded("ord", order.of_order_id),
            status=order.status,
            first_dose_on=order.first_dose_on,
            last_dose_on=order.last_dose_on,
        )


class QueueLine(msgspec.Struct, frozen=True):
    """An order in the queue."""

    id: str
    number: int
    status: str
    version: int
    next: NextStepView
    fill: int
    kind: OrderKind
    patient: PatientBrief
    received_at: datetime
    due_at: datetime
    status_since: datetime
    claimed_by: str | None
    claimed_until: datetime | None
    holds: list[HoldView]
    given_up: list[JobKind]
    """Kinds of dead jobs about the order: see `/api/v1/jobs?state=dead`."""
    working_minutes: int
    """For how long the pharmacy was open since the order was received."""
    working_minutes_in_status: int
    """And since it came to its present status."""

    @classmethod
    def of(cls, row: QueueRow, actor: Actor, hours: WorkingHours, now: datetime) -> Self:
        order = row.order
        today = local_date(now, hours.time_zone)

        def minutes_since(start: datetime) -> int:
            return working_time_between(start, now, hours) // A_MINUTE

        return cls(
            id=ids.encode("ord", order.id),
            number=order.number,
            status=order.status,
            version=order.version,
            next=NextStepView.of(
                order,
                row.holds,
                row.given_up,
                lots_out=row.lots_out,
                came_back=row.came_back,
                today=today,
            ),
            fill=order.fill_no,
            kind=order.kind,
            patient=PatientBrief.of(row.patient, actor),
            received_at=order.received_at,
            due_at=order.due_at,
            status_since=order.status_since,
            claimed_by=encoded("acc", order.claimed_by),
            claimed_until=order.claimed_until,
            holds=[HoldView.of(hold) for hold in row.holds],
            given_up=list(row.given_up),
            working_minutes=minutes_since(order.received_at),
            working_minutes_in_status=minutes_since(order.status_since),
        )


class OrderView(msgspec.Struct, frozen=True):
    """One fill of one prescription, a part of one, or what replaces vials of one."""

    id: str
    number: int
    """The serial (Rx) number on the label."""
    status: str
    version: int
    next: NextStepView
    prescription: str
    fill: int
    authorised_fills: int
    kind: OrderKind
    belongs_to: str | None
    """What a remainder was split from, and whose vials a replacement replaces."""
    counts_as_fill: bool
    """A replacement that uses up an authorised fill."""
    related: list[RelatedView]
    """The other orders of this fill: its parts, and what replaces vials of it."""
    patient: PatientBrief
    npi: str
    received_at: datetime
    due_at: datetime
    status_since: datetime
    claimed_by: str | None
    claimed_until: datetime | None
    plan: str | None
    first_dose_on: date | None
    last_dose_on: date | None
    labeled_at: datetime | None
    packed_by: str | None
    checked_by: str | None
    handed_over_at: datetime | None
    holds: list[HoldView]
    """Open ones; the list of events tells of those that were lifted."""
    given_up: list[JobKind]
    """Kinds of dead jobs about the order: see `/api/v1/jobs?state=dead`."""
    containers: list[ContainerView]
    missing: list[MissingView]
    """Capsules that the order waits for."""
    refill: str | None
    """The fill that follows, once it is worked out."""

    @classmethod
    def of(cls, session: Session, order: Order, actor: Actor, now: datetime) -> Self:
        today = practice.site(session).today(now)
        holds = queries.open_holds(session, order.id)
        given_up = jobs.given_up(session, [order.id]).get(order.id, ())
        out = queries.with_lots_out(session, [order.id])
        back = queries.with_vials_back(session, [order.id])
        refill = refills.after_order(session, order.id)
        return cls(
            id=ids.encode("ord", order.id),
            number=order.number,
            status=order.status,
            version=order.version,
            next=NextStepView.of(
                order,
                holds,
                given_up,
                lots_out=bool(out),
                came_back=bool(back),
                today=today,
            ),
            prescription=ids.encode("rx", order.prescription_id),
            fill=order.fill_no,
            authorised_fills=order.authorised_fills,
            kind=order.kind,
            belongs_to=encoded("ord", order.of_order_id),
            counts_as_fill=order.uses_fill,
            related=[
                RelatedView.of_order(each)
                for each in queries.family(session, order)
                if each.id != order.id
            ],
            patient=_patient(session, order, actor),
            npi=order.npi,
            received_at=order.received_at,
            due_at=order.due_at,
            status_since=order.status_since,
            claimed_by=encoded("acc", order.claimed_by),
            claimed_until=order.claimed_until,
            plan=encoded("pln", order.plan_id),
            first_dose_on=order.first_dose_on,
            last_dose_on=order.last_dose_on,
            labeled_at=order.labeled_at,
            packed_by=encoded("acc", order.packed_by),
            checked_by=encoded("acc", order.checked_by),
            handed_over_at=order.handed_over_at,
            holds=[HoldView.of(hold) for hold in holds],
            given_up=list(given_up),
            containers=[ContainerView.of(each) for each in queries.containers(session, order.id)],
            missing=[MissingView.of(each) for each in queries.batch_requests(session, order.id)],
            refill=encoded("rfl", refill.id if refill else None),
        )


def _patient(session: Session, order: Order, actor: Actor) -> PatientBrief:
    """Show outsiders no name that they did not sign: an identifier may be another person's."""
    known = PatientBrief.of(session.get_one(Patient, order.patient_id), actor)
    signed = session.get_one(Prescription, order.prescription_id)
    if actor.npis is not None and signed.names_another:
        return PatientBrief(id=known.id, name=None)
    return known
