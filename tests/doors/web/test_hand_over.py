"""The counter: who an order is compared with, and whose advice was taken."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.kernel.ids import encode
from pharmacy.orders.models import HandOver, Order
from pharmacy.orders.rules import Status
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client, Headers
from tests.factories.orders import Bench

OPEN_PAGE = {"HX-Request": "true"}
GIVEN = {"identifiers": ["name", "birth-date"], "counselling": "accepted"}


@pytest.fixture
def order(bench: Bench) -> Order:
    return bench.order(Status.READY)


@pytest.fixture
def technician(as_role: AsRole) -> Headers:
    return as_role(Role.TECHNICIAN, browser=True) | OPEN_PAGE


def at(order: Order) -> str:
    return f"/orders/{encode('ord', order.id)}"


def test_what_is_compared_with_the_patient_stands_beside_what_is_ticked(
    client: Client, technician: Headers, order: Order
) -> None:
    page = client.get(at(order), headers=technician).text

    asked = page.split('<dialog id="hand-over"')[1].split("</dialog>")[0]
    for known in ("14 Jul 1981", "100 Example Street", str(order.number)):
        assert known in asked


def test_a_technician_names_the_pharmacist_whose_advice_the_patient_took(
    client: Client, technician: Headers, session: Session, bench: Bench, order: Order
) -> None:
    path = f"{at(order)}/hand-over"
    assert bench.pharmacist.id is not None
    advisor = encode("acc", bench.pharmacist.id)
    assert advisor in client.get(at(order), headers=technician).text

    nobody = client.post(path, headers=technician, data=GIVEN)
    assert nobody.status_code == 422
    assert "pharmacist" in nobody.text

    done = client.post(path, headers=technician, data=GIVEN | {"counselled_by": advisor})
    assert f"Rx {order.number} handed over" in done.headers["HX-Trigger"]
    kept = session.scalars(select(HandOver)).one()
    assert kept.counselled_by == bench.pharmacist.id


def test_a_scan_that_is_no_label_is_answered_in_words_of_the_bench(
    client: Client, technician: Headers, bench: Bench
) -> None:
    order = bench.order(Status.LABELING)

    answer = client.post(f"{at(order)}/scans", headers=technician, data={"code": "ctr_nonsense"})

    assert answer.status_code == 422
    assert "Scan the square code" in answer.text
