"""Printers and the places where people work."""

from contextlib import suppress
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.infra.printers import Address, Networks, Scheme
from pharmacy.kernel import ids
from pharmacy.kernel.refusals import Conflict, Invalid
from pharmacy.labels.drawing import Language
from pharmacy.printing import queries
from pharmacy.printing.models import Printer, Workstation
from pharmacy.staff.rules import Actor

LETTER: Final = "letter"


class PrinterNameTaken(Conflict):
    """A printer of this name exists."""

    code = "printer-name-taken"
    remedy = "Choose another name; a name is never given twice, so that the ledger stays clear."


class WrongPaper(Invalid):
    """The printer holds another kind of paper."""

    code = "printer-holds-other-paper"
    remedy = "Choose a printer with labels for labels, and one with pages for leaflets."


class PrinterRetired(Conflict):
    """The printer is not in use any more."""

    code = "printer-retired"
    remedy = "Choose another printer."


def add_printer(
    session: Session,
    *,
    name: str,
    address: str,
    language: Language,
    dpi: int,
    stock: str,
    networks: Networks,
    pinned_sha256: bytes | None = None,
    agent_id: UUID | None = None,
    by: Actor,
    now: datetime,
) -> Printer:
    """
    Add a printer.

    Args:
        networks: Where printers that we reach ourselves may be. An agent checks its own.

    Raises:
        AddressMalformed, AddressForbidden, PrinterNameTaken.
    """
    where = Address.read(address)
    if agent_id is None and where.scheme is not Scheme.FOLDER:
        with suppress(OSError):  # not known just now: it is checked whenever we connect
            networks.resolve(where)
    if session.scalar(select(Printer.id).where(func.lower(Printer.name) == name.lower())):
        raise PrinterNameTaken("this name is taken")
    printer = Printer(
        id=ids.new_id(),
        name=name,
        address=str(where),
        language=language,
        dpi=dpi,
        stock=stock,
        pinned_sha256=pinned_sha256,
        agent_id=agent_id,
        added_by=by.id,
        added_at=now,
    )
    session.add(printer)
    session.flush()
    _record(session, "printer.added", printer, by=by, now=now, address=str(where))
    return printer


def retire_printer(session: Session, printer_id: UUID, *, by: Actor, now: datetime) -> Printer:
    """Take a printer out of use, and out of every workstation. Its past stays."""
    printer = queries.printer(session, printer_id)
    if printer.retired_at is None:
        printer.retired_at = now
        for place in queries.workstations(session):
            if place.label_printer_id == printer.id:
                place.label_printer_id = None
            if place.page_printer_id == printer.id:
                place.page_printer_id = None
        _record(session, "printer.retired", printer, by=by, now=now)
    return printer


def set_workstation(
    session: Session,
    name: str,
    *,
    label_printer: Printer | None,
    page_printer: Printer | None,
    by: Actor,
    now: datetime,
) -> Workstation:
    """
    Say where the labels and the leaflets of a workplace come out.

    Raises:
        PrinterRetired, WrongPaper.
    """
    for printer in (label_printer, page_printer):
        if printer is not None and printer.retired_at is not None:
            raise PrinterRetired("this printer is retired", printer=printer.name)
    if label_printer is not None and label_printer.stock == LETTER:
        raise WrongPaper(
            "labels do not come out of a printer with pages", printer=label_printer.name
        )
    if page_printer is not None and page_printer.stock != LETTER:
        raise WrongPaper("leaflets come out of no label printer", printer=page_printer.name)
    place = session.get(Workstation, name) or Workstation(name=name)
    place.label_printer_id = label_printer.id if label_printer else None
    place.page_printer_id = page_printer.id if page_printer else None
    session.add(place)
    session.flush()
    audit.record(
        session,
        "workstation.set",
        by=by,
        at=now,
        subject_kind="workstation",
        subject_id=None,
        detail={"name": name},
    )
    return place


def heard_of(
    session: Session, printer_id: UUID, troubles: tuple[str, ...], *, printed: bool, now: datetime
) -> None:
    """Remember how a printer was when it was last heard of."""
    printer = queries.printer(session, printer_id)
    printer.troubles, printer.heard_at = list(troubles), now
    if printed:
        printer.printed_at = now


def _record(
    session: Session, action: str, printer: Printer, *, by: Actor, now: datetime, **detail: object
) -> None:
    audit.record(
        session,
        action,
        by=by,
        at=now,
        subject_kind="printer",
        subject_id=printer.id,
        detail={"name": printer.name, **detail},
    )
