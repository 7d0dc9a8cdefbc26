"""One step in the life of a copy, with its event."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from pharmacy.printing.models import CopyEvent, LabelCopy
from pharmacy.printing.rules import CopyStep
from pharmacy.staff.rules import Actor


def take(
    session: Session,
    copy: LabelCopy,
    step: CopyStep,
    *,
    by: Actor,
    now: datetime,
    facts: Mapping[str, object] | None = None,
) -> None:
    """Move a locked copy on and write down that it moved. Raises MoveNotAllowed."""
    before = copy.step(step)
    session.add(
        CopyEvent(
            copy_id=copy.id,
            step=step,
            from_state=before,
            to_state=copy.state,
            by_kind=by.kind,
            by_id=by.id,
            facts=dict(facts or {}),
            at=now,
        )
    )
    session.flush()
