"""Keeping an order where it is, and letting it go on."""

from uuid import UUID

import msgspec
from litestar import Controller, post
from litestar.params import FromPath
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form
from pharmacy.kernel import ids
from pharmacy.orders import operations
from pharmacy.orders.models import Hold
from pharmacy.orders.rules import Owner
from pharmacy.staff.rules import Permission
from pharmacy.web.console.order_steps import PATH, UNDONE, Code, Needed, take_step
from pharmacy.web.view import Answer, CurrentView


class HoldForm(msgspec.Struct, frozen=True):
    """Why an order waits, and for whom."""

    reason: Code
    words: Needed
    owner: Owner


class LiftForm(msgspec.Struct, frozen=True):
    """Why a hold no longer stands in the way."""

    reason: Needed


class OrderHolds(Controller):
    """Holds of one order."""

    path = PATH

    @post("/holds", opt={"permission": Permission.PLACE_HOLD}, status_code=200, sync_to_thread=True)
    def hold(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Keep the order where it is until somebody acts. Whoever may lift it may undo it."""
        given = form.read(HoldForm)

        def step(session: Session, wanted: UUID) -> object:
            return operations.hold_because(
                session,
                wanted,
                reason=given.reason,
                words=given.words,
                owner=given.owner,
                by=actor,
                now=view.now,
            )

        undo = _undo_at if view.may(Permission.LIFT_HOLD) else None
        return take_step(view, db, order_id, step, toast="On hold", undo=undo)

    @post(
        "/holds/{hold_id:str}",
        opt={"permission": Permission.LIFT_HOLD},
        status_code=200,
        sync_to_thread=True,
    )
    def lift(
        self,
        *,
        order_id: FromPath[str],
        hold_id: FromPath[str],
        form: Form,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Decide that a hold no longer stands in the way."""
        reason = form.read(LiftForm).reason

        def step(session: Session, wanted: UUID) -> object:
            hold = ids.decode("hld", hold_id)
            return operations.lift_hold(
                session, wanted, hold, reason=reason, by=actor, now=view.now
            )

        return take_step(view, db, order_id, step, toast="Lifted")

    @post(
        "/holds/{hold_id:str}/undo",
        opt={"permission": Permission.LIFT_HOLD},
        status_code=200,
        sync_to_thread=True,
    )
    def undo(
        self,
        order_id: FromPath[str],
        hold_id: FromPath[str],
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Take back a hold that one placed a moment ago."""

        def step(session: Session, wanted: UUID) -> object:
            hold = ids.decode("hld", hold_id)
            return operations.lift_hold(
                session, wanted, hold, reason=UNDONE, by=actor, now=view.now
            )

        return take_step(view, db, order_id, step, toast="Not on hold any more")


def _undo_at(hold: Hold) -> str:
    return f"/holds/{ids.encode('hld', hold.id)}/undo"
