"""Reading printers and the ledger of copies."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pharmacy.kernel.refusals import NotFound
from pharmacy.labels.models import Label, LabelKind
from pharmacy.orders.models import Container, Order
from pharmacy.printing.models import (
    CopyEvent,
    LabelCopy,
    PrintAgent,
    Printer,
    TrialPrint,
    Workstation,
)
from pharmacy.printing.rules import CopyState
from pharmacy.staff.rules import Actor, Role


class PrinterNotFound(NotFound):
    """There is no such printer."""

    code = "printer-not-found"
    remedy = "List the printers; an administrator adds new ones."


class CopyNotFound(NotFound):
    """There is no such copy of a label."""

    code = "label-copy-not-found"


class AgentNotFound(NotFound):
    """There is no such agent."""

    code = "print-agent-not-found"


class TestNotFound(NotFound):
    """There is no such test label."""

    code = "test-label-not-found"


class Unconfirmed(NamedTuple):
    """A copy that somebody owes a look or a scan."""

    copy: LabelCopy
    rx_number: int
    part: str
    """`1 of 3`, or `Leaflet`."""
    printer: str | None


def printer(session: Session, printer_id: UUID) -> Printer:
    """Return a printer, a retired one too. Raises PrinterNotFound."""
    if (found := session.get(Printer, printer_id)) is None:
        raise PrinterNotFound("there is no such printer")
    return found


def printer_named(session: Session, name: str) -> Printer:
    """Return the printer of a name, whatever its case. Raises PrinterNotFound."""
    found = session.scalars(
        select(Printer).where(func.lower(Printer.name) == name.lower())
    ).one_or_none()
    if found is None:
        raise PrinterNotFound("there is no printer of this name")
    return found


def printers(session: Session) -> Sequence[Printer]:
    """Return the printers that are in use, by name."""
    return session.scalars(
        select(Printer).where(Printer.retired_at.is_(None)).order_by(func.lower(Printer.name))
    ).all()


def workstations(session: Session) -> Sequence[Workstation]:
    """Return the places where people work, by name."""
    return session.scalars(select(Workstation).order_by(Workstation.name)).all()


def copy(session: Session, copy_id: UUID) -> LabelCopy:
    """Return one copy. Raises CopyNotFound."""
    if (found := session.get(LabelCopy, copy_id)) is None:
        raise CopyNotFound("there is no such copy")
    return found


def lock_copy(session: Session, copy_id: UUID) -> LabelCopy:
    """Return one copy, locked against others until the transaction ends. Raises CopyNotFound."""
    found = session.get(LabelCopy, copy_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise CopyNotFound("there is no such copy")
    return found


def living_copy(session: Session, label_id: UUID) -> LabelCopy | None:
    """Return the one copy of a label that is not void, locked; None while nobody printed it."""
    return session.scalars(
        select(LabelCopy)
        .where(LabelCopy.label_id == label_id, LabelCopy.state != CopyState.VOID)
        .with_for_update()
    ).one_or_none()


def copies_of_order(session: Session, order_id: UUID) -> Sequence[LabelCopy]:
    """Return every copy of an order's labels, void ones too, the oldest first."""
    return session.scalars(
        select(LabelCopy).where(LabelCopy.order_id == order_id).order_by(LabelCopy.id)
    ).all()


def events(session: Session, copy_id: UUID) -> Sequence[CopyEvent]:
    """Return what happened to a copy, the first step first."""
    return session.scalars(
        select(CopyEvent).where(CopyEvent.copy_id == copy_id).order_by(CopyEvent.id)
    ).all()


def unconfirmed(
    session: Session, *, after: tuple[datetime, UUID] | None = None, limit: int
) -> list[Unconfirmed]:
    """
    Return what is on its way to paper or lies somewhere unscanned, the oldest first.

    A leaflet has no code to scan: it is listed until its printer says that it is out, or somebody
    who has it in hand.
    """
    chosen = (
        select(LabelCopy, Order.number, Container.part_no, Container.parts, Printer.name)
        .join(Order, Order.id == LabelCopy.order_id)
        .join(Label, Label.id == LabelCopy.label_id)
        .outerjoin(Container, Container.id == Label.container_id)
        .outerjoin(Printer, Printer.id == LabelCopy.printer_id)
        .where(LabelCopy.state.not_in([CopyState.CONFIRMED, CopyState.VOID]))
        .where((Label.kind != LabelKind.LEAFLET) | (LabelCopy.state != CopyState.PRINTED))
        .order_by(LabelCopy.asked_at, LabelCopy.id)
        .limit(limit)
    )
    if after is not None:
        asked_at, copy_id = after
        chosen = chosen.where(
            (LabelCopy.asked_at > asked_at)
            | ((LabelCopy.asked_at == asked_at) & (LabelCopy.id > copy_id))
        )
    return [
        Unconfirmed(found, number, f"{no} of {parts}" if no else "Leaflet", name)
        for found, number, no, parts, name in session.execute(chosen)
    ]


def unconfirmed_count(session: Session) -> int:
    """Return how many container labels are not confirmed."""
    return (
        session.scalar(
            select(func.count())
            .select_from(LabelCopy)
            .join(Label, Label.id == LabelCopy.label_id)
            .where(LabelCopy.state.not_in([CopyState.CONFIRMED, CopyState.VOID]))
            .where(Label.kind == LabelKind.CONTAINER)
        )
        or 0
    )


def test_print(session: Session, printer_id: UUID, test_id: UUID) -> TrialPrint:
    """Return a test label of a printer. Raises TestNotFound."""
    found = session.get(TrialPrint, test_id)
    if found is None or found.printer_id != printer_id:
        raise TestNotFound("there is no such test label")
    return found


def lock_test(session: Session, test_id: UUID) -> TrialPrint:
    """Return a test label, locked until the transaction ends. Raises TestNotFound."""
    found = session.get(TrialPrint, test_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise TestNotFound("there is no such test label")
    return found


def newest_test(session: Session, printer_id: UUID) -> TrialPrint | None:
    """Return the test label that was last asked for at a printer."""
    return session.scalars(
        select(TrialPrint)
        .where(TrialPrint.printer_id == printer_id)
        .order_by(TrialPrint.asked_at.desc(), TrialPrint.id.desc())
        .limit(1)
    ).first()


def agent(session: Session, agent_id: UUID | None) -> PrintAgent:
    """Return an agent, one that was shut out too. Raises AgentNotFound."""
    found = session.get(PrintAgent, agent_id) if agent_id else None
    if found is None:
        raise AgentNotFound("there is no such agent")
    return found


def agent_named(session: Session, name: str) -> PrintAgent:
    """Return the agent of a name; one that was shut out is none. Raises AgentNotFound."""
    found = session.scalars(
        select(PrintAgent).where(PrintAgent.name == name, PrintAgent.disabled_at.is_(None))
    ).one_or_none()
    if found is None:
        raise AgentNotFound("no agent of this name prints")
    return found


def agents(session: Session) -> Sequence[PrintAgent]:
    """Return every agent, by name."""
    return session.scalars(select(PrintAgent).order_by(PrintAgent.name)).all()


def agent_with_key(session: Session, key_id: str) -> tuple[Actor, bytes] | None:
    """Return the agent that holds a key, and the keyed hash of that key."""
    found = session.scalars(
        select(PrintAgent).where(PrintAgent.key_id == key_id, PrintAgent.disabled_at.is_(None))
    ).one_or_none()
    if found is None:
        return None
    roles = frozenset({Role.PRINT_AGENT})
    return Actor(found.id, "agent", roles, npis=None, label=found.name), found.secret_hmac
