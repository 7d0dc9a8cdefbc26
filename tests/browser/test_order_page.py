"""An order's page in a real browser: undone, decided, asked, sent, locked; nothing hostile runs."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Owner, Status
from pharmacy.orders.rules.clarifying import QuestionKind
from pharmacy.patients import operations as patients
from pharmacy.patients.models import Patient
from pharmacy.screening import queries as findings
from pharmacy.shipping import queries as parcels
from pharmacy.staff.rules import WORKER, Role
from tests.browser.conftest import Console, SitDown, User, account_of
from tests.browser.people import PIN
from tests.factories.patients import facts
from tests.factories.staff import make_actor

HOSTILE = (
    "<img src=x onerror=window.pwned=1>",
    '"><script>window.pwned=1</script>',
    "' onfocus='window.pwned=1' autofocus='",
    "</title></textarea></script><svg onload=window.pwned=1>",
    "{{ 7 * 7 }} ${7*7} \N{RIGHT-TO-LEFT OVERRIDE}end",
)


def choose(user: User, selector: str, start: str) -> None:
    """Choose from a list by typing how the entry begins, at a person's pace."""
    user.page.locator(selector).focus()
    user.page.keyboard.type(start, delay=90)


def test_what_was_taken_by_mistake_is_undone_with_one_key(console: Console, user: SitDown) -> None:
    pharmacist = user(Role.PHARMACIST).go(console.page_of("to review"))
    pharmacist.press("t")
    pharmacist.sees("It is yours")

    pharmacist.press("u")

    pharmacist.sees("Given back")
    with console.session() as session:
        assert session.get_one(Order, console.orders["to review"].id).claimed_by is None


def test_a_hold_is_placed_for_a_coded_reason_and_undone_by_keyboard(
    console: Console, user: SitDown
) -> None:
    wanted = console.orders["to review"].id
    pharmacist = user(Role.PHARMACIST).go(console.page_of("to review"))
    pharmacist.press("h")
    choose(pharmacist, "#hold-reason", "Payment")
    pharmacist.page.locator("#hold-words").fill("The card was declined.")
    choose(pharmacist, "#hold-owner", "Tech")
    pharmacist.press("Tab", "Enter")
    pharmacist.page.locator("#toasts").get_by_text("On hold").wait_for()
    with console.session() as session:
        assert [each.code for each in queries.open_holds(session, wanted)] == ["payment"]

    pharmacist.press("u")

    pharmacist.sees("Not on hold any more")
    with console.session() as session:
        assert queries.open_holds(session, wanted) == []


def test_findings_are_decided_one_by_one_by_keyboard(console: Console, user: SitDown) -> None:
    pharmacist = user(Role.PHARMACIST).go(console.page_of("findings"))
    pharmacist.sees("2 to decide")
    pharmacist.press("d")
    choose(pharmacist, "dialog[open] [name=decision]", "Override")
    choose(pharmacist, "dialog[open] [name=reason]", "The pres")
    pharmacist.press("Tab", "Tab")
    pharmacist.page.keyboard.type("Dr Testprescriber by phone: agreed", delay=60)
    pharmacist.press("Enter")
    pharmacist.sees("1 to decide")

    pharmacist.press("d")
    choose(pharmacist, "dialog[open] [name=decision]", "Accept")
    choose(pharmacist, "dialog[open] [name=reason]", "It is being")
    pharmacist.press("Tab", "Enter")
    pharmacist.page.get_by_role("heading", name="Findings", exact=True).wait_for()

    with console.session() as session:
        order = session.get_one(Order, console.orders["findings"].id)
        assert findings.undecided(session, order.prescription_id, order.fill_no) == []


def test_an_order_is_sent_and_comes_back_by_scanner_and_keyboard(
    console: Console, user: SitDown
) -> None:
    technician = user(Role.TECHNICIAN)
    technician.press("g", "s")
    technician.sees("Ready to leave")
    technician.press("j", "Enter")
    technician.sees("How it leaves")
    technician.press("s")

    technician.scan("986578788855")

    technician.sees("On their way")
    with console.session() as session:
        order = session.get_one(Order, console.orders["ready"].id)
        assert order.status is Status.HANDED_OVER
        assert parcels.of_order(session, order.id).carrier == "fedex"
    technician.go(console.page_of("ready"))
    technician.press("e", "Enter")
    technician.sees("Parcel returned")
    with console.session() as session:
        assert session.get_one(Order, order.id).status is Status.RETURNED


