"""Tracing lots to people and people's vials to certificates, each in one statement."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from pharmacy.compounding.rules.life import BatchStatus
from pharmacy.kernel.refusals import Conflict, NotFound
from pharmacy.recalls.models import Recall, RecallBatch, RecallLot, RecallNotice, RecallTimer
from pharmacy.recalls.rules.timers import Answer, LotKind

Found = TypeVar("Found", Recall, RecallTimer)
FORWARD: Final = text("""
    with recursive powders (id) as (
        select l.id from ingredient_lots l where :kind = 'ingredient' and l.id = :lot
        union
        select c.made_powder_id
        from powders p
        join lot_components c on c.ingredient_lot_id = p.id
    ),
    capsules (id) as (
        select c.capsule_lot_id
        from lot_components c
        where c.ingredient_lot_id = any (array(select id from powders))
            and c.capsule_lot_id is not null
        union
        select l.id from capsule_lots l where l.active_lot_id = any (array(select id from powders))
        union
        select c.capsule_lot_id
        from lot_components c
        where :kind = 'shell' and c.shell_lot_id = :lot and c.capsule_lot_id is not null
        union
        select l.id from capsule_lots l where :kind = 'capsule' and l.id = :lot
    ),
    made (id) as (
        select a.batch_id
        from batch_active_lots a
        where a.ingredient_lot_id = any (array(select id from powders))
        union
        select b.id from batches b where b.filler_lot_id = any (array(select id from powders))
        union
        select b.id from batches b where :kind = 'shell' and b.shell_lot_id = :lot
        union
        select b.id from batches b where b.capsule_lot_id = any (array(select id from capsules))
    )
    select 'ingredient' as kind, i.id as lot_id, i.lot_number, null::bigint as strength_ug,
           null::uuid as container_id, null::uuid as order_id, null::bigint as number,
           null::text as status, null::uuid as patient_id, null::text as npi,
           null::bigint as quantity, null::timestamptz as handed_over_at,
           null::timestamptz as returned_at
    from ingredient_lots i
    where i.id = any (array(select id from powders))
    union all
    select 'batch', b.id, b.number, b.strength_ug, null, null, null, b.status, null, null,
           coalesce(b.filled, b.capsules), null, null
    from batches b
    where b.id = any (array(select id from made))
    union all
    select 'capsule', l.id, l.lot_number, l.strength_ug, c.id, o.id, o.number, o.status,
           o.patient_id, o.npi, c.quantity, o.handed_over_at, c.returned_at
    from capsule_lots l
    left join containers c on c.lot_id = l.id and c.voided_at is null
    left join orders o on o.id = c.order_id
    where l.id = any (array(select id from capsules))
    order by kind, lot_number, number, container_id
""")
"""
From a lot along everything that was made of it, through triturations of any depth, to vials; and to
batches of it, also those on the bench that are no capsules yet.

What one step found is handed to the next as an array. Joined to a recursive step, of which it knows
nothing, the planner expects thousands of lots and reads whole tables; of an array it expects few,
and looks each up. For the same reason the step to the next powder keeps the null of a component
that is in none: told to leave it out, the planner reads the index of everything ever mixed.
"""

BACK: Final = text("""
    with recursive made_of (ingredient_lot_id, shell_lot_id, depth) as (
        select c.ingredient_lot_id, c.shell_lot_id, 1
        from lot_components c
        where c.capsule_lot_id = :capsule_lot
        union
        select l.active_lot_id, null::uuid, 1 from capsule_lots l where l.id = :capsule_lot
        union
        select c.ingredient_lot_id, null::uuid, m.depth + 1
        from made_of m
        join lot_components c on c.made_powder_id = m.ingredient_lot_id
        where m.depth < 32
    ),
    nearest as (
        select ingredient_lot_id, shell_lot_id, min(depth) as depth
        from made_of
        group by ingredient_lot_id, shell_lot_id
    )
    select case when s.id is null then 'ingredient' else 'shell' end as kind,
           coalesce(i.id, s.id) as lot_id, coalesce(i.lot_number, s.lot_number) as lot_number,
           coalesce(i.ingredient, 'capsule shell ' || s.capsule_size) as what,
           coalesce(i.manufacturer, s.maker) as maker, i.establishment,
           coalesce(i.expires_on, s.expires_on) as expires_on,
           coalesce(i.status, s.status) as status,
           coalesce(i.certificate_sha256, s.certificate_sha256) as certificate_sha256, n.depth
    from nearest n
    left join ingredient_lots i on i.id = n.ingredient_lot_id
    left join shell_lots s on s.id = n.shell_lot_id
    order by n.depth, kind, lot_number
