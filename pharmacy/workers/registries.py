"""Jobs about public registries."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.kernel.jobs import JobKind
from pharmacy.prescribers import operations
from pharmacy.staff.rules import WORKER
from pharmacy.workers.run import owed


@owed(JobKind.IMPORT_REGISTRY)
def read(session: Session, upload_id: UUID, /, *, now: datetime) -> jobs.Progress:
    """Read the next stretch of an uploaded file; after the last, take it over."""
    return operations.go_on_importing(session, upload_id, by=WORKER, now=now)
