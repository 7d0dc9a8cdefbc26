"""What a corrected prescriber means for the orders that wait."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.kernel.jobs import JobKind
from pharmacy.orders import queries
from pharmacy.prescribers import operations as prescribers
from pharmacy.prescribers.models import PrescriberCorrection
from pharmacy.staff.rules import Actor


def confirm_correction(
    session: Session, correction_id: UUID, *, by: Actor, now: datetime
) -> tuple[PrescriberCorrection, int]:
    """
    Confirm a correction, and owe a check of every open order of the prescriber.

    Returns:
        The correction, and how many orders are checked again.

    Raises:
        Refusal: Whatever `prescribers.operations.confirm_correction` refuses.
    """
    correction = prescribers.confirm_correction(session, correction_id, by=by, now=now)
    kind = JobKind.CHECK_ORDER
    found = queries.open_of_prescriber(session, correction.npi)
    for order_id in found:
        key = f"{kind}:{order_id}:prescriber:{correction.id}"
        jobs.add(session, kind, ref_id=order_id, dedupe_key=key)
    return correction, len(found)
