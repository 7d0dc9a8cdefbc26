"""Labels and leaflet of a real order: drawn once, from what was signed and allocated."""

import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from pharmacy.inventory.models import CapsuleLot
from pharmacy.kernel import ids
from pharmacy.labels import operations, queries
from pharmacy.labels.models import Label, LabelKind
from pharmacy.labels.pdf import fonts
from pharmacy.orders import operations as orders
from pharmacy.orders import queries as order_queries
from pharmacy.orders.models import Hold, Order
from pharmacy.orders.rules import Status
from pharmacy.patients.models import Patient
from pharmacy.practice import operations as practice
from pharmacy.practice.models import Site
from pharmacy.prescriptions.models import Prescription
from pharmacy.staff.rules import Role
from tests.factories.orders import Bench
from tests.factories.patients import move
from tests.factories.staff import make_actor
from tests.rules.labels.pictures import scanned, text_of
from tests.rules.labels.test_stand_ins import DROID, needs_fonts


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


@pytest.fixture
def order(bench: Bench) -> Order:
    """An order whose capsules are allocated and whose labels are owed."""
    order = bench.order(Status.PLANNED)
    orders.allocate(bench.session, order.id, by=bench.technician, now=bench.now)
    return order


def order_patient(session: Session, order: Order) -> Patient:
    return session.get_one(Patient, order.patient_id)


def name_patient(session: Session, order: Order, name: str) -> None:
    """Have the signed prescription name the patient otherwise."""
    prescription = session.get_one(Prescription, order.prescription_id)
    facts: dict[str, Any] = prescription.facts
    changed = facts | {"patient": facts["patient"] | {"name": name}}
    session.execute(text("set local session_replication_role = replica"))  # it is never rewritten
    session.execute(
        update(Prescription).where(Prescription.id == prescription.id).values(facts=changed)
    )
    session.execute(text("set local session_replication_role = origin"))
    session.expire(prescription)


def test_an_order_gets_a_label_for_each_container_and_a_leaflet(bench: Bench, order: Order) -> None:
    labels = operations.render(bench.session, order.id, now=bench.now)

    containers = order_queries.containers(bench.session, order.id)
    assert [label.container_id for label in labels] == [*(each.id for each in containers), None]
    assert [label.kind for label in labels] == [*[LabelKind.CONTAINER] * 3, LabelKind.LEAFLET]
    assert order.labeled_at == bench.now
    assert order.status is Status.LABELING


def test_a_label_says_what_was_signed_planned_and_allocated(bench: Bench, order: Order) -> None:
    first, second, third, leaflet = operations.render(bench.session, order.id, now=bench.now)

    container = order_queries.containers(bench.session, order.id)[1]
    lot = bench.session.get_one(CapsuleLot, container.lot_id)
    drawn = text_of(second.pdf)
    assert "Naltrexone hydrochloride 3 mg capsule Take 1 capsule at bedtime" in drawn
    assert lot.lot_number in drawn
    assert "Step 2 of 3" in drawn
    assert scanned(second.pdf) == {
        ("Code 128", str(order.number)),
        ("Data Matrix", ids.encode("ctr", container.id)),
    }
    signed = bench.session.get_one(Prescription, order.prescription_id).facts
    for label in (first, third, leaflet):
        assert signed["patient"]["name"] in text_of(label.pdf)
    assert signed["payload_sha256"] in text_of(leaflet.pdf)


def test_what_is_stored_is_what_its_digests_say(bench: Bench, order: Order) -> None:
    for label in operations.render(bench.session, order.id, now=bench.now):
        content = json.dumps(label.content, sort_keys=True, ensure_ascii=False).encode()

        assert hashlib.sha256(label.pdf).digest() == label.pdf_sha256
        assert hashlib.sha256(content).digest() == label.content_sha256


def test_asking_twice_draws_once(bench: Bench, order: Order) -> None:
    first = operations.render(bench.session, order.id, now=bench.now)
    again = operations.render(bench.session, order.id, now=bench.now + timedelta(hours=1))

    assert {label.id for label in first} == {label.id for label in again}
    assert len(bench.session.scalars(select(Label.id)).all()) == 4


def test_an_order_that_waits_for_no_labels_gets_none(bench: Bench) -> None:
    order = bench.order(Status.PLANNED)

    assert operations.render(bench.session, order.id, now=bench.now) == []


def test_drawing_again_makes_the_old_labels_void(bench: Bench, order: Order) -> None:
    old = {label.id for label in operations.render(bench.session, order.id, now=bench.now)}
    order.labeled_at = None

    new = operations.render(bench.session, order.id, now=bench.now + timedelta(hours=1))

    current = queries.of_order(bench.session, order.id)
    assert {label.id for label in current} == {label.id for label in new}
    assert not {label.id for label in current} & old
    assert all(queries.get(bench.session, each).voided_at for each in old)


