"""Jobs about the audit."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.infra import audit_walks, jobs
from pharmacy.kernel.jobs import JobKind
from pharmacy.staff.rules import WORKER
from pharmacy.workers.run import owed


@owed(JobKind.VERIFY_AUDIT)
def verify(session: Session, walk_id: UUID, /, *, now: datetime) -> jobs.Progress:
    """Walk the next stretch of the audit's chain."""
    return audit_walks.go_on(session, walk_id, by=WORKER, now=now)
