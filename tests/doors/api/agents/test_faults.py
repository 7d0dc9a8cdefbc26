"""An agent at bad printers, fifty times each: what came out is read from the printer's own book."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text

from pharmacy.invariants import copies as copies_invariants
from pharmacy.kernel.ids import encode
from pharmacy.labels.drawing import Language
from pharmacy.local.print_agent import Agent
from pharmacy.local.printer import Fault, IppPrinterSimulator, RawPrinterSimulator
from pharmacy.orders.models import Order
from pharmacy.printing import operations, queries
from pharmacy.printing.models import LabelCopy, Printer
from pharmacy.printing.rules import CopyState, ReprintReason
from tests.conftest import NOW
from tests.doors.api.agents.conftest import run_all
from tests.doors.api.conftest import Clock
from tests.factories.orders import Bench
from tests.factories.printing import PLACE, first_label, furnish, labelled_order, make_printer

pytestmark = pytest.mark.slow
TIMES = 50
A_PAUSE = timedelta(seconds=2)
"""As long as a printer is left alone that did not take a label."""
S = CopyState


@pytest.fixture
def order(bench: Bench, key: str) -> Order:
    """An order whose printer each test chooses."""
    return labelled_order(bench)


def agents_printer(bench: Bench, address: str, **changes: object) -> Printer:
    agent_id = queries.agents(bench.session)[0].id
    printer = make_printer(bench.session, address, agent_id=agent_id, **changes)
    furnish(bench.session, printer)
    return printer


def first_copy(bench: Bench, order: Order) -> LabelCopy:
    """Have one label of the order printed, and no other."""
    asked = operations.print_order(
        bench.session, order.id, workstation=PLACE, by=bench.technician, now=NOW
    )
    label = first_label(bench.session, order)
    for copy in asked:
        if copy.label_id != label.id:
            bench.session.delete(copy)
    bench.session.flush()
    return next(copy for copy in asked if copy.label_id == label.id)


def fifty_copies(bench: Bench, order: Order, printer: Printer) -> Iterator[LabelCopy]:
    copy = first_copy(bench, order)
    yield copy
    for _ in range(TIMES - 1):
        copy = operations.reprint(
            bench.session,
            copy.label_id,
            reason=ReprintReason.DAMAGED,
            printer=printer,
            by=bench.technician,
            now=NOW,
        )
        yield copy


@contextmanager
def sound_afterwards(bench: Bench) -> Iterator[None]:
    yield
    for invariant in copies_invariants.INVARIANTS:
        assert bench.session.execute(text(invariant.sql)).all() == [], invariant.name


@pytest.mark.parametrize(
    ("fault", "states", "sheets"),
    [
        (Fault.NONE, {S.PRINTED}, 1),
        (Fault.DROPS_BEFORE_ANSWERING, {S.PRINTED}, 1),
        (Fault.PAPER_OUT, {S.SENT}, 0),
        (Fault.PRINTS_TWICE, {S.PRINTED}, 2),
        # what provably did not arrive is sent again, and then nothing is in its way
        (Fault.REFUSES, {S.UNKNOWN, S.PRINTED}, None),
        (Fault.HALF_READS, {S.UNKNOWN, S.PRINTED}, None),
        (Fault.BUSY, {S.PRINTED}, 1),
        (Fault.WRONG_FORMAT, {S.PRINTED}, 1),
    ],
)
def test_at_an_ipp_printer(
    *,
    bench: Bench,
    order: Order,
    agent: Agent,
    clock: Clock,
    fault: Fault,
    states: set[S],
    sheets: int | None,
) -> None:
    with IppPrinterSimulator() as printer, sound_afterwards(bench):
        for copy in fifty_copies(bench, order, agents_printer(bench, printer.address)):
            printer.faults.append(fault)

            run_all(agent, bench)
            clock.now += A_PAUSE
            run_all(agent, bench)

            came_out = printer.paper.times(encode("cpy", copy.id))
            assert copy.state in states
            assert came_out == (int(copy.state is S.PRINTED) if sheets is None else sheets)
            asked = printer.asked_to_print
            assert not agent.run_once()
            assert printer.asked_to_print == asked, "nothing is sent again"
        printer.load_paper()
        assert all(printer.paper.times(job.name) == max(1, sheets or 1) for job in printer.jobs)


@pytest.mark.parametrize(
    ("fault", "state", "sheets"),
    [
        (Fault.NONE, S.SENT, 1),
        (Fault.REFUSES, S.SENT, 1),  # before a byte of it had left
        (Fault.HALF_READS, S.UNKNOWN, 0),
        (Fault.DROPS_BEFORE_ANSWERING, S.UNKNOWN, 1),
        (Fault.PAPER_OUT, S.SENT, 1),  # as soon as there is paper again
        (Fault.PRINTS_TWICE, S.SENT, 2),
    ],
)
def test_at_a_label_printer(
    *,
    bench: Bench,
    order: Order,
    agent: Agent,
    clock: Clock,
    fault: Fault,
    state: S,
    sheets: int,
) -> None:
    with RawPrinterSimulator() as printer, sound_afterwards(bench):
        at = agents_printer(bench, printer.address, language=Language.ZPL)
        for copy in fifty_copies(bench, order, at):
            printer.faults.append(fault)
            before = len(printer.received)

            run_all(agent, bench)
            clock.now += A_PAUSE
            run_all(agent, bench)

            assert copy.state is state
            assert len(printer.received) - before == sheets
    assert len(set(printer.received)) == (TIMES if sheets else 0), "no copy is like another"
