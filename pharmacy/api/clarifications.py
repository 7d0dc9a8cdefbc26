"""Questions to prescribers, and their answers."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import msgspec
from litestar import Controller, Request, get, post
from litestar.params import FromPath, JSONBody, RawBody
from msgspec import Meta

from pharmacy.api.order_views import encoded
from pharmacy.api.prescriptions import JOSE, ReceiptView
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.order_reads import reading
from pharmacy.http.pages import USUAL, Cursor, Limit, Page, after, page_of
from pharmacy.infra import audit
from pharmacy.infra.signatures import LARGEST_TOKEN
from pharmacy.kernel import ids
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Clarification, Order
from pharmacy.orders.rules.clarifying import QuestionKind
from pharmacy.staff.rules import Permission

Sentence = Annotated[str, Meta(min_length=1, max_length=1000)]


class QuestionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the prescriber is asked."""

    kind: QuestionKind
    words: Annotated[
        str, Meta(min_length=1, max_length=1000, examples=["Is step 2 meant to be 3 mg or 30 mg?"])
    ]
    field: Annotated[str, Meta(max_length=100, examples=["dosageInstruction[1]"])] | None = None
    """Which part of the prescription it is about."""
    finding: str | None = None
    """Which finding of the screening it is about."""


class AnswerBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The clinic's answer in words. Another dose needs a new signed prescription instead."""

    words: Sentence


class TelephoneBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a pharmacist heard on the telephone."""

    words: Sentence
    spoke_with: Annotated[str, Meta(min_length=1, max_length=100)]
    read_back: bool
    """It was read back, and confirmed."""


class WithdrawalBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a question needs no answer any more."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class ClarificationView(msgspec.Struct, frozen=True):
    """A question to the prescriber, and what came of it."""

    id: str
    order: str
    state: str
    """`open`, `answered` or `withdrawn`."""
    kind: str
    words: str
    field: str | None
    finding: str | None
    asked_by: str | None
    asked_at: datetime
    remind_at: datetime
    escalate_at: datetime
    reminded_at: datetime | None
    escalated_at: datetime | None
    answer: str | None
    """`text`, `prescription` or `telephone`."""
    answer_words: str | None
    spoke_with: str | None
    replacement: str | None
    """The new prescription that is the answer."""
    answered_at: datetime | None
    withdrawn_at: datetime | None
    withdraw_reason: str | None

    @classmethod
    def of(cls, question: Clarification) -> Self:
        return cls(
            id=ids.encode("clr", question.id),
            order=ids.encode("ord", question.order_id),
            state=question.state,
            kind=question.kind,
            words=question.words,
            field=question.field,
            finding=encoded("fnd", question.finding_id),
            asked_by=encoded("acc", question.asked_by),
            asked_at=question.asked_at,
            remind_at=question.remind_at,
            escalate_at=question.escalate_at,
            reminded_at=question.reminded_at,
            escalated_at=question.escalated_at,
            answer=question.answer,
            answer_words=question.answer_words,
            spoke_with=question.spoke_with,
            replacement=encoded("rx", question.replacement_id),
            answered_at=question.answered_at,
            withdrawn_at=question.withdrawn_at,
            withdraw_reason=question.withdraw_reason,
        )


class ClarificationController(Controller):
    """Questions about orders. A clinic's system sees those to its own prescribers."""

    path = "/api/v1"
    tags = ["Clarifications"]

    @get("/clarifications", opt={"permission": Permission.READ_ORDER}, sync_to_thread=True)
    def waiting(
        self,
        *,
        db: Db,
        actor: CurrentActor,
        now: Now,
        cursor: Cursor = None,
        limit: Limit = USUAL,
    ) -> Page[ClarificationView]:
        """List the questions that wait for an answer, the one to be reminded of first first."""
        start = after(cursor, datetime, UUID)
        with db.transaction() as session:
            found = queries.waiting_questions(
                session, npis=actor.npis, after=start and (start[0], start[1]), limit=limit
            )
            audit.record(
                session,
                "clarifications.read",
                by=actor,
                at=now,
                subject_kind="clarification",
                subject_id=None,
                detail={"orders": [ids.encode("ord", order.id) for _, order in found[:limit]]},
            )
            return page_of(found, limit=limit, view=_view, key=_key)

    @get(
        "/orders/{order_id:str}/clarifications",
        opt={"permission": Permission.READ_ORDER},
        sync_to_thread=True,
    )
    def of_order(
        self, order_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> list[ClarificationView]:
        """List every question about an order with its answer, the newest first."""
        with reading(db, order_id, actor, now, "order.clarifications-read") as (session, order):
            found = queries.clarifications(session, order.id)
            return [ClarificationView.of(each) for each in found]

    @post(
        "/orders/{order_id:str}/clarifications",
        opt={"permission": Permission.ASK_PRESCRIBER},
        sync_to_thread=True,
    )
    def ask(
        self,
        *,
        order_id: FromPath[str],
        data: JSONBody[QuestionBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> ClarificationView:
        """Ask the prescriber; the order is held until the answer is there."""
        wanted = ids.decode("ord", order_id)
        with db.transaction() as session:
            question = operations.ask(
                session,
                wanted,
                kind=data.kind,
                words=data.words,
                field=data.field,
                finding_id=ids.decode("fnd", data.finding) if data.finding else None,
                by=actor,
                now=now,
            )
            return ClarificationView.of(question)

    @post(
        "/orders/{order_id:str}/clarifications/{clarification_id:str}/answer",
        opt={"permission": Permission.ANSWER_QUESTION},
        status_code=200,
        sync_to_thread=True,
    )
    def answer(
        self,
        *,
        order_id: FromPath[str],
        clarification_id: FromPath[str],
        data: JSONBody[AnswerBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> ClarificationView:
        """Answer in words. A pharmacist reads it; the order itself stays as it was signed."""
        wanted, question = ids.decode("ord", order_id), ids.decode("clr", clarification_id)
        with db.transaction() as session:
            answered = operations.answer_in_words(
                session, wanted, question, words=data.words, by=actor, now=now
            )
            return ClarificationView.of(answered)

    @post(
        "/orders/{order_id:str}/clarifications/{clarification_id:str}/prescription",
        opt={"permission": Permission.ANSWER_QUESTION, "content_type": JOSE},
        request_max_body_size=LARGEST_TOKEN,
        sync_to_thread=True,
    )
    def replace(
        self,
        *,
        order_id: FromPath[str],
        clarification_id: FromPath[str],
        body: RawBody,
        request: Request[Any, Any, Any],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> ReceiptView:
        """
        Answer with a new signed prescription: a compact JWS, as for a first one.

        It replaces the order's prescription; the old order is cancelled, and the new one begins.
        """
        wanted, question = ids.decode("ord", order_id), ids.decode("clr", clarification_id)
        with db.transaction() as session:
            receipt = operations.answer_by_prescription(
                session,
                wanted,
                question,
                token=body,
                source_address=request.client.host if request.client else "",
                by=actor,
                now=now,
            )
            return ReceiptView.of(receipt)

    @post(
        "/orders/{order_id:str}/clarifications/{clarification_id:str}/telephone",
        opt={"permission": Permission.ASK_PRESCRIBER},
        status_code=200,
        sync_to_thread=True,
    )
    def telephone(
        self,
        *,
        order_id: FromPath[str],
        clarification_id: FromPath[str],
        data: JSONBody[TelephoneBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> ClarificationView:
        """Note an answer that was spoken on the telephone and read back."""
        wanted, question = ids.decode("ord", order_id), ids.decode("clr", clarification_id)
        with db.transaction() as session:
            noted = operations.note_telephone(
                session,
                wanted,
                question,
                words=data.words,
                spoke_with=data.spoke_with,
                read_back=data.read_back,
                by=actor,
                now=now,
            )
            return ClarificationView.of(noted)

    @post(
        "/orders/{order_id:str}/clarifications/{clarification_id:str}/withdrawal",
        opt={"permission": Permission.ASK_PRESCRIBER},
        status_code=200,
        sync_to_thread=True,
    )
    def withdraw(
        self,
        *,
        order_id: FromPath[str],
        clarification_id: FromPath[str],
        data: JSONBody[WithdrawalBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> ClarificationView:
        """Take a question back, and say why."""
        wanted, question = ids.decode("ord", order_id), ids.decode("clr", clarification_id)
        with db.transaction() as session:
            withdrawn = operations.withdraw(
                session, wanted, question, reason=data.reason, by=actor, now=now
            )
            return ClarificationView.of(withdrawn)


def _view(found: tuple[Clarification, Order]) -> ClarificationView:
    return ClarificationView.of(found[0])


def _key(found: tuple[Clarification, Order]) -> tuple[datetime, UUID]:
    return found[0].remind_at, found[0].id
