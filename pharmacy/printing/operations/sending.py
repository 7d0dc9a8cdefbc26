"""
Sending one copy: said before a byte leaves, and said again when it is known what came of it.

Between the two no transaction is open. Whoever finds a copy that is being sent by somebody who died
asks the printer, and never sends it again unless the printer is sure that it has not got it.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.printers import Certainty, Delivery, Document
from pharmacy.kernel.ids import encode
from pharmacy.labels.drawing import Language, Stock, drawn_copy
from pharmacy.labels.models import Label, LabelKind
from pharmacy.labels.rules.content import ContainerLabel
from pharmacy.labels.rules.copies import Copy
from pharmacy.printing import queries
from pharmacy.printing.models import LabelCopy, Printer
from pharmacy.printing.operations.printers import heard_of
from pharmacy.printing.operations.steps import take
from pharmacy.printing.rules import CopyState, CopyStep
from pharmacy.staff.rules import WORKER, Actor, Role

MEDIA: dict[Language, str] = {
    Language.PDF: "application/pdf",
    Language.ZPL: "application/vnd.zebra-zpl",
}
PAPER: dict[str, tuple[float, float]] = {
    "4x2": (4, 2),
    "4x6": (4, 6),
    "2.25x4": (2.25, 4),
    "letter": (8.5, 11),
}
"""Width and height in inches."""
STEP_OF: dict[Certainty, CopyStep] = {
    Certainty.NOT_SENT: CopyStep.NOT_SENT,
    Certainty.SENT: CopyStep.SENT,
    Certainty.PRINTED: CopyStep.PRINTED,
    Certainty.UNKNOWN: CopyStep.LOST_SIGHT,
}


@dataclass(frozen=True, slots=True)
class Errand:
    """What to do at the printer, with no transaction open."""

    ref_id: UUID
    """The copy, or the test label."""
    tries: int
    """Whose turn it is: who comes back with an older number changes nothing."""
    address: str
    pinned_sha256: bytes | None
    document: Document
    only_ask: bool
    """Somebody sent it and did not come back: ask, do not send."""


def begin(session: Session, copy_id: UUID, *, by: Actor = WORKER, now: datetime) -> Errand | None:
    """Say that a copy is being sent, and return the errand; None when there is nothing to do."""
    copy = queries.lock_copy(session, copy_id)
    if copy.printer_id is None or copy.state not in {CopyState.QUEUED, CopyState.SENDING}:
        return None
    printer, label = (
        queries.printer(session, copy.printer_id),
        session.get_one(Label, copy.label_id),
    )
    if printer.agent_id != (by.id if Role.PRINT_AGENT in by.roles else None):
        return None  # it stands in a place that this one cannot reach
    only_ask = copy.state is CopyState.SENDING
    if not only_ask and (label.voided_at is not None or printer.retired_at is not None):
        gone = label.voided_at is not None
        take(session, copy, CopyStep.VOID if gone else CopyStep.GIVE_UP, by=by, now=now)
        return None
    content = drawn(label, copy, printer)
    if not only_ask:
        copy.tries += 1
        copy.sending_since = now
        copy.content_sha256 = hashlib.sha256(content).digest()
        take(session, copy, CopyStep.SEND, by=by, now=now)
    return Errand(
        ref_id=copy.id,
        tries=copy.tries,
        address=printer.address,
        pinned_sha256=printer.pinned_sha256,
        document=Document(
            name=encode("cpy", copy.id),
            content=content,
            media_type=MEDIA[printer.language],
            size=PAPER[printer.stock],
        ),
        only_ask=only_ask,
    )


def end(
    session: Session,
    copy_id: UUID,
    tries: int,
    delivery: Delivery,
    *,
    last: bool,
    by: Actor = WORKER,
    now: datetime,
) -> bool:
    """
    Say what came of an errand; return whether it should be run again.

    Args:
        tries: Whose turn it was: of another turn than the present one nothing is taken.
        last: Nobody runs it again by themselves: what was not sent is given up.

    Proof that it is on paper is taken even after the copy was left to a person.
    """
    copy = queries.lock_copy(session, copy_id)
    late_proof = copy.state is CopyState.UNKNOWN and delivery.certainty is Certainty.PRINTED
    if copy.tries != tries or not (copy.state is CopyState.SENDING or late_proof):
        return False
    step = STEP_OF[delivery.certainty]
    again = step is CopyStep.NOT_SENT and not last
    if step is CopyStep.NOT_SENT and last:
        step = CopyStep.GIVE_UP
    facts = {"reasons": list(delivery.reasons), **delivery.facts}
    take(session, copy, step, by=by, now=now, facts=facts)
    copy.troubles = list(delivery.reasons)
    if copy.printer_id is not None:
        printed = delivery.certainty is Certainty.PRINTED
        heard_of(session, copy.printer_id, delivery.reasons, printed=printed, now=now)
    if _label_is_void(session, copy):
        take(session, copy, CopyStep.VOID, by=by, now=now, facts={"label": "void"})
        return False
    return again


def _label_is_void(session: Session, copy: LabelCopy) -> bool:
    """Wait for whoever is voiding the label just now: a copy under way they left to us."""
    voided_at = select(Label.voided_at).where(Label.id == copy.label_id)
    return session.scalar(voided_at.with_for_update(read=True)) is not None


def drawn(label: Label, copy: LabelCopy, printer: Printer) -> bytes:
    """
    Return the bytes of a copy. Of the first one as a PDF of its own size they are the ones that
    are kept.
    """
    kept = printer.language is Language.PDF and printer.stock == Stock.FLAT and copy.reason is None
    if label.kind is LabelKind.LEAFLET or kept:
        return label.pdf
    return drawn_copy(
        ContainerLabel.of_data(label.content),
        language=printer.language,
        stock=Stock(printer.stock),
        dpi=printer.dpi,
        copy=Copy(copy.copy_no, copy.reason.words if copy.reason else ""),
    )
