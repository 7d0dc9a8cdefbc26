"""Orders at any point of their lives, brought there by the operations that people use."""

import itertools
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from pharmacy.dispensing import operations as dispensing
from pharmacy.dispensing import queries as checks
from pharmacy.kernel.ids import encode
from pharmacy.labels import queries as labels
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.handing_over import HandingOver
from pharmacy.patients import operations as patients
from pharmacy.patients.models import Patient
from pharmacy.patients.rules import GivenAnswer, Reply, Topic
from pharmacy.practice.rules import Policy
from pharmacy.prescribers.operations import IdentityService
from pharmacy.prescriptions.models import Prescription
from pharmacy.printing import operations as printing
from pharmacy.screening import operations as screening
from pharmacy.screening import queries as findings
from pharmacy.screening.rules import Decision, Severity
from pharmacy.staff.rules import WORKER, Actor, Attestation, ProofMethod, Role
from tests.conftest import NOW
from tests.factories.inventory import stock_the_clinic
from tests.factories.patients import make_patient
from tests.factories.practice import make_site
from tests.factories.prescribers import JORDAN, make_key
from tests.factories.prescriptions import make_prescription
from tests.factories.registries import make_good_registries, make_import
from tests.factories.staff import make_actor
from tests.factories.titration import make_formulations

counter = itertools.count(1)
LIFE: Sequence[Status] = (
    Status.RECEIVED,
    Status.REVIEW,
    Status.PLANNED,
    Status.LABELING,
    Status.FINAL_CHECK,
    Status.READY,
    Status.HANDED_OVER,
)
"""The straight way, on which nothing is missing."""


class Bench:
    """A pharmacy with people, stock and registries, in which orders are walked along."""

    def __init__(self, session: Session, *, stock: bool = True, registries: bool = True) -> None:
        self.session = session
        self.now = NOW
        self.nppes: IdentityService | None = None
        """The registry's service that the worker asks, where the pharmacy uses one."""
        make_site(session)
        self.key = make_key(session)
        if registries:
            self.license = make_good_registries(session)
        make_formulations(session)
        self.lots = stock_the_clinic(session) if stock else {}
        self.technician = make_actor(session, Role.TECHNICIAN)
        self.pharmacist = make_actor(session, Role.PHARMACIST)
        self.second_pharmacist = make_actor(session, Role.PHARMACIST)

    def load_registries(self) -> None:
        """Load this day's registry files, which say what the older ones said."""
        for kind in ("nppes", "licenses:TX", "leie"):
            make_import(self.session, kind, file_date=self.now.date(), imported_at=self.now)

    def order(
        self,
        status: Status = Status.RECEIVED,
        *,
        prescription: Prescription | None = None,
        fill_no: int = 1,
        **changes: Any,
    ) -> Order:
        """Open the order of a fill, for a patient of its own, and walk it to a status."""
        if prescription is None:
            patient = changes.pop("patient", None) or self.patient()
            prescription = make_prescription(self.session, patient=patient, **changes)
        opened = operations.open_fill(
            self.session,
            prescription,
            fill_no=fill_no,
            policy=Policy(),
            by=WORKER,
            now=self.now,
        )
        return self.walk(opened, status)

    def patient(self) -> Patient:
        """Enter somebody new."""
        number = next(counter)
        return make_patient(
            self.session, identifier_value=f"MRN-BENCH-{number}", family=f"Testpatient-{number}"
        )

    def walk(self, order: Order, to: Status) -> Order:
        """Take every step from where the order stands up to a status."""
        steps = {
            Status.REVIEW: self.check,
            Status.PLANNED: self.approve,
            Status.LABELING: self.allocate,
            Status.FINAL_CHECK: self.pack,
            Status.READY: self.release,
            Status.HANDED_OVER: self.hand_over,
        }
        for status in LIFE[LIFE.index(order.status) + 1 : LIFE.index(to) + 1]:
            steps[status](order)
        return order

    def check(self, order: Order) -> Order:
        """Ask the patient everything, then do the worker's part."""
        answers = [GivenAnswer(topic=topic, reply=Reply.NO) for topic in Topic]
        patients.record_answers(
            self.session,
            order.patient_id,
            answers,
            source="patient-phone",
            by=self.technician,
            now=self.now,
        )
        return operations.check(self.session, order.id, now=self.now, nppes=self.nppes)

    def approve(self, order: Order, **arguments: Any) -> Order:
        """Decide every finding in the order's favour, and approve it."""
        self.decide(order)
        return operations.approve(
            self.session, order.id, by=self.pharmacist, now=self.now, **arguments
        )

    def decide(self, order: Order) -> None:
        for finding in findings.undecided(self.session, order.prescription_id, order.fill_no):
            blocks = finding.severity is Severity.BLOCK
            screening.decide(
                self.session,
                finding.id,
                decision=Decision.OVERRIDE if blocks else Decision.ACCEPT,
                reason="discussed with the clinic",
                prescriber_contact="Dr Testprescriber by phone, agreed" if blocks else None,
                by=self.pharmacist,
                now=self.now,
            )

    def allocate(self, order: Order) -> Order:
        """Allocate, and have the labels drawn."""
        operations.allocate(self.session, order.id, by=self.technician, now=self.now)
        return self.label(order)

    def label(self, order: Order) -> Order:
        """Do as if the labels were drawn."""
        return operations.labeled(self.session, order.id, now=self.now)

    def codes(self, order: Order) -> list[str]:
        """What a scanner reads from the order's labels."""
        return [encode("ctr", each.id) for each in queries.containers(self.session, order.id)]

    def pack(self, order: Order) -> Order:
        """Scan and pack: into the ledger of copies, where real labels were drawn."""
        if order.labeled_at is None:  # it was divided meanwhile
            self.label(order)
        pack = printing.pack if labels.of_order(self.session, order.id) else operations.pack
        return pack(
            self.session, order.id, scanned=self.codes(order), by=self.technician, now=self.now
        )

    def release(self, order: Order, *, by: Actor | None = None) -> Order:
        """Sign the record of the second check, as it stands."""
        return dispensing.release(
            self.session,
            order.id,
            attestation=self.word(order),
            by=by or self.pharmacist,
            now=self.now,
        )

    def word(self, order: Order) -> Attestation:
        """Whoever looks at the second check now, and shows that it is them."""
        record_sha256 = checks.second_check(self.session, order.id).record_sha256()
        return Attestation(record_sha256, self.now, ProofMethod.PIN)

    def hand_over(self, order: Order, *, at: datetime | None = None) -> Order:
        return dispensing.hand_over(
            self.session,
            order.id,
            given=HandingOver(
                identifiers=["name", "birth-date"],
                counselling="accepted",
                counselled_by=self.pharmacist.id,
            ),
            by=self.technician,
            now=at or self.now,
        )

    def person(self, *roles: Role, npi: str = JORDAN) -> Actor:
        """Return somebody new."""
        actor = make_actor(self.session, roles[0], npi=npi)
        return Actor(actor.id, actor.kind, frozenset(roles), actor.npis)