def test_an_order_is_divided_by_keyboard(console: Console, user: SitDown) -> None:
    """The reason is found by its first letter; the last step is left for later."""
    pharmacist = user(Role.PHARMACIST).go(console.page_of("planned"))
    pharmacist.press("v")
    pharmacist.page.locator("#split-reason").focus()
    pharmacist.press("t", "Tab", "Enter")

    pharmacist.sees("Of the same fill")
    with console.session() as session:
        order = session.get_one(Order, console.orders["planned"].id)
        assert order.nights == (1, 56)


def test_what_came_back_is_taken_back_and_destroyed_by_two_without_a_mouse(
    console: Console, user: SitDown
) -> None:
    wanted = console.orders["over"].id
    technician = user(Role.TECHNICIAN).go(console.page_of("over"))
    technician.press("e")
    choose(technician, "#return-reason", "The patient stopped")
    technician.press("Tab", "Enter")
    technician.sees("it waits to be destroyed")

    technician.press("x")
    choose(technician, "#destroy-witness", "Pat")
    technician.press("Tab")
    technician.page.keyboard.type("999999", delay=60)
    technician.press("Enter")
    technician.sees("That is not your colleague")
    technician.page.locator("#destroy-pin").fill(PIN)
    technician.press("Enter")

    technician.sees("Destroyed before a witness")
    with console.session() as session:
        vials = queries.containers(session, wanted)
        pharmacist = account_of(session, Role.PHARMACIST)
        assert {each.witnessed_by for each in vials} == {pharmacist.id}


def test_large_print_is_chosen_by_keyboard_and_the_leaflet_shows_beside_the_labels(
    console: Console, user: SitDown
) -> None:
    pharmacist = user(Role.PHARMACIST).go(console.page_of("to pack"))
    first = pharmacist.page.get_by_alt_text("Leaflet, page 1 of 2")
    first.scroll_into_view_if_needed()
    pharmacist.page.wait_for_function(
        "image => image.naturalWidth > 800", arg=first.element_handle()
    )

    pharmacist.press("m")
    pharmacist.page.get_by_label("Leaflet in large print, 18 points").press("Space")
    pharmacist.page.locator("#reading-reason").fill("She asked for it at the counter.")
    pharmacist.page.get_by_role("button", name="Keep it").press("Enter")

    pharmacist.hears("the labels of 1 order are drawn again")
    pharmacist.sees("English, leaflet in large print, 18 points")
    with console.session() as session:
        order = session.get_one(Order, console.orders["to pack"].id)
        assert session.get_one(Patient, order.patient_id).large_print
        assert order.labeled_at is None


def test_a_lock_keeps_a_half_written_question_and_gives_it_back(
    console: Console, user: SitDown
) -> None:
    pharmacist = user(Role.PHARMACIST).go(console.page_of("to review"))
    pharmacist.press("q")
    pharmacist.page.locator("#ask-words").fill("Is the second step 3 mg")
    pharmacist.page.evaluate("window.consoleLock()")
    pharmacist.sees("Locked")
    assert "Delacroix" not in pharmacist.page.content()

    pharmacist.page.keyboard.type(PIN)
    pharmacist.press("Enter")
    pharmacist.page.locator("#ask[open]").wait_for()

    assert pharmacist.page.input_value("#ask-words") == "Is the second step 3 mg"
    choose(pharmacist, "#ask-kind", "Titr")
    pharmacist.page.locator("#ask button.primary").click()
    pharmacist.sees("Asked: the order waits for the answer")


def test_a_session_that_slept_covers_the_page_when_something_is_sent_and_keeps_it(
    console: Console, user: SitDown
) -> None:
    pharmacist = user(Role.PHARMACIST).go(console.page_of("to review"))
    pharmacist.press("x")
    pharmacist.page.locator("#cancel-words").fill("Asked by the clinic")
    choose(pharmacist, "#cancel-reason", "The patient")
    console.clock.shift += timedelta(minutes=6)

    pharmacist.page.locator("#cancel button.danger").click()

    pharmacist.sees("Locked")
    pharmacist.page.keyboard.type(PIN)
    pharmacist.press("Enter")
    pharmacist.page.locator("#cancel[open]").wait_for()
    assert pharmacist.page.input_value("#cancel-words") == "Asked by the clinic"
    with console.session() as session:
        order = session.get_one(Order, console.orders["to review"].id)
        assert order.status is Status.REVIEW


