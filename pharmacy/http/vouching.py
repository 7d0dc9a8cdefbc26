"""A colleague beside whoever acts, known by their own PIN."""

from datetime import datetime
from uuid import UUID

from pharmacy.infra.db import Database
from pharmacy.staff.operations.signing_in import a_place
from pharmacy.staff.operations.vouching import VouchRefused, vouch
from pharmacy.staff.rules import Actor


def require_vouched(
    db: Database, account_id: UUID, *, pin: str, field: str, by: Actor, now: datetime
) -> None:
    """
    Raise VouchRefused unless a colleague stands by with their PIN. A wrong one is counted at once.

    Args:
        field: Of the form or the body, in which the PIN stands.
    """
    with a_place(), db.apart().transaction() as session:
        fits = vouch(session, account_id, pin=pin, by=by, now=now)
    if not fits:
        raise VouchRefused("that is not your colleague's PIN", field=field)
