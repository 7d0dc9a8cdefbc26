"""Lots by their public identifiers, and looks at whom a lot reached, through any door."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.kernel import ids
from pharmacy.kernel.refusals import NotFound
from pharmacy.recalls.rules.timers import LotKind
from pharmacy.staff.rules import Actor

PREFIXES: Final = {LotKind.INGREDIENT: "ing", LotKind.SHELL: "shl", LotKind.CAPSULE: "lot"}


def lot_of(code: str) -> tuple[LotKind, UUID]:
    """Return what a public identifier of a lot names. Raises NotFound."""
    for kind, prefix in PREFIXES.items():
        if code.startswith(f"{prefix}_"):
            return kind, ids.decode(prefix, code)
    raise NotFound("there is no such lot")


def note_recall_read(
    session: Session, subject_id: UUID, *, by: Actor, now: datetime, patient_id: UUID | None = None
) -> None:
    """Write down that somebody saw whose vials a lot is in."""
    audit.record(
        session,
        "recall.read",
        by=by,
        at=now,
        subject_kind="recall",
        subject_id=subject_id,
        patient_id=patient_id,
    )
