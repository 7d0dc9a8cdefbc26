"""A worker at bad printers: whatever goes wrong, nothing comes out twice and nothing is lost."""

import socket
from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from pharmacy.infra.printers import Address, Certainty, Delivery, sender
from pharmacy.invariants import copies as copies_invariants
from pharmacy.kernel.ids import encode
from pharmacy.labels.drawing import Language
from pharmacy.local.printer import Fault, IppPrinterSimulator, RawPrinterSimulator
from pharmacy.local.stack import HOST
from pharmacy.orders.models import Order
from pharmacy.printing import operations, queries
from pharmacy.printing.models import LabelCopy
from pharmacy.printing.operations import Errand
from pharmacy.printing.rules import CopyState, ReprintReason
from pharmacy.workers.printing import PrintCopy
from tests.conftest import NOW
from tests.doors.workers.conftest import eventually
from tests.factories.orders import Bench
from tests.factories.printing import (
    LOOPBACK,
    first_label,
    furnish,
    labelled_order,
    make_printer,
    printed,
)

pytestmark = pytest.mark.usefixtures("impatient")
TIMES = 50
S = CopyState


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


@pytest.fixture
def order(bench: Bench) -> Order:
    return labelled_order(bench)


def outing(tmp: object) -> PrintCopy:
    def sender_for(errand: Errand) -> object:
        return sender(Address.read(errand.address), networks=LOOPBACK, folders=tmp)  # type: ignore[arg-type]

    return PrintCopy(sender_for)  # type: ignore[arg-type]


def run(bench: Bench, copy_id: UUID, *, last: bool = False) -> Delivery | None:
    """Do what the worker does for a job, in the test's transaction."""
    work = outing(None)
    errand = work.begin(bench.session, copy_id, now=bench.now)
    if errand is None:
        return None
    delivery = work.act(errand)
    work.end(bench.session, errand, delivery, last=last, now=bench.now)
    return delivery


def copies(bench: Bench, order: Order, address: str, **printer: object) -> Iterator[LabelCopy]:
    """Yield fifty copies of one label, each asked for once the one before is settled."""
    at = make_printer(bench.session, address, **printer)
    furnish(bench.session, at)
    printed(bench, order)
    label = first_label(bench.session, order)
    copy = queries.living_copy(bench.session, label.id)
    assert copy is not None
    yield copy
    for _ in range(TIMES - 1):
        copy = operations.reprint(
            bench.session,
            label.id,
            reason=ReprintReason.DAMAGED,
            printer=at,
            by=bench.technician,
            now=NOW,
        )
        yield copy


def require_sound(bench: Bench) -> None:
    for invariant in copies_invariants.INVARIANTS:
        assert bench.session.execute(text(invariant.sql)).all() == [], invariant.name


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.NONE, (Certainty.PRINTED, S.PRINTED, 1)),
        (Fault.DROPS_BEFORE_ANSWERING, (Certainty.PRINTED, S.PRINTED, 1)),
        (Fault.PAPER_OUT, (Certainty.SENT, S.SENT, 0)),
        (Fault.PRINTS_TWICE, (Certainty.PRINTED, S.PRINTED, 2)),
        (Fault.WRONG_FORMAT, (Certainty.NOT_SENT, S.QUEUED, 0)),
        (Fault.BUSY, (Certainty.NOT_SENT, S.QUEUED, 0)),
    ],
)
def test_an_ipp_printer_fails_fifty_times(
    bench: Bench, order: Order, fault: Fault, expected: tuple[Certainty, CopyState, int]
) -> None:
    certainty, state, sheets = expected
    with IppPrinterSimulator(*[fault] * TIMES) as printer:
        for copy in copies(bench, order, printer.address):
            delivery = run(bench, copy.id)

            assert delivery is not None
            assert (delivery.certainty, copy.state) == (certainty, state)
            assert printer.paper.times(encode("cpy", copy.id)) == sheets
            assert copy.state is S.QUEUED or run(bench, copy.id) is None, "it is never sent again"
            assert printer.paper.times(encode("cpy", copy.id)) == sheets
    require_sound(bench)


@pytest.mark.parametrize("fault", [Fault.REFUSES, Fault.HALF_READS])
def test_an_ipp_printer_hangs_up_fifty_times(bench: Bench, order: Order, fault: Fault) -> None:
    """
    Where the worker still wrote, the request was not whole and may go out again; where it waited
    for the answer, the printer is asked and a person looks. Which one it is, the network decides.
    """
    found = set()
    with IppPrinterSimulator(*[fault] * TIMES) as printer:
        for copy in copies(bench, order, printer.address):
            delivery = run(bench, copy.id)

            assert delivery is not None
            found.add((delivery.certainty, copy.state, delivery.reasons))
            assert copy.state is S.QUEUED or run(bench, copy.id) is None, "it is never sent again"
        assert printer.paper.sheets == []
        assert printer.jobs == []
    assert found <= {
        (Certainty.NOT_SENT, S.QUEUED, ("connection-lost",)),
        (Certainty.UNKNOWN, S.UNKNOWN, ("job-not-found",)),
    }
    require_sound(bench)


