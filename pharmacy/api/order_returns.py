"""What comes back of an order, and its destruction before a witness."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.api.order_steps import change
from pharmacy.api.orders import OrderAnswer, Words
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.etag import IfMatch
from pharmacy.http.vouching import require_vouched
from pharmacy.kernel import ids
from pharmacy.orders import operations
from pharmacy.orders.models import Order
from pharmacy.staff.rules import Permission

Vials = Annotated[list[str], Meta(min_length=1, max_length=60)]


class ReturnBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why medicine came back."""

    reason: Annotated[str, Meta(max_length=40, examples=["stopped"])]
    """A code of the purpose `return`."""
    words: Words = ""
    vials: Vials | None = None
    """Which containers came back. Default: all that are still out."""


class DestructionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which of what came back was destroyed, and who saw it."""

    witness: Annotated[str, Meta(max_length=40, examples=["acc_06b7k2m3n4p5q6r7s8t9v0w1x2"])]
    """A colleague who may hand over."""
    witness_pin: Annotated[str, Meta(min_length=4, max_length=12, examples=["482915"])]
    """The witness's own; wrong ones are counted."""
    vials: Vials | None = None
    """Which containers. Default: all that came back and are still there."""


class ReturnController(Controller):
    """Every step asks, by If-Match, for the version that it was decided on."""

    path = "/api/v1/orders/{order_id:str}"
    tags = ["Orders"]

    @post("/return", opt={"permission": Permission.HAND_OVER}, status_code=200, sync_to_thread=True)
    def take_back(
        self,
        *,
        order_id: FromPath[str],
        data: JSONBody[ReturnBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
        if_match: IfMatch = None,
    ) -> OrderAnswer:
        """Record that medicine came back, vial by vial. It is never restocked."""
        vial_ids = _ids(data.vials)

        def step(session: Session, wanted: UUID) -> Order:
            return operations.return_(
                session,
                wanted,
                reason=data.reason,
                words=data.words,
                vial_ids=vial_ids,
                by=actor,
                now=now,
            )

        return change(db, order_id, if_match, step, by=actor, now=now)

    @post(
        "/destruction",
        opt={"permission": Permission.HAND_OVER},
        status_code=200,
        sync_to_thread=True,
    )
    def destroy(
        self,
        *,
        order_id: FromPath[str],
        data: JSONBody[DestructionBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
        if_match: IfMatch = None,
    ) -> OrderAnswer:
        """Record that what came back was destroyed, before a colleague who says so with a PIN."""
        vial_ids, witness = _ids(data.vials), ids.decode("acc", data.witness)
        require_vouched(db, witness, pin=data.witness_pin, field="witness_pin", by=actor, now=now)

        def step(session: Session, wanted: UUID) -> Order:
            return operations.destroy(
                session, wanted, witness=witness, vial_ids=vial_ids, by=actor, now=now
            )

        return change(db, order_id, if_match, step, by=actor, now=now)


def _ids(vials: list[str] | None) -> list[UUID] | None:
    return None if vials is None else [ids.decode("ctr", each) for each in vials]
