"""Coded reasons: what people choose from when they say why."""

from typing import Annotated, Final

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form, Ticked
from pharmacy.kernel.refusals import NotFound
from pharmacy.orders import operations, queries
from pharmacy.orders.models import ReasonCode
from pharmacy.orders.rules.reasons import FIXED, Purpose
from pharmacy.staff.rules import Permission
from pharmacy.web.console.admin_tabs import tabs_of
from pharmacy.web.view import Action, Answer, CurrentView

PATH: Final = "/admin/reasons"
MANAGE: Final = {"permission": Permission.MANAGE_REASONS}
PURPOSES: Final = {
    Purpose.REJECT: "Why a prescription is rejected",
    Purpose.CANCEL: "Why an order is cancelled",
    Purpose.REALLOCATE: "Why capsules are replaced",
    Purpose.SEND_BACK: "Why an order is sent back",
    Purpose.RETURN: "Why medicine comes back",
    Purpose.HOLD: "Why an order is held",
    Purpose.FINDING: "Why a finding is decided as it is",
    Purpose.OVERRIDE: "Why an order goes before older ones",
    Purpose.TAKE_OVER: "Why an order is taken over",
    Purpose.PARTIAL: "Why a part goes now and the rest later",
    Purpose.REPLACE: "Why vials that left are replaced",
    Purpose.REORDER: "Why a fill is ordered again",
}
Words = Annotated[str, Meta(min_length=1, max_length=100)]


class ReasonNotFound(NotFound):
    """There is no such reason."""

    code = "reason-not-found"


class NewForm(msgspec.Struct, frozen=True):
    """A reason to put into use."""

    purpose: Purpose
    code: Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{2,39}$")]
    words: Words
    asks_for_words: Ticked | None = None


class ReasonForm(msgspec.Struct, frozen=True):
    """How a reason is shown, and whether it is in use."""

    words: Words
    asks_for_words: Ticked | None = None
    is_active: Ticked | None = None


class ReasonPages(Controller):
    """The pharmacy's reasons, by what they are given for."""

    path = PATH

    @get("/", opt={"permission": Permission.READ_JOBS}, sync_to_thread=True)
    def show(self, view: CurrentView, db: Db) -> Answer:
        """List reasons by purpose, those out of use last."""
        new = Action("n", "Add a reason", opens="add", kind="primary")
        with db.transaction() as session:
            found = queries.reason_codes(session)
            return view.page(
                "admin/reasons.html",
                actions=[new] if view.may(Permission.MANAGE_REASONS) else [],
                tabs=tabs_of(view),
                groups=[
                    (title, _sorted([each for each in found if each.purpose == purpose]))
                    for purpose, title in PURPOSES.items()
                ],
                purposes=[(purpose.value, title) for purpose, title in PURPOSES.items()],
                changes=view.may(Permission.MANAGE_REASONS),
            )

    @post("/", opt=MANAGE, status_code=200, sync_to_thread=True)
    def add(self, form: Form, view: CurrentView, db: Db, actor: CurrentActor) -> Answer:
        """Put a new reason into use."""
        given = form.read(NewForm)
        with db.transaction() as session:
            operations.define_reason(
                session,
                given.purpose,
                given.code,
                words=given.words,
                asks_for_words=given.asks_for_words is not None,
                is_active=True,
                by=actor,
                now=view.now,
            )
        return view.go(PATH, toast="In use from now on")

    @get("/{purpose:str}/{code:str}", opt=MANAGE, sync_to_thread=True)
    def reason(
        self, purpose: FromPath[Purpose], code: FromPath[str], view: CurrentView, db: Db
    ) -> Answer:
        """Show one reason to change it."""
        with db.transaction() as session:
            return view.page(
                "admin/reason.html",
                tabs=tabs_of(view),
                reason=_reason(session, purpose, code),
                title=PURPOSES[purpose],
                is_fixed=(purpose, code) in FIXED,
            )

    @post("/{purpose:str}/{code:str}", opt=MANAGE, status_code=200, sync_to_thread=True)
    def change(
        self,
        *,
        purpose: FromPath[Purpose],
        code: FromPath[str],
        form: Form,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Change a reason's words, or take it out of use. None is ever deleted."""
        given = form.read(ReasonForm)
        with db.transaction() as session:
            _reason(session, purpose, code)
            operations.define_reason(
                session,
                purpose,
                code,
                words=given.words,
                asks_for_words=given.asks_for_words is not None,
                is_active=given.is_active is not None,
                by=actor,
                now=view.now,
            )
        return view.go(PATH, toast="Changed")


def _reason(session: Session, purpose: Purpose, code: str) -> ReasonCode:
    if (found := session.get(ReasonCode, (purpose, code))) is None:
        raise ReasonNotFound("there is no such reason")
    return found


def _sorted(reasons: list[ReasonCode]) -> list[ReasonCode]:
    return sorted(reasons, key=lambda each: (not each.is_active, each.code))