""")
"""From a lot of capsules to every lot in it, with the digest of each certificate."""


BATCH: Final = "batch"
"""The kind of a traced row that is a batch, beside the kinds of lots."""


class RecallNotFound(NotFound):
    """There is no such recall."""

    code = "recall-not-found"


class NoticeNotFound(NotFound):
    """There is no such letter."""

    code = "recall-notice-not-found"


class LetterNotDrawn(Conflict):
    """The letter is worded, and waits for a worker to draw it."""

    code = "recall-letter-not-drawn"
    remedy = "Wait a moment: the letters of a large recall are drawn one after the other."


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedLot:
    """A lot that holds something of the lot asked about, or is it."""

    kind: LotKind
    lot_id: UUID
    lot_number: str
    strength_ug: int | None


class TracedBatch(NamedTuple):
    """A batch that is, or is to be, made of one of these lots."""

    batch_id: UUID
    number: str
    strength_ug: int
    status: BatchStatus
    capsules: int
    """Filled, or planned."""


class TracedVial(NamedTuple):
    """A vial of one of these lots, and whose it is; in the order of the statement's columns."""

    lot_id: UUID
    lot_number: str
    strength_ug: int
    container_id: UUID
    order_id: UUID
    number: int
    status: str
    patient_id: UUID
    npi: str
    quantity: int
    handed_over_at: datetime | None
    returned_at: datetime | None
    """When this vial came back."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What holds something of a lot."""

    lots: tuple[TracedLot, ...]
    batches: tuple[TracedBatch, ...]
    vials: tuple[TracedVial, ...]

    def of_kind(self, kind: LotKind) -> list[UUID]:
        """Return the lots of one kind, in the order of their ids."""
        return sorted(lot.lot_id for lot in self.lots if lot.kind is kind)

    @property
    def order_ids(self) -> set[UUID]:
        """The orders that the vials belong to."""
        return {vial.order_id for vial in self.vials}


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A lot that capsules were made of; depth 1 directly, 2 and more through triturations."""

    kind: LotKind
    lot_id: UUID
    lot_number: str
    what: str
    maker: str
    establishment: str | None
    expires_on: date | None
    status: str
    certificate_sha256: bytes | None
    depth: int


def forward(session: Session, kind: LotKind, lot_id: UUID) -> Trace:
    """Return every lot, batch and vial that holds something of a lot."""
    lots: dict[UUID, TracedLot] = {}
    batches: list[TracedBatch] = []
    vials: list[TracedVial] = []
    for row in session.execute(FORWARD, {"kind": kind, "lot": lot_id}).all():
        if row.kind == BATCH:
            status = BatchStatus(row.status)
            batches.append(
                TracedBatch(row.lot_id, row.lot_number, row.strength_ug, status, row.quantity)
            )
            continue
        if row.lot_id not in lots:
            lots[row.lot_id] = TracedLot(
                kind=LotKind(row.kind),
                lot_id=row.lot_id,
                lot_number=row.lot_number,
                strength_ug=row.strength_ug,
            )
        if row.container_id is not None:
            vials.append(TracedVial(*row[1:]))
    return Trace(tuple(lots.values()), tuple(batches), tuple(vials))


def back(session: Session, capsule_lot_id: UUID) -> list[Component]:
    """Return every lot that a lot of capsules was made of, the direct ones first."""
    rows = session.execute(BACK, {"capsule_lot": capsule_lot_id}).mappings()
    return [Component(**{**row, "kind": LotKind(row["kind"])}) for row in rows]


def get(session: Session, recall_id: UUID) -> Recall:
    """Return a recall. Raises RecallNotFound."""
    if (found := session.get(Recall, recall_id)) is None:
        raise RecallNotFound("there is no such recall")
    return found


def lock(session: Session, recall_id: UUID) -> Recall:
    """Return a recall, locked. Raises RecallNotFound."""
    get(session, recall_id)
    return session.get_one(Recall, recall_id, with_for_update=True, populate_existing=True)


def recent(session: Session, *, limit: int) -> Sequence[Recall]:
    """Return recalls, open ones first, then the newest."""
    order = (Recall.closed_at.is_not(None), Recall.opened_at.desc(), Recall.id)
    return session.scalars(select(Recall).order_by(*order).limit(limit)).all()


def lots(session: Session, recall_id: UUID) -> Sequence[RecallLot]:
    """Return the lots that a recall blocked."""
    found = select(RecallLot).where(RecallLot.recall_id == recall_id)
    return session.scalars(found.order_by(RecallLot.kind, RecallLot.lot_id)).all()


def batches(session: Session, recall_id: UUID) -> Sequence[RecallBatch]:
    """Return the batches that a recall stopped."""
    found = select(RecallBatch).where(RecallBatch.recall_id == recall_id)
    return session.scalars(found.order_by(RecallBatch.batch_id)).all()


def of_lots(session: Session, lot_ids: Collection[UUID]) -> dict[UUID, list[Recall]]:
    """Return the recalls that blocked each of these lots, the newest first."""
    found = (
        select(RecallLot.lot_id, Recall)
        .join(Recall, Recall.id == RecallLot.recall_id)
        .where(RecallLot.lot_id.in_(lot_ids))
    )
    return _by_id(session.execute(found.order_by(Recall.opened_at.desc(), Recall.id)))


def of_batch(session: Session, batch_id: UUID) -> list[Recall]:
    """Return the recalls that reached a batch, the newest first."""
    found = (
        select(Recall)
        .join(RecallBatch, RecallBatch.recall_id == Recall.id)
        .where(RecallBatch.batch_id == batch_id)
        .order_by(Recall.opened_at.desc(), Recall.id)
    )
    return list(session.scalars(found))


def timers_of(session: Session, recall_ids: Collection[UUID]) -> dict[UUID, list[RecallTimer]]:
    """Return what is due by each recall, the earliest first."""
    found = select(RecallTimer.recall_id, RecallTimer).where(RecallTimer.recall_id.in_(recall_ids))
    return _by_id(session.execute(found.order_by(RecallTimer.due_at)))


def _by_id(rows: Iterable[tuple[UUID, Found]]) -> dict[UUID, list[Found]]:
    by_id: dict[UUID, list[Found]] = {}
    for key, found in rows:
        by_id.setdefault(key, []).append(found)
    return by_id


def timers(session: Session, recall_id: UUID) -> Sequence[RecallTimer]:
    """Return what is due, the earliest first."""
    return timers_of(session, [recall_id]).get(recall_id, [])


def notices(session: Session, recall_id: UUID) -> Sequence[RecallNotice]:
    """Return a recall's letters, without their pages."""
    found = select(RecallNotice).where(RecallNotice.recall_id == recall_id)
    return session.scalars(found.order_by(RecallNotice.recipient, RecallNotice.id)).all()


