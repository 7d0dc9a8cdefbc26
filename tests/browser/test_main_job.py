"""An order from the first look to the patient's hand, by keyboard and scanner alone."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, update

from pharmacy.infra.printers import Address, sender
from pharmacy.kernel.ids import encode
from pharmacy.labels import operations as labels
from pharmacy.orders import operations as orders
from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.printing.models import LabelCopy
from pharmacy.printing.rules import CopyState
from pharmacy.staff.models import SignInSession
from pharmacy.staff.rules import Role
from pharmacy.workers.printing import PrintCopy
from tests.browser.conftest import Console, SitDown, User
from tests.browser.people import PIN
from tests.factories.printing import LOOPBACK, PLACE


def status(console: Console, name: str) -> Status:
    with console.session() as session:
        return session.get_one(Order, console.orders[name].id).status


def check(console: Console, name: str) -> None:
    """What the worker does with what came in."""
    with console.session() as session:
        orders.check(session, console.orders[name].id, now=console.clock())


def draw_labels(console: Console, name: str) -> None:
    """What the worker does."""
    with console.session() as session:
        labels.render(session, console.orders[name].id, now=console.clock())


def print_what_is_asked(console: Console, folder: Path) -> list[str]:
    """What the worker does at the printer; return what the scanner reads off the labels."""
    work = PrintCopy(
        lambda errand: sender(Address.read(errand.address), networks=LOOPBACK, folders=folder)
    )
    with console.session() as session:
        copies = session.scalars(select(LabelCopy).where(LabelCopy.state == CopyState.QUEUED)).all()
        for copy in copies:
            errand = work.begin(session, copy.id, now=console.clock())
            assert errand is not None
            work.end(session, errand, work.act(errand), last=False, now=console.clock())
    assert len(list((folder / "bench-1").glob("*.pdf"))) == len(copies)
    return [encode("ctr", each) for each in containers(console, copies[0].order_id)]


def containers(console: Console, order_id: object) -> list[object]:
    with console.session() as session:
        return [each.id for each in queries.containers(session, order_id)]  # type: ignore[arg-type]


def forget_the_proofs(console: Console) -> None:
    """As if everybody had signed in more than five minutes ago."""
    with console.session() as session:
        session.execute(update(SignInSession).values(proven_at=None, proven_with=None))


@pytest.fixture
def seated(console: Console, user: SitDown) -> Callable[[Role], User]:
    """Let somebody sit down at the workplace whose printer is the folder."""

    def sit(role: Role) -> User:
        found = user(role)
        found.page.context.add_cookies([{"name": "station", "value": PLACE, "url": console.url}])
        return found

    return sit


def test_an_order_goes_its_whole_way_without_a_mouse(
    console: Console, seated: Callable[[Role], User], tmp_path: Path
) -> None:
    name = "new"
    page = console.page_of(name)
    check(console, name)
    asking = seated(Role.TECHNICIAN).go(page)
    asking.press("i")
    asking.sees("15 questions to ask now")
    for _ in range(15):
        asking.press("n")  # each reply leads on to the next question
    asking.press("s")
    asking.hears("15 answers kept, and screened again")

    pharmacist = seated(Role.PHARMACIST).go(page)
    pharmacist.press("a")
    pharmacist.press("Enter")
    pharmacist.hears("Approved")
    assert status(console, name) is Status.PLANNED

    technician = seated(Role.TECHNICIAN).go(page)
    technician.press("a")
    technician.hears("Capsules set aside")
    draw_labels(console, name)
    technician.go(page)
    technician.press("p")
    technician.sees("Printing: scan each label")
    codes = print_what_is_asked(console, tmp_path)
    technician.go(page)
    for number, code in enumerate(codes, start=1):
        technician.scan(code)
        technician.sees(f"{number} of {len(codes)} scanned")
    technician.scan("ACT-SAVE")
    technician.hears("Packed")
    assert status(console, name) is Status.FINAL_CHECK

    checker = seated(Role.PHARMACIST).go(page)
    forget_the_proofs(console)
    checker.press("f")
    checker.press("Enter")
    checker.page.locator("#prove[open]").wait_for()
    assert status(console, name) is Status.FINAL_CHECK
    checker.page.keyboard.type(PIN)
    checker.press("Enter")
    checker.hears("Released")
    assert status(console, name) is Status.READY

    technician.go(page)
    technician.press("o")
    technician.press("Space", "Tab", "Space")
    dialog = technician.page.locator("#hand-over")
    dialog.locator("[name=counselling]").focus()
    technician.page.keyboard.type("Declined", delay=80)  # a person's pace, not a scanner's
    technician.press("Tab", "Tab", "Tab", "Enter")
    technician.hears("Handed over")
    assert status(console, name) is Status.HANDED_OVER


def test_another_orders_vial_stops_the_line(
    console: Console, seated: Callable[[Role], User]
) -> None:
    technician = seated(Role.TECHNICIAN).go(console.page_of("to pack"))
    foreign = containers(console, console.orders["to pack too"].id)[0]

    technician.scan(encode("ctr", foreign))  # type: ignore[arg-type]

    technician.sees("another order")
    assert status(console, "to pack") is Status.LABELING


def heard_by(both: list[User], answer: re.Pattern[str]) -> list[str]:
    """Return what each is told, whoever hears it first: a toast does not stay."""
    told = ["" for _ in both]
    while not all(told):
        for number, each in enumerate(both):
            found = each.page.get_by_text(answer)
            if not told[number] and found.count():
                told[number] = found.first.inner_text()
        both[0].page.wait_for_timeout(50)
    return told


def test_two_at_once_take_an_order_and_the_loser_reads_why(
    console: Console, seated: Callable[[Role], User]
) -> None:
    both = [seated(Role.TECHNICIAN), seated(Role.PHARMACIST)]
    for each in both:
        each.go(console.page_of("planned"))
    technician, pharmacist = both
    technician.press("t")
    technician.page.locator("#take [name=reason]").focus()
    technician.page.keyboard.type("A pharmacist", delay=90)
    technician.page.keyboard.press("Tab")

    technician.page.keyboard.press("Enter")  # in the field for words: and wait for nothing
    pharmacist.page.keyboard.press("t")
    answer = re.compile("It is yours|took it at", re.IGNORECASE)
    told = heard_by(both, answer)

    won = ["It is yours" in each for each in told]
    assert sorted(won) == [False, True]
    loser = both[won.index(False)]
    loser.go(console.page_of("planned"))
    loser.press("a")
    loser.sees("somebody else")
    assert status(console, "planned") is Status.PLANNED
