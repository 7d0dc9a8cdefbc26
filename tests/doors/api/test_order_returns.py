"""What comes back of an order, and its destruction, as other systems write it down."""

import pytest
from httpx import Response
from sqlalchemy.orm import Session

from pharmacy.kernel.ids import encode
from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client, Headers
from tests.factories.orders import Bench
from tests.factories.staff import hashed, make_account, make_session

PIN = "482915"


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


def ask(client: Client, headers: Headers, order: Order, what: str, **body: object) -> Response:
    """Decide on the order as it stands."""
    path = f"/api/v1/orders/{encode('ord', order.id)}/{what}"
    return client.post(path, headers=headers | {"If-Match": f'"{order.version}"'}, json=body)


def test_what_came_back_is_destroyed_before_a_witness(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = bench.order(Status.HANDED_OVER)
    witness = encode("acc", make_account(session, Role.TECHNICIAN, pin_hash=hashed(PIN)).id)
    technician = as_role(Role.TECHNICIAN)
    first, *_ = [encode("ctr", each.id) for each in queries.containers(session, order.id)]

    back = ask(client, technician, order, "return", reason="stopped", vials=[first]).json()
    session.expire_all()
    assert back["next"]["action"] == "destroy"
    assert [each["destroyed_at"] for each in back["containers"]] == [None] * len(back["containers"])
    wrong = ask(client, technician, order, "destruction", witness=witness, witness_pin="0000")
    assert (wrong.status_code, wrong.json()["type"]) == (401, "/problems/second-pin-refused")
    gone = ask(client, technician, order, "destruction", witness=witness, witness_pin=PIN)

    assert gone.status_code == 200
    assert gone.json()["next"]["action"] == "none"
    seen = [each["witnessed_by"] for each in gone.json()["containers"] if each["destroyed_at"]]
    assert seen == [witness]


def test_nobody_is_their_own_witness(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = bench.order(Status.HANDED_OVER)
    account = make_account(session, Role.TECHNICIAN, pin_hash=hashed(PIN))
    headers = {"Authorization": f"Bearer {make_session(session, account)}"}
    ask(client, headers, order, "return", reason="stopped")
    session.expire_all()

    own = encode("acc", account.id)
    answer = ask(client, headers, order, "destruction", witness=own, witness_pin=PIN)

    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/witness-needed")
