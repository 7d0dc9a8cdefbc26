"""Questions to prescribers: asked about an order, answered, settled; and all that wait."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.forms import Form, Ticked
from pharmacy.http.pages import USUAL, Cursor, after, rows_of
from pharmacy.infra import audit
from pharmacy.kernel import ids
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Clarification, Order
from pharmacy.orders.rules.clarifying import QuestionKind
from pharmacy.patients import queries as patients
from pharmacy.staff.rules import Permission
from pharmacy.web.console.order_steps import PATH, UNDONE, Needed, Words, take_step
from pharmacy.web.view import Answer, CurrentView

ASK: Final = {"permission": Permission.ASK_PRESCRIBER}
Sentence = Annotated[str, Meta(min_length=1, max_length=1000)]


class AskForm(msgspec.Struct, frozen=True):
    """What the prescriber is asked, and which part of the prescription it is about."""

    kind: QuestionKind
    words: Sentence
    field: Annotated[str, Meta(max_length=100)] | None = None
    finding: str | None = None


class NoteForm(msgspec.Struct, frozen=True):
    """What was said on the telephone, by whom and when, and that it was read back."""

    words: Sentence
    spoke_with: Annotated[str, Meta(min_length=1, max_length=100)]
    said_at: Annotated[str, Meta(max_length=30)] = ""
    read_back: Ticked | None = None


class WithdrawForm(msgspec.Struct, frozen=True):
    """Why a question needs no answer any more."""

    reason: Needed


class RemindForm(msgspec.Struct, frozen=True):
    """How the prescriber was reminded."""

    words: Words = ""
    onward: Literal["list"] | None = None
    """Where it was done, and where the person goes on."""


class OrderQuestions(Controller):
    """Questions about one order."""

    path = f"{PATH}/questions"

    @post("/", opt=ASK, status_code=200, sync_to_thread=True)
    def ask(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Ask the prescriber; the order is held until the answer is there."""
        given = form.read(AskForm)

        def step(session: Session, wanted: UUID) -> Clarification:
            return operations.ask(
                session,
                wanted,
                kind=given.kind,
                words=given.words,
                field=given.field,
                finding_id=ids.decode("fnd", given.finding) if given.finding else None,
                by=actor,
                now=view.now,
            )

        toast = "Asked: the order waits for the answer"
        return take_step(view, db, order_id, step, toast=toast, undo=_undo_at)

    @post("/{clarification_id:str}/telephone", opt=ASK, status_code=200, sync_to_thread=True)
    def note(
        self,
        *,
        order_id: FromPath[str],
        clarification_id: FromPath[str],
        form: Form,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Keep what the prescriber said on the telephone, read back and confirmed."""
        given = form.read(NoteForm)
        said_at = view.instant(given.said_at, field="said_at") if given.said_at else None

        def step(session: Session, wanted: UUID) -> object:
            return operations.note_telephone(
                session,
                wanted,
                ids.decode("clr", clarification_id),
                words=given.words,
                spoke_with=given.spoke_with,
                read_back=given.read_back is not None,
                said_at=said_at,
                by=actor,
                now=view.now,
            )

        return take_step(view, db, order_id, step, toast="The answer is kept")

    @post("/{clarification_id:str}/withdrawal", opt=ASK, status_code=200, sync_to_thread=True)
    def withdraw(
        self,
        *,
        order_id: FromPath[str],
        clarification_id: FromPath[str],
        form: Form,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Take a question back, and say why."""
        reason = form.read(WithdrawForm).reason

        def step(session: Session, wanted: UUID) -> object:
            question = ids.decode("clr", clarification_id)
            return operations.withdraw(
                session, wanted, question, reason=reason, by=actor, now=view.now
            )

        return take_step(view, db, order_id, step, toast="Taken back")

    @post("/{clarification_id:str}/undo", opt=ASK, status_code=200, sync_to_thread=True)
    def undo(
        self,
        order_id: FromPath[str],
        clarification_id: FromPath[str],
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Take back a question that was asked a moment ago."""

        def step(session: Session, wanted: UUID) -> object:
            question = ids.decode("clr", clarification_id)
            return operations.withdraw(
                session, wanted, question, reason=UNDONE, by=actor, now=view.now
            )

        return take_step(view, db, order_id, step, toast="Taken back")

    @post("/{clarification_id:str}/reminder", opt=ASK, status_code=200, sync_to_thread=True)
    def remind(
        self,
        *,
        order_id: FromPath[str],
        clarification_id: FromPath[str],
        form: Form,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Keep that somebody reminded the prescriber, and how."""
        given = form.read(RemindForm)

        def step(session: Session, wanted: UUID) -> object:
            question = ids.decode("clr", clarification_id)
            return operations.remind(
                session, wanted, question, words=given.words, by=actor, now=view.now
            )

        onward = QuestionPages.path if given.onward else ""
        return take_step(view, db, order_id, step, toast="Reminded", onward=onward)


class QuestionPages(Controller):
    """Every question that waits for its answer."""

    path = "/questions"

    @get("/", opt={"permission": Permission.READ_ORDER}, sync_to_thread=True)
    def waiting(
        self, view: CurrentView, db: Db, actor: CurrentActor, now: Now, cursor: Cursor = None
    ) -> Answer:
        """List questions that wait, the one to be brought to mind first first."""
        start = after(cursor, datetime, UUID)
        with db.transaction() as session:
            found = queries.waiting_questions(
                session, npis=actor.npis, after=start and (start[0], start[1]), limit=USUAL
            )
            page = rows_of(found, limit=USUAL, key=_key)
            audit.record(
                session,
                "clarifications.read",
                by=actor,
                at=now,
                subject_kind="clarification",
                subject_id=None,
                detail={"orders": [ids.encode("ord", order.id) for _, order in page.items]},
            )
            return view.page(
                "orders/questions.html",
                found=page.items,
                people=patients.by_id(session, {order.patient_id for _, order in page.items}),
                onward=page.next,
                started=cursor is not None,
            )


def _key(found: tuple[Clarification, Order]) -> tuple[Any, ...]:
    return found[0].remind_at, found[0].id


def _undo_at(question: Clarification) -> str:
    return f"/questions/{ids.encode('clr', question.id)}/undo"
