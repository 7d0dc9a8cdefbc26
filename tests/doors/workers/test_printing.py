"""A worker at bad printers: whatever goes wrong, nothing comes out twice and nothing is lost."""

import socket
from collections import Counter
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from pharmacy.infra.printers import Address, Certainty, Delivery, sender
from pharmacy.kernel.ids import encode
from pharmacy.labels.drawing import Language
from pharmacy.local.printer import Fault, IppPrinterSimulator, RawPrinterSimulator
from pharmacy.local.stack import HOST
from pharmacy.orders.models import Order
from pharmacy.printing import operations, queries
from pharmacy.printing.models import LabelCopy
from pharmacy.printing.operations import Errand
from pharmacy.printing.rules import CopyState
from pharmacy.workers.printing import PrintCopy
from tests.factories.faults import (
    AT_A_LABEL_PRINTER,
    AT_AN_IPP_PRINTER,
    ROUNDS,
    ask_a_person,
    batches,
    require_sound,
)
from tests.factories.orders import Bench
from tests.factories.printing import LOOPBACK, furnish, labelled_order, make_printer, printed

pytestmark = pytest.mark.usefixtures("impatient")
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


def first_copy(bench: Bench, order: Order, address: str) -> LabelCopy:
    furnish(bench.session, make_printer(bench.session, address))
    return printed(bench, order)[0]


@pytest.mark.parametrize("fault", AT_AN_IPP_PRINTER)
def test_an_ipp_printer_fails_fifty_times(bench: Bench, order: Order, fault: Fault) -> None:
    known = AT_AN_IPP_PRINTER[fault]
    with IppPrinterSimulator() as printer:
        for batch in batches(bench, order, make_printer(bench.session, printer.address)):
            for copy in batch:
                printer.faults.append(fault)
                run(bench, copy.id)

                found = (copy.state, printer.paper.times(encode("cpy", copy.id)), copy.troubles)
                assert found == known
                begun = printer.asked_to_print
                run(bench, copy.id)

                again = known.state is S.QUEUED
                assert printer.asked_to_print == begun + again, "only what was not sent is sent"
                assert copy.state is (S.PRINTED if again else known.state)
            if known.state is S.UNKNOWN:
                ask_a_person(bench, batch, known)
        printer.load_paper()
        came_out = [printer.paper.times(job.name) for job in printer.jobs]
        assert came_out == [known.in_the_end] * (51 if known.in_the_end else 0)
        assert len(printer.half_read) == (51 if fault is Fault.HALF_READS else 0)
    require_sound(bench)


@pytest.mark.parametrize("fault", AT_A_LABEL_PRINTER)
def test_a_label_printer_fails_fifty_times(bench: Bench, order: Order, fault: Fault) -> None:
    known = AT_A_LABEL_PRINTER[fault]
    with RawPrinterSimulator() as printer:
        at = make_printer(bench.session, printer.address, language=Language.ZPL)
        for batch in batches(bench, order, at):
            for copy in batch:
                before = len(printer.received)
                printer.faults.append(fault)
                run(bench, copy.id)

                found = (copy.state, len(printer.received) - before, copy.troubles)
                assert found == known
                run(bench, copy.id)

                assert len(printer.received) - before == known.in_the_end
                assert copy.state is (S.SENT if known.state is S.QUEUED else known.state)
            if known.state is S.UNKNOWN:
                ask_a_person(bench, batch, known)
        came_out = list(Counter(printer.received).values())
        assert came_out == [known.in_the_end] * (51 if known.in_the_end else 0)
        assert len(printer.half_read) == (51 if fault is Fault.HALF_READS else 0)
    require_sound(bench)


def test_a_printer_that_is_off_is_tried_until_the_last_time(bench: Bench, order: Order) -> None:
    with socket.socket() as nobody_listens:
        nobody_listens.bind((HOST, 0))
        port = nobody_listens.getsockname()[1]
        copy = first_copy(bench, order, f"ipp://{HOST}:{port}/ipp/print")
        for _ in range(50):
            delivery = run(bench, copy.id)
            assert delivery == Delivery(Certainty.NOT_SENT, ("offline",))
            assert copy.state is S.QUEUED

        run(bench, copy.id, last=True)

    assert copy.state is S.FAILED
    require_sound(bench)


def test_paper_out_in_the_middle_of_an_order_is_told_label_by_label(
    bench: Bench, order: Order
) -> None:
    with IppPrinterSimulator() as printer:
        for batch in batches(bench, order, make_printer(bench.session, printer.address)):
            printer.faults.extend([Fault.NONE, Fault.PAPER_OUT, Fault.PAPER_OUT])
            for copy in batch:
                run(bench, copy.id)

            assert [copy.state for copy in batch] == [S.PRINTED, S.SENT, S.SENT]
            assert [copy.troubles for copy in batch] == [[], ["media-empty"], ["media-empty"]]
            assert queries.printers(bench.session)[0].troubles == ["media-empty"]
            printer.load_paper()
            assert [printer.paper.times(encode("cpy", copy.id)) for copy in batch] == [1, 1, 1]
    newest = [f"{code}.{ROUNDS}" for code in bench.codes(order)]
    operations.pack(bench.session, order.id, scanned=newest, by=bench.technician, now=bench.now)
    assert {copy.state for copy in batch} == {S.CONFIRMED}


def test_a_worker_that_died_while_sending_is_followed_by_a_question(
    bench: Bench, order: Order
) -> None:
    """The copy is out, and nobody said so: the printer is asked, and prints nothing more."""
    with IppPrinterSimulator() as printer:
        for batch in batches(bench, order, make_printer(bench.session, printer.address)):
            for copy in batch:
                work = outing(None)
                errand = work.begin(bench.session, copy.id, now=bench.now)
                assert errand is not None
                work.act(errand)  # and dies here

                run(bench, copy.id)

                assert copy.state is S.PRINTED
                assert printer.paper.times(encode("cpy", copy.id)) == 1
    require_sound(bench)


def test_a_worker_that_died_before_sending_leaves_a_question_for_a_person(
    bench: Bench, order: Order
) -> None:
    with IppPrinterSimulator() as printer:
        copy = first_copy(bench, order, printer.address)
        outing(None).begin(bench.session, copy.id, now=bench.now)

        run(bench, copy.id)

        assert copy.state is S.UNKNOWN
        assert copy.troubles == ["job-not-found"]
        assert printer.paper.sheets == []


def test_an_address_that_is_no_longer_allowed_is_not_spoken_to(bench: Bench, order: Order) -> None:
    copy = first_copy(bench, order, "folder:bench-1")
    queries.printers(bench.session)[0].address = "ipp://192.0.2.1:631/p"

    delivery = run(bench, copy.id)

    assert delivery == Delivery(Certainty.NOT_SENT, ("printer-address-forbidden",))
