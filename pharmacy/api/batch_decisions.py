"""What only a pharmacist decides about a batch."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.api.batch_views import BatchView, ReleasedView
from pharmacy.api.staff import Password
from pharmacy.compounding import operations, queries
from pharmacy.compounding.models import Outcome
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.proofs import attestation
from pharmacy.infra.db import Database
from pharmacy.kernel import ids
from pharmacy.orders import operations as orders
from pharmacy.staff.rules import Permission

Reason = Annotated[str, Meta(min_length=1, max_length=500)]


class BatchReleaseBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signature under the record of a batch."""

    record_sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$", examples=["0f" * 32])]
    """As the batch gave it: what was read."""
    password: Password | None = None
    """The caller's, again. May be left out for five minutes after it was last shown."""


class ReasonBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why."""

    reason: Reason


class ConclusionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How an investigation ended."""

    outcome: Outcome
    findings: Annotated[str, Meta(min_length=1, max_length=4_000)]


class BatchDecisionController(Controller):
    """What only a pharmacist decides about a batch."""

    path = "/api/v1/batches/{batch_id:str}"
    tags = ["Batches"]

    @post(
        "/release", opt={"permission": Permission.RELEASE_LOT}, status_code=200, sync_to_thread=True
    )
    def release(
        self,
        *,
        batch_id: FromPath[str],
        data: JSONBody[BatchReleaseBody],
        request: Request[Any, Any, Any],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> ReleasedView:
        """
        Release the batch, with every gate green; waiting orders get their capsules.

        It is signed: with the password, under the record that was read.
        """
        word = attestation(
            request,
            db,
            password=data.password,
            record_sha256=bytes.fromhex(data.record_sha256),
            actor=actor,
            now=now,
        )
        with db.transaction() as session:
            met = orders.release_signed(session, _id(batch_id), attestation=word, by=actor, now=now)
            return ReleasedView(
                BatchView.of(session, met.batch, now=now),
                [ids.encode("ord", each) for each in met.order_ids],
            )

    @post(
        "/quarantine",
        opt={"permission": Permission.RELEASE_LOT},
        status_code=200,
        sync_to_thread=True,
    )
    def quarantine(
        self,
        *,
        batch_id: FromPath[str],
        data: JSONBody[ReasonBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> BatchView:
        """Stop a batch, released or not, and open an investigation."""
        return _decided(
            db,
            _id(batch_id),
            lambda session, wanted: operations.quarantine(
                session, wanted, reason=data.reason, by=actor, now=now
            ),
            now,
        )

    @post(
        "/conclusion",
        opt={"permission": Permission.RELEASE_LOT},
        status_code=200,
        sync_to_thread=True,
    )
    def conclude(
        self,
        *,
        batch_id: FromPath[str],
        data: JSONBody[ConclusionBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> BatchView:
        """End the investigation: cleared, reworked or scrapped."""
        return _decided(
            db,
            _id(batch_id),
            lambda session, wanted: operations.conclude(
                session, wanted, outcome=data.outcome, findings=data.findings, by=actor, now=now
            ),
            now,
        )

    @post(
        "/scrapping",
        opt={"permission": Permission.RELEASE_LOT},
        status_code=200,
        sync_to_thread=True,
    )
    def scrap(
        self,
        *,
        batch_id: FromPath[str],
        data: JSONBody[ReasonBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> BatchView:
        """Destroy a batch before its release, for a reason."""
        return _decided(
            db,
            _id(batch_id),
            lambda session, wanted: operations.scrap(
                session, wanted, reason=data.reason, by=actor, now=now
            ),
            now,
        )


def _decided(
    db: Database, batch_id: UUID, decide: Callable[[Session, UUID], object], now: datetime
) -> BatchView:
    with db.transaction() as session:
        decide(session, batch_id)
        return BatchView.of(session, queries.get(session, batch_id), now=now)


def _id(text: str) -> UUID:
    return ids.decode("bat", text)
