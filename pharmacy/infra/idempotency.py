"""
Idempotency-Key: the first answer to a request is kept and given again.

Key, effect and answer are committed in one transaction: there is never an effect without its key,
nor a second effect under one key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Mapped, Session, mapped_column

from pharmacy.infra.db import Base
from pharmacy.kernel.refusals import Conflict, Invalid

KEPT: Final = timedelta(hours=24)
"""So long is an answer given again; then its key may be used anew."""
WAITS: Final = "5s"
"""So long does a request wait for another one with the same key."""


class KeyReused(Invalid):
    """The key stood for another request."""

    code = "idempotency-key-reused"
    remedy = "Use a new key for every new request; repeat a key only with the same request."


class KeyInFlight(Conflict):
    """A request with this key is being carried out."""

    code = "idempotency-key-in-flight"
    remedy = "Wait a moment and send the same request again."


class AnswerNotKept(Conflict):
    """The request was carried out, and its answer is not kept."""

    code = "answer-not-kept"
    remedy = "It was done. Read the present state; a secret that was lost must be made anew."


class IdempotencyKey(Base):
    """One key of one caller, with the request that it stood for and the answer that it got."""

    __tablename__ = "idempotency_keys"

    caller_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_sha256: Mapped[bytes]
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None]
    body: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request was answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Key:
    """A caller's key, and the digest of the request that they sent with it."""

    caller_id: UUID
    value: str
    request_sha256: bytes


def claim(session: Session, key: Key, *, now: datetime) -> Answer | None:
    """
    Claim a key for the caller's transaction; return the answer that it already got, if it did.

    Raises:
        KeyInFlight: Another transaction holds the key and does not end soon.
        KeyReused: The key stood for another request.
        AnswerNotKept: It stood for this one, which was carried out; its answer is gone.
    """
    if _inserted(session, key, now):
        return None
    row = session.execute(
        select(
            IdempotencyKey.request_sha256,
            IdempotencyKey.status,
            IdempotencyKey.headers,
            IdempotencyKey.body,
        ).where(*_is(key))
    ).one()
    if row.request_sha256 != key.request_sha256:
        raise KeyReused("this key was used for another request")
    if row.status is None:
        raise AnswerNotKept("this request was carried out before")
    return Answer(row.status, row.headers or {}, row.body or b"")


def keep(session: Session, key: Key, answer: Answer) -> None:
    """Keep the answer of a claimed key."""
    session.execute(
        update(IdempotencyKey)
        .where(*_is(key), IdempotencyKey.status.is_(None))
        .values(status=answer.status, headers=dict(answer.headers), body=answer.body)
    )


def forget_old(session: Session, *, now: datetime) -> int:
    """Forget keys whose time is over; return how many. Idempotent."""
    forgotten = session.execute(
        delete(IdempotencyKey)
        .where(IdempotencyKey.created_at < now - KEPT)
        .returning(IdempotencyKey.key)
    )
    return len(forgotten.all())


def _inserted(session: Session, key: Key, now: datetime) -> bool:
    row = {
        "caller_id": key.caller_id,
        "key": key.value,
        "request_sha256": key.request_sha256,
        "created_at": now,
    }
    fresh = insert(IdempotencyKey).values(row)
    statement = fresh.on_conflict_do_update(
        index_elements=["caller_id", "key"],
        set_={**row, "status": None, "headers": None, "body": None},
        where=IdempotencyKey.created_at < now - KEPT,
    ).returning(IdempotencyKey.key)
    session.execute(text("select set_config('lock_timeout', :waits, true)"), {"waits": WAITS})
    try:
        inserted = session.scalar(statement)
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != "55P03":
            raise
        raise KeyInFlight("a request with this key is being carried out") from error
    session.execute(text("select set_config('lock_timeout', '0', true)"))
    return inserted is not None


def _is(key: Key) -> tuple[Any, ...]:
    return (IdempotencyKey.caller_id == key.caller_id, IdempotencyKey.key == key.value)
