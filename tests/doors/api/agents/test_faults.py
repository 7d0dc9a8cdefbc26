"""An agent at bad printers, fifty times each: what came out is read from the printer's own book."""

from collections import Counter
from datetime import timedelta

import pytest

from pharmacy.kernel.ids import encode
from pharmacy.labels.drawing import Language
from pharmacy.local.print_agent import Agent
from pharmacy.local.printer import Fault, IppPrinterSimulator, RawPrinterSimulator
from pharmacy.orders.models import Order
from pharmacy.printing import queries
from pharmacy.printing.models import Printer
from pharmacy.printing.rules import CopyState
from tests.doors.api.agents.conftest import run_all
from tests.doors.api.conftest import Clock
from tests.factories.faults import (
    AT_A_LABEL_PRINTER,
    AT_AN_IPP_PRINTER,
    ask_a_person,
    batches,
    require_sound,
)
from tests.factories.orders import Bench
from tests.factories.printing import labelled_order, make_printer

pytestmark = pytest.mark.slow
A_PAUSE = timedelta(seconds=2)
"""As long as a printer is left alone that did not take a label."""
S = CopyState


@pytest.fixture
def order(bench: Bench, key: str) -> Order:
    """An order whose printer each test chooses."""
    return labelled_order(bench)


def agents_printer(bench: Bench, address: str, **changes: object) -> Printer:
    agent_id = queries.agents(bench.session)[0].id
    return make_printer(bench.session, address, agent_id=agent_id, **changes)


@pytest.mark.parametrize("fault", AT_AN_IPP_PRINTER)
def test_at_an_ipp_printer(
    *, bench: Bench, order: Order, agent: Agent, clock: Clock, fault: Fault
) -> None:
    known = AT_AN_IPP_PRINTER[fault]
    with IppPrinterSimulator() as printer:
        for batch in batches(bench, order, agents_printer(bench, printer.address)):
            for copy in batch:
                printer.faults.append(fault)
                agent.run_once()
                bench.session.expire_all()
                found = (copy.state, printer.paper.times(encode("cpy", copy.id)), copy.troubles)
                assert found == known
            begun = printer.asked_to_print
            clock.now += A_PAUSE
            run_all(agent, bench)

            again = known.state is S.QUEUED
            assert printer.asked_to_print == begun + 3 * again, "only what was not sent is sent"
            assert {copy.state for copy in batch} == {S.PRINTED if again else known.state}
            if known.state is S.UNKNOWN:
                ask_a_person(bench, batch, known)
        printer.load_paper()
        came_out = [printer.paper.times(job.name) for job in printer.jobs]
        assert came_out == [known.in_the_end] * (51 if known.in_the_end else 0)
    require_sound(bench)


@pytest.mark.parametrize("fault", AT_A_LABEL_PRINTER)
def test_at_a_label_printer(
    *, bench: Bench, order: Order, agent: Agent, clock: Clock, fault: Fault
) -> None:
    known = AT_A_LABEL_PRINTER[fault]
    with RawPrinterSimulator() as printer:
        at = agents_printer(bench, printer.address, language=Language.ZPL)
        for batch in batches(bench, order, at):
            for copy in batch:
                before = len(printer.received)
                printer.faults.append(fault)
                agent.run_once()
                bench.session.expire_all()
                found = (copy.state, len(printer.received) - before, copy.troubles)
                assert found == known
            clock.now += A_PAUSE
            run_all(agent, bench)

            again = known.state is S.QUEUED
            assert {copy.state for copy in batch} == {S.SENT if again else known.state}
            if known.state is S.UNKNOWN:
                ask_a_person(bench, batch, known)
        came_out = list(Counter(printer.received).values())
        assert came_out == [known.in_the_end] * (51 if known.in_the_end else 0)
    require_sound(bench)
