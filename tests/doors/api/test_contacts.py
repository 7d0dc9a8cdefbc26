"""Where a patient is reached, over HTTP: what is on file, what differs, and who may settle it."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.kernel.ids import encode
from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.patients import operations
from pharmacy.staff.rules import WORKER, Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client, Headers
from tests.factories.orders import Bench
from tests.factories.patients import facts

NEW = {
    "phone": "+1-555-010-0142",
    "address_line": "9 New Avenue",
    "city": "Houston",
    "state": "TX",
    "postal_code": "77003",
}


@pytest.fixture
def technician(as_role: AsRole) -> Headers:
    return as_role(Role.TECHNICIAN)


@pytest.fixture
def order(bench: Bench, session: Session) -> Order:
    """An order under review, whose patient has another address in a newer prescription."""
    patient = bench.patient()
    said = facts(identifier_value=patient.identifier_value, family=patient.family, **NEW)
    operations.enter(session, said, by=WORKER, now=NOW)
    return bench.order(Status.REVIEW, patient=patient)


def at(order: Order, *rest: str) -> str:
    return "/".join(["/api/v1/patients", encode("pat", order.patient_id), "contact", *rest])


def read(client: Client, order: Order, headers: Headers) -> Any:
    return client.get(at(order), headers=headers).json()


def test_what_differs_is_read_and_the_look_is_audited(
    client: Client, session: Session, technician: Headers, order: Order
) -> None:
    answer = read(client, order, technician)

    assert answer["on_file"]["address_line"] == "100 Example Street"
    (change,) = answer["changes"]
    assert (change["given"], change["differs"]) == (NEW, ["address"])
    looks = session.scalars(
        select(AuditEntry.patient_id).where(AuditEntry.action == "patient.contact-read")
    ).all()
    assert looks == [order.patient_id]


def test_a_technician_settles_it_and_the_order_goes_on(
    client: Client, session: Session, technician: Headers, order: Order
) -> None:
    held = [hold.code for hold in queries.open_holds(session, order.id)]
    (change,) = read(client, order, technician)["changes"]
    body = {"decision": "taken-over", "reason": "patient-said"}

    answer = client.post(at(order, "changes", change["id"]), headers=technician, json=body)
    again = client.post(at(order, "changes", change["id"]), headers=technician, json=body)

    assert held == ["patient-address-differs"]
    assert answer.status_code == 200, answer.text
    assert answer.json()["orders"] == [encode("ord", order.id)]
    assert answer.json()["contact"]["on_file"] == NEW
    settled = answer.json()["contact"]["changes"][0]
    assert settled["on_file"]["address_line"] == "100 Example Street"
    assert not queries.open_holds(session, order.id)
    assert (again.status_code, again.json()["code"]) == (409, "contact-settled")


def test_a_patient_who_calls_is_written_down(
    client: Client, technician: Headers, order: Order
) -> None:
    body = {"contact": {**NEW, "phone": "555-010-0177"}, "reason": "patient-said", "words": "2 pm"}

    answer = client.post(at(order), headers=technician, json=body)

    assert answer.status_code == 200, answer.text
    assert answer.json()["contact"]["on_file"]["phone"] == "555-010-0177"


@pytest.mark.parametrize(
    ("contact", "status"),
    [({**NEW, "state": "Texas"}, 400), ({**NEW, "phone": "none"}, 422), ({}, 400)],
)
def test_an_address_of_no_use_is_refused(
    client: Client, technician: Headers, order: Order, contact: dict[str, str], status: int
) -> None:
    body = {"contact": contact, "reason": "patient-said"}

    assert client.post(at(order), headers=technician, json=body).status_code == status


def test_a_clinic_sees_its_own_patients_and_corrects_nothing(
    client: Client, as_role: AsRole, order: Order
) -> None:
    clinic = as_role(Role.EHR_CLIENT)

    assert read(client, order, clinic)["on_file"]["city"] == "Houston"
    body = {"contact": NEW, "reason": "clinic-said"}
    assert client.post(at(order), headers=clinic, json=body).status_code == 403
