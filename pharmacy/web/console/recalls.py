"""Recalls: what is due, opened after a look at the trace, followed letter by letter, closed."""

from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import FromPath, QueryParameter
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form
from pharmacy.http.recall_reads import note_recall_read
from pharmacy.infra import jobs
from pharmacy.kernel import ids
from pharmacy.kernel.jobs import JobKind
from pharmacy.practice import queries as practice
from pharmacy.recalls import operations, queries
from pharmacy.recalls.models import Recall
from pharmacy.recalls.rules import timers
from pharmacy.recalls.rules.timers import TimerKind
from pharmacy.staff.rules import Permission
from pharmacy.web.console.recall_state import (
    Due,
    letters,
    lines,
    lot_of,
    lots_by,
    mentions_of_lots,
    named,
    reached,
)
from pharmacy.web.rendering import local
from pharmacy.web.view import Action, Answer, CurrentView, View

AT: Final = "/bench/recalls"
READ: Final = {"permission": Permission.READ_RECALL}
MANAGE: Final = {"permission": Permission.MANAGE_RECALL}
INLINE: Final = {
    "Cache-Control": "no-store",
    "Content-Disposition": "inline",
    "X-Content-Type-Options": "nosniff",
}
MOST: Final = 200
ANSWERS: Final = [
    (timers.Answer.CONFIRMED, "Got the letter"),
    (timers.Answer.NONE_LEFT, "Has none left"),
    (timers.Answer.WILL_RETURN, "Will return it"),
    (timers.Answer.RETURNED, "Returned it"),
    (timers.Answer.HARM_REPORTED, "Tells of harm"),
    (timers.Answer.UNREACHABLE, "Could not be reached"),
]
DUE: Final = {
    TimerKind.NOTIFY: "Tell recipients and the Board",
    TimerKind.MEDWATCH: "Report to MedWatch",
}
Words = Annotated[str, Meta(min_length=1, max_length=500)]


class LotForm(msgspec.Struct, frozen=True):
    """What was scanned or typed."""

    code: Annotated[str, Meta(min_length=1, max_length=200)]


class RecallForm(msgspec.Struct, frozen=True):
    """Why a lot is recalled. Letters quote the reason."""

    lot: Annotated[str, Meta(max_length=40)]
    reason: Words
    serious: Literal["yes", "no"]
    notice_at: Annotated[str, Meta(max_length=30)]


class HarmForm(msgspec.Struct, frozen=True):
    """When the pharmacy was told of harm."""

    advised_at: Annotated[str, Meta(max_length=30)]


class MetForm(msgspec.Struct, frozen=True):
    """What is done."""

    kind: TimerKind


class SentForm(msgspec.Struct, frozen=True):
    """How a recipient was told."""

    means: Literal["letter", "phone", "visit", "fax"]


class AnswerForm(msgspec.Struct, frozen=True):
    """What a recipient said."""

    answer: timers.Answer
    note: Annotated[str, Meta(max_length=500)] = ""


class ClosingForm(msgspec.Struct, frozen=True):
    """How the recall ended."""

    note: Words