def test_news_that_got_lost_has_the_page_shown_afresh(console: Console, user: SitDown) -> None:
    pharmacist = user(Role.PHARMACIST).go(console.page_of("planned"))
    source = "document.body['htmx-internal-data'].sseEventSource"
    pharmacist.page.wait_for_function(f"() => {source}?.readyState === 1")
    with console.session() as session:
        session.execute(text("set local session_replication_role = replica"))  # nobody is told
        operations.place_hold(
            session,
            console.orders["planned"].id,
            code="question",
            words="Nobody told the page of this.",
            owner=Owner.PHARMACIST,
            by=WORKER,
            now=console.clock(),
        )
    assert "Nobody told the page" not in pharmacist.page.content()

    pharmacist.page.evaluate(f"{source}.dispatchEvent(new Event('gap'))")

    pharmacist.sees("Nobody told the page of this.")


@pytest.fixture
def hostile(console: Console) -> Console:
    """A console in which everything that people type is an attempt to run something."""
    with console.session() as session:
        session.execute(text("set local session_replication_role = replica"))
        changes = {
            "patients": ("family", "given", "city"),
            "accounts": ("display_name",),
            "capsule_lots": ("lot_number",),
            "reason_codes": ("words",),
            "holds": ("words",),
            "findings": ("wording",),
        }
        for table, columns in changes.items():
            for at, column in enumerate(columns):
                words = f"{column[:1]}{HOSTILE[at]}"
                unique = " || ' ' || lot_number" if column == "lot_number" else ""
                session.execute(
                    text(f"update {table} set {column} = :words{unique}"), {"words": words}
                )
        told = "jsonb_set(facts, '{medication_text}', to_jsonb(cast(:words as text)))"
        session.execute(text(f"update prescriptions set facts = {told}"), {"words": HOSTILE[3]})
        said = "jsonb_set(regimen, '{steps,0,text}', to_jsonb(cast(:words as text)))"
        session.execute(text(f"update prescriptions set regimen = {said}"), {"words": HOSTILE[4]})
        session.execute(text("set local session_replication_role = origin"))
        order, asker = console.orders["to review"].id, make_actor(session, Role.PHARMACIST)
        for kind, words in zip(QuestionKind, HOSTILE, strict=False):
            operations.ask(session, order, kind=kind, words=words, by=asker, now=console.clock())
    return console


@pytest.mark.parametrize(
    ("role", "paths"),
    [
        (Role.PHARMACIST, ("/queue?view=all", "/questions", "/admin/reasons")),
        (Role.PHARMACIST, ("to review", "to review too", "findings", "to check")),
        (Role.TECHNICIAN, ("/shipping", "/labels", "to pack", "ready", "sent")),
    ],
)
def test_nothing_that_people_typed_runs_and_nothing_of_it_is_lost(
    hostile: Console, user: SitDown, role: Role, paths: tuple[str, ...]
) -> None:
    somebody = user(role)
    for path in paths:
        somebody.go(path if path.startswith("/") else hostile.page_of(path))
        somebody.page.wait_for_timeout(150)
        assert somebody.page.evaluate("window.pwned") is None
        assert somebody.page.locator("img[src=x], svg[onload], [onfocus]").count() == 0
        seen = somebody.page.locator("main").inner_text()
        if path not in {"/admin/reasons", "/labels"}:
            assert HOSTILE[0] in seen  # a family name, as it was given
    if role is Role.PHARMACIST:
        somebody.go(hostile.page_of("to review"))
        seen = somebody.page.locator("main").inner_text()
        assert [each for each in HOSTILE if each not in seen] == []


def test_an_address_that_differs_is_settled_by_keyboard_before_anything_is_sent(
    console: Console, user: SitDown
) -> None:
    wanted = console.orders["ready"].id
    with console.session() as session:
        order = session.get_one(Order, wanted)
        known = session.get_one(Patient, order.patient_id)
        said = facts(
            identifier_system=known.identifier_system,
            identifier_value=known.identifier_value,
            family=known.family,
            given=known.given,
            birth_date=known.birth_date,
            address_line="9 New Avenue",
            city="Dallas",
            postal_code="75201",
        )
        patients.enter(session, said, by=WORKER, now=console.clock())
        operations.check(session, wanted, now=console.clock())
    technician = user(Role.TECHNICIAN).go(console.page_of("ready"))
    technician.sees("Until it is settled, nothing is sent")
    assert technician.axe() == []

    technician.page.get_by_role("button", name="Settle which is right").click()
    technician.page.get_by_label("9 New Avenue, Dallas").check()
    choose(technician, "#settle-reason-1", "The patient")
    technician.page.get_by_role("button", name="Settle it").click()

    technician.sees("The new one is on file")
    with console.session() as session:
        assert queries.open_holds(session, wanted) == []
        assert session.get_one(Patient, known.id).city == "Dallas"