def test_labels_of_a_container_that_was_given_up_are_not_shown_and_become_void(
    bench: Bench, order: Order
) -> None:
    first, *others = operations.render(bench.session, order.id, now=bench.now)
    container = order_queries.containers(bench.session, order.id)[0]
    container.voided_at = bench.now
    bench.session.flush()

    shown = queries.of_order(bench.session, order.id)
    assert [label.id for label in shown] == [label.id for label in others]

    order.labeled_at = None  # as allocating again leaves it
    bench.session.flush()
    operations.render(bench.session, order.id, now=bench.now)
    bench.session.refresh(first)
    assert first.voided_at == bench.now


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("山田太郎", "label-glyph-missing"),
        ("Avery\u202eTest", "label-text-forbidden"),
        ("W" * 60, "label-text-too-long"),
        (" ", "label-element-missing"),
    ],
)
def test_a_name_that_cannot_be_printed_holds_the_order_and_stores_nothing(
    bench: Bench, order: Order, name: str, code: str
) -> None:
    name_patient(bench.session, order, name)

    assert operations.render(bench.session, order.id, now=bench.now) == []

    hold = bench.session.scalars(select(Hold).where(Hold.order_id == order.id)).one()
    assert hold.code == code
    assert ("fonts-wqy-microhei" in hold.words) is (code == "label-glyph-missing")
    assert name.strip() == "" or name not in f"{hold.words} {hold.facts}"
    assert bench.session.scalars(select(Label)).all() == []
    assert order.labeled_at is None


@pytest.mark.parametrize(
    ("state", "policies", "purpose"),
    [
        ("TX", {}, "For: Fibromyalgia (off-label use)"),
        ("TX", {"purpose_on_label": False}, ""),
        ("TX", {"purpose_left_off": ["TX"]}, ""),
        ("TX", {"purpose_left_off": ["OK"]}, "For: Fibromyalgia (off-label use)"),
        ("CA", {"purpose_on_label": False}, "For: Fibromyalgia (off-label use)"),
        ("CA", {"purpose_left_off": ["CA", "TX"]}, "For: Fibromyalgia (off-label use)"),
    ],
)
def test_a_label_says_why_where_the_prescriber_did_and_the_state_has_it(
    bench: Bench, order: Order, state: str, policies: dict[str, object], purpose: str
) -> None:
    """16 CCR 1707.5(a)(1)(D): in California always; elsewhere as the pharmacy decides."""
    move(bench.session, order_patient(bench.session, order), state=state)
    for name, value in policies.items():
        practice.change_policy(
            bench.session,
            name,
            value,
            reason="Agreed with the pharmacist in charge",
            by=make_actor(bench.session, Role.ADMINISTRATOR),
            now=bench.now,
        )

    *labels, leaflet = operations.render(bench.session, order.id, now=bench.now)

    assert {label.content["purpose"] for label in labels} == {purpose}
    for label in labels:
        assert ("For: Fibromyalgia (off-label use)" in text_of(label.pdf)) is bool(purpose)
    assert "Fibromyalgia" not in text_of(leaflet.pdf)


@needs_fonts
def test_a_name_in_chinese_is_drawn_once_the_font_is_named(bench: Bench, order: Order) -> None:
    name_patient(bench.session, order, "王小明")
    assert operations.render(bench.session, order.id, now=bench.now) == []
    fonts.fall_back_on([DROID])
    try:
        *labels, leaflet = operations.render(bench.session, order.id, now=bench.now)
    finally:
        fonts.fall_back_on([])

    assert order_queries.open_holds(bench.session, order.id) == []
    for label in [*labels, leaflet]:
        assert "王小明" in text_of(label.pdf)
        assert label.content["faces"].startswith("DroidSansFallback ")


def test_the_hold_goes_when_the_labels_can_be_drawn(bench: Bench, order: Order) -> None:
    name_patient(bench.session, order, "W" * 60)
    operations.render(bench.session, order.id, now=bench.now)
    name_patient(bench.session, order, "Avery M Testpatient")

    labels = operations.render(bench.session, order.id, now=bench.now)

    assert len(labels) == 4
    assert order_queries.open_holds(bench.session, order.id) == []


def test_a_pharmacy_without_an_address_prints_nothing(bench: Bench, order: Order) -> None:
    bench.session.execute(update(Site).values(address_line=""))
    bench.session.expire_all()

    assert operations.render(bench.session, order.id, now=bench.now) == []
    hold = bench.session.scalars(select(Hold).where(Hold.order_id == order.id)).one()
    assert hold.code == "label-element-missing"
    assert hold.facts["source"] == "21 USC 353(b)(2)"


def test_the_fill_date_is_the_pharmacy_s_own(bench: Bench, order: Order) -> None:
    """22:30 UTC on 2 March is the afternoon of the same day in Houston; 03:00 UTC is not."""
    late = bench.now.replace(day=3, hour=3)

    first, *_ = operations.render(bench.session, order.id, now=late)

    assert first.content["filled_on"] == "2 Mar 2026"