class RecallPages(Controller):
    """Recalls and their letters."""

    path = AT

    @get("/", opt=READ, sync_to_thread=True)
    def listing(self, view: CurrentView, db: Db) -> Answer:
        """Show recalls, the one that is due next first."""
        with db.transaction() as session:
            return view.page(
                "recalls/index.html",
                actions=[Action("t", "Trace or recall a lot", opens="find", kind="primary")],
                lines=lines(session, queries.recent(session, limit=MOST), now=view.now),
                due_words=DUE,
            )

    @post("/lots", opt=READ, status_code=200, sync_to_thread=True)
    def find(self, form: Form, view: CurrentView, db: Db) -> Answer:
        """Go to the trace of a lot that was scanned or typed; several of one number are shown."""
        given = form.read(LotForm)
        with db.transaction() as session:
            today = practice.site(session).today(view.now)
            found = lots_by(session, given.code, today=today)
        return view.go(f"{AT}/new?lot={'&lot='.join(each.code for each in found)}")

    @get("/new", opt=READ, sync_to_thread=True)
    def trace(
        self,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
        lot: Annotated[list[str], QueryParameter(name="lot")],
    ) -> Answer:
        """Show what a lot is in and who has it, before anybody recalls it."""
        with db.transaction() as session:
            found = [lot_of(session, code) for code in lot]
            if len(found) > 1:
                return view.page("recalls/which.html", lots=found)
            trace = queries.forward(session, found[0].kind, found[0].id)
            note_recall_read(session, found[0].id, by=actor, now=view.now)
            return view.page(
                "recalls/new.html",
                actions=[Action("o", "Recall this lot", opens="recall", kind="danger")]
                if view.may(Permission.MANAGE_RECALL)
                else [],
                lot=found[0],
                stopped=(),
                mentions=mentions_of_lots(session, [found[0].id]).get(found[0].id, ()),
                trace=trace,
                reached=reached(session, trace),
                clock=local(view.now, view.chrome.zone).strftime("%Y-%m-%dT%H:%M"),
            )

    @post("/", opt=MANAGE, status_code=200, sync_to_thread=True)
    def open(self, form: Form, view: CurrentView, db: Db, actor: CurrentActor) -> Answer:
        """Recall a lot: what is made of it is blocked, orders are held or marked."""
        given = form.read(RecallForm)
        with db.transaction() as session:
            lot = lot_of(session, given.lot)
            recall = operations.open_recall(
                session,
                lot.kind,
                lot.id,
                reason=given.reason,
                serious=given.serious == "yes",
                notice_at=view.instant(given.notice_at, field="notice_at"),
                by=actor,
                now=view.now,
            )
            at = _page(recall.id)
        return view.go(at, toast=f"Recalled: {lot.words}. Its letters are drafted")

    @get("/{recall_id:str}", opt=READ, sync_to_thread=True)
    def show(
        self, recall_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Show a recall: what is due, letters and answers, and what it reached."""
        with db.transaction() as session:
            recall = queries.get(session, ids.decode("rcl", recall_id))
            trace = queries.forward(session, recall.kind, recall.lot_id)
            note_recall_read(session, recall.id, by=actor, now=view.now)
            return view.page(
                "recalls/show.html",
                actions=_actions(view, recall),
                recall=recall,
                at=_page(recall.id),
                lot=named(session, recall.kind, recall.lot_id),
                dues=[Due(each, view.now) for each in queries.timers(session, recall.id)],
                due_words=DUE,
                letters=letters(session, recall.id),
                counted=queries.progress(session, recall.id),
                is_stuck=_is_stuck(session, recall.id),
                stopped={each.batch_id for each in queries.batches(session, recall.id)},
                trace=trace,
                reached=reached(session, trace),
                answers=ANSWERS,
                answer_words=dict(ANSWERS),
            )

    @get("/{recall_id:str}/drawing", opt=READ | {"unattended": True}, sync_to_thread=True)
    def drawing(self, recall_id: FromPath[str], view: CurrentView, db: Db) -> Answer:
        """Show how many letters are drawn; at the end, have the page loaded anew."""
        wanted = ids.decode("rcl", recall_id)
        with db.transaction() as session:
            recall = queries.get(session, wanted)
            counted, stuck = queries.progress(session, wanted), _is_stuck(session, wanted)
        if counted.drawn == counted.drafted:
            return view.go(_page(wanted), toast="The letters are drawn")
        return view.part(
            "recalls/drawing.html", at=_page(recall.id), counted=counted, is_stuck=stuck
        )

    @post("/{recall_id:str}/harm", opt=MANAGE, status_code=200, sync_to_thread=True)
    def harm(
        self, recall_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Write down that somebody was harmed: the report is due 72 hours later."""
        at = view.instant(form.read(HarmForm).advised_at, field="advised_at")
        wanted = ids.decode("rcl", recall_id)
        with db.transaction() as session:
            operations.advise_of_harm(session, wanted, advised_at=at, by=actor, now=view.now)
        return view.go(_page(wanted), toast="Written down; the report to MedWatch is due")

    @post("/{recall_id:str}/deadlines", opt=MANAGE, status_code=200, sync_to_thread=True)
    def meet(
        self, recall_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Write down that what was due is done."""
        kind = form.read(MetForm).kind
        wanted = ids.decode("rcl", recall_id)
        with db.transaction() as session:
            operations.meet_timer(session, wanted, kind, by=actor, now=view.now)
        return view.go(_page(wanted), toast=f"Done: {DUE[kind]}")

    @post("/{recall_id:str}/closure", opt=MANAGE, status_code=200, sync_to_thread=True)
    def close(
        self, recall_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """End a recall; its lots stay recalled."""
        given = form.read(ClosingForm)
        wanted = ids.decode("rcl", recall_id)
        with db.transaction() as session:
            operations.close(session, wanted, note=given.note, by=actor, now=view.now)
        return view.go(_page(wanted), toast="The recall is closed; its lots stay recalled")

    @get("/letters/{notice_id:str}", opt=READ, sync_to_thread=True)
    def letter(
        self, notice_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Response[bytes]:
        """Return a letter as it was drafted."""
        with db.transaction() as session:
            notice = queries.get_notice(session, ids.decode("rcn", notice_id))
            whose = notice.patient_id
            note_recall_read(session, notice.recall_id, by=actor, now=view.now, patient_id=whose)
            pages = queries.drawn_letter(notice)
            return Response(pages, media_type="application/pdf", headers=INLINE)

    @post("/letters/{notice_id:str}/sent", opt=MANAGE, status_code=200, sync_to_thread=True)
    def sent(
        self, notice_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Write down that a recipient was told, and how."""
        given = form.read(SentForm)
        wanted = ids.decode("rcn", notice_id)
        with db.transaction() as session:
            notice = operations.record_sent(
                session, wanted, means=given.means, by=actor, now=view.now
            )
            at = _page(notice.recall_id)
        return view.go(at, toast="Written down: they were told")

    @post("/letters/{notice_id:str}/answer", opt=MANAGE, status_code=200, sync_to_thread=True)
    def answered(
        self, notice_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Write down what a recipient said; harm starts the time to report it."""
        given = form.read(AnswerForm)
        wanted = ids.decode("rcn", notice_id)
        with db.transaction() as session:
            notice = operations.record_answer(
                session, wanted, answer=given.answer, note=given.note, by=actor, now=view.now
            )
            at = _page(notice.recall_id)
        return view.go(at, toast="The answer is written down")


def _page(recall_id: UUID) -> str:
    return f"{AT}/{ids.encode('rcl', recall_id)}"


def _is_stuck(session: Session, recall_id: UUID) -> bool:
    """Say whether the job that draws a recall's letters was given up."""
    return JobKind.DRAW_LETTERS in jobs.given_up(session, [recall_id]).get(recall_id, ())


def _actions(view: View, recall: Recall) -> list[Action]:
    if recall.closed_at or not view.may(Permission.MANAGE_RECALL):
        return []
    return [
        Action("h", "Somebody was harmed", opens="harm"),
        Action("c", "Close the recall", opens="close"),
    ]
