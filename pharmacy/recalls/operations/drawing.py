"""Drawing letters that were drafted: some with the opening of a recall, the others by a worker."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from pharmacy.infra import audit, jobs
from pharmacy.labels.pdf import COVERED
from pharmacy.labels.pdf.fonts import PREPARED
from pharmacy.labels.rules.text_checks import drawable
from pharmacy.recalls import queries
from pharmacy.recalls.models import RecallNotice
from pharmacy.recalls.pdf import letter_pdf
from pharmacy.recalls.rules import letters
from pharmacy.recalls.rules.letters import Letter, Sender

STRETCH: Final = 250
"""Letters that are drawn before progress is told: half a second of work."""


def draw_letters(
    session: Session, recall_id: UUID, *, by: audit.Acting, now: datetime
) -> jobs.Progress:
    """Draw the next letters of a recall; what was drawn before stays as it is."""
    recall = queries.lock(session, recall_id)
    waiting = session.scalars(
        select(RecallNotice)
        .where(RecallNotice.recall_id == recall_id, RecallNotice.drawn_at.is_(None))
        .order_by(RecallNotice.id)
        .limit(STRETCH + 1)
        .options(undefer(RecallNotice.content))
    ).all()
    if waiting:
        sender = Letter.of_data(_content(waiting[0])).sender
        reason = drawable(recall.reason, name="reason", covered=COVERED)
        draw(waiting[:STRETCH], shared=shared_by(sender, reason), now=now)
        session.flush()
    if len(waiting) > STRETCH:
        return jobs.Progress.MORE
    audit.record(
        session,
        "recall.letters-drawn",
        by=by,
        at=now,
        subject_kind="recall",
        subject_id=recall_id,
        detail={"letters": queries.progress(session, recall_id).drawn},
    )
    return jobs.Progress.DONE


def draw(notices: Iterable[RecallNotice], *, shared: str, now: datetime) -> None:
    """Draw letters as they were worded. See `letter_pdf` for `shared`."""
    for notice in notices:
        pdf = letter_pdf(Letter.of_data(_content(notice)), shared=shared)
        notice.pdf, notice.pdf_sha256 = pdf, hashlib.sha256(pdf).digest()
        notice.drawn_at = now


def shared_by(sender: Sender, reason: str) -> str:
    """Return what the letters of one recall are written with, so that fonts are made once."""
    return PREPARED + "".join((letters.BULLET, reason, sender.phone, sender.name, *sender.address))


def _content(notice: RecallNotice) -> dict[str, Any]:
    assert notice.content is not None, "only letters that were drawn with their recall have none"
    return notice.content
