"""Dividing an order and replacing vials from its page, and a scan of a vial that was lost."""

import pytest
from sqlalchemy.orm import Session

from pharmacy.kernel.ids import encode
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.parts import OrderKind
from pharmacy.practice import operations as practice
from pharmacy.staff.rules import OPERATOR, Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client
from tests.doors.web.test_order_leaving import at, send
from tests.factories.inventory import make_capsule_lot
from tests.factories.orders import Bench


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


def vials_of(session: Session, order: Order) -> list[str]:
    return [encode("ctr", each.id) for each in queries.containers(session, order.id)]


def the_other(session: Session, order: Order) -> Order:
    """The order that was opened beside this one."""
    return queries.family(session, order)[-1]


def test_the_ticked_vials_go_now_and_the_others_under_another_number(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = bench.order(Status.LABELING)
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    page = client.get(at(order), headers=pharmacist).text
    first, second, third = vials_of(session, order)
    assert "go back to their lots" in page
    assert all(code in page for code in (first, second, third))

    answer = send(
        client, f"{at(order)}/remainder", pharmacist, given=[first, second], reason="cost"
    )

    assert answer[0] == 200, answer
    session.expire_all()
    rest = the_other(session, order)
    assert (rest.kind, rest.nights) == (OrderKind.REMAINDER, (57, 84))
    page = client.get(at(order), headers=pharmacist).text
    assert f">{rest.number}</a>" in page
    assert "Nights 57 to 84 of the fill follow under another number" in page
    assert f">{order.number}</a>" in client.get(at(rest), headers=pharmacist).text
    queue = client.get(f"/queue/rows/{encode('ord', rest.id)}", headers=pharmacist).text
    assert "Remainder" in queue


def test_a_vial_in_the_middle_is_not_left_behind(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = bench.order(Status.LABELING)
    first, _, third = vials_of(session, order)

    status, told = send(
        client,
        f"{at(order)}/remainder",
        as_role(Role.PHARMACIST, browser=True),
        given=[first, third],
        reason="cost",
    )

    assert status == 422
    assert "left behind" in told


def test_without_vials_an_order_is_divided_after_a_step(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = bench.order(Status.PLANNED)
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    page = client.get(at(order), headers=pharmacist).text
    assert "Step 1: until" in page
    assert "Step 3: until" not in page
    through = order.first_dose_on

    answer = send(
        client, f"{at(order)}/remainder", pharmacist, through=str(through), reason="stock-short"
    )

    assert answer[0] == 200, answer
    session.expire_all()
    assert the_other(session, order).nights == (2, 84)


def test_the_page_says_which_state_forbids_it_and_where(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    practice.rule_partials(
        session, "TX", is_allowed=False, source="an example of a rule", by=OPERATOR, now=NOW
    )

    page = client.get(
        at(bench.order(Status.PLANNED)), headers=as_role(Role.PHARMACIST, browser=True)
    )

    assert "TX does not allow a fill in parts: an example of a rule." in page.text


def test_the_rest_is_ordered_again_after_it_was_cancelled(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = bench.order(Status.LABELING)
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    given = vials_of(session, order)[:1]
    send(client, f"{at(order)}/remainder", pharmacist, given=given, reason="cost")
    rest = the_other(session, order)
    page = client.get(at(rest), headers=pharmacist).text
    assert "Its 56 capsules stay on the prescription" in page

    send(client, f"{at(rest)}/cancellation", pharmacist, reason="patient-asked")
    assert "56 capsules, for nights 29 to 84" in client.get(at(order), headers=pharmacist).text
    answer = send(client, f"{at(order)}/rest", pharmacist)

    assert answer[0] == 200, answer
    session.expire_all()
    assert the_other(session, order).nights == (29, 84)


def test_lost_vials_are_replaced_and_their_codes_are_dead(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = bench.order(Status.HANDED_OVER)
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    page = client.get(at(order), headers=pharmacist).text
    assert page.count("28 of 28 capsules are left to take") == 3
    assert "It uses up no fill." in page
    lost = vials_of(session, order)[0]

    answer = send(client, f"{at(order)}/replacement", pharmacist, vials=lost, reason="damaged")

    assert answer[0] == 200, answer
    session.expire_all()
    new = the_other(session, order)
    assert new.kind is OrderKind.REPLACEMENT
    page = client.get(at(order), headers=pharmacist).text
    assert f"28 capsules are replaced by Rx {new.number}" in page
    status, told = send(client, "/scan", pharmacist, code=lost)
    assert status == 409
    assert f"Rx {new.number} replaces it" in told
    assert send(client, "/scan", pharmacist, code=vials_of(session, order)[1])[0] == 200


def test_a_technician_neither_divides_nor_replaces(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = bench.order(Status.HANDED_OVER)
    technician = as_role(Role.TECHNICIAN, browser=True)

    page = client.get(at(order), headers=technician).text
    answer = send(
        client,
        f"{at(order)}/replacement",
        technician,
        vials=vials_of(session, order)[0],
        reason="damaged",
    )

    assert "Replace vials" not in page
    assert answer[0] == 403


def test_the_shelf_says_how_far_it_reaches(
    client: Client, as_role: AsRole, session: Session
) -> None:
    """28 capsules of 1.5 mg and 10 of 3 mg: 38 nights."""
    bench = Bench(session, stock=False)
    make_capsule_lot(session, 1_500, 28)
    make_capsule_lot(session, 3_000, 10)
    order = bench.order(Status.PLANNED)
    operations.allocate(session, order.id, by=bench.technician, now=NOW)
    assert order.status is Status.COMPOUNDING

    page = client.get(at(order), headers=as_role(Role.PHARMACIST, browser=True)).text

    assert "What is on the shelf: until Sat 11 Apr 2026" in page


def test_vials_that_do_not_follow_one_another_are_replaced_at_once(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = bench.order(Status.HANDED_OVER)
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    first, _, third = vials_of(session, order)

    answer = send(
        client, f"{at(order)}/replacement", pharmacist, vials=[first, third], reason="damaged"
    )

    assert answer[0] == 200, answer
    session.expire_all()
    one, other = queries.family(session, order)[1:]
    page = client.get(at(order), headers=pharmacist).text
    for new in (one, other):
        assert f"28 capsules are replaced by Rx {new.number}" in page
