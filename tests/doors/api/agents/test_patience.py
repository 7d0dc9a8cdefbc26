"""A printer that is busy, or a server that is away: the agent comes back, each time later."""

from datetime import timedelta

import pytest

from pharmacy.kernel.ids import encode
from pharmacy.local.print_agent import Agent, pause_before_asking
from pharmacy.local.print_journal import Journal
from pharmacy.local.printer import Fault, IppPrinterSimulator
from pharmacy.orders.models import Order
from pharmacy.printing import operations
from pharmacy.printing.models import LabelCopy
from pharmacy.printing.rules import CopyState
from tests.doors.api.agents.conftest import StartAgent, Wire, asked, die, run_all
from tests.doors.api.conftest import Clock
from tests.factories.orders import Bench

LONGEST_PAUSES = [2, 4, 8, 16, 32, 64, 128]
"""Seconds after the first, second, … try; a quarter less at the least."""


@pytest.fixture
def copy(bench: Bench, order: Order) -> LabelCopy:
    """The only label that is to be printed."""
    copy, *others = asked(bench, order)
    for other in others:
        bench.session.delete(other)
    bench.session.flush()
    return copy


def test_a_busy_printer_is_tried_less_and_less_often_and_given_up(
    *, agent: Agent, bench: Bench, clock: Clock, copy: LabelCopy, printer: IppPrinterSimulator
) -> None:
    printer.faults.extend([Fault.BUSY] * 8)
    run_all(agent, bench)
    assert copy.tries == printer.asked_to_print == 1, "there is no second try without a pause"
    for longest in LONGEST_PAUSES:
        began, so_far = clock.now, printer.asked_to_print

        clock.now = began + timedelta(seconds=0.74 * longest)
        run_all(agent, bench)
        assert printer.asked_to_print == so_far
        clock.now = began + timedelta(seconds=longest)
        run_all(agent, bench)

        assert printer.asked_to_print == so_far + 1
    assert (copy.state, copy.tries) == (CopyState.FAILED, 8)
    assert printer.paper.sheets == []


def test_other_labels_do_not_wait_behind_one_that_was_not_taken(
    *, agent: Agent, bench: Bench, clock: Clock, order: Order, printer: IppPrinterSimulator
) -> None:
    printer.faults.append(Fault.BUSY)
    copies = asked(bench, order)

    run_all(agent, bench)
    states = [copy.state for copy in copies]
    clock.now += timedelta(seconds=2)
    run_all(agent, bench)

    assert states == [CopyState.QUEUED, CopyState.PRINTED, CopyState.PRINTED]
    assert [copy.state for copy in copies] == [CopyState.PRINTED] * 3
    assert [printer.paper.times(encode("cpy", copy.id)) for copy in copies] == [1, 1, 1]


def test_whoever_has_it_tried_again_does_not_wait_and_gets_as_many_tries(
    *, agent: Agent, bench: Bench, clock: Clock, copy: LabelCopy, printer: IppPrinterSimulator
) -> None:
    printer.faults.extend([Fault.BUSY] * 9)
    for _ in range(8):
        run_all(agent, bench)
        clock.now += timedelta(minutes=5)
    assert copy.state is CopyState.FAILED
    operations.try_again(bench.session, copy.id, by=bench.technician, now=clock.now)

    run_all(agent, bench)

    assert (copy.state, copy.tries) == (CopyState.QUEUED, 9), "it is not given up at once"
    clock.now += timedelta(seconds=2)
    run_all(agent, bench)
    assert copy.state is CopyState.PRINTED
    assert printer.paper.times(encode("cpy", copy.id)) == 1


def test_what_the_server_does_not_take_is_not_asked_for_without_a_pause(
    *, agent: Agent, bench: Bench, clock: Clock, copy: LabelCopy, wire: Wire
) -> None:
    """The copy is still being sent, as far as the server knows, and its agent is given it again."""
    wire.refuses["outcomes"] = 422
    run_all(agent, bench)
    clock.now += timedelta(minutes=2)

    assert not agent.run_once(), "there was an errand, and it asks for no other at once"

    assert copy.state is CopyState.SENDING
    assert agent.journal.withheld() == 1


def test_labels_to_be_sent_do_not_wait_behind_one_to_be_asked_for(
    *, agent: Agent, bench: Bench, clock: Clock, order: Order, wire: Wire
) -> None:
    copies = asked(bench, order)
    wire.refuses["outcomes"] = 422
    agent.run_once()
    wire.refuses.clear()
    clock.now += timedelta(minutes=2)

    agent.run_once()

    states = [copy.state for copy in copies]
    assert states == [CopyState.SENDING, CopyState.PRINTED, CopyState.QUEUED]


def test_an_agent_that_was_just_started_first_asks_what_became_of_the_last_label(
    *, bench: Bench, order: Order, start_agent: StartAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    copies = asked(bench, order)
    monkeypatch.setattr(Journal, "keep", die)
    with pytest.raises(KeyboardInterrupt):
        start_agent().run_once()
    monkeypatch.undo()

    start_agent().run_once()

    states = [copy.state for copy in copies]
    assert states == [CopyState.PRINTED, CopyState.QUEUED, CopyState.QUEUED]


class EnoughSeen(Exception):
    """The test has seen what it wanted to see."""


def test_a_server_that_is_away_is_asked_less_and_less_often(agent: Agent, wire: Wire) -> None:
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        wire.away = len(pauses) < 7
        if len(pauses) == 8:
            raise EnoughSeen

    wire.away = True
    with pytest.raises(EnoughSeen):
        agent.run(sleep=sleep, chance=lambda: 0.0)

    assert pauses == [4, 8, 16, 30, 30, 30, 30, 2]


def test_agents_whose_server_was_away_do_not_come_back_together() -> None:
    """30 s at the most, less up to a quarter; and two seconds as long as all is well."""
    assert pause_before_asking(50, chance=0) == 30
    assert pause_before_asking(50, chance=1) == 22.5
    assert pause_before_asking(1, chance=0.5) == 3.5
    assert pause_before_asking(0, chance=0) == 2
