"""A fill in parts and replaced vials, as other systems see and ask for them."""

import pytest
from httpx import Response
from sqlalchemy.orm import Session

from pharmacy.kernel.ids import encode
from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.practice import operations as practice
from pharmacy.staff.rules import OPERATOR, Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client, Headers
from tests.factories.orders import Bench


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


def at(order: Order) -> str:
    return f"/api/v1/orders/{encode('ord', order.id)}"


def ask(client: Client, headers: Headers, order: Order, what: str, **body: object) -> Response:
    """Decide on the order as it stands."""
    seen = headers | {"If-Match": f'"{order.version}"'}
    return client.post(f"{at(order)}/{what}", headers=seen, json=body or None)


def test_a_remainder_is_answered_with_where_it_is(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    order = bench.order(Status.PLANNED)
    body = {"last_dose_on": str(order.first_dose_on), "reason": "stock-short"}
    headers = as_role(Role.PHARMACIST)

    answer = ask(client, headers, order, "remainder", **body)

    assert answer.status_code == 201
    rest = answer.json()
    assert answer.headers["Location"] == f"/api/v1/orders/{rest['id']}"
    assert (rest["kind"], rest["fill"]) == ("remainder", 1)
    assert rest["belongs_to"] == encode("ord", order.id)
    whole = client.get(at(order), headers=headers).json()
    assert [each["id"] for each in whole["related"]] == [rest["id"]]


def test_a_decision_on_an_older_version_divides_nothing(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    order = bench.order(Status.PLANNED)
    body = {"last_dose_on": str(order.first_dose_on), "reason": "stock-short"}
    headers = as_role(Role.PHARMACIST) | {"If-Match": '"1"'}

    answer = client.post(f"{at(order)}/remainder", headers=headers, json=body)

    assert answer.status_code == 412


def test_a_state_that_forbids_parts_is_a_conflict_with_its_source(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    practice.rule_partials(
        session, "TX", is_allowed=False, source="an example of a rule", by=OPERATOR, now=NOW
    )
    order = bench.order(Status.PLANNED)
    body = {"last_dose_on": str(order.first_dose_on), "reason": "stock-short"}

    answer = ask(client, as_role(Role.PHARMACIST), order, "remainder", **body)

    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/partial-not-allowed"
    assert answer.json()["facts"]["source"] == "an example of a rule"


def test_a_lost_vial_names_what_replaces_it(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = bench.order(Status.HANDED_OVER)
    vial = encode("ctr", queries.containers(session, order.id)[0].id)
    headers = as_role(Role.PHARMACIST)

    answer = ask(client, headers, order, "replacement", containers=[vial], reason="damaged")

    assert answer.status_code == 201
    assert not answer.json()["counts_as_fill"]
    first, second, _ = client.get(at(order), headers=headers).json()["containers"]
    assert first["replaced_by"] == answer.json()["id"]
    assert second["lost_at"] is None


def test_a_whole_order_has_no_rest(client: Client, as_role: AsRole, bench: Bench) -> None:
    order = bench.order(Status.PLANNED)

    answer = ask(client, as_role(Role.PHARMACIST), order, "rest")

    assert answer.status_code == 409
    assert answer.json()["type"] == "/problems/nothing-left-of-fill"
