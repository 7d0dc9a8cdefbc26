"""What people do with an order, step by step, from approval to hand-over."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.api.orders import OrderAnswer, Words, answer
from pharmacy.api.staff import Password
from pharmacy.dispensing import operations as dispensing
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.etag import IfMatch
from pharmacy.http.order_reads import visible
from pharmacy.http.order_versions import require_seen
from pharmacy.http.proofs import attestation
from pharmacy.infra.db import Database
from pharmacy.kernel import ids
from pharmacy.labels import operations as labels
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules.handing_over import Collector, HandingOver, Identifier
from pharmacy.orders.rules.reasons import Counselling
from pharmacy.printing import operations as printing
from pharmacy.staff.rules import Actor, Permission

Step = Callable[[Session, UUID], Order]


class ApprovalBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was approved."""

    plan: Annotated[str, Meta(examples=["pln_06b7k2m3n4p5q6r7s8t9v0w1x2"])] | None = None
    """The plan that was looked at; the approval fails where another is in force."""
    first_dose_on: date | None = None
    """Default: as the pharmacy's policy says, and not before the last fill is used up."""


class RejectionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a prescription is not filled."""

    reason: Annotated[str, Meta(max_length=40, examples=["not-clarified"])]
    """A code of the purpose `reject` that is in use: see `/api/v1/reasons`."""
    words: Annotated[str, Meta(min_length=1, max_length=500)]
    """What the prescriber is told."""


class PackingBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The codes that were scanned from the containers' labels."""

    scanned: Annotated[
        list[Annotated[str, Meta(max_length=60)]],
        Meta(min_length=1, max_length=100, examples=[["ctr_06b7k2m3n4p5q6r7s8t9v0w1x2"]]),
    ]


class ReleaseBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signature under the record of the second check."""

    record_sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$", examples=["0f" * 32])]
    """As `second-check` gave it: what was looked at."""
    password: Password | None = None
    """The caller's, again. May be left out for five minutes after it was last shown."""


class SendBackBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the final check found."""

    reason: Annotated[str, Meta(max_length=40, examples=["wrong-count"])]
    """A code of the purpose `send-back`."""
    words: Words = ""


class ReallocationBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why the order's capsules are replaced by others."""

    reason: Annotated[str, Meta(max_length=40, examples=["damaged"])]
    """A code of the purpose `reallocate`."""
    words: Words = ""
    """Asked for where the reason is `other`."""


class HandOverBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was done before the order left."""

    identifiers: Annotated[list[Identifier], Meta(max_length=6, examples=[["name", "birth-date"]])]
    """Which kinds were compared with the order: two at least at the counter."""
    counselling: Counselling
    counselled_by: str | None = None
    """The pharmacist who gave the advice; whoever asks, unless another one is named."""
    collector: Collector = Collector.PATIENT
    collector_name: Annotated[str, Meta(max_length=100)] = ""
    """Of a representative."""

    def given(self) -> HandingOver:
        named = self.counselled_by
        return HandingOver(
            identifiers=self.identifiers,
            counselling=self.counselling,
            counselled_by=ids.decode("acc", named) if named else None,
            collector=self.collector,
            collector_name=self.collector_name,
        )


class CancellationBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why an order is stopped."""

    reason: Annotated[str, Meta(max_length=40, examples=["patient-asked"])]
    """A code of the purpose `cancel`."""
    words: Words = ""


def change(
    db: Database,
    order_id: str,
    if_match: str | None,
    step: Step,
    *,
    by: Actor,
    now: datetime,
) -> OrderAnswer:
    """Take a step that was decided on one version of the order, and return what came of it."""
    wanted = ids.decode("ord", order_id)
    with db.transaction() as session:
        order = visible(queries.lock(session, wanted), by)
        require_seen(session, order, if_match, by=by, now=now)
        return answer(session, step(session, wanted), by)


