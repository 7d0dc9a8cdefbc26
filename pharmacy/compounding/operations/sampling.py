"""Capsules sent to an outside laboratory, and what follows from its figures."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.compounding import queries
from pharmacy.compounding.models import Batch, LabSample, SampleCause, SampleKind
from pharmacy.compounding.operations.deciding import investigate
from pharmacy.compounding.operations.preparing import WordsNeeded
from pharmacy.compounding.operations.steps import person, remember
from pharmacy.compounding.operations.testing import as_data
from pharmacy.compounding.rules.laboratory import SampleTooFew, judged, require_enough
from pharmacy.compounding.rules.life import MOVES, BatchAction, BatchMoveNotAllowed, BatchStatus
from pharmacy.compounding.rules.weights import Verdict
from pharmacy.inventory import operations as inventory
from pharmacy.inventory import queries as lots
from pharmacy.inventory.models import LotStatus
from pharmacy.inventory.operations import Take
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.refusals import Conflict
from pharmacy.staff.rules import Actor, Permission

FAILED_ASSAY = "laboratory-failed"


class ResultKnown(Conflict):
    """The laboratory's answer to this sample is written down already."""

    code = "laboratory-result-known"
    remedy = "Send another sample where the answer is doubted."


def send_sample(
    session: Session,
    batch_id: UUID,
    *,
    kind: SampleKind,
    cause: SampleCause,
    capsules: int,
    laboratory: str,
    by: Actor,
    now: datetime,
) -> LabSample:
    """
    Send capsules of a batch to a laboratory; they leave the lot for good.

    Raises:
        SampleTooFew: The test takes more, or the lot holds fewer.
        WordsNeeded: No laboratory is named.
    """
    by.require(Permission.RELEASE_LOT)
    batch = queries.lock(session, batch_id)
    batch.require(BatchAction.SEND_SAMPLE)
    if batch.capsule_lot_id is None:
        raise BatchMoveNotAllowed("the batch has no capsules yet", status=batch.status)
    require_enough(kind, capsules)
    if not laboratory.strip():
        raise WordsNeeded("name the laboratory")
    sample = LabSample(
        id=new_id(),
        batch_id=batch.id,
        kind=kind,
        cause=cause,
        capsules=capsules,
        laboratory=laboratory.strip(),
        sent_by=person(by),
        sent_at=now,
    )
    session.add(sample)
    _take_out(session, batch.capsule_lot_id, sample, by=by, now=now)
    batch.apply(BatchAction.SEND_SAMPLE)
    facts = {"sample": str(sample.id), "kind": kind, "cause": cause, "capsules": capsules}
    remember(session, batch, BatchAction.SEND_SAMPLE, by=by, now=now, facts=facts)
    return sample


def _take_out(
    session: Session, lot_id: UUID, sample: LabSample, *, by: Actor, now: datetime
) -> None:
    lot = lots.lock_capsule_lots(session, [lot_id])[lot_id]
    if lot.on_hand - lot.reserved < sample.capsules:
        free = lot.on_hand - lot.reserved
        raise SampleTooFew(f"the lot has {free} capsules that nobody waits for", free=free)
    take = [Take(lot.id, sample.capsules, sample.id)]
    inventory.reserve(session, take, by=by, now=now)
    inventory.waste(session, take, by=by, now=now)


def record_result(
    session: Session,
    sample_id: UUID,
    *,
    contents: Sequence[Decimal],
    document: bytes,
    by: Actor,
    now: datetime,
) -> LabSample:
    """
    Write down what a laboratory found, with its certificate, as a pharmacist.

    What fails is looked into at once, and the capsules of its blend are dispensed no more. A blend
    from a stock trituration speaks for the whole of it: the trituration goes back into quarantine,
    and every other batch from it is stopped and looked into too (domain.md 7.4).

    Args:
        contents: In per cent of the label: one assay, or the contents of 10 or 30 capsules.
        document: The laboratory's certificate, a PDF, kept with its digest.

    Raises:
        ResultKnown: It was written down before.
        ContentsWrong, ContentImpossible: The figures are not such a test's.
        CertificateInvalid: The document is no PDF.
    """
    by.require(Permission.RELEASE_LOT)
    batch, sample = queries.lock_sample(session, sample_id)
    if sample.recorded_at is not None:
        raise ResultKnown("the laboratory's answer is known")
    batch.require(BatchAction.RECORD_RESULT)
    verdict, result = judged(sample.kind, contents)
    digest = inventory.keep_document(session, document, by=by, now=now)
    sample.contents = [f"{each:f}" for each in contents]
    sample.verdict, sample.result = verdict, as_data(result)
    sample.document_sha256 = digest
    sample.recorded_by, sample.recorded_at = person(by), now
    batch.apply(BatchAction.RECORD_RESULT)
    facts = {"sample": str(sample.id), "kind": sample.kind, "verdict": verdict}
    remember(session, batch, BatchAction.RECORD_RESULT, by=by, now=now, facts=facts)
    if verdict != Verdict.PASSED:
        reason = f"{sample.kind} at {sample.laboratory}: {sample.verdict}"
        if batch.status in {BatchStatus.FILLED, BatchStatus.RELEASED}:
            investigate(session, batch, code=FAILED_ASSAY, reason=reason, by=by, now=now)
        _stop_siblings(session, batch, reason, by=by, now=now)
    return sample


def _stop_siblings(
    session: Session, batch: Batch, reason: str, *, by: Actor, now: datetime
) -> None:
    """Stop every other batch from the stock trituration that a failed batch was made of."""
    reason = f"made of the same trituration as {batch.number}; {reason}"
    for lot_id in queries.active_lot_ids(session, batch.id):
        if lots.get_ingredient_lot(session, lot_id).active_ug_per_g is None:
            continue
        for sibling in queries.batches_from(session, lot_id):
            if sibling.id != batch.id and sibling.status in MOVES[BatchAction.QUARANTINE]:
                investigate(session, sibling, code=FAILED_ASSAY, reason=reason, by=by, now=now)
        if lots.lock_ingredient_lot(session, lot_id).status is LotStatus.RELEASED:
            inventory.withdraw_ingredient_lot(
                session, lot_id, status=LotStatus.QUARANTINED, reason=reason, by=by, now=now
            )
