"""Releasing a batch by a signature under its record."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.compounding import queries as batches
from pharmacy.kernel.refusals import Conflict
from pharmacy.orders.operations.batches import Met, release_batch
from pharmacy.staff.operations import unlocking
from pharmacy.staff.rules import Actor, Attestation


class BatchRecordChanged(Conflict):
    """The batch's record is another one than what was signed."""

    code = "batch-record-changed"
    remedy = "Read the batch as it is now, then sign."


def release_signed(
    session: Session, batch_id: UUID, *, attestation: Attestation, by: Actor, now: datetime
) -> Met:
    """
    Release a batch by a pharmacist's signature under its record as they saw it.

    Raises:
        BatchRecordChanged: The signature is under another record than the present one.
        Refusal: Whatever `release_batch` refuses.
    """
    batch = batches.lock(session, batch_id)
    if batches.record_sha256(session, batch) != attestation.record_sha256:
        raise BatchRecordChanged("the record of the batch is another one by now")
    met = release_batch(session, batch_id, by=by, now=now)
    unlocking.approve(
        session,
        meaning="released",
        subject_kind="batch",
        subject_id=batch_id,
        attestation=attestation,
        by=by,
        now=now,
    )
    return met
