"""Traces both ways, and recalls: what is blocked, who is told, what is due, what they answer."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from pharmacy.api.recall_views import (
    ComponentView,
    NoticeView,
    OriginView,
    RecallView,
    TracedBatchView,
    TracedLotView,
    TracedVialView,
    TraceView,
)
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.recall_reads import lot_of, note_recall_read
from pharmacy.inventory import queries as inventory
from pharmacy.kernel import ids
from pharmacy.orders import queries as orders
from pharmacy.recalls import operations, queries
from pharmacy.recalls.rules.timers import Answer, TimerKind
from pharmacy.staff.rules import Permission

PDF: Final = "application/pdf"
MOST: Final = 200
Words = Annotated[str, Meta(min_length=1, max_length=500)]


class RecallBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which lot is recalled and why. Letters quote the reason: write no patient's name into it."""

    lot: Annotated[str, Meta(examples=["ing_06b7k2m3n4p5q6r7s8t9v0w1x2"])]
    reason: Words
    serious: bool
    notice_at: datetime


class HarmBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When the pharmacy was told of harm to a patient."""

    advised_at: datetime


class MetBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was due and is done."""

    kind: TimerKind


class ClosingBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the recall ended."""

    note: Words


class SentBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a recipient was told: letter, phone, visit."""

    means: Annotated[str, Meta(min_length=1, max_length=60)]


class AnswerBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a recipient said."""

    answer: Answer
    note: Annotated[str, Meta(max_length=500)] = ""


class TraceController(Controller):
    """From lots to people, and from vials to certificates."""

    path = "/api/v1/traces"
    tags = ["Recalls"]

    @get("/lots/{lot_code:str}", opt={"permission": Permission.READ_RECALL}, sync_to_thread=True)
    def forward(
        self, *, lot_code: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> TraceView:
        """Return every lot, batch and vial that holds something of a lot."""
        kind, lot_id = lot_of(lot_code)
        with db.transaction() as session:
            trace = queries.forward(session, kind, lot_id)
            note_recall_read(session, lot_id, by=actor, now=now)
            return TraceView(
                lots=[TracedLotView.of(lot) for lot in trace.lots],
                batches=[TracedBatchView.of(batch) for batch in trace.batches],
                vials=[TracedVialView.of(vial) for vial in trace.vials],
                patients=len({vial.patient_id for vial in trace.vials}),
                prescribers=len({vial.npi for vial in trace.vials}),
            )

    @get("/vials/{vial_code:str}", opt={"permission": Permission.READ_RECALL}, sync_to_thread=True)
    def back(self, *, vial_code: FromPath[str], db: Db) -> OriginView:
        """Return every lot in a vial (`ctr_…`), or in a lot of capsules (`lot_…`)."""
        with db.transaction() as session:
            if vial_code.startswith("lot_"):
                lot_id = ids.decode("lot", vial_code)
            else:
                lot_id = orders.get_container(session, ids.decode("ctr", vial_code)).lot_id
            lot = inventory.get_capsule_lot(session, lot_id)
            return OriginView(
                lot=ids.encode("lot", lot.id),
                lot_number=lot.lot_number,
                components=[ComponentView.of(part) for part in queries.back(session, lot.id)],
            )


class RecallController(Controller):
    """Recalls."""

    path = "/api/v1/recalls"
    tags = ["Recalls"]

    @get("/", opt={"permission": Permission.READ_RECALL}, sync_to_thread=True)
    def listing(self, *, db: Db, now: Now) -> list[RecallView]:
        """List recalls, open ones first."""
        with db.transaction() as session:
            found = queries.recent(session, limit=MOST)
            return [RecallView.of(session, recall, now) for recall in found]

    @post("/", opt={"permission": Permission.MANAGE_RECALL}, sync_to_thread=True)
    def open(
        self, *, data: JSONBody[RecallBody], db: Db, actor: CurrentActor, now: Now
    ) -> RecallView:
        """Recall a lot: what is made of it is blocked, orders are held or marked."""
        kind, lot_id = lot_of(data.lot)
        with db.transaction() as session:
            recall = operations.open_recall(
                session,
                kind,
                lot_id,
                reason=data.reason,
                serious=data.serious,
                notice_at=data.notice_at,
                by=actor,
                now=now,
            )
            return RecallView.of(session, recall, now)

    @get("/{recall_id:str}", opt={"permission": Permission.READ_RECALL}, sync_to_thread=True)
    def show(self, *, recall_id: FromPath[str], db: Db, now: Now) -> RecallView:
        """Return a recall as it stands."""
        wanted = ids.decode("rcl", recall_id)
        with db.transaction() as session:
            return RecallView.of(session, queries.get(session, wanted), now)

    @get(
        "/{recall_id:str}/notices", opt={"permission": Permission.READ_RECALL}, sync_to_thread=True
    )
    def notices(
        self, *, recall_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> list[NoticeView]:
        """List a recall's letters and their answers."""
        wanted = ids.decode("rcl", recall_id)
        with db.transaction() as session:
            queries.get(session, wanted)
            note_recall_read(session, wanted, by=actor, now=now)
            return [NoticeView.of(notice) for notice in queries.notices(session, wanted)]

    @post("/{recall_id:str}/harm", opt={"permission": Permission.MANAGE_RECALL},
          status_code=200, sync_to_thread=True)  # fmt: skip
    def harm(
        self,
        *,
        recall_id: FromPath[str],
        data: JSONBody[HarmBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> RecallView:
        """Write down that somebody was harmed: the report is due 72 hours later."""
        wanted = ids.decode("rcl", recall_id)
        with db.transaction() as session:
            recall = operations.advise_of_harm(
                session, wanted, advised_at=data.advised_at, by=actor, now=now
            )
            return RecallView.of(session, recall, now)

    @post("/{recall_id:str}/deadlines", opt={"permission": Permission.MANAGE_RECALL},
          status_code=200, sync_to_thread=True)  # fmt: skip
    def meet(
        self,
        *,
        recall_id: FromPath[str],
        data: JSONBody[MetBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> RecallView:
        """Write down that what was due is done."""
        wanted = ids.decode("rcl", recall_id)
        with db.transaction() as session:
            operations.meet_timer(session, wanted, data.kind, by=actor, now=now)
            return RecallView.of(session, queries.get(session, wanted), now)

    @post("/{recall_id:str}/closure", opt={"permission": Permission.MANAGE_RECALL},
          status_code=200, sync_to_thread=True)  # fmt: skip
    def close(
        self,
        *,
        recall_id: FromPath[str],
        data: JSONBody[ClosingBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> RecallView:
        """End a recall; its lots stay recalled."""
        wanted = ids.decode("rcl", recall_id)
        with db.transaction() as session:
            recall = operations.close(session, wanted, note=data.note, by=actor, now=now)
            return RecallView.of(session, recall, now)


class RecallNoticeController(Controller):
    """Letters of recalls."""

    path = "/api/v1/recall-notices"
    tags = ["Recalls"]

    @get("/{notice_id:str}/letter", opt={"permission": Permission.READ_RECALL},
         media_type=PDF, sync_to_thread=True)  # fmt: skip
    def letter(
        self, *, notice_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> Response[bytes]:
        """Return a letter as it was drafted; those of a large recall are drawn within a minute."""
        wanted = ids.decode("rcn", notice_id)
        with db.transaction() as session:
            notice = queries.get_notice(session, wanted)
            whose = notice.patient_id
            note_recall_read(session, notice.recall_id, by=actor, now=now, patient_id=whose)
            pages = queries.drawn_letter(notice)
            return Response(pages, media_type=PDF, headers={"Cache-Control": "no-store"})

    @post("/{notice_id:str}/sent", opt={"permission": Permission.MANAGE_RECALL},
          status_code=200, sync_to_thread=True)  # fmt: skip
    def sent(
        self,
        *,
        notice_id: FromPath[str],
        data: JSONBody[SentBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> NoticeView:
        """Write down that a recipient was told, and how."""
        wanted = ids.decode("rcn", notice_id)
        with db.transaction() as session:
            return NoticeView.of(
                operations.record_sent(session, wanted, means=data.means, by=actor, now=now)
            )

    @post("/{notice_id:str}/answer", opt={"permission": Permission.MANAGE_RECALL},
          status_code=200, sync_to_thread=True)  # fmt: skip
    def answered(
        self,
        *,
        notice_id: FromPath[str],
        data: JSONBody[AnswerBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> NoticeView:
        """Write down what a recipient said; harm starts the time to report it."""
        wanted = ids.decode("rcn", notice_id)
        with db.transaction() as session:
            return NoticeView.of(
                operations.record_answer(
                    session, wanted, answer=data.answer, note=data.note, by=actor, now=now
                )
            )
