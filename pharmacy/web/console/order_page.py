"""Everything that one order's page shows, gathered in one place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.inventory import queries as inventory
from pharmacy.inventory.models import CapsuleLot
from pharmacy.kernel import ids
from pharmacy.labels import queries as labels
from pharmacy.labels.models import Label, LabelKind
from pharmacy.labels.pdf import FacesDiffer, leaflet_sheets
from pharmacy.labels.rules.copies import DATED_ANEW
from pharmacy.labels.rules.fitting import TextTooLong
from pharmacy.labels.rules.leaflet import Leaflet
from pharmacy.orders import queries
from pharmacy.orders.models import Container, Hold, Order, OrderEvent, ReasonCode
from pharmacy.orders.operations.handing_over import advice_needed_for
from pharmacy.orders.rules import Action, Status
from pharmacy.orders.rules.next_step import NextStep
from pharmacy.orders.rules.reasons import Purpose
from pharmacy.patients.models import Patient
from pharmacy.practice import queries as practice
from pharmacy.prescriptions import queries as prescriptions
from pharmacy.prescriptions.models import Prescription
from pharmacy.printing import queries as printing
from pharmacy.printing.models import LabelCopy
from pharmacy.printing.rules import CopyState, ScannedCode
from pharmacy.shipping.models import Parcel
from pharmacy.shipping.rules import ParcelStatus
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import Permission
from pharmacy.titration import queries as titration
from pharmacy.titration.models import StrengthPlan
from pharmacy.titration.rules import dated
from pharmacy.web.charts import Stair, stairs
from pharmacy.web.console.order_again import Ended, ended_of, told_of_again
from pharmacy.web.console.order_contact import Reached, reached
from pharmacy.web.console.order_first_check import FirstCheck, first_check, of_names, plan_is_open
from pharmacy.web.console.order_leaving import (
    Dates,
    dates_of,
    parcel_of,
    told_of_destruction,
    why_not_sent,
    witness_of,
)
from pharmacy.web.console.order_parts import Parts, parts_of, told_of_parts
from pharmacy.web.console.order_reading import Reading, reading_of
from pharmacy.web.console.order_second_check import SecondCheck, second_check
from pharmacy.web.console.queue import Line, lines_of
from pharmacy.web.view import View

PURPOSE_OF: Final[dict[str, Purpose]] = {
    Action.REJECT: Purpose.REJECT,
    Action.CANCEL: Purpose.CANCEL,
    Action.REALLOCATE: Purpose.REALLOCATE,
    Action.SEND_BACK: Purpose.SEND_BACK,
    Action.RETURN: Purpose.RETURN,
    Action.RETURN_VIALS: Purpose.RETURN,
    Action.CLAIM: Purpose.OVERRIDE,
    Action.TAKE_OVER: Purpose.TAKE_OVER,
    Action.SPLIT: Purpose.PARTIAL,
    Action.REPLACE: Purpose.REPLACE,
    Action.REORDER: Purpose.REORDER,
}
"""For what a step's coded reason was given."""


@dataclass(frozen=True, slots=True)
class Vial:
    """A container with what is known of its label on paper."""

    container: Container
    lot: CapsuleLot
    label: Label | None
    copy: LabelCopy | None
    is_scanned: bool
    """Since the order came to this step."""

    @property
    def code(self) -> str:
        """What its newest label's square code says."""
        own = ids.encode("ctr", self.container.id)
        return str(ScannedCode(own, self.label.newest_copy_no if self.label else 1))


@dataclass(frozen=True, slots=True)
class OrderPage:
    """One order, whole."""

    line: Line
    order: Order
    patient: Patient
    prescription: Prescription
    holds: Sequence[Hold]
    first: FirstCheck
    plan: StrengthPlan | None
    steps: list[Stair]
    chart: Any
    vials: list[Vial]
    leaflet: Label | None
    sheets: int
    """How many pages of the leaflet can be shown as pictures."""
    missing: Sequence[Any]
    events: Sequence[OrderEvent]
    names: dict[UUID, str]
    reasons: dict[str, list[tuple[str, str]]]
    """What may be chosen for each purpose, as pairs of code and words."""
    reason_words: dict[tuple[str, str], str]
    """By purpose and code, those out of use too: older steps name them."""
    second: SecondCheck
    parts: Parts
    ended: Ended | None
    """Of an order that is over: what may follow it."""
    parcel: Parcel | None
    witnesses: list[tuple[str, str]]
    """Who may watch while what came back is destroyed: code and name."""
    why_not_sent: str
    """Why the order is not sent to the patient; empty where it may be."""
    dates: Dates
    advice: list[str]
    reads: Reading
    reached: Reached

    @property
    def undecided(self) -> int:
        return len(self.first.undecided)

    @property
    def step(self) -> NextStep:
        """What is owed next, or may follow an order that is over."""
        return self.ended.step if self.ended else self.line.step

    def why(self, event: OrderEvent) -> str:
        """Return why a step was taken: its coded reason, the words, what it did to the fill."""
        code = event.facts.get("code")
        purpose = PURPOSE_OF.get(event.action)
        known = self.reason_words.get((purpose, code), "") if purpose and code else ""
        numbers = self.parts.numbers
        told = (
            told_of_parts(event, numbers),
            told_of_again(event, numbers),
            told_of_destruction(event, self.names),
        )
        return " ".join(each for each in (known, event.reason, *told) if each)

    @property
    def to_destroy(self) -> list[Container]:
        """What came back and is still there."""
        return to_destroy(self.vials)

    @property
    def is_on_its_way(self) -> bool:
        """Whether a carrier has it."""
        shipped = self.parcel is not None and self.parcel.status is ParcelStatus.SHIPPED
        return shipped and self.order.status is Status.HANDED_OVER

    @property
    def can_choose(self) -> bool:
        """Whether another strategy may be chosen for the plan."""
        return plan_is_open(self.plan) and self.first.can_choose

    @property
    def unconfirmed(self) -> int:
        """How many vials bear a label of which a newer copy was not scanned."""
        copies = [each.copy for each in self.vials if each.label is not None]
        return sum(each is None or each.state is not CopyState.CONFIRMED for each in copies)

    @property
    def relabeled(self) -> bool:
        """Whether labels with other dates were on these vials before."""
        return any(
            each.label and each.label.content["reprint"] == DATED_ANEW for each in self.vials
        )

    @property
    def unscanned(self) -> int:
        return unscanned(self.vials)


