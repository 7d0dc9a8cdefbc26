"""People and orders at every point of their lives, for pages to show."""

import io
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image, ImageDraw
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.signatures import sign
from pharmacy.labels import operations as labels
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Owner, Status
from pharmacy.orders.rules.clarifying import QuestionKind
from pharmacy.patients import operations as patients
from pharmacy.patients.models import Patient
from pharmacy.patients.rules import GivenAnswer, Reply, Topic
from pharmacy.shipping import operations as shipping
from pharmacy.shipping.rules import Carrier
from tests.browser.bench import stock_bench
from tests.browser.oversight import stock_oversight
from tests.browser.people import NAMES, PASSWORD, PIN
from tests.browser.refilled import stock_refills
from tests.factories.bundles import KID, payload_of, sample_bundle
from tests.factories.inventory import stock_the_clinic
from tests.factories.orders import Bench
from tests.factories.patients import make_patient
from tests.factories.prescriptions import make_evidence
from tests.factories.printing import furnish, make_printer
from tests.factories.staff import hashed, make_account

PATIENTS = {
    "new": ("Abernathy", "Grace", Status.RECEIVED),
    "to review": ("Delacroix-Oyelaran", "Maximiliana", Status.REVIEW),
    "to review too": ("Fitzgerald", "Tom", Status.REVIEW),
    "planned": ("Haddad", "Samir", Status.PLANNED),
    "to pack": ("Ionescu", "Ana", Status.LABELING),
    "to pack too": ("Kovač", "Željka", Status.LABELING),
    "to check": ("Mbeki", "Thandi", Status.FINAL_CHECK),
    "ready": ("Nguyễn", "Thị Minh", Status.READY),
    "sent": ("Okafor", "Chidi", Status.READY),
    "findings": ("Petrosyan", "Ani", Status.REVIEW),
    "over": ("O'Brien", "Seán", Status.HANDED_OVER),
    "divided": ("Qureshi", "Nadia", Status.LABELING),
    "replaced": ("Rosenbaum", "Ilse", Status.HANDED_OVER),
}
"""By the name that tests use: who, and how far their order is."""
SENT = "sent"
"""What a carrier has."""
CHECKED = "to check"
"""Of which there is a picture."""
ASKED = "findings"
"""Whose first check has findings to decide, a question that waits, and words of the prescriber."""
NOTE = "Patient prefers capsules without dye. Thank you!"
HELD = "to review too"
DIVIDED = "divided"
REPLACED = "replaced"
PRINTED = "to pack too"
"""Whose labels came to paper, or not."""


class Draws(Bench):
    """A bench at which labels are really drawn."""

    def label(self, order: Order) -> Order:
        labels.render(self.session, order.id, now=self.now)
        return order


def stock(session: Session, *, port: int) -> None:
    """Fill an empty database; the balances answer on a port of this machine."""
    for role, (username, name) in NAMES.items():
        make_account(
            session,
            role,
            username=username,
            display_name=name,
            password_hash=hashed(PASSWORD),
            pin_hash=hashed(PIN),
        )
    furnish(session, make_printer(session))
    bench = Draws(session)
    for _ in range(4):
        stock_the_clinic(session)
    made: dict[str, Order] = {}
    for number, (name, (family, given, status)) in enumerate(PATIENTS.items()):
        patient = make_patient(
            session, identifier_value=f"MRN-{number}", family=family, given=given
        )
        order = bench.order(status, patient=patient, **signed(session, name))
        order.received_at = bench.now - timedelta(hours=7 * number + 1)
        order.due_at = bench.now + timedelta(hours=6 * number - 26)
        if name == HELD:
            operations.place_hold(
                session,
                order.id,
                code="dose-unclear",
                words="Is the second step 3 mg or 4.5 mg? Asked the clinic by phone.",
                owner=Owner.PRESCRIBER,
                deadline_at=None,
                by=bench.pharmacist,
                now=bench.now,
            )
        if name == SENT:
            shipping.ship(
                session,
                order.id,
                carrier=Carrier.UPS,
                number="1Z5R89390357567127",
                by=bench.technician,
                now=bench.now,
            )
        if name == CHECKED:
            operations.photograph(
                session, order.id, data=photograph(), by=bench.technician, now=bench.now
            )
        if name == ASKED:
            raise_findings(bench, order, patient)
        made[name] = order
    bench.walk(divide(bench, made[DIVIDED]), Status.LABELING)
    lose_a_vial(bench, made[REPLACED])
    stock_refills(bench, made["over"])
    stock_oversight(bench, made[PRINTED])
    stock_bench(bench, port=port)


def divide(bench: Bench, order: Order) -> Order:
    """Four weeks of an order go now; the rest is on the queue."""
    assert order.first_dose_on is not None
    rest = labels.split(
        bench.session,
        order.id,
        through=order.first_dose_on + timedelta(days=27),
        reason="cost",
        words="The rest after payday.",
        by=bench.pharmacist,
        now=bench.now,
    )
    bench.label(order)
    return rest


def lose_a_vial(bench: Bench, order: Order) -> None:
    """The second vial of an order that left is replaced."""
    operations.replace(
        bench.session,
        order.id,
        vials=[queries.containers(bench.session, order.id)[1].id],
        reason="damaged",
        by=bench.pharmacist,
        now=bench.now,
    )


def signed(session: Session, name: str) -> dict[str, Any]:
    """Return evidence with a prescriber's own words, for the order whose first check is shown."""
    if name != ASKED:
        return {}

    def with_note(bundle: dict[str, Any]) -> None:
        bundle["entry"][0]["resource"]["note"] = [{"text": NOTE}]

    bundle = sample_bundle(with_note)
    jws = sign(payload_of(bundle), Ed25519PrivateKey.generate(), kid=KID)
    named = bundle["entry"][0]["resource"]["identifier"][0]
    return {
        "evidence": make_evidence(session, jws=jws),
        "request_system": named["system"],
        "request_value": named["value"],
    }


def photograph() -> bytes:
    """Return a picture of three vials."""
    picture = Image.new("RGB", (640, 480), "#d8d2c4")
    draw = ImageDraw.Draw(picture)
    for x in (90, 260, 430):
        draw.rounded_rectangle((x, 120, x + 120, 400), 16, fill="#e07b39")
        draw.rectangle((x, 200, x + 120, 330), fill="white")
        draw.rectangle((x - 8, 90, x + 128, 130), fill="white")
    kept = io.BytesIO()
    picture.save(kept, "JPEG")
    return kept.getvalue()


def raise_findings(bench: Bench, order: Order, patient: Patient) -> None:
    """Have the patient say what a pharmacist must decide about, and ask the prescriber."""
    answers = [
        GivenAnswer(topic=Topic.THYROID, reply=Reply.YES),
        GivenAnswer(topic=Topic.TRANSPLANT, reply=Reply.YES),
    ]
    patients.record_answers(
        bench.session,
        patient.id,
        answers,
        source="patient-phone",
        by=bench.technician,
        now=bench.now,
    )
    operations.check(bench.session, order.id, now=bench.now)
    operations.ask(
        bench.session,
        order.id,
        kind=QuestionKind.DIRECTIONS,
        words="May the patient stay at 3 mg for longer without a new prescription?",
        field="dosageInstruction[1]",
        by=bench.pharmacist,
        now=bench.now - timedelta(hours=5),
    )


def known(session: Session) -> dict[str, Order]:
    """Return the orders by name."""
    orders = session.scalars(select(Order).order_by(Order.number).limit(len(PATIENTS)))
    return dict(zip(PATIENTS, orders, strict=True))
