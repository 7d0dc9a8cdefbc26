"""From an order's page: which address is right, and what a patient says on the phone."""

import pytest
from sqlalchemy.orm import Session

from pharmacy.kernel.ids import encode
from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.patients import operations
from pharmacy.patients import queries as patients
from pharmacy.patients.models import Patient
from pharmacy.staff.rules import WORKER, Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client
from tests.factories.orders import Bench
from tests.factories.patients import facts

FORM = {"HX-Request": "true"}
CALLED = {
    "phone": "555-010-0177",
    "address_line": "9 New Avenue",
    "city": "Austin",
    "state": "tx",
    "postal_code": "73301",
    "reason": "patient-said",
}


@pytest.fixture
def order(bench: Bench, session: Session) -> Order:
    """An order under review, whose patient has another address in a newer prescription."""
    patient = bench.patient()
    said = facts(
        identifier_value=patient.identifier_value,
        family=patient.family,
        address_line="9 New Avenue",
    )
    operations.enter(session, said, by=WORKER, now=NOW)
    return bench.order(Status.REVIEW, patient=patient)


def at(order: Order, *rest: str) -> str:
    return "/".join([f"/orders/{encode('ord', order.id)}", *rest])


def test_a_technician_sees_both_addresses_and_takes_the_new_one_over(
    client: Client, as_role: AsRole, session: Session, order: Order
) -> None:
    technician = as_role(Role.TECHNICIAN, browser=True)
    page = client.get(at(order), headers=technician).text
    (change,) = patients.open_contact_changes(session, order.patient_id)
    number = encode("cch", change.id)

    answer = client.post(
        at(order, "contact", number),
        headers=FORM | technician,
        data={"decision": "taken-over", "reason": "patient-said", "words": "She called"},
    )

    assert "gives another address than the one on file" in page
    assert f'data-opens="settle-{number}"' in page
    assert "100 Example Street" in page.split("On file")[1]
    assert answer.status_code == 200, answer.text
    session.expire_all()
    assert session.get_one(Patient, order.patient_id).address_line == "9 New Avenue"
    assert not queries.open_holds(session, order.id)
    after = client.get(at(order), headers=technician).text
    assert "Differs" not in after
    assert "The patient said so: She called" in after


def test_an_address_that_was_told_is_corrected_whatever_the_order_waits_for(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    gone = bench.order(Status.HANDED_OVER)
    technician = as_role(Role.TECHNICIAN, browser=True)

    answer = client.post(at(gone, "contact"), headers=FORM | technician, data=CALLED)

    assert answer.status_code == 200, answer.text
    session.expire_all()
    patient = session.get_one(Patient, gone.patient_id)
    assert (patient.city, patient.state) == ("Austin", "TX")
    assert "on file until then: 100 Example Street" in client.get(at(gone), headers=technician).text


@pytest.mark.parametrize(
    "wrong", [{"phone": "call me"}, {"state": "Texas"}, {"reason": ""}, {"postal_code": "7"}]
)
def test_a_form_with_which_nobody_is_reached_is_given_back(
    client: Client, as_role: AsRole, order: Order, wrong: dict[str, str]
) -> None:
    technician = as_role(Role.TECHNICIAN, browser=True)

    answer = client.post(at(order, "contact"), headers=FORM | technician, data=CALLED | wrong)

    assert answer.status_code == 422


def test_an_auditor_reads_it_and_is_offered_nothing(
    client: Client, as_role: AsRole, order: Order
) -> None:
    auditor = as_role(Role.AUDITOR, browser=True)

    page = client.get(at(order), headers=auditor).text

    assert "Address and phone" in page
    assert 'id="contact"' not in page
    assert 'data-opens="settle-' not in page
