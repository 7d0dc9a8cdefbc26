"""Capsules at an outside laboratory: sent, answered, and due."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Self

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.api.order_views import encoded, milligrams
from pharmacy.compounding import operations, queries
from pharmacy.compounding.models import Batch, LabSample, SampleCause, SampleKind
from pharmacy.compounding.rules.laboratory import Due
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.kernel import ids
from pharmacy.practice import queries as practice
from pharmacy.staff.rules import Permission


class SampleBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is sent, where, and why."""

    kind: SampleKind
    cause: SampleCause
    capsules: Annotated[int, Meta(ge=1, le=1_000, examples=[30])]
    laboratory: Annotated[str, Meta(min_length=1, max_length=200, examples=["Example Analytics"])]


class ResultBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The laboratory's figures, in per cent of the label, and its certificate as base64."""

    contents: Annotated[list[Decimal], Meta(min_length=1, max_length=30, examples=[["99.4"]])]
    document: Annotated[bytes, Meta(max_length=4_000_000, examples=["JVBERi0xLjcK"])]


class SampleView(msgspec.Struct, frozen=True):
    """A sample, and the laboratory's answer where it came."""

    id: str
    batch: str
    kind: str
    cause: str
    capsules: int
    laboratory: str
    sent_by: str
    sent_at: datetime
    verdict: str | None
    contents_percent: list[str] | None
    result: dict[str, Any] | None
    document_sha256: str | None
    recorded_by: str | None
    recorded_at: datetime | None

    @classmethod
    def of(cls, sample: LabSample) -> Self:
        return cls(
            id=ids.encode("smp", sample.id),
            batch=ids.encode("bat", sample.batch_id),
            kind=sample.kind,
            cause=sample.cause,
            capsules=sample.capsules,
            laboratory=sample.laboratory,
            sent_by=ids.encode("acc", sample.sent_by),
            sent_at=sample.sent_at,
            verdict=sample.verdict,
            contents_percent=sample.contents,
            result=sample.result,
            document_sha256=sample.document_sha256.hex() if sample.document_sha256 else None,
            recorded_by=encoded("acc", sample.recorded_by),
            recorded_at=sample.recorded_at,
        )


class DueView(msgspec.Struct, frozen=True):
    """A sample that the policy asks for."""

    cause: str
    strength_mg: str
    batch_number: str
    why: str

    @classmethod
    def of(cls, due: Due) -> Self:
        return cls(due.cause, milligrams(due.strength_ug), due.batch_number, due.why)


def samples(session: Session, batch: Batch) -> list[SampleView]:
    """Return a batch's samples."""
    return [SampleView.of(each) for each in queries.samples(session, batch.id)]


class SampleController(Controller):
    """Capsules at an outside laboratory."""

    path = "/api/v1"
    tags = ["Batches"]

    @get("/laboratory-samples/due", opt={"permission": Permission.READ_BATCH}, sync_to_thread=True)
    def due(self, db: Db, now: Now) -> list[DueView]:
        """Return what should be sent: new formulations, new operators, and every quarter."""
        with db.transaction() as session:
            today = practice.site(session).today(now)
            return [DueView.of(each) for each in queries.samples_due(session, on=today)]

    @post(
        "/batches/{batch_id:str}/samples",
        opt={"permission": Permission.RELEASE_LOT},
        sync_to_thread=True,
    )
    def send(
        self,
        *,
        batch_id: FromPath[str],
        data: JSONBody[SampleBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> SampleView:
        """Send capsules of a batch to a laboratory; they leave the stock."""
        with db.transaction() as session:
            sample = operations.send_sample(
                session,
                ids.decode("bat", batch_id),
                kind=data.kind,
                cause=data.cause,
                capsules=data.capsules,
                laboratory=data.laboratory,
                by=actor,
                now=now,
            )
            return SampleView.of(sample)

    @post(
        "/laboratory-samples/{sample_id:str}/result",
        opt={"permission": Permission.RELEASE_LOT},
        status_code=200,
        sync_to_thread=True,
    )
    def record(
        self,
        *,
        sample_id: FromPath[str],
        data: JSONBody[ResultBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> SampleView:
        """Write the laboratory's answer down; what fails is quarantined at once."""
        with db.transaction() as session:
            sample = operations.record_result(
                session,
                ids.decode("smp", sample_id),
                contents=data.contents,
                document=data.document,
                by=actor,
                now=now,
            )
            return SampleView.of(sample)
