"""A test label: asked for in a moment, printed by the worker or the agent, and asked after."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.jobs import Job
from pharmacy.infra.printers import Address, Sender, sender
from pharmacy.infra.printers import ipp as ipp_sender
from pharmacy.kernel import ids
from pharmacy.kernel.jobs import JobKind
from pharmacy.labels.drawing import Language
from pharmacy.local.printer import Fault, IppPrinterSimulator, RawPrinterSimulator
from pharmacy.printing import operations
from pharmacy.printing.models import Printer
from pharmacy.printing.operations import Errand
from pharmacy.staff.rules import Role
from pharmacy.workers.printing import PrintTest
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client
from tests.factories.practice import make_site
from tests.factories.printing import LOOPBACK, make_printer


@pytest.fixture(autouse=True)
def site(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ipp_sender, "WATCH_SECONDS", 0)
    make_site(session)


class Counter:
    """Somebody at the counter who tries a printer."""

    def __init__(self, client: Client, headers: dict[str, str], session: Session) -> None:
        self.client, self.headers, self.session = client, headers, session

    def asks(self, printer: Printer) -> dict[str, Any]:
        path = f"/api/v1/printers/{ids.encode('prn', printer.id)}/test"
        answer = self.client.post(path, headers=self.headers)
        assert answer.status_code == 202, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def hears(self, test: dict[str, Any]) -> dict[str, Any]:
        path = f"/api/v1/printers/{test['printer']}/tests/{test['id']}"
        found: dict[str, Any] = self.client.get(path, headers=self.headers).json()
        return found

    def printer(self, printer: Printer) -> dict[str, Any]:
        listed = self.client.get("/api/v1/printers", headers=self.headers).json()["items"]
        return next(each for each in listed if each["id"] == ids.encode("prn", printer.id))

    def waits_for_the_worker(self, test: dict[str, Any]) -> None:
        """Do what the worker does for the job that is owed."""
        test_id = ids.decode("tst", test["id"])
        [owed] = self.session.scalars(select(Job.kind).where(Job.ref_id == test_id)).all()
        assert owed is JobKind.PRINT_TEST
        work = PrintTest(_sender_for)
        errand = work.begin(self.session, test_id, now=NOW)
        assert errand is not None
        work.end(self.session, errand, work.act(errand), last=False, now=NOW)
        assert work.begin(self.session, test_id, now=NOW) is None


def _sender_for(errand: Errand) -> Sender:
    return sender(Address.read(errand.address), networks=LOOPBACK, folders=Path("none"))


@pytest.fixture
def counter(client: Client, as_role: AsRole, session: Session) -> Counter:
    return Counter(client, as_role(Role.TECHNICIAN), session)


@pytest.mark.parametrize(
    ("fault", "state", "reasons", "sheets"),
    [
        (Fault.NONE, "printed", [], 1),
        (Fault.PAPER_OUT, "sent", ["media-empty"], 0),
        (Fault.BUSY, "not-sent", ["busy"], 0),
        (Fault.WRONG_FORMAT, "not-sent", ["document-format-not-supported"], 0),
        (Fault.REFUSES, "not-sent", ["connection-lost"], 0),
        (Fault.HALF_READS, "unknown", ["job-not-found"], 0),
    ],
)
def test_what_comes_of_it_and_how_the_printer_is_can_be_asked_after(
    counter: Counter, session: Session, fault: Fault, state: str, *, reasons: list[str], sheets: int
) -> None:
    with IppPrinterSimulator(fault) as at:
        printer = make_printer(session, at.address)
        test = counter.asks(printer)
        assert (test["state"], test["is_over"]) == ("queued", False)
        assert at.asked_to_print == 0, "nobody waited for the printer"

        counter.waits_for_the_worker(test)

        heard = counter.hears(test)
        assert (heard["state"], heard["reasons"], heard["is_over"]) == (state, reasons, True)
        assert counter.printer(printer)["troubles"] == reasons
        assert len(heard["words"]) == 1 + len(reasons)
        assert at.paper.times(test["id"]) == sheets


def test_a_label_printer_is_tried_in_its_own_language(counter: Counter, session: Session) -> None:
    with RawPrinterSimulator() as at:
        printer = make_printer(session, at.address, language=Language.ZPL, stock="2.25x4", name="Z")
        test = counter.asks(printer)

        counter.waits_for_the_worker(test)

        assert counter.hears(test)["state"] == "sent"
    [label] = at.received
    assert label.startswith(b"^XA^PW456^LL812")  # 2.25 x 4 in at 203 dots an inch


def test_an_open_cover_is_told_and_nothing_is_sent(counter: Counter, session: Session) -> None:
    with RawPrinterSimulator() as at:
        at.cover_is_open = True
        printer = make_printer(session, at.address, language=Language.ZPL)
        test = counter.asks(printer)

        counter.waits_for_the_worker(test)

        assert (counter.hears(test)["state"], at.received) == ("not-sent", [])
        assert counter.hears(test)["words"] == ["Nothing was printed.", "It is open: close it."]
        assert counter.printer(printer)["troubles"] == ["cover-open"]


def test_a_test_label_for_which_nobody_comes_is_given_up(
    counter: Counter, session: Session
) -> None:
    test = counter.asks(make_printer(session))

    operations.give_up_tests(session, now=NOW + timedelta(days=1000))

    assert counter.hears(test)["state"] == "not-sent"
    assert operations.begin_test(session, ids.decode("tst", test["id"]), now=NOW) is None


def test_a_worker_that_died_over_it_is_not_followed_by_another_label(
    counter: Counter, session: Session
) -> None:
    with IppPrinterSimulator() as at:
        test = counter.asks(make_printer(session, at.address))
        test_id: UUID = ids.decode("tst", test["id"])
        work = PrintTest(_sender_for)
        errand = work.begin(session, test_id, now=NOW)
        assert errand is not None
        work.act(errand)  # and dies here

        counter.waits_for_the_worker(test)

        assert counter.hears(test)["state"] == "printed"
        assert at.paper.times(test["id"]) == 1
