"""Jobs about recalls."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.kernel.jobs import JobKind
from pharmacy.recalls import operations
from pharmacy.staff.rules import WORKER
from pharmacy.workers.run import owed


@owed(JobKind.DRAW_LETTERS)
def draw_letters(session: Session, recall_id: UUID, /, *, now: datetime) -> jobs.Progress:
    """Draw the next letters of a recall."""
    return operations.draw_letters(session, recall_id, by=WORKER, now=now)
