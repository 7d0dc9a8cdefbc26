"""What the order's page says of days that are over, and the key that mends it."""

import re

import pytest
from sqlalchemy.orm import Session

from pharmacy.labels import operations as labels
from pharmacy.orders import operations
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client
from tests.doors.web.test_order_leaving import UPS, at, send
from tests.factories.dates import let_days_pass
from tests.factories.orders import Bench


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


def button(page: str, name: str) -> str:
    """Return the tag of an action."""
    found = re.search(rf"<button[^>]*>{name} <kbd", page)
    assert found, f"no action {name}"
    return found.group()


@pytest.fixture
def overdue(bench: Bench) -> Order:
    order = bench.order(Status.READY)
    let_days_pass(bench, order, 4)
    return order


def test_a_refused_hand_over_is_answered_on_a_page_that_offers_new_dates(
    client: Client, as_role: AsRole, overdue: Order
) -> None:
    technician = as_role(Role.TECHNICIAN, browser=True)

    page = client.get(at(overdue), headers=technician).text
    status, answer = send(
        client,
        f"{at(overdue)}/hand-over",
        technician,
        identifiers=["name", "birth-date"],
        counselling="declined",
    )

    assert "The day of its first dose is over" in page
    assert 'data-key="d"' in button(page, "Date anew")
    assert 'class="primary"' in button(page, "Date anew")
    assert 'aria-disabled="true"' in button(page, "Hand over")
    assert 'value="2026-03-05"' in page
    assert (status, overdue.status) == (409, Status.READY)
    assert "Date the order anew" in answer


def test_one_key_dates_it_anew_and_the_bench_is_told_to_take_the_old_labels_off(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = bench.order(Status.PLANNED)
    operations.allocate(session, order.id, by=bench.technician, now=bench.now)
    labels.render(session, order.id, now=bench.now)
    technician = as_role(Role.TECHNICIAN, browser=True)

    status, answer = send(client, f"{at(order)}/dates", technician, first_dose_on="2026-03-12")
    labels.render(session, order.id, now=bench.now)
    page = client.get(at(order), headers=technician).text

    assert status == 200
    assert "take the old labels off" in answer
    assert "Take the earlier labels and the earlier leaflet off" in page
    assert "Thu 12 Mar 2026" in page


def test_a_parcel_that_comes_after_the_first_dose_is_not_sent(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    """The first dose is tomorrow; a parcel is there the day after tomorrow."""
    order = bench.order(Status.READY)
    let_days_pass(bench, order, 2)
    technician = as_role(Role.TECHNICIAN, browser=True)

    page = client.get(at(order), headers=technician).text
    status, answer = send(client, f"{at(order)}/parcel", technician, number=UPS)

    assert "Its first dose comes before the parcel does: date it anew." in page
    assert 'aria-disabled="true"' not in button(page, "Hand over")
    assert (status, order.status) == (409, Status.READY)
    assert "Date the order anew" in answer
