"""An order leaves for no address that a newer prescription doubts."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.jobs import Job
from pharmacy.kernel.jobs import JobKind
from pharmacy.labels import operations as labels
from pharmacy.labels import queries as drawn
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Action, Owner, Status
from pharmacy.orders.rules.contacting import PersonUnsettled
from pharmacy.orders.rules.holds import HoldNotLiftable
from pharmacy.orders.rules.life import OrderHeld
from pharmacy.patients import queries as patients
from pharmacy.patients.models import Patient
from pharmacy.patients.rules.contact import ContactDecision, ContactReason, ContactUnsettled, Ground
from pharmacy.shipping import operations as shipping
from pharmacy.shipping.rules import Carrier
from pharmacy.staff.rules import Role
from tests.factories.bundles import fresh_bundle, resource, signed
from tests.factories.orders import Bench
from tests.factories.patients import contact
from tests.factories.staff import make_actor

TRACKING = "1Z5R89390357567127"
Change = Callable[[dict[str, Any]], object]


def receive(bench: Bench, patient: Patient | None = None, **address: str) -> Order:
    """Take in the sample, for a patient of its own or for one who is known."""

    def same_person(bundle: dict[str, Any]) -> None:
        if patient is not None:
            resource(bundle, "Patient")["identifier"][0]["value"] = patient.identifier_value
        resource(bundle, "Patient")["address"][0].update(address)

    clinic = make_actor(bench.session, Role.EHR_CLIENT)
    token = signed(fresh_bundle(same_person), bench.key)
    receipt = operations.receive(
        bench.session, token, by=clinic, source_address="127.0.0.1", now=bench.now
    )
    return receipt.order


def patient_of(bench: Bench, order: Order) -> Patient:
    return bench.session.get_one(Patient, order.patient_id)


def held_by(bench: Bench, order: Order) -> list[str]:
    return [hold.code for hold in queries.open_holds(bench.session, order.id)]


def settle(bench: Bench, order: Order, decision: ContactDecision) -> list[Order]:
    (change,) = patients.open_contact_changes(bench.session, order.patient_id)
    return labels.settle_contact(
        bench.session,
        order.patient_id,
        change.id,
        decision,
        ground=Ground(ContactReason.PATIENT_SAID),
        by=bench.technician,
        now=bench.now,
    )


@pytest.fixture
def first(bench: Bench) -> Order:
    """An order that is ready to leave, to the address that its prescription gave."""
    return bench.walk(receive(bench), Status.READY)


@pytest.fixture
def second(bench: Bench, first: Order) -> Order:
    """The next prescription of the same patient, who moved."""
    return receive(bench, patient_of(bench, first), line=["9 New Avenue"])


def test_another_address_holds_the_new_order_for_a_technician(bench: Bench, second: Order) -> None:
    bench.check(second)

    (hold,) = queries.open_holds(bench.session, second.id)
    assert (hold.code, hold.owner) == ("patient-address-differs", Owner.TECHNICIAN)
    with pytest.raises(OrderHeld):
        bench.approve(second)
    with pytest.raises(HoldNotLiftable):
        operations.lift_hold(
            bench.session, second.id, hold.id, reason="later", by=bench.pharmacist, now=bench.now
        )


def test_the_earlier_order_is_sent_nowhere_from_the_moment_on(
    bench: Bench, first: Order, second: Order
) -> None:
    with pytest.raises(ContactUnsettled):
        shipping.ship(
            bench.session,
            first.id,
            carrier=Carrier.UPS,
            number=TRACKING,
            by=bench.technician,
            now=bench.now,
        )
    owed = bench.session.scalars(
        select(Job).where(Job.ref_id == first.id, Job.kind == JobKind.CHECK_ORDER)
    ).all()

    operations.check(bench.session, first.id, now=bench.now)

    assert any(":address:" in (job.dedupe_key or "") for job in owed)
    assert held_by(bench, first) == ["patient-address-differs"]
    assert second.patient_id == first.patient_id


@pytest.mark.parametrize("decision", ContactDecision)
def test_settled_both_orders_go_on_and_the_parcel_goes_where_it_was_settled(
    bench: Bench, first: Order, second: Order, decision: ContactDecision
) -> None:
    operations.check(bench.session, first.id, now=bench.now)
    bench.check(second)

    settle(bench, second, decision)

    assert held_by(bench, first) == held_by(bench, second) == []
    bench.check(second)
    assert held_by(bench, second) == []
    event = queries.last_event(bench.session, first.id, Action.SETTLE_CONTACT)
    assert event is not None
    assert event.facts == {"decision": decision, "state_changed": False}
    bench.decide(first)  # of two prescriptions at once
    shipping.ship(
        bench.session,
        first.id,
        carrier=Carrier.UPS,
        number=TRACKING,
        by=bench.technician,
        now=bench.now,
    )
    taken = decision is ContactDecision.TAKEN_OVER
    line = patient_of(bench, first).address_line
    assert line == ("9 New Avenue" if taken else "100 Example Street")


def test_the_hold_of_a_refused_check_comes_back_until_it_is_settled(
    bench: Bench, second: Order
) -> None:
    bench.check(second)
    bench.check(second)

    assert held_by(bench, second) == ["patient-address-differs"]


def test_in_another_state_every_open_order_is_checked_for_the_pharmacys_licence(
    bench: Bench, first: Order
) -> None:
    second = receive(bench, patient_of(bench, first), state="NV")
    bench.check(second)

    settle(bench, second, ContactDecision.TAKEN_OVER)
    owed = bench.session.scalars(
        select(Job.ref_id).where(Job.kind == JobKind.CHECK_ORDER, Job.dedupe_key.like("%:v%"))
    ).all()
    for order in (first, second):
        operations.check(bench.session, order.id, now=bench.now)

    assert {first.id, second.id} <= set(owed)
    assert held_by(bench, first) == ["site-not-licensed-in-state"]
    assert held_by(bench, second) == ["site-not-licensed-in-state"]


def test_who_may_be_another_person_is_settled_by_a_pharmacist_first(
    bench: Bench, first: Order
) -> None:
    def another(bundle: dict[str, Any]) -> None:
        person = resource(bundle, "Patient")
        person["identifier"][0]["value"] = patient_of(bench, first).identifier_value
        person["birthDate"] = "1960-01-01"
        person["address"][0]["line"] = ["9 New Avenue"]

    clinic = make_actor(bench.session, Role.EHR_CLIENT)
    token = signed(fresh_bundle(another), bench.key)
    mixed_up = operations.receive(
        bench.session, token, by=clinic, source_address="127.0.0.1", now=bench.now
    ).order
    bench.check(mixed_up)

    with pytest.raises(PersonUnsettled):
        settle(bench, mixed_up, ContactDecision.TAKEN_OVER)
    settle(bench, mixed_up, ContactDecision.KEPT)

    assert patient_of(bench, first).address_line == "100 Example Street"


def test_labels_that_nobody_packed_follow_the_state_that_a_caller_gives(
    bench: Bench, session: Session
) -> None:
    """In California the label says why the medicine is taken; elsewhere the policy decides."""
    order = bench.order(Status.PLANNED)
    operations.allocate(session, order.id, by=bench.technician, now=bench.now)
    labels.render(session, order.id, now=bench.now)
    old = drawn.of_order(session, order.id)

    labels.correct_contact(
        session,
        order.patient_id,
        contact(city="Los Angeles", state="CA", postal_code="90012"),
        ground=Ground(ContactReason.PATIENT_SAID),
        by=bench.technician,
        now=bench.now,
    )

    assert all(each.voided_at is not None for each in old)
    assert order.labeled_at is None


def test_a_new_phone_number_draws_no_label_again(bench: Bench, session: Session) -> None:
    order = bench.order(Status.LABELING)
    labeled_at = order.labeled_at

    labels.correct_contact(
        session,
        order.patient_id,
        contact(phone="555-010-0199"),
        ground=Ground(ContactReason.PATIENT_SAID),
        by=bench.technician,
        now=bench.now,
    )

    assert order.labeled_at == labeled_at is not None
    assert patient_of(bench, order).phone == "555-010-0199"
