"""Jobs about refills."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.kernel.jobs import JobKind
from pharmacy.refills import operations
from pharmacy.workers.run import owed


@owed(JobKind.SCHEDULE_REFILL)
def schedule(session: Session, order_id: UUID, /, *, now: datetime) -> None:
    """Work out the window of the fill that follows one order."""
    operations.schedule(session, order_id, now=now)
