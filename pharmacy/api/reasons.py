"""Coded reasons: what staff may give as the reason for a step, as the pharmacy decides."""

from datetime import datetime
from typing import Annotated, Self

import msgspec
from litestar import Controller, get, put
from litestar.params import FromPath, JSONBody, PathParameter, QueryParameter
from msgspec import Meta

from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.orders import operations, queries
from pharmacy.orders.models import ReasonCode
from pharmacy.orders.rules.reasons import Purpose
from pharmacy.staff.rules import Permission


class ReasonBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a reason is shown, and whether it is in use."""

    words: Annotated[str, Meta(min_length=1, max_length=100, examples=["The seal is broken."])]
    asks_for_words: bool = False
    """The code alone does not say why."""
    is_active: bool = True


class ReasonView(msgspec.Struct, frozen=True):
    """A coded reason."""

    purpose: str
    code: str
    words: str
    asks_for_words: bool
    is_active: bool
    changed_at: datetime

    @classmethod
    def of(cls, reason: ReasonCode) -> Self:
        return cls(
            purpose=reason.purpose,
            code=reason.code,
            words=reason.words,
            asks_for_words=reason.asks_for_words,
            is_active=reason.is_active,
            changed_at=reason.changed_at,
        )


class ReasonController(Controller):
    """Coded reasons by what they are given for."""

    path = "/api/v1/reasons"
    tags = ["Practice"]

    @get("/", opt={"signed_in": True}, sync_to_thread=True)
    def list_all(
        self,
        db: Db,
        purpose: Annotated[Purpose | None, QueryParameter(required=False)] = None,
    ) -> list[ReasonView]:
        """List coded reasons, those out of use too."""
        with db.transaction() as session:
            return [ReasonView.of(each) for each in queries.reason_codes(session, purpose)]

    @put(
        "/{purpose:str}/{code:str}",
        opt={"permission": Permission.MANAGE_REASONS},
        sync_to_thread=True,
    )
    def define(
        self,
        *,
        purpose: FromPath[Purpose],
        code: Annotated[str, PathParameter(pattern=r"^[a-z][a-z0-9-]{2,39}$")],
        data: JSONBody[ReasonBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> ReasonView:
        """Put a reason into use, change its words, or take it out of use. None is ever deleted."""
        with db.transaction() as session:
            kept = operations.define_reason(
                session,
                purpose,
                code,
                words=data.words,
                asks_for_words=data.asks_for_words,
                is_active=data.is_active,
                by=actor,
                now=now,
            )
            return ReasonView.of(kept)
