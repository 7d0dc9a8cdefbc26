"""Jobs about orders."""

from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.kernel.jobs import JobKind
from pharmacy.orders import operations
from pharmacy.prescribers.operations import IdentityService
from pharmacy.settings import Settings
from pharmacy.workers.run import owed


@owed(JobKind.CHECK_ORDER)
def check(session: Session, order_id: UUID, /, *, now: datetime) -> None:
    """Check the prescriber, screen the patient and plan the strengths of one order."""
    operations.check(session, order_id, now=now, nppes=identity_service())


@cache
def identity_service() -> IdentityService | None:
    """Return the NPPES service, where the settings name one; the imported file answers anyway."""
    url = Settings.of(needs=()).nppes_url
    if not url:
        return None
    from pharmacy.infra.nppes import NppesApi  # noqa: PLC0415 - 7 MiB that most workers never need

    return NppesApi(url)
