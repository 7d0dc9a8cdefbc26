"""Lots of capsule shells: received, accepted by a pharmacist, used in their order."""

from datetime import date
from typing import Annotated, Final

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.formulary.rules.capsules import SHELLS
from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form
from pharmacy.inventory import operations, queries
from pharmacy.inventory.models import ShellLot
from pharmacy.inventory.rules.allocation import why_hidden
from pharmacy.inventory.rules.lots import LotStatus, ShellLotFacts
from pharmacy.kernel import ids
from pharmacy.practice import queries as practice
from pharmacy.staff.rules import Permission
from pharmacy.web.console.powder import READ, RECEIVE, WHY, Text
from pharmacy.web.console.recall_state import mentions_of_lots
from pharmacy.web.view import Action, Answer, CurrentView, View

MOST: Final = 500
ACCEPT: Final = {"permission": Permission.RELEASE_LOT}


class ShellForm(msgspec.Struct, frozen=True):
    """A lot of empty shells, as its box describes it."""

    maker: Text
    lot_number: Text
    capsule_size: Text
    description: Text
    received: Annotated[int, Meta(ge=1, le=10_000_000)]
    received_on: date
    expires_on: date | None = None


class ShellPages(Controller):
    """Empty capsule shells."""

    path = "/bench/shells"

    @get("/", opt=READ, sync_to_thread=True)
    def show(self, view: CurrentView, db: Db) -> Answer:
        """Show every lot in the order of use, and why one is not used."""
        with db.transaction() as session:
            today = practice.site(session).today(view.now)
            lots = sorted(
                queries.shell_lots(session, limit=MOST),
                key=lambda lot: (lot.capsule_size, queries.expiry_of(session, lot), lot.id),
            )
            return view.page(
                "bench/shells.html",
                actions=[Action("n", "Receive shells", opens="receive", kind="primary")]
                if view.may(Permission.RECEIVE_LOT)
                else [],
                lots=[(lot, _why(session, lot, today), _accepts(view, lot)) for lot in lots],
                mentions=mentions_of_lots(session, [lot.id for lot in lots]),
                today=today,
                makers=[(each, each) for each in SHELLS],
                sizes=[(each, each) for each in next(iter(SHELLS.values()))],
            )

    @post("/", opt=RECEIVE, status_code=200, sync_to_thread=True)
    def receive(self, form: Form, view: CurrentView, db: Db, actor: CurrentActor) -> Answer:
        """Write a lot down; it stays in quarantine until a pharmacist accepts it."""
        given = form.read(ShellForm)
        facts = ShellLotFacts(**msgspec.structs.asdict(given))
        with db.transaction() as session:
            lot = operations.receive_shell_lot(session, facts, by=actor, now=view.now)
            number = lot.lot_number
        return view.go("/bench/shells", toast=f"Lot {number} is received, in quarantine")

    @post("/{lot_id:str}/acceptance", opt=ACCEPT, status_code=200, sync_to_thread=True)
    def accept(
        self, lot_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Accept a lot, as a pharmacist who did not receive it."""
        wanted = ids.decode("shl", lot_id)
        with db.transaction() as session:
            lot = operations.release_shell_lot(session, wanted, by=actor, now=view.now)
            number = lot.lot_number
        return view.go("/bench/shells", toast=f"Lot {number} is accepted; it may be filled")


def _why(session: Session, lot: ShellLot, today: date) -> str:
    until = queries.expiry_of(session, lot)
    hidden = why_hidden(lot.status, usable_until=until, left=lot.on_hand, on=today)
    return WHY[hidden] if hidden else ""


def _accepts(view: View, lot: ShellLot) -> bool:
    """Say whether the person may accept a lot: a pharmacist who did not receive it."""
    waits = lot.status is LotStatus.QUARANTINED
    return waits and view.may(Permission.RELEASE_LOT) and lot.received_by != view.actor.id