def lock_notice(session: Session, notice_id: UUID) -> RecallNotice:
    """Return a letter, locked. Raises NoticeNotFound."""
    found = session.get(RecallNotice, notice_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NoticeNotFound("there is no such letter")
    return found


def get_notice(session: Session, notice_id: UUID) -> RecallNotice:
    """Return a letter. Raises NoticeNotFound."""
    if (found := session.get(RecallNotice, notice_id)) is None:
        raise NoticeNotFound("there is no such letter")
    return found


def drawn_letter(notice: RecallNotice) -> bytes:
    """Return a letter's pages. Raises LetterNotDrawn."""
    if notice.pdf is None:
        raise LetterNotDrawn("this letter is not drawn yet")
    return notice.pdf


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a recall's letters have come."""

    drafted: int
    sent: int
    answered: int
    drawn: int
    """Of those drafted; a worker draws the others."""

    @property
    def answered_percent(self) -> int:
        """Of those that were sent, rounded down."""
        return 100 * self.answered // self.sent if self.sent else 0


def progress(session: Session, recall_id: UUID) -> Progress:
    """Count letters; "unreachable" is no answer."""
    return progress_of(session, [recall_id])[recall_id]


def progress_of(session: Session, recall_ids: Collection[UUID]) -> dict[UUID, Progress]:
    """Count the letters of each recall."""
    answered = (RecallNotice.answer.is_not(None)) & (RecallNotice.answer != Answer.UNREACHABLE)
    counted = (
        select(
            RecallNotice.recall_id,
            func.count(),
            func.count().filter(RecallNotice.sent_at.is_not(None)),
            func.count().filter(answered),
            func.count().filter(RecallNotice.drawn_at.is_not(None)),
        )
        .where(RecallNotice.recall_id.in_(recall_ids))
        .group_by(RecallNotice.recall_id)
    )
    nothing = dict.fromkeys(recall_ids, Progress(0, 0, 0, 0))
    return nothing | {row[0]: Progress(*row[1:]) for row in session.execute(counted)}
