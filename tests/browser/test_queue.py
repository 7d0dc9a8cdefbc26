"""The queue by keyboard: taking what is next, finding somebody, two people at once, a restart."""

import re
from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import expect
from sqlalchemy import select

from pharmacy.kernel.ids import encode
from pharmacy.orders import operations
from pharmacy.orders.models import Order
from pharmacy.practice.rules import Policy
from pharmacy.staff import queries as staff
from pharmacy.staff.models import Account
from pharmacy.staff.rules import WORKER, Actor, Role
from tests.browser.conftest import Console, User
from tests.browser.people import NAMES
from tests.factories.patients import make_patient
from tests.factories.prescriptions import make_prescription

SitDown = Callable[..., User]


def actor(console: Console, role: Role) -> Actor:
    with console.session() as session:
        found = select(Account.id).where(Account.username == NAMES[role][0])
        return Actor(session.scalars(found).one(), "staff", frozenset({role}))


def test_a_technician_takes_the_next_and_comes_back_to_it(user: SitDown, console: Console) -> None:
    technician = user(Role.TECHNICIAN)
    number = console.orders["planned"].number
    technician.sees("Next for you")

    technician.press("n")
    technician.page.wait_for_url("**/orders/**")
    technician.press("g", "q")
    technician.sees("You have")

    expect(technician.page.locator(".my-turn")).to_contain_text(str(number))
    technician.press("c")
    technician.page.wait_for_url("**/orders/**")
    technician.sees("Give back")


def test_a_patient_is_found_by_name_and_the_address_names_nobody(user: SitDown) -> None:
    technician = user(Role.TECHNICIAN)

    technician.press("/")
    technician.page.keyboard.type("kova", delay=80)
    technician.press("Enter")
    technician.sees("1 found")
    assert technician.page.url.endswith("/search")

    technician.press("j", "Enter")
    technician.page.wait_for_url("**/orders/**")
    technician.sees("Kovač")


def test_a_changed_row_is_marked_where_it_stands_and_under_the_cursor(
    user: SitDown, console: Console
) -> None:
    pharmacist = user(Role.PHARMACIST)
    pharmacist.go("/queue?view=all")
    rows = pharmacist.page.locator("tr[data-row]")
    before = rows.evaluate_all("rows => rows.map((row) => row.id)")
    pharmacist.press("j", "j", "j", "j")
    stood = pharmacist.page.locator("tr.at").get_attribute("id")

    with console.session() as session:
        operations.claim_next(session, by=actor(console, Role.TECHNICIAN), now=console.clock())
    expect(pharmacist.page.locator("tr.changed")).to_have_count(1)

    changed = pharmacist.page.locator("tr.changed")
    expect(changed).to_contain_text("changed now")
    assert changed.get_attribute("id") == stood
    assert rows.evaluate_all("rows => rows.map((row) => row.id)") == before
    expect(changed).to_have_class(re.compile(r"\bat\b"))


def test_who_comes_too_late_reads_who_did_what_and_nothing_is_overwritten(
    user: SitDown, console: Console
) -> None:
    late = user(Role.TECHNICIAN)
    late.go(console.page_of("planned"))
    late.sees("Set capsules aside")
    late.page.route("**/orders/*/news*", lambda route: route.fulfill(status=204))
    pharmacist = actor(console, Role.PHARMACIST)
    with console.session() as session:
        name = staff.names(session, {pharmacist.id})[pharmacist.id]  # type: ignore[index, arg-type]
        order = session.get_one(Order, console.orders["planned"].id)
        operations.allocate(session, order.id, by=pharmacist, now=console.clock())
        version = order.version

    late.press("a")
    late.sees(f"{name} set capsules aside at")
    late.sees("Show the fresh page")

    with console.session() as session:
        assert session.get_one(Order, console.orders["planned"].id).version == version


def test_an_open_page_outlives_a_restart_and_shows_what_happened_meanwhile(
    user: SitDown, console: Console
) -> None:
    pharmacist = user(Role.PHARMACIST)
    pharmacist.go("/queue?view=all")
    expect(pharmacist.page.locator("#link")).to_be_hidden()

    console.halt()
    expect(pharmacist.page.locator("#link")).to_be_visible()
    with console.session() as session:
        operations.claim_next(session, by=actor(console, Role.TECHNICIAN), now=console.clock())
    console.start()

    expect(pharmacist.page.locator("#link")).to_be_hidden()
    expect(pharmacist.page.locator("tbody")).to_contain_text("Terry Testtech")


def arrive(console: Console) -> Order:
    """Let an order come in that is due before every other one."""
    with console.session() as session:
        patient = make_patient(session, identifier_value="MRN-NEW", family="Testpatient")
        order = operations.open_fill(
            session,
            make_prescription(session, patient=patient),
            fill_no=1,
            policy=Policy(),
            by=WORKER,
            now=console.clock(),
        )
        order.due_at = console.orders["planned"].due_at - timedelta(days=9)
    return order


def test_a_new_order_announces_itself_and_moves_nothing(user: SitDown, console: Console) -> None:
    technician = user(Role.TECHNICIAN)
    technician.go("/queue?view=all")
    page = technician.page
    technician.press("j", "j")
    rows = page.locator("tr[data-row]")
    before = rows.evaluate_all("rows => rows.map((row) => row.id)")
    stood, box = page.locator("tr.at").get_attribute("id"), page.locator("tr.at").bounding_box()

    order = arrive(console)
    expect(page.locator("#arrivals")).to_contain_text("1 new order")

    assert "Testpatient" not in page.locator("#arrivals").inner_text()
    assert rows.evaluate_all("rows => rows.map((row) => row.id)") == before
    assert page.locator("tr.at").bounding_box() == box
    assert technician.axe() == []
    technician.press("r")
    expect(rows).to_have_count(len(before) + 1)
    assert rows.first.get_attribute("id") == encode("ord", order.id)
    assert page.locator("tr.at").get_attribute("id") == stood
    expect(page.locator("#arrivals")).to_be_empty()


def test_an_order_that_leaves_the_view_stays_until_somebody_asks(
    user: SitDown, console: Console
) -> None:
    pharmacist = user(Role.PHARMACIST)
    pharmacist.go("/queue?view=all&whose=nobody")
    before = pharmacist.page.locator("tr[data-row]").count()

    with console.session() as session:
        operations.claim_next(session, by=actor(console, Role.TECHNICIAN), now=console.clock())
    expect(pharmacist.page.locator("#arrivals")).to_contain_text("1 order no longer here")

    assert pharmacist.page.locator("tr[data-row]").count() == before
    pharmacist.press("r")
    expect(pharmacist.page.locator("tr[data-row]")).to_have_count(before - 1)


def test_what_came_while_the_server_was_away_is_counted_anew(
    user: SitDown, console: Console
) -> None:
    technician = user(Role.TECHNICIAN)
    technician.go("/queue?view=all")
    before = technician.page.locator("tr[data-row]").count()
    expect(technician.page.locator("#link")).to_be_hidden()

    console.halt()
    expect(technician.page.locator("#link")).to_be_visible()
    arrive(console)
    console.start()

    expect(technician.page.locator("#arrivals")).to_contain_text("1 new order")
    assert technician.page.locator("tr[data-row]").count() == before
