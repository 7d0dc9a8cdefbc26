"""Wanting copies: the first of each label, another one with a reason, and saying what was found."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.infra import audit, jobs
from pharmacy.kernel import ids
from pharmacy.kernel.jobs import JobKind
from pharmacy.kernel.refusals import Conflict
from pharmacy.labels import queries as labels
from pharmacy.labels.models import Label, LabelKind
from pharmacy.orders import queries as orders
from pharmacy.orders.models import Order
from pharmacy.printing import queries
from pharmacy.printing.models import LabelCopy, Printer, Workstation
from pharmacy.printing.operations.printers import PrinterRetired
from pharmacy.printing.operations.steps import take
from pharmacy.printing.rules import CopyState, CopyStep, ReprintReason, Resolution, state_after
from pharmacy.staff.rules import Actor


class NoPrinter(Conflict):
    """It is not said where labels of this workplace come out."""

    code = "no-printer"
    remedy = "Name a printer, or have an administrator give the workstation one."


class CopyInTheWay(Conflict):
    """What is known of the newest copy does not allow another one now."""

    code = "label-copy-in-the-way"
    remedy = "Wait until it was sent; then say what came out, or ask for a reprint."


def printer_of(session: Session, workstation: str, kind: LabelKind) -> Printer:
    """Return where a workplace's labels, or its leaflets, come out. Raises NoPrinter."""
    place = session.get(Workstation, workstation)
    found = None
    if place is not None:
        leaflet = kind is LabelKind.LEAFLET
        found = place.page_printer_id if leaflet else place.label_printer_id
    if found is None:
        raise NoPrinter("this workplace has no printer for it", kind=kind, workstation=workstation)
    return queries.printer(session, found)


def print_order(
    session: Session,
    order_id: UUID,
    *,
    workstation: str,
    by: Actor,
    now: datetime,
) -> list[LabelCopy]:
    """
    Have the first copy of each label of an order printed, and of its leaflet where a page printer
    stands. What was asked for before is not asked for again: the present copies are returned.

    Raises:
        NoPrinter: The workplace has no label printer.
        PrinterRetired.
    """
    order = orders.lock(session, order_id)
    copies = []
    for label in labels.of_order(session, order_id):
        living = queries.living_copy(session, label.id)
        if living is None:
            try:
                printer = printer_of(session, workstation, label.kind)
            except NoPrinter:
                if label.kind is LabelKind.LEAFLET:
                    continue  # it is printed from the order's page
                raise
            no = label.newest_copy_no
            living = _ask(session, order, label, printer, copy_no=no, by=by, now=now)
        copies.append(living)
    return copies


def reprint(
    session: Session,
    label_id: UUID,
    *,
    reason: ReprintReason,
    printer: Printer,
    by: Actor,
    now: datetime,
) -> LabelCopy:
    """
    Have another copy of a label printed. Every earlier one is void from this moment.

    Raises:
        CopyInTheWay: There is no copy yet, or it is just being sent.
        LabelNotFound, PrinterRetired.
    """
    label = labels.get(session, label_id)
    order = orders.lock(session, label.order_id)
    living = queries.living_copy(session, label_id)
    if label.voided_at is not None or living is None:
        raise CopyInTheWay("there is no copy to print again")
    if living.state is CopyState.SENDING:
        raise CopyInTheWay("the copy is being sent in this moment")
    take(session, living, CopyStep.VOID, by=by, now=now, facts={"reason": reason})
    label.newest_copy_no += 1
    no = label.newest_copy_no
    return _ask(session, order, label, printer, copy_no=no, reason=reason, by=by, now=now)


def try_again(session: Session, copy_id: UUID, *, by: Actor, now: datetime) -> LabelCopy:
    """Have a copy that was given up, and of which nothing had left, sent again."""
    copy = queries.lock_copy(session, copy_id)
    take(session, copy, CopyStep.TRY_AGAIN, by=by, now=now)
    copy.troubles = []
    _owe(session, copy)
    _record(session, "label-copy.tried-again", copy, by=by, now=now)
    return copy


def resolve(
    session: Session, copy_id: UUID, found: Resolution, *, by: Actor, now: datetime
) -> LabelCopy:
    """
    Say what came of a copy that the software cannot tell of.

    In hand: it still has to be scanned. Not there, or damaged: ask for a reprint.

    Raises:
        MoveNotAllowed: What is known of the copy leaves no question.
    """
    copy = queries.lock_copy(session, copy_id)
    take(session, copy, state_after(found), by=by, now=now)
    _record(session, "label-copy.resolved", copy, by=by, now=now, found=found)
    return copy


def _ask(
    session: Session,
    order: Order,
    label: Label,
    printer: Printer,
    *,
    copy_no: int,
    by: Actor,
    now: datetime,
    reason: ReprintReason | None = None,
) -> LabelCopy:
    if printer.retired_at is not None:
        raise PrinterRetired("this printer is retired", printer=printer.name)
    copy = LabelCopy(
        id=ids.new_id(),
        label_id=label.id,
        order_id=order.id,
        copy_no=copy_no,
        state=CopyState.QUEUED,
        printer_id=printer.id,
        reason=reason,
        asked_by=by.id,
        asked_at=now,
        tries=0,
    )
    session.add(copy)
    session.flush()
    _owe(session, copy)
    _record(session, "label-copy.asked", copy, by=by, now=now, copy_no=copy_no, reason=reason)
    return copy


def _owe(session: Session, copy: LabelCopy) -> None:
    """Owe the worker its errand; an agent comes and asks by itself."""
    if copy.printer_id is None or queries.printer(session, copy.printer_id).agent_id is not None:
        return
    key = f"{JobKind.PRINT_COPY}:{copy.id}:t{copy.tries}"
    jobs.add(session, JobKind.PRINT_COPY, ref_id=copy.id, dedupe_key=key)


def _record(
    session: Session, action: str, copy: LabelCopy, *, by: Actor, now: datetime, **detail: object
) -> None:
    audit.record(
        session,
        action,
        by=by,
        at=now,
        subject_kind="label-copy",
        subject_id=copy.id,
        detail={"order": str(copy.order_id), **detail},
    )
