"""Ordering a fill again from the page of the order that ended."""

import re

import pytest
from sqlalchemy.orm import Session

from pharmacy.orders import operations
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.parts import OrderKind
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.database.orders.test_replacing_what_came_back import recall
from tests.doors.api.conftest import AsRole, Client
from tests.doors.web.test_order_leaving import at, send
from tests.doors.web.test_order_parts import the_other, vials_of
from tests.factories.orders import Bench


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


def first_verb(page: str) -> str:
    found = re.search(r'<button[^>]*class="[^"]*primary[^>]*>(.*?)</button>', page, re.DOTALL)
    assert found is not None
    return found[1]


def came_back(bench: Bench, reason: str = "undeliverable") -> Order:
    order = bench.order(Status.HANDED_OVER)
    return operations.return_(bench.session, order.id, reason=reason, by=bench.technician, now=NOW)


def cancelled(bench: Bench, reason: str = "patient-asked") -> Order:
    order = bench.order(Status.PLANNED)
    return operations.cancel(bench.session, order.id, reason=reason, by=bench.pharmacist, now=NOW)


def test_the_page_of_an_ended_order_offers_it_first(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = cancelled(bench)
    pharmacist = as_role(Role.PHARMACIST, browser=True)

    page = client.get(at(order), headers=pharmacist).text

    assert "a pharmacist orders it again" in page
    first = re.search(r'<button[^>]*class="[^"]*primary[^>]*>(.*?)</button>', page, re.DOTALL)
    assert first is not None
    assert "Order it again" in first[1]


def test_the_fill_is_ordered_again_and_each_order_names_the_other(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = cancelled(bench)
    pharmacist = as_role(Role.PHARMACIST, browser=True)

    answer = send(client, f"{at(order)}/reorder", pharmacist, reason="stopped-in-error")

    assert answer[0] == 200, answer
    session.expire_all()
    new = the_other(session, order)
    assert (new.kind, new.status) == (OrderKind.FILL, Status.RECEIVED)
    page = client.get(at(order), headers=pharmacist).text
    assert f"It was stopped by mistake. It is Rx {new.number} now." in page
    assert f"This fill has the order Rx {new.number}." in page
    assert "Order it again" not in page
    assert f"Ordered again in place of Rx {order.number}" in (
        client.get(at(new), headers=pharmacist).text
    )


def test_what_ended_with_its_prescription_says_so(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    order = cancelled(bench, "dose-changed")

    page = client.get(at(order), headers=as_role(Role.PHARMACIST, browser=True)).text

    assert "The order was cancelled as dose-changed. Ask the prescriber" in page
    assert "Order it again" not in page


def test_a_technician_reads_who_orders_it_again(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    order = cancelled(bench)
    technician = as_role(Role.TECHNICIAN, browser=True)

    page = client.get(at(order), headers=technician).text

    assert "a pharmacist orders it again" in page
    assert "Order this fill again" not in page
    assert send(client, f"{at(order)}/reorder", technician, reason="other")[0] == 403


def test_the_page_of_what_came_back_offers_to_replace_it_first(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = came_back(bench)
    pharmacist = as_role(Role.PHARMACIST, browser=True)

    page = client.get(at(order), headers=pharmacist).text

    assert "a pharmacist replaces it" in page
    assert "Replace vials" in first_verb(page)
    assert page.count("28 of 28 capsules are left to take") == 3
    assert '<option value="undeliverable" selected>' in page


def test_what_came_back_is_replaced_and_the_page_says_by_what(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = came_back(bench)
    pharmacist = as_role(Role.PHARMACIST, browser=True)

    answer = send(
        client,
        f"{at(order)}/replacement",
        pharmacist,
        vials=vials_of(session, order),
        reason="undeliverable",
    )

    assert answer[0] == 200, answer
    session.expire_all()
    new = the_other(session, order)
    assert (new.kind, new.nights) == (OrderKind.REPLACEMENT, (1, 84))
    page = client.get(at(order), headers=pharmacist).text
    assert f"What came back or was recalled is replaced by Rx {new.number}." in page
    assert "Replace vials" not in page


def test_a_recalled_order_offers_to_replace_its_vials_first_and_takes_them_back_too(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = bench.order(Status.HANDED_OVER)
    recall(bench, 1_500)
    pharmacist = as_role(Role.PHARMACIST, browser=True)

    page = client.get(at(order), headers=pharmacist).text

    assert "Replace vials" in first_verb(page)
    assert "Came back" in page
    assert '<option value="recalled" selected>' in page


def test_what_came_back_for_another_dose_needs_a_new_prescription(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    order = came_back(bench, "dose-changed")

    page = client.get(at(order), headers=as_role(Role.PHARMACIST, browser=True)).text

    assert "The order was returned as dose-changed. Ask the prescriber" in page
    assert "Replace vials" not in page
