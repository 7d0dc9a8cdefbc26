"""Jobs about orders."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.kernel.jobs import JobKind
from pharmacy.orders import operations
from pharmacy.workers.run import owed


@owed(JobKind.CHECK_ORDER)
def check(session: Session, order_id: UUID, /, *, now: datetime) -> None:
    """Check the prescriber, screen the patient and plan the strengths of one order."""
    operations.check(session, order_id, now=now)
