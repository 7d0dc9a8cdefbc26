"""A clinic's orders at the counter: signed, checked, labelled, collected and filled again."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from pharmacy.labels import operations as labels
from pharmacy.labels.models import Label, LabelKind
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.refills import operations as refills
from pharmacy.refills.models import Refill
from pharmacy.screening import queries as findings
from pharmacy.screening.models import Finding
from pharmacy.staff.rules import Actor, Role
from pharmacy.titration import queries as plans
from tests.factories.bundles import (
    Change,
    fresh_bundle,
    requests,
    signed,
)
from tests.factories.dates import begin_the_day_after
from tests.factories.inventory import make_capsule_lot
from tests.factories.orders import Bench
from tests.factories.staff import make_actor

STRENGTHS = (500, 1_500, 3_000, 4_500)


class Counter:
    """A clinic's order at the counter: signed, checked, labelled, collected and filled again."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.bench = Bench(session, stock=False)
        begin_the_day_after(self.bench)
        self.clinic: Actor = make_actor(session, Role.EHR_CLIENT)

    def receive(self, *changes: Change) -> Order:
        return operations.receive(
            self.session,
            signed(fresh_bundle(*changes), self.bench.key),
            by=self.clinic,
            source_address="127.0.0.1",
            now=self.bench.now,
        ).order

    def travel(self, to: datetime) -> None:
        """Let time pass; the registries are loaded and lots are made as a pharmacy would."""
        self.bench.now = to
        self.bench.load_registries()

    def restock(self, *strengths: int) -> None:
        """Release fresh lots, of the clinic's strengths by default: 180 days, this day counted."""
        today = self.bench.now.date()
        for strength in strengths or STRENGTHS:
            make_capsule_lot(
                self.session,
                strength,
                600,
                compounded_on=today,
                beyond_use_on=today + timedelta(days=179),
            )

    def hand_over(self, order: Order) -> list[Label]:
        """Walk an order to the patient, with labels as the worker draws them."""
        self.restock()
        self.bench.walk(order, Status.PLANNED)
        operations.allocate(self.session, order.id, by=self.bench.technician, now=self.bench.now)
        drawn = labels.render(self.session, order.id, now=self.bench.now)
        self.bench.walk(order, Status.HANDED_OVER)
        return list(drawn)

    def next_fill(self, order: Order) -> Refill:
        refill = refills.schedule(self.session, order.id, now=self.bench.now)
        assert refill is not None
        return refill

    def order_next(self, refill: Refill) -> Order:
        return refills.order_next(
            self.session, refill.id, by=self.bench.technician, now=self.bench.now
        )

    def findings(self, order: Order) -> list[Finding]:
        return findings.open_findings(self.session, order.prescription_id, order.fill_no)

    def held_for(self, order: Order) -> set[str]:
        return {hold.code for hold in queries.open_holds(self.session, order.id)}

    def lift_all(self, order: Order) -> None:
        for hold in queries.open_holds(self.session, order.id):
            operations.lift_hold(
                self.session,
                order.id,
                hold.id,
                reason="clarified with the clinic",
                by=self.bench.pharmacist,
                now=self.bench.now,
            )


def orders(
    *steps: tuple[str, int | None], when: str = "HS", fill_days: int | None = None, repeats: int = 0
) -> Change:
    """Have the first request order steps of (mg, days), in words and in structure."""
    words = {"HS": "at bedtime", "MORN": "in the morning"}[when]

    def change(bundle: dict[str, Any]) -> None:
        request = requests(bundle)[0]
        template = request["dosageInstruction"][0]
        request["dosageInstruction"] = [
            dosage(template, number, mg, days, words) | timing(days, when)
            for number, (mg, days) in enumerate(steps, start=1)
        ]
        dispense = request["dispenseRequest"]
        dispense["expectedSupplyDuration"]["value"] = fill_days or sum(
            days or 0 for _, days in steps
        )
        dispense["numberOfRepeatsAllowed"] = repeats

    return change


def dosage(
    template: dict[str, Any], number: int, mg: str, days: int | None, words: str
) -> dict[str, Any]:
    step: dict[str, Any] = json.loads(json.dumps(template))
    step["sequence"] = number
    step["text"] = f"Take {mg} mg by mouth {words}" + (f" for {days} days." if days else ".")
    step["doseAndRate"][0]["doseQuantity"]["value"] = json.loads(mg)
    return step


def timing(days: int | None, when: str) -> dict[str, Any]:
    repeat: dict[str, Any] = {"frequency": 1, "period": 1, "periodUnit": "d", "when": [when]}
    if days is not None:
        unit = {"unit": "day", "system": "http://unitsofmeasure.org", "code": "d"}
        repeat["boundsDuration"] = {"value": days} | unit
    return {"timing": {"repeat": repeat}}


def says(words: str, *, step: int = 1) -> Change:
    """Have a step of the first request say something else than its structure."""

    def change(bundle: dict[str, Any]) -> None:
        requests(bundle)[0]["dosageInstruction"][step - 1]["text"] = words

    return change


def valid(place: int = 0, **days: str) -> Change:
    """Move the start or the end of a request's window."""

    def change(bundle: dict[str, Any]) -> None:
        requests(bundle)[place]["dispenseRequest"]["validityPeriod"].update(days)

    return change


def noon(year: int, month: int, day: int) -> datetime:
    """Noon in Houston, give or take the hour of daylight saving."""
    return datetime(year, month, day, 18, tzinfo=UTC)


def cluster(label: Label) -> tuple[str, str, str]:
    """What the patient reads first."""
    content = label.content
    return content["strength"], content["directions"], f"{content['dates']} {content['doses']}"


def vials(drawn: list[Label]) -> list[Label]:
    return [label for label in drawn if label.kind is LabelKind.CONTAINER]


def leaflet(drawn: list[Label]) -> dict[str, Any]:
    return next(label for label in drawn if label.kind is LabelKind.LEAFLET).content


def planned(order: Order, session: Session) -> list[tuple[int, int, int]]:
    """Dose, days and capsules of each step of the order's plan."""
    assert order.plan_id is not None
    steps = plans.get(session, order.plan_id).planned_steps
    return [(step.dose_ug, step.days, step.capsules) for step in steps]
