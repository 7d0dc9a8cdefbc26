"""
How long a clinic and a pharmacist wait, with the whole pharmacy running and one order at a time.

    python -m benchmarks.latency [--count 40]

Checked: from sending a signed prescription until its order waits for review, with prescriber check,
screening and plan done. Labels: from committing an allocation until the labels are drawn. What lies
between is a pharmacist's time and not ours. Seen by asking the database every 2 ms.
"""

import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import click
import httpx
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from benchmarks.harness import keep
from benchmarks.intake import headers
from benchmarks.jobs import percentile
from benchmarks.pharmacies import Pharmacy, open_pharmacy
from pharmacy.orders import operations
from pharmacy.orders.models import Order
from pharmacy.orders.operations.rescreening import rescreen
from pharmacy.orders.rules import Status
from pharmacy.patients import operations as patients
from pharmacy.patients.rules import GivenAnswer, Reply, Topic
from pharmacy.screening import operations as screening
from pharmacy.screening import queries as findings
from pharmacy.screening.rules import Decision, Severity
from pharmacy.staff.rules import Actor, Role
from tests.factories.inventory import make_capsule_lot
from tests.factories.registries import make_good_registries
from tests.factories.staff import make_actor
from tests.factories.titration import make_active_lot, make_formulations

PATIENCE = 60.0
LOOK_EVERY = 0.002
STRENGTHS_UG = (1_500, 3_000, 4_500)


class Bench:
    """A pharmacy with registries, stock and two people."""

    def __init__(self, pharmacy: Pharmacy) -> None:
        self.pharmacy = pharmacy
        self.clinic = httpx.Client(base_url=pharmacy.url, headers=headers(pharmacy), timeout=30)
        with pharmacy.database.transaction() as session:
            furnish(session)
            self.technician = make_actor(session, Role.TECHNICIAN)
            self.pharmacist = make_actor(session, Role.PHARMACIST)

    def one(self) -> tuple[float, float]:
        """Walk one order; return the two waits in milliseconds."""
        token = self.pharmacy.token()
        begun = time.monotonic()
        self.clinic.post("/api/v1/prescriptions", content=token).raise_for_status()
        found = self._until(Order.status == Status.REVIEW)
        checked = time.monotonic() - begun
        with self.pharmacy.database.transaction() as session:
            approve(session, found, technician=self.technician, pharmacist=self.pharmacist)
        with self.pharmacy.database.transaction() as session:
            operations.allocate(session, found, by=self.technician, now=datetime.now(UTC))
        begun = time.monotonic()
        self._until(Order.id == found, Order.labeled_at.is_not(None))
        return checked * 1000, (time.monotonic() - begun) * 1000

    def _until(self, *conditions: Any) -> Any:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with self.pharmacy.database.transaction() as session:
                if found := session.scalar(select(Order.id).where(*conditions)):
                    return found
            time.sleep(LOOK_EVERY)
        raise RuntimeError("the order did not get there in time")


def furnish(session: Session) -> None:
    """Load registries, formulations and stock that are good today."""
    now = datetime.now(UTC)
    year = timedelta(days=365)
    make_good_registries(session, expires_on=(now + year).date())
    session.execute(text("update registry_imports set file_date = current_date"))
    make_formulations(session)
    powder = make_active_lot(session, expires_on=(now + 2 * year).date())
    session.execute(text("update ingredient_lots set received_on = current_date"))
    for strength_ug in STRENGTHS_UG:
        for _ in range(20):
            make_capsule_lot(
                session,
                strength_ug,
                400,
                active=powder,
                compounded_on=now.date(),
                beyond_use_on=(now + timedelta(days=170)).date(),
            )


def approve(session: Session, order_id: Any, *, technician: Actor, pharmacist: Actor) -> None:
    """Ask the patient, settle every finding, and approve."""
    now = datetime.now(UTC)
    order = session.get_one(Order, order_id, with_for_update=True)
    answers = [GivenAnswer(topic=topic, reply=Reply.NO) for topic in Topic]
    patients.record_answers(
        session, order.patient_id, answers, source="patient-phone", by=technician, now=now
    )
    rescreen(session, order.patient_id, now=now)
    for finding in findings.undecided(session, order.prescription_id, order.fill_no):
        blocks = finding.severity is Severity.BLOCK
        screening.decide(
            session,
            finding.id,
            decision=Decision.OVERRIDE if blocks else Decision.ACCEPT,
            reason="discussed with the clinic",
            prescriber_contact="Dr Testprescriber by phone, agreed" if blocks else None,
            by=pharmacist,
            now=now,
        )
    operations.approve(session, order_id, by=pharmacist, now=now)


@click.command()
@click.option("--count", default=40, show_default=True)
def main(count: int) -> None:
    """Measure both waits, one order after the other."""
    with (
        open_pharmacy() as pharmacy,
        pharmacy.process("api"),
        pharmacy.process("relay"),
        pharmacy.process("worker"),
    ):
        pharmacy.wait_until_live()
        bench = Bench(pharmacy)
        for _ in range(3):
            bench.one()
        waits = [bench.one() for _ in range(count)]
    report("sent to waiting for review", [checked for checked, _ in waits])
    report("allocated to labels drawn", [drawn for _, drawn in waits])
    keep("latency", {"ms": waits})


def report(what: str, values: list[float]) -> None:
    """Print a wait's percentiles."""
    print(
        f"  {what:<28} p50 {statistics.median(values):6.0f} ms"
        f"   p95 {percentile(values, 0.95):6.0f} ms"
    )


if __name__ == "__main__":
    main()
