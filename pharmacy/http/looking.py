"""Whose looks are asked for: a patient, and the orders of theirs that stood in lists."""

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.kernel import ids
from pharmacy.orders import queries as orders

MOST_ORDERS: Final = 200
"""Lists of older orders than these are not searched."""


class Looked(NamedTuple):
    """Looks at whom, from when to when: what `audit.looks` and `audit.lookers` take."""

    patient_id: UUID
    listed_as: list[str]
    since: datetime | None
    until: datetime | None


def looking_at(
    session: Session,
    patient_id: UUID,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Looked:
    """Return what looks at a patient are found by."""
    found = orders.ids_of_patient(session, patient_id)
    listed = [ids.encode("ord", each) for each in found[:MOST_ORDERS]]
    return Looked(patient_id, listed, since, until)
