"""A worker killed in the middle of sending a label: real processes, a printer that holds on."""

import os
import signal
import subprocess
from datetime import UTC, datetime
from uuid import UUID

import pytest
from sqlalchemy import text

from pharmacy.infra import jobs
from pharmacy.kernel.ids import encode
from pharmacy.local.printer import Fault, IppPrinterSimulator
from pharmacy.printing import operations
from pharmacy.workers import ticks
from pharmacy.workers.names import PAPER
from tests.doors.workers.conftest import Bench as Processes
from tests.doors.workers.conftest import eventually
from tests.factories.orders import Bench
from tests.factories.printing import PLACE, furnish, labelled_order, make_printer

pytestmark = pytest.mark.slow


def ask_for_a_label(processes: Processes, printer: IppPrinterSimulator) -> UUID:
    """Ask for an order's labels and leave one of them to be printed; return that copy."""
    with processes.database.transaction() as session:
        bench = Bench(session)
        order = labelled_order(bench)
        furnish(session, make_printer(session, printer.address))
        copy, *others = operations.print_order(
            session, order.id, workstation=PLACE, by=bench.technician, now=datetime.now(UTC)
        )
        for other in others:
            session.execute(text("delete from jobs where ref_id = :ref"), {"ref": other.id})
        return copy.id


def start_worker(processes: Processes) -> subprocess.Popen[bytes]:
    """Start the worker as it is, with nothing rehearsed."""
    return processes.start(
        "celery", "--app=pharmacy.workers.app", "worker", "--loglevel=INFO",
        "--concurrency=1", "--without-gossip", "--without-mingle",
    )  # fmt: skip


def kill_while_sending(processes: Processes, printer: IppPrinterSimulator, copy_id: UUID) -> None:
    worker = start_worker(processes)
    processes.start_relay()
    assert printer.holding.wait(60), processes.story()
    assert state_of(processes, copy_id) == "sending"
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()


def state_of(processes: Processes, copy_id: UUID) -> str:
    return str(processes.ask("select state from label_copies where id = :id", id=copy_id)[0][0])


def let_time_pass(processes: Processes) -> None:
    """Rather than waiting: the lease is over, and the sending was long ago."""
    with processes.database.transaction() as session:
        session.execute(
            text("update jobs set lease_until = now() - interval '1 s' where state = 'running'")
        )
        session.execute(
            text(
                "update label_copies set sending_since = now() - interval '1 h'"
                " where state = 'sending'"
            )
        )
        jobs.sweep(session)


def becomes(processes: Processes, copy_id: UUID, state: str) -> bool:
    return eventually(lambda: state_of(processes, copy_id) == state)


def sends(processes: Processes, copy_id: UUID) -> int:
    return processes.number(
        "select count(*) from label_copy_events where copy_id = :id and step = 'send'", id=copy_id
    )


@pytest.mark.parametrize(
    ("fault", "state", "sheets"),
    [(Fault.HANGS, "printed", 1), (Fault.HANGS_MIDWAY, "unknown", 0)],
)
def test_the_next_worker_asks_the_printer_and_sends_nothing(
    bench: Processes, fault: Fault, state: str, sheets: int
) -> None:
    with IppPrinterSimulator(fault) as printer:
        copy_id = ask_for_a_label(bench, printer)
        kill_while_sending(bench, printer, copy_id)

        let_time_pass(bench)
        start_worker(bench)

        assert becomes(bench, copy_id, state), bench.story()
        assert printer.paper.times(encode("cpy", copy_id)) == sheets
        assert printer.asked_to_print == 1
    assert sends(bench, copy_id) == 1


def test_when_that_was_the_last_attempt_the_printer_is_asked_all_the_same(
    bench: Processes,
) -> None:
    with IppPrinterSimulator(Fault.HANGS) as printer:
        copy_id = ask_for_a_label(bench, printer)
        with bench.database.transaction() as session:
            session.execute(text("update jobs set max_attempts = 1"))
        kill_while_sending(bench, printer, copy_id)
        let_time_pass(bench)
        assert bench.ask("select state from jobs where ref_id = :id", id=copy_id) == [("dead",)]

        ticks.tick(bench.database, PAPER)
        start_worker(bench)

        assert becomes(bench, copy_id, "printed"), bench.story()
        assert printer.paper.times(encode("cpy", copy_id)) == 1
        assert printer.asked_to_print == 1


def test_when_whoever_asks_dies_too_a_person_is_told_to_look(bench: Processes) -> None:
    with IppPrinterSimulator(Fault.HANGS_MIDWAY) as printer:
        copy_id = ask_for_a_label(bench, printer)
        with bench.database.transaction() as session:
            session.execute(text("update jobs set max_attempts = 1"))
        kill_while_sending(bench, printer, copy_id)
        let_time_pass(bench)
        ticks.tick(bench.database, PAPER)
        assert state_of(bench, copy_id) == "sending", "the printer is still to be asked"
        with bench.database.transaction() as session:
            session.execute(text("update jobs set state = 'dead' where state = 'ready'"))

        ticks.tick(bench.database, PAPER)

        assert state_of(bench, copy_id) == "unknown"
        assert bench.ask("select troubles from label_copies where id = :id", id=copy_id) == [
            (["sender-died"],)
        ]
        assert printer.asked_to_print == 1
    assert sends(bench, copy_id) == 1
