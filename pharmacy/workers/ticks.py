"""
What is done again and again: take jobs from dead workers, seal the audit trail, check the records.

Each tick does whatever is due, and several at once, late ones and none for a while do no harm. The
clock sends them; the relay does them, too, less often.
"""

from collections.abc import Callable
from typing import Final

from celery import shared_task
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from pharmacy import invariants
from pharmacy.infra import audit, idempotency, jobs, logs, record_checks
from pharmacy.infra.db import Database
from pharmacy.orders import operations as orders
from pharmacy.printing import operations as printing
from pharmacy.staff.operations import arrivals
from pharmacy.workers.names import CHECK, PAPER, QUESTIONS, SEAL, SWEEP
from pharmacy.workers.run import database


def sweep(session: Session) -> None:
    """Give jobs whose worker died to others; forget answers and addresses of long ago."""
    if count := jobs.sweep(session):
        logs.log.warning("ticks.leases_expired", count=count)
    now = session.scalars(select(func.now())).one()
    idempotency.forget_old(session, now=now)
    arrivals.forget_old(session, now=now)


def look_after_questions(session: Session) -> None:
    """Remind of questions that prescribers have not answered; escalate those that wait longest."""
    orders.look_after_questions(session, now=session.scalars(select(func.now())).one())


def settle_paper(session: Session) -> None:
    """Find out what became of labels whose sender died; leave to a person what nobody can tell."""
    now = session.scalars(select(func.now())).one()
    printing.give_up_tests(session, now=now)
    if count := printing.settle(session, now=now):
        logs.log.warning("ticks.copies_left_to_a_person", count=count)


def seal(session: Session) -> None:
    """Put new audit entries under a seal."""
    audit.seal(session, now=session.scalars(select(func.now())).one())


def check_records(session: Session) -> None:
    """Look for records that contradict one another, once an hour, and keep what was found."""
    session.execute(text("set transaction isolation level repeatable read"))
    now = session.scalars(select(func.now())).one()
    if not record_checks.is_due(session, now=now):
        return
    broken = {each.invariant.name: len(each.rows) for each in invariants.violations(session)}
    record_checks.record(session, broken, invariants=len(invariants.ALL), now=now)
    if broken:
        logs.log.error("records.contradict", broken=broken)


WORK: Final[dict[str, Callable[[Session], None]]] = {
    SWEEP: sweep,
    SEAL: seal,
    QUESTIONS: look_after_questions,
    PAPER: settle_paper,
    CHECK: check_records,
}
QUICK: Final = (SWEEP, SEAL, QUESTIONS, PAPER)
CHECK_LIMIT: Final = 900
"""Seconds. It reads every table."""


def by_hand(database: Database) -> None:
    """Do what the ticks would do without which nothing goes on."""
    for name in QUICK:
        tick(database, name)


def tick(database: Database, name: str) -> None:
    """Do one tick's work; if it fails, say so: the next tick makes it good."""
    try:
        with database.transaction() as session:
            WORK[name](session)
    except Exception as error:  # noqa: BLE001 - one kind of tick must not stop the others
        logs.crash("ticks.failed", error, kind=name)


@shared_task(name=SWEEP, ignore_result=True)
def sweep_tick(*_: object, **__: object) -> None:
    """Sweep, because the clock said so."""
    tick(database(), SWEEP)


@shared_task(name=SEAL, ignore_result=True)
def seal_tick(*_: object, **__: object) -> None:
    """Seal, because the clock said so."""
    tick(database(), SEAL)


@shared_task(name=QUESTIONS, ignore_result=True)
def questions_tick(*_: object, **__: object) -> None:
    """Look after questions, because the clock said so."""
    tick(database(), QUESTIONS)


@shared_task(name=PAPER, ignore_result=True)
def paper_tick(*_: object, **__: object) -> None:
    """Settle copies, because the clock said so."""
    tick(database(), PAPER)


@shared_task(name=CHECK, ignore_result=True, soft_time_limit=CHECK_LIMIT, time_limit=CHECK_LIMIT)
def check_tick(*_: object, **__: object) -> None:
    """Check all records, because the clock said so."""
    tick(database(), CHECK)