def unscanned(vials: Sequence[Vial]) -> int:
    """Return how many vials wait for a scan."""
    return sum(not each.is_scanned for each in vials)


def to_destroy(vials: Sequence[Vial]) -> list[Container]:
    """Return the vials that came back and are not destroyed yet."""
    return [each.container for each in vials if each.container.waits_to_be_destroyed]


def order_page(session: Session, order: Order, view: View) -> OrderPage:
    """Gather an order's page."""
    order_id = order.id
    line = lines_of(queries.rows_of(session, [order_id]), view)[0]
    prescription = prescriptions.get(session, order.prescription_id)
    plan = titration.current(session, order.prescription_id, order.fill_no)
    steps = _steps(plan, order)
    events = queries.events(session, order_id)
    drawn = labels.of_order(session, order_id)
    first = first_check(session, order, prescription, plan, steps=steps, now=view.now)
    reads = reading_of(session, line.row.patient, prescription)
    reach = reached(session, line.row.patient)
    leaflet = next((each for each in drawn if each.kind is LabelKind.LEAFLET), None)
    people = {each.by_id for each in events if each.by_id} | of_names(first)
    people |= set().union(*(witness_of(each) for each in events))
    people |= {each.settled_by for each in reach.settled if each.settled_by}
    if reads.chosen_by is not None:
        people.add(reads.chosen_by)
    if plan is not None and plan.chosen_by is not None:
        people.add(plan.chosen_by)
    vials = vials_of(session, order, drawn)
    reasons = queries.reason_codes(session)
    parts = parts_of(session, order, now=view.now)
    return OrderPage(
        line=line,
        order=order,
        patient=line.row.patient,
        prescription=prescription,
        holds=line.row.holds,
        first=first,
        plan=plan,
        steps=steps,
        chart=stairs(steps, today=practice.site(session).today(view.now)),
        vials=vials,
        leaflet=leaflet,
        sheets=_sheets(leaflet) if leaflet else 0,
        missing=queries.batch_requests(session, order_id),
        events=events,
        names=staff.names(session, people),
        reasons=_in_use(reasons),
        reason_words={(each.purpose, each.code): each.words for each in reasons},
        second=second_check(session, order),
        parts=parts,
        ended=ended_of(session, order, parts, now=view.now),
        parcel=parcel_of(session, order),
        witnesses=_witnesses(session, vials, view),
        why_not_sent=reach.why_not_sent or why_not_sent(session, line.row.patient, view.now),
        dates=dates_of(session, order, view.now),
        advice=advice_needed_for(session, order) if order.status is Status.READY else [],
        reads=reads,
        reached=reach,
    )


def _witnesses(session: Session, vials: Sequence[Vial], view: View) -> list[tuple[str, str]]:
    if not to_destroy(vials):
        return []
    found = staff.colleagues(session, Permission.HAND_OVER, besides=view.actor.id)
    return [(ids.encode("acc", each.id), each.display_name) for each in found]


def _sheets(leaflet: Label) -> int:
    """Return how many pages of a leaflet can be shown: none where the PDF alone still has it."""
    try:
        return len(leaflet_sheets(Leaflet.of_data(leaflet.content)))
    except (FacesDiffer, TextTooLong):
        return 0


def _in_use(reasons: Sequence[ReasonCode]) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {purpose: [] for purpose in Purpose}
    for each in reasons:
        if each.is_active:
            asks = " (say it in words)" if each.asks_for_words else ""
            found[each.purpose].append((each.code, each.words.rstrip(".") + asks))
    return found


def _steps(plan: StrengthPlan | None, order: Order) -> list[Stair]:
    """Return the plan's steps, with their dates once the first one is settled."""
    if plan is None:
        return []
    own = queries.of_nights(plan.planned_steps, order.nights)
    if order.first_dose_on is None:
        return [Stair(step, None, None) for step in own]
    found = dated(own, order.first_dose_on)
    return [Stair(each.step, each.first_on, each.last_on) for each in found]


def vials_of(session: Session, order: Order, drawn: Sequence[Label]) -> list[Vial]:
    """Return an order's present containers, each with what is known of its label on paper."""
    by_container = {label.container_id: label for label in drawn if label.container_id}
    living = {
        copy.label_id: copy
        for copy in printing.copies_of_order(session, order.id)
        if copy.state is not CopyState.VOID
    }
    containers = queries.containers(session, order.id)
    lots = inventory.capsule_lots_of(session, {each.lot_id for each in containers})
    found = []
    for container in containers:
        label = by_container.get(container.id)
        copy = living.get(label.id) if label else None
        scanned = _is_scanned(copy, since=order.status_since)
        found.append(Vial(container, lots[container.lot_id], label, copy, scanned))
    return found


def _is_scanned(copy: LabelCopy | None, *, since: datetime) -> bool:
    if copy is None or copy.confirmed_at is None:
        return False
    return copy.state is CopyState.CONFIRMED and copy.confirmed_at >= since