@pytest.mark.parametrize(
    ("fault", "certainty", "prints"),
    [
        (Fault.NONE, Certainty.SENT, 1),
        (Fault.REFUSES, Certainty.NOT_SENT, 0),
        (Fault.HALF_READS, Certainty.UNKNOWN, 0),
        (Fault.DROPS_BEFORE_ANSWERING, Certainty.UNKNOWN, 1),
        (Fault.PAPER_OUT, Certainty.NOT_SENT, 0),
    ],
)
def test_a_label_printer_fails_fifty_times(
    bench: Bench, order: Order, fault: Fault, certainty: Certainty, prints: int
) -> None:
    with RawPrinterSimulator(*[fault] * TIMES) as printer:
        for copy in copies(bench, order, printer.address, language=Language.ZPL):
            delivery = run(bench, copy.id)

            assert delivery is not None
            assert delivery.certainty is certainty
            if delivery.certainty is not Certainty.NOT_SENT:
                assert run(bench, copy.id) is None, "it is never sent again"
    assert eventually(lambda: len(printer.received) == prints * TIMES)
    require_sound(bench)


def test_a_printer_that_is_off_is_tried_until_the_last_time(bench: Bench, order: Order) -> None:
    with socket.socket() as nobody_listens:
        nobody_listens.bind((HOST, 0))
        port = nobody_listens.getsockname()[1]
        for copy in copies(bench, order, f"ipp://{HOST}:{port}/ipp/print"):
            delivery = run(bench, copy.id)
            assert delivery == Delivery(Certainty.NOT_SENT, ("offline",))
            assert copy.state is S.QUEUED

            run(bench, copy.id, last=True)

            assert copy.state is S.FAILED
    require_sound(bench)


def test_paper_out_in_the_middle_of_an_order_is_told_label_by_label(
    bench: Bench, order: Order
) -> None:
    with IppPrinterSimulator(Fault.NONE, Fault.PAPER_OUT, Fault.PAPER_OUT) as printer:
        furnish(bench.session, make_printer(bench.session, printer.address))
        asked = printed(bench, order)
        for copy in asked:
            run(bench, copy.id)

        assert [copy.state for copy in asked] == [S.PRINTED, S.SENT, S.SENT]
        assert [copy.troubles for copy in asked] == [[], ["media-empty"], ["media-empty"]]
        assert queries.printers(bench.session)[0].troubles == ["media-empty"]
        printer.load_paper()
        assert all(printer.paper.times(encode("cpy", copy.id)) == 1 for copy in asked)
    bench.pack(order)
    assert {copy.state for copy in asked} == {S.CONFIRMED}


def test_a_worker_that_died_while_sending_is_followed_by_a_question(
    bench: Bench, order: Order
) -> None:
    """The copy is out, and nobody said so: the printer is asked, and prints nothing more."""
    with IppPrinterSimulator() as printer:
        for copy in copies(bench, order, printer.address):
            work = outing(None)
            errand = work.begin(bench.session, copy.id, now=bench.now)
            assert errand is not None
            work.act(errand)  # and dies here

            delivery = run(bench, copy.id)

            assert delivery is not None
            assert copy.state is S.PRINTED
            assert printer.paper.times(encode("cpy", copy.id)) == 1
    require_sound(bench)


def test_a_worker_that_died_before_sending_leaves_a_question_for_a_person(
    bench: Bench, order: Order
) -> None:
    with IppPrinterSimulator() as printer:
        furnish(bench.session, make_printer(bench.session, printer.address))
        copy = printed(bench, order)[0]
        outing(None).begin(bench.session, copy.id, now=bench.now)

        run(bench, copy.id)

        assert copy.state is S.UNKNOWN
        assert copy.troubles == ["job-not-found"]
        assert printer.paper.sheets == []


def test_an_address_that_is_no_longer_allowed_is_not_spoken_to(bench: Bench, order: Order) -> None:
    furnish(bench.session, make_printer(bench.session))
    copy = printed(bench, order)[0]
    queries.printers(bench.session)[0].address = "ipp://192.0.2.1:631/p"

    delivery = run(bench, copy.id)

    assert delivery == Delivery(Certainty.NOT_SENT, ("printer-address-forbidden",))
