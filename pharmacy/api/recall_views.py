"""How traces and recalls look over HTTP."""

from datetime import date, datetime
from typing import Self

import msgspec
from sqlalchemy.orm import Session

from pharmacy.api.order_views import encoded, milligrams
from pharmacy.compounding.rules.life import BatchStatus
from pharmacy.http.recall_reads import PREFIXES
from pharmacy.kernel import ids
from pharmacy.recalls import queries
from pharmacy.recalls.models import Recall, RecallNotice, RecallTimer
from pharmacy.recalls.queries import Component, TracedBatch, TracedLot, TracedVial
from pharmacy.recalls.rules.timers import Answer, LotKind, NoticeTo, TimerKind


class TracedLotView(msgspec.Struct, frozen=True):
    """A lot that holds something of the lot asked about, or is it."""

    id: str
    kind: str
    lot_number: str
    strength_mg: str | None

    @classmethod
    def of(cls, lot: TracedLot) -> Self:
        return cls(
            id=ids.encode(PREFIXES[lot.kind], lot.lot_id),
            kind=lot.kind,
            lot_number=lot.lot_number,
            strength_mg=milligrams(lot.strength_ug) if lot.strength_ug else None,
        )


class TracedBatchView(msgspec.Struct, frozen=True):
    """A batch that is, or is to be, made of one of these lots."""

    id: str
    number: str
    status: BatchStatus
    strength_mg: str
    capsules: int
    """Filled, or planned while it is on the bench."""

    @classmethod
    def of(cls, batch: TracedBatch) -> Self:
        return cls(
            id=ids.encode("bat", batch.batch_id),
            number=batch.number,
            status=batch.status,
            strength_mg=milligrams(batch.strength_ug),
            capsules=batch.capsules,
        )


class TracedVialView(msgspec.Struct, frozen=True):
    """A vial of one of these lots."""

    container: str
    lot: str
    order: str
    number: int
    status: str
    patient: str
    npi: str
    quantity: int
    handed_over_at: datetime | None
    returned_at: datetime | None
    """When this vial came back."""

    @classmethod
    def of(cls, vial: TracedVial) -> Self:
        return cls(
            container=ids.encode("ctr", vial.container_id),
            lot=ids.encode("lot", vial.lot_id),
            order=ids.encode("ord", vial.order_id),
            number=vial.number,
            status=vial.status,
            patient=ids.encode("pat", vial.patient_id),
            npi=vial.npi,
            quantity=vial.quantity,
            handed_over_at=vial.handed_over_at,
            returned_at=vial.returned_at,
        )


class TraceView(msgspec.Struct, frozen=True):
    """From a lot to every batch and every vial that holds something of it."""

    lots: list[TracedLotView]
    batches: list[TracedBatchView]
    vials: list[TracedVialView]
    patients: int
    prescribers: int


class ComponentView(msgspec.Struct, frozen=True):
    """A lot in a vial's capsules; depth 1 directly, 2 and more through triturations."""

    id: str
    kind: str
    lot_number: str
    what: str
    maker: str
    establishment: str | None
    expires_on: date | None
    status: str
    certificate_sha256: str | None
    certificate: str | None
    """Where the document is."""
    depth: int

    @classmethod
    def of(cls, part: Component) -> Self:
        public = ids.encode(PREFIXES[part.kind], part.lot_id)
        digest = part.certificate_sha256
        return cls(
            id=public,
            kind=part.kind,
            lot_number=part.lot_number,
            what=part.what,
            maker=part.maker,
            establishment=part.establishment,
            expires_on=part.expires_on,
            status=part.status,
            certificate_sha256=digest.hex() if digest else None,
            certificate=f"/api/v1/ingredient-lots/{public}/certificate" if digest else None,
            depth=part.depth,
        )


class OriginView(msgspec.Struct, frozen=True):
    """From a vial, or a lot of capsules, to everything in it."""

    lot: str
    lot_number: str
    components: list[ComponentView]


class TimerView(msgspec.Struct, frozen=True):
    """What is due by when."""

    kind: TimerKind
    started_at: datetime
    due_at: datetime
    met_at: datetime | None
    overdue: bool

    @classmethod
    def of(cls, timer: RecallTimer, now: datetime) -> Self:
        return cls(
            kind=timer.kind,
            started_at=timer.started_at,
            due_at=timer.due_at,
            met_at=timer.met_at,
            overdue=(timer.met_at or now) > timer.due_at,
        )


class NoticeView(msgspec.Struct, frozen=True):
    """A letter, whether it was sent, and what came back."""

    id: str
    recipient: NoticeTo
    patient: str | None
    npi: str | None
    vials: int
    letter: str
    pdf_sha256: str | None
    """None until the letter is drawn."""
    sent_at: datetime | None
    means: str | None
    answer: Answer | None
    answered_at: datetime | None

    @classmethod
    def of(cls, notice: RecallNotice) -> Self:
        public = ids.encode("rcn", notice.id)
        return cls(
            id=public,
            recipient=notice.recipient,
            patient=encoded("pat", notice.patient_id),
            npi=notice.npi,
            vials=notice.vials,
            letter=f"/api/v1/recall-notices/{public}/letter",
            pdf_sha256=notice.pdf_sha256.hex() if notice.pdf_sha256 else None,
            sent_at=notice.sent_at,
            means=notice.means,
            answer=notice.answer,
            answered_at=notice.answered_at,
        )


class RecallView(msgspec.Struct, frozen=True):
    """A recall, what it blocked, what is due, and how many have answered."""

    id: str
    kind: LotKind
    lot: str
    reason: str
    serious: bool
    notice_at: datetime
    opened_at: datetime
    closed_at: datetime | None
    blocked: list[str]
    stopped: list[str]
    """The batches that it reached, also those on the bench."""
    timers: list[TimerView]
    letters: int
    drawn: int
    """Of the letters; a worker draws those of a large recall."""
    sent: int
    answered: int
    answered_percent: int

    @classmethod
    def of(cls, session: Session, recall: Recall, now: datetime) -> Self:
        counted = queries.progress(session, recall.id)
        return cls(
            id=ids.encode("rcl", recall.id),
            kind=recall.kind,
            lot=ids.encode(PREFIXES[recall.kind], recall.lot_id),
            reason=recall.reason,
            serious=recall.serious,
            notice_at=recall.notice_at,
            opened_at=recall.opened_at,
            closed_at=recall.closed_at,
            blocked=[
                ids.encode(PREFIXES[lot.kind], lot.lot_id)
                for lot in queries.lots(session, recall.id)
            ],
            stopped=[
                ids.encode("bat", each.batch_id) for each in queries.batches(session, recall.id)
            ],
            timers=[TimerView.of(each, now) for each in queries.timers(session, recall.id)],
            letters=counted.drafted,
            drawn=counted.drawn,
            sent=counted.sent,
            answered=counted.answered,
            answered_percent=counted.answered_percent,
        )