class StepController(Controller):
    """Every step asks, by If-Match, for the version that it was decided on."""

    path = "/api/v1/orders/{order_id:str}"
    tags = ["Orders"]

    @post(
        "/approval",
        opt={"permission": Permission.APPROVE_ORDER},
        status_code=200,
        sync_to_thread=True,
    )
    def approve(
        self,
        *,
        order_id: FromPath[str],
        data: JSONBody[ApprovalBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
        if_match: IfMatch = None,
    ) -> OrderAnswer:
        """Approve prescription, findings and plan; capsules may be allocated."""

        def step(session: Session, wanted: UUID) -> Order:
            return operations.approve(
                session,
                wanted,
                plan_id=ids.decode("pln", data.plan) if data.plan else None,
                first_dose_on=data.first_dose_on,
                by=actor,
                now=now,
            )

        return change(db, order_id, if_match, step, by=actor, now=now)

    @post(
        "/rejection",
        opt={"permission": Permission.APPROVE_ORDER},
        status_code=200,
        sync_to_thread=True,
    )
    def reject(
        self,
        *,
        order_id: FromPath[str],
        data: JSONBody[RejectionBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
        if_match: IfMatch = None,
    ) -> OrderAnswer:
        """Decline to fill the prescription, with a coded reason for the prescriber."""

        def step(session: Session, wanted: UUID) -> Order:
            return operations.reject(
                session, wanted, reason=data.reason, words=data.words, by=actor, now=now
            )

        return change(db, order_id, if_match, step, by=actor, now=now)

    @post(
        "/allocation", opt={"permission": Permission.ALLOCATE}, status_code=200, sync_to_thread=True
    )
    def allocate(
        self,
        *,
        order_id: FromPath[str],
        db: Db,
        actor: CurrentActor,
        now: Now,
        if_match: IfMatch = None,
    ) -> OrderAnswer:
        """Set capsules aside, or ask for a batch of those that are missing."""

        def step(session: Session, wanted: UUID) -> Order:
            return operations.allocate(session, wanted, by=actor, now=now)

        return change(db, order_id, if_match, step, by=actor, now=now)

    @post("/packing", opt={"permission": Permission.PACK}, status_code=200, sync_to_thread=True)
    def pack(
        self,
        *,
        order_id: FromPath[str],
        data: JSONBody[PackingBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
        if_match: IfMatch = None,
    ) -> OrderAnswer:
        """Record that every container of this order, and no other, is filled and labelled."""

        def step(session: Session, wanted: UUID) -> Order:
            return printing.pack(session, wanted, scanned=data.scanned, by=actor, now=now)

        return change(db, order_id, if_match, step, by=actor, now=now)

    @post("/release", opt={"permission": Permission.RELEASE}, status_code=200, sync_to_thread=True)
    def release(
        self,
        *,
        order_id: FromPath[str],
        data: JSONBody[ReleaseBody],
        request: Request[Any, Any, Any],
        db: Db,
        actor: CurrentActor,
        now: Now,
        if_match: IfMatch = None,
    ) -> OrderAnswer:
        """
        Record the final check, on evidence of today, by a pharmacist who did not pack.

        It is signed: with the password, under the record that `second-check` shows.
        """
        word = attestation(
            request,
            db,
            password=data.password,
            record_sha256=bytes.fromhex(data.record_sha256),
            actor=actor,
            now=now,
        )

        def step(session: Session, wanted: UUID) -> Order:
            return dispensing.release(session, wanted, attestation=word, by=actor, now=now)

        with dispensing.owing_recheck(db, ids.decode("ord", order_id), by=actor, now=now):
            return change(db, order_id, if_match, step, by=actor, now=now)

    @post(
        "/send-back", opt={"permission": Permission.RELEASE}, status_code=200, sync_to_thread=True
    )
    def send_back(
        self,
        *,
        order_id: FromPath[str],
        data: JSONBody[SendBackBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
        if_match: IfMatch = None,
    ) -> OrderAnswer:
        """Send a packed order back to the bench."""

        def step(session: Session, wanted: UUID) -> Order:
            return operations.send_back(
                session, wanted, reason=data.reason, words=data.words, by=actor, now=now
            )

        return change(db, order_id, if_match, step, by=actor, now=now)

    @post(
        "/reallocation",
        opt={"permission": Permission.RELEASE},
        status_code=200,
        sync_to_thread=True,
    )
    def reallocate(
        self,
        *,
        order_id: FromPath[str],
        data: JSONBody[ReallocationBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
        if_match: IfMatch = None,
    ) -> OrderAnswer:
        """Give up the order's vials and labels, so that it is allocated from other lots."""

        def step(session: Session, wanted: UUID) -> Order:
            return labels.reallocate(
                session, wanted, reason=data.reason, words=data.words, by=actor, now=now
            )

        return change(db, order_id, if_match, step, by=actor, now=now)

    @post(
        "/hand-over", opt={"permission": Permission.HAND_OVER}, status_code=200, sync_to_thread=True
    )
    def hand_over(
        self,
        *,
        order_id: FromPath[str],
        data: JSONBody[HandOverBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
        if_match: IfMatch = None,
    ) -> OrderAnswer:
        """Record that the patient, or who came for them, received the order."""

        def step(session: Session, wanted: UUID) -> Order:
            return operations.hand_over(session, wanted, given=data.given(), by=actor, now=now)

        return change(db, order_id, if_match, step, by=actor, now=now)

    @post(
        "/cancellation",
        opt={"permission": Permission.CANCEL_ORDER},
        status_code=200,
        sync_to_thread=True,
    )
    def cancel(
        self,
        *,
        order_id: FromPath[str],
        data: JSONBody[CancellationBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
        if_match: IfMatch = None,
    ) -> OrderAnswer:
        """Stop an order; its last event says what had been made, and what became of it."""

        def step(session: Session, wanted: UUID) -> Order:
            return operations.cancel(
                session, wanted, reason=data.reason, words=data.words, by=actor, now=now
            )

        return change(db, order_id, if_match, step, by=actor, now=now)
