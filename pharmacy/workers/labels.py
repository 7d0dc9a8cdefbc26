"""Jobs about labels."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.kernel.jobs import JobKind
from pharmacy.labels import operations
from pharmacy.workers.run import owed


@owed(JobKind.RENDER_LABELS)
def render(session: Session, order_id: UUID, /, *, now: datetime) -> None:
    """Draw every container label and the leaflet of one order."""
    operations.render(session, order_id, now=now)
