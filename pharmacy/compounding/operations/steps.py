"""What every operation on a batch does alike: know who acts, and remember the step."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from pharmacy.compounding.models import Batch, BatchEvent
from pharmacy.compounding.rules.life import BatchAction
from pharmacy.infra import audit
from pharmacy.kernel.refusals import NotPermitted
from pharmacy.staff.rules import Actor


class PersonNeeded(NotPermitted):
    """A compounding record names the people who made the batch; a shell is nobody."""

    code = "person-needed"
    remedy = "Sign in, and do it under your own name."


def person(by: Actor) -> UUID:
    """Return who acts. Raises PersonNeeded for the command line and the worker."""
    if by.id is None or by.kind != "staff":
        raise PersonNeeded("a person of the staff does this")
    return by.id


def remember(
    session: Session,
    batch: Batch,
    action: BatchAction,
    *,
    by: Actor,
    now: datetime,
    reason: str | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Write the event and the audit entry of a step that was taken."""
    remember_each(session, [batch], action, by=by, now=now, reason=reason, facts=facts)


def remember_each(
    session: Session,
    batches: Sequence[Batch],
    action: BatchAction,
    *,
    by: Actor,
    now: datetime,
    reason: str | None = None,
    facts: dict[str, Any] | None = None,
) -> None:
    """Write the events and the audit entries of a step that was taken with each batch."""
    if not batches:
        return
    session.flush()
    events = [
        {
            "batch_id": batch.id,
            "action": action,
            "status": batch.status,
            "by_id": person(by),
            "reason": reason,
            "facts": facts or {},
            "at": now,
        }
        for batch in batches
    ]
    session.execute(insert(BatchEvent.table()).inline(), events)
    subjects = [
        audit.Subject(
            batch.id, None, {"number": batch.number, "version": batch.version, **(facts or {})}
        )
        for batch in batches
    ]
    audit.record_each(session, f"batch.{action}", subjects, by=by, at=now, subject_kind="batch")
