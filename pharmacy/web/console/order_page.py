"""Everything that one order's page shows, gathered in one place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.dispensing import queries as dispensing
from pharmacy.inventory.models import CapsuleLot
from pharmacy.kernel import ids
from pharmacy.labels import queries as labels
from pharmacy.labels.models import Label, LabelKind
from pharmacy.orders import queries
from pharmacy.orders.models import Container, Hold, Order, OrderEvent
from pharmacy.orders.operations.handing_over import advice_needed_for
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.reasons import Purpose
from pharmacy.patients.models import Patient
from pharmacy.practice import queries as practice
from pharmacy.prescribers import queries as prescribers
from pharmacy.prescribers.models import PrescriberCheck
from pharmacy.prescriptions import queries as prescriptions
from pharmacy.prescriptions.models import Prescription
from pharmacy.printing import queries as printing
from pharmacy.printing.models import LabelCopy
from pharmacy.printing.rules import CopyState, ScannedCode
from pharmacy.screening import queries as screening
from pharmacy.screening.models import Finding
from pharmacy.screening.rules import Severity
from pharmacy.screening.rules.rulebook import BY_ID
from pharmacy.staff import queries as staff
from pharmacy.titration import queries as titration
from pharmacy.titration.models import StrengthPlan
from pharmacy.titration.rules import dated
from pharmacy.web.charts import Stair, stairs
from pharmacy.web.console.queue import Line, lines_of
from pharmacy.web.rendering import words_of
from pharmacy.web.view import View

CHECKS_SHOWN = 8


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
        return str(ScannedCode(own, self.copy.copy_no if self.copy else 1))


@dataclass(frozen=True, slots=True)
class Spoken:
    """A finding as a pharmacist decides about it."""

    finding: Finding
    source: str
    is_settled: bool

    @property
    def blocks(self) -> bool:
        return self.finding.severity is Severity.BLOCK


@dataclass(frozen=True, slots=True)
class OrderPage:
    """One order, whole."""

    line: Line
    order: Order
    patient: Patient
    prescription: Prescription
    holds: Sequence[Hold]
    findings: list[Spoken]
    plan: StrengthPlan | None
    steps: list[Stair]
    chart: Any
    checks: list[PrescriberCheck]
    vials: list[Vial]
    leaflet: Label | None
    missing: Sequence[Any]
    events: Sequence[OrderEvent]
    names: dict[UUID, str]
    reasons: dict[str, list[tuple[str, str]]]
    record_sha256: str
    advice: list[str]

    @property
    def undecided(self) -> int:
        return sum(not each.is_settled for each in self.findings)

    @property
    def unscanned(self) -> int:
        return unscanned(self.vials)


def unscanned(vials: Sequence[Vial]) -> int:
    """Return how many vials wait for a scan."""
    return sum(not each.is_scanned for each in vials)


def order_page(session: Session, order: Order, view: View) -> OrderPage:
    """Gather an order's page."""
    order_id = order.id
    line = lines_of(session, queries.rows_of(session, [order_id]), view)[0]
    prescription = prescriptions.get(session, order.prescription_id)
    plan = titration.current(session, order.prescription_id, order.fill_no)
    steps = _steps(plan, order)
    events = queries.events(session, order_id)
    drawn = labels.of_order(session, order_id)
    checking = order.status is Status.FINAL_CHECK
    return OrderPage(
        line=line,
        order=order,
        patient=line.row.patient,
        prescription=prescription,
        holds=line.row.holds,
        findings=_findings(session, order),
        plan=plan,
        steps=steps,
        chart=stairs(steps, today=practice.site(session).today(view.now)),
        checks=_newest(prescribers.checks(session, order.npi, limit=CHECKS_SHOWN)),
        vials=vials_of(session, order, drawn),
        leaflet=next((each for each in drawn if each.kind is LabelKind.LEAFLET), None),
        missing=queries.batch_requests(session, order_id),
        events=events,
        names=staff.names(session, {each.by_id for each in events if each.by_id}),
        reasons=_reasons(session),
        record_sha256=(
            dispensing.second_check(session, order_id).record_sha256().hex() if checking else ""
        ),
        advice=advice_needed_for(session, order) if order.status is Status.READY else [],
    )


def _reasons(session: Session) -> dict[str, list[tuple[str, str]]]:
    """Return what may be chosen for each purpose, as pairs of code and words."""
    found: dict[str, list[tuple[str, str]]] = {purpose: [] for purpose in Purpose}
    for each in queries.reason_codes(session):
        if each.is_active:
            found[each.purpose].append((each.code, words_of(each.code)))
    return found


def _steps(plan: StrengthPlan | None, order: Order) -> list[Stair]:
    """Return the plan's steps, with their dates once the first one is settled."""
    if plan is None:
        return []
    if order.first_dose_on is None:
        return [Stair(step, None, None) for step in plan.planned_steps]
    found = dated(plan.planned_steps, order.first_dose_on)
    return [Stair(each.step, each.first_on, each.last_on) for each in found]


def _findings(session: Session, order: Order) -> list[Spoken]:
    found = screening.open_findings(session, order.prescription_id, order.fill_no)
    return [
        Spoken(
            finding,
            BY_ID[finding.rule_id].source if finding.rule_id in BY_ID else "",
            screening.is_settled(finding),
        )
        for finding in found
    ]


def _newest(checks: Sequence[PrescriberCheck]) -> list[PrescriberCheck]:
    """Return the newest answer of each source to each question."""
    found: dict[tuple[str, str], PrescriberCheck] = {}
    for check in checks:
        found.setdefault((check.kind, check.source), check)
    return list(found.values())


def vials_of(session: Session, order: Order, drawn: Sequence[Label]) -> list[Vial]:
    """Return an order's present containers, each with what is known of its label on paper."""
    by_container = {label.container_id: label for label in drawn if label.container_id}
    living = {
        copy.label_id: copy
        for copy in printing.copies_of_order(session, order.id)
        if copy.state is not CopyState.VOID
    }
    found = []
    for container in queries.containers(session, order.id):
        label = by_container.get(container.id)
        copy = living.get(label.id) if label else None
        lot = session.get_one(CapsuleLot, container.lot_id)
        scanned = _is_scanned(copy, since=order.status_since)
        found.append(Vial(container, lot, label, copy, scanned))
    return found


def _is_scanned(copy: LabelCopy | None, *, since: datetime) -> bool:
    if copy is None or copy.confirmed_at is None:
        return False
    return copy.state is CopyState.CONFIRMED and copy.confirmed_at >= since
