"""
Test labels: outside of the ledger, naming nobody, and sent by whoever sends the printer's labels.

A person waits for one, so it is tried once, and what came of it is said as soon as it is known.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra import audit, jobs
from pharmacy.infra.printers import Certainty, Delivery, Document
from pharmacy.kernel import ids
from pharmacy.kernel.jobs import JobKind
from pharmacy.labels.drawing import Language, drawn_test
from pharmacy.practice import queries as practice
from pharmacy.practice.rules import local_date
from pharmacy.printing import queries
from pharmacy.printing.models import Printer, TrialPrint
from pharmacy.printing.operations.printers import PrinterRetired, heard_of
from pharmacy.printing.operations.sending import MEDIA, PAPER, Errand
from pharmacy.printing.rules.trying import UNDER_WAY, TrialState
from pharmacy.staff.rules import WORKER, Actor, Role

OVER_AFTER: Final = timedelta(minutes=2)
"""Nobody waits longer for a test label."""


def try_printer(session: Session, printer_id: UUID, *, by: Actor, now: datetime) -> TrialPrint:
    """
    Have a test label printed.

    Raises:
        PrinterNotFound, PrinterRetired, SiteMissing.
        TextTooLong: The printer's name does not fit on its labels.
    """
    printer = queries.printer(session, printer_id)
    if printer.retired_at is not None:
        raise PrinterRetired("this printer is retired", printer=printer.name)
    _drawn(session, printer, now=now)
    test = TrialPrint(
        id=ids.new_id(),
        printer_id=printer.id,
        state=TrialState.QUEUED,
        asked_by=by.id,
        asked_at=now,
    )
    session.add(test)
    session.flush()
    if printer.agent_id is None:
        jobs.add(session, JobKind.PRINT_TEST, ref_id=test.id)
    audit.record(
        session,
        "printer.tried",
        by=by,
        at=now,
        subject_kind="printer",
        subject_id=printer.id,
        detail={"name": printer.name},
    )
    return test


def begin_test(
    session: Session, test_id: UUID, *, by: Actor = WORKER, now: datetime
) -> Errand | None:
    """Say that a test label is being sent, and return the errand; None when there is none."""
    test = queries.lock_test(session, test_id)
    printer = queries.printer(session, test.printer_id)
    if test.state not in UNDER_WAY or printer.agent_id != _agent_of(by):
        return None
    only_ask = test.state is TrialState.SENDING
    test.state = TrialState.SENDING
    return Errand(
        ref_id=test.id,
        tries=1,
        address=printer.address,
        pinned_sha256=printer.pinned_sha256,
        document=Document(
            name=ids.encode("tst", test.id),
            content=_drawn(session, printer, now=now),
            media_type=MEDIA[printer.language],
            size=PAPER[printer.stock],
        ),
        only_ask=only_ask,
    )


def end_test(
    session: Session, test_id: UUID, delivery: Delivery, *, by: Actor = WORKER, now: datetime
) -> None:
    """Say what came of a test label, and how its printer is. Said again, it changes nothing."""
    test = queries.lock_test(session, test_id)
    printer = queries.printer(session, test.printer_id)
    if printer.agent_id != _agent_of(by):
        raise queries.TestNotFound("there is no such test label")
    if test.state is not TrialState.SENDING:
        return
    _finish(test, TrialState(delivery.certainty), delivery.reasons, now=now)
    printed = delivery.certainty is Certainty.PRINTED
    heard_of(session, printer.id, delivery.reasons, printed=printed, now=now)


def give_up_tests(session: Session, *, now: datetime) -> None:
    """End the test labels for which nobody came, or whose sender died."""
    old = session.execute(
        select(TrialPrint, Printer.agent_id)
        .join(Printer, Printer.id == TrialPrint.printer_id)
        .where(TrialPrint.state.in_(UNDER_WAY), TrialPrint.asked_at <= now - OVER_AFTER)
        .with_for_update(of=TrialPrint, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    for test, agent_id in old:
        state = TrialState.NOT_SENT if test.state is TrialState.QUEUED else TrialState.UNKNOWN
        _finish(test, state, ("agent-away" if agent_id else "sender-died",), now=now)
    session.flush()


def _finish(
    test: TrialPrint, state: TrialState, reasons: tuple[str, ...], *, now: datetime
) -> None:
    test.state, test.reasons, test.ended_at = state, list(reasons), now


def _agent_of(by: Actor) -> UUID | None:
    return by.id if Role.PRINT_AGENT in by.roles else None


def _drawn(session: Session, printer: Printer, *, now: datetime) -> bytes:
    today = local_date(now, practice.site(session).time_zone)
    return drawn_test(
        printer.name,
        on=f"{today:%d %b %Y}",
        inches=PAPER[printer.stock],
        language=Language(printer.language),
        dpi=printer.dpi,
    )
