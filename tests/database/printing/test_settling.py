"""Copies that nobody is sending any more are settled by the clock, and never sent again."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from pharmacy.infra.jobs import Job
from pharmacy.infra.printers import Certainty, Delivery
from pharmacy.kernel.jobs import JobKind
from pharmacy.labels.models import Label
from pharmacy.orders.models import Order
from pharmacy.printing import operations, queries
from pharmacy.printing.models import LabelCopy
from pharmacy.printing.rules import CopyState
from pharmacy.staff.rules import Actor, Role
from tests.factories.orders import Bench
from tests.factories.printing import PLACE, furnish, labelled_order, make_agent, make_printer

LONG = timedelta(hours=1)


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


@pytest.fixture
def order(bench: Bench) -> Order:
    return labelled_order(bench)


@pytest.fixture
def copy(bench: Bench, order: Order) -> LabelCopy:
    """A copy that a worker began to send."""
    furnish(bench.session, make_printer(bench.session))
    copy = asked(bench, order)
    operations.begin(bench.session, copy.id, now=bench.now)
    return copy


@pytest.fixture
def agent(bench: Bench) -> Actor:
    make_agent(bench.session)
    agent_id = queries.agents(bench.session)[0].id
    return Actor(agent_id, "client", frozenset({Role.PRINT_AGENT}))


@pytest.fixture
def agents_copy(bench: Bench, order: Order, agent: Actor) -> LabelCopy:
    """A copy that an agent fetched."""
    printer = make_printer(bench.session, agent_id=agent.id)
    furnish(bench.session, printer)
    copy = asked(bench, order)
    assert operations.fetch(bench.session, nonce="n" * 32, by=agent, afresh=False, now=bench.now)
    return copy


def asked(bench: Bench, order: Order) -> LabelCopy:
    return operations.print_order(
        bench.session, order.id, workstation=PLACE, by=bench.technician, now=bench.now
    )[0]


def jobs_of(session: Session, copy: LabelCopy) -> list[Job]:
    wanted = (Job.ref_id == copy.id, Job.kind == JobKind.PRINT_COPY)
    return list(session.scalars(select(Job).where(*wanted).order_by(Job.id)))


def bury(session: Session) -> None:
    session.execute(text("update jobs set state = 'dead'"))


def test_while_a_job_is_still_to_ask_nothing_is_done(bench: Bench, copy: LabelCopy) -> None:
    assert operations.settle(bench.session, now=bench.now + LONG) == 0

    assert copy.state is CopyState.SENDING
    assert len(jobs_of(bench.session, copy)) == 1


def test_a_worker_that_has_only_just_begun_is_left_alone(bench: Bench, copy: LabelCopy) -> None:
    bury(bench.session)

    operations.settle(bench.session, now=bench.now + timedelta(seconds=60))

    assert len(jobs_of(bench.session, copy)) == 1


def test_a_copy_whose_last_job_died_is_asked_about_once_more(bench: Bench, copy: LabelCopy) -> None:
    bury(bench.session)

    operations.settle(bench.session, now=bench.now + LONG)
    operations.settle(bench.session, now=bench.now + LONG)

    assert [job.state for job in jobs_of(bench.session, copy)] == ["dead", "ready"]
    errand = operations.begin(bench.session, copy.id, now=bench.now + LONG)
    assert errand is not None
    assert errand.only_ask


def test_a_copy_about_which_nobody_lived_to_ask_is_left_to_a_person(
    bench: Bench, copy: LabelCopy
) -> None:
    bury(bench.session)
    operations.settle(bench.session, now=bench.now + LONG)
    bury(bench.session)

    assert operations.settle(bench.session, now=bench.now + LONG) == 1

    assert (copy.state, copy.troubles) == (CopyState.UNKNOWN, ["sender-died"])
    assert operations.begin(bench.session, copy.id, now=bench.now) is None
    [found] = [
        each for each in queries.unconfirmed(bench.session, limit=9) if each.copy.id == copy.id
    ]
    assert found.copy.state is CopyState.UNKNOWN


def test_an_agent_that_does_not_come_back_leaves_its_copy_to_a_person(
    bench: Bench, agents_copy: LabelCopy
) -> None:
    assert operations.settle(bench.session, now=bench.now + timedelta(minutes=4)) == 0

    assert operations.settle(bench.session, now=bench.now + timedelta(minutes=5)) == 1

    assert (agents_copy.state, agents_copy.troubles) == (CopyState.UNKNOWN, ["agent-away"])


def test_proof_that_comes_late_is_taken_and_a_late_denial_is_not(
    bench: Bench, agents_copy: LabelCopy, agent: Actor
) -> None:
    operations.settle(bench.session, now=bench.now + LONG)

    for certainty, state in [
        (Certainty.NOT_SENT, CopyState.UNKNOWN),
        (Certainty.SENT, CopyState.UNKNOWN),
        (Certainty.PRINTED, CopyState.PRINTED),
    ]:
        operations.report(
            bench.session, agents_copy.id, 1, Delivery(certainty), by=agent, now=bench.now + LONG
        )
        assert agents_copy.state is state


@pytest.mark.parametrize("certainty", Certainty)
def test_a_label_that_became_void_while_it_was_sent_takes_its_copy_along(
    bench: Bench, copy: LabelCopy, certainty: Certainty
) -> None:
    bench.session.get_one(Label, copy.label_id).voided_at = bench.now
    bench.session.flush()

    again = operations.end(
        bench.session, copy.id, 1, Delivery(certainty), last=False, now=bench.now
    )

    assert not again
    assert copy.state is CopyState.VOID
