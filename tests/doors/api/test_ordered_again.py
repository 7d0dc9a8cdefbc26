"""A fill that is ordered again or replaced, as other systems see and ask for it."""

import pytest
from sqlalchemy.orm import Session

from pharmacy.kernel.ids import encode
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client
from tests.doors.api.test_order_parts import ask, at
from tests.factories.orders import Bench


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


def cancelled(bench: Bench, reason: str = "not-collected") -> Order:
    order = bench.order(Status.READY)
    return operations.cancel(bench.session, order.id, reason=reason, by=bench.pharmacist, now=NOW)


def test_a_fill_ordered_again_is_answered_with_where_it_is(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    order = cancelled(bench)
    headers = as_role(Role.PHARMACIST)

    answer = ask(client, headers, order, "reorder", reason="patient-wants-it")

    assert answer.status_code == 201
    new = answer.json()
    assert answer.headers["Location"] == f"/api/v1/orders/{new['id']}"
    assert (new["kind"], new["fill"], new["status"]) == ("fill", 1, "received")
    assert new["belongs_to"] == encode("ord", order.id)
    ended = client.get(at(order), headers=headers).json()
    assert [each["id"] for each in ended["related"]] == [new["id"]]
    assert ended["status"] == "cancelled"


def test_a_second_time_the_order_that_the_fill_has_is_named(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    order = cancelled(bench)
    headers = as_role(Role.PHARMACIST)
    new = ask(client, headers, order, "reorder", reason="patient-wants-it").json()
    bench.session.refresh(order)

    answer = ask(client, headers, order, "reorder", reason="patient-wants-it")

    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/fill-already-ordered"
    assert answer.json()["facts"]["order"] == new["id"]


def test_what_ended_with_its_prescription_needs_a_new_one(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    order = cancelled(bench, "dose-changed")

    answer = ask(client, as_role(Role.PHARMACIST), order, "reorder", reason="patient-wants-it")

    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/fill-not-ordered-again"
    assert answer.json()["remedy"] == "Ask the prescriber for a new prescription."


def test_what_came_back_is_replaced_whole(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = bench.order(Status.HANDED_OVER)
    operations.return_(session, order.id, reason="undeliverable", by=bench.technician, now=NOW)
    vials = [encode("ctr", each.id) for each in queries.containers(session, order.id)]
    headers = as_role(Role.PHARMACIST)

    answer = ask(client, headers, order, "replacement", containers=vials, reason="undeliverable")

    assert answer.status_code == 201
    assert (answer.json()["kind"], answer.json()["counts_as_fill"]) == ("replacement", False)
    assert client.get(at(order), headers=headers).json()["status"] == "returned"
