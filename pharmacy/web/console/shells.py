"""Lots of capsule shells: received, accepted by a pharmacist, used in their order."""

from datetime import date
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.compounding import queries as compounding
from pharmacy.formulary.rules.capsules import SHELLS
from pharmacy.http.batch_reads import INLINE
from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form
from pharmacy.inventory import operations, queries
from pharmacy.inventory.models import ShellLot
from pharmacy.inventory.rules.allocation import why_hidden
from pharmacy.inventory.rules.lots import ShellLotFacts
from pharmacy.kernel import ids
from pharmacy.practice import queries as practice
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import Permission
from pharmacy.web.console.powder import (
    LARGEST,
    PAPERS,
    READ,
    RECEIVE,
    WHY,
    Text,
    lot_verbs,
    needed_papers,
)
from pharmacy.web.console.recall_state import mentions_of_lots
from pharmacy.web.view import Action, Answer, CurrentView

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
                lots=[(lot, _why(session, lot, today)) for lot in lots],
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
            at = _page(lot.id)
        return view.go(at, toast="Received; it is in quarantine until a pharmacist accepts it")

    @get("/{lot_id:str}", opt=READ, sync_to_thread=True)
    def lot(self, lot_id: FromPath[str], view: CurrentView, db: Db) -> Answer:
        """Show one lot: how it was received, its papers, what it weighs, which batches it is in."""
        with db.transaction() as session:
            lot = queries.get_shell_lot(session, ids.decode("shl", lot_id))
            moves = queries.shell_moves(session, lot.id)
            return view.page(
                "bench/shell_lot.html",
                actions=lot_verbs(view, lot, _page(lot.id)),
                id=lot_id,
                at=_page(lot.id),
                lot=lot,
                why=_why(session, lot, practice.site(session).today(view.now)),
                usable_until=queries.expiry_of(session, lot),
                moves=moves,
                batches=compounding.by_id(session, {each.cause_id for each in moves}),
                mentions=mentions_of_lots(session, [lot.id]).get(lot.id, ()),
                names=staff.names(
                    session, {each for each in (lot.received_by, lot.released_by) if each}
                ),
            )

    @get("/{lot_id:str}/certificate", opt=READ, sync_to_thread=True)
    def certificate(self, lot_id: FromPath[str], db: Db) -> Response[bytes]:
        """Return the maker's certificate, byte by byte as it came."""
        with db.transaction() as session:
            lot = queries.get_shell_lot(session, ids.decode("shl", lot_id))
            found = queries.get_document(session, lot.certificate_sha256)
            return Response(found.content, media_type=found.media_type, headers=INLINE)

    @post(
        "/{lot_id:str}/certificate",
        opt=PAPERS,
        status_code=200,
        request_max_body_size=LARGEST + 64 * 1024,
        sync_to_thread=True,
    )
    def keep_certificate(
        self, lot_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Keep the certificate of a lot in quarantine, under its digest."""
        wanted, papers = ids.decode("shl", lot_id), needed_papers(form)
        with db.transaction() as session:
            operations.store_shell_certificate(session, wanted, papers, by=actor, now=view.now)
        return view.go(_page(wanted), toast="The certificate is kept")

    @post("/{lot_id:str}/acceptance", opt=ACCEPT, status_code=200, sync_to_thread=True)
    def accept(
        self, lot_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Accept a lot, as a pharmacist who did not receive it."""
        wanted = ids.decode("shl", lot_id)
        with db.transaction() as session:
            lot = operations.release_shell_lot(session, wanted, by=actor, now=view.now)
            number = lot.lot_number
        return view.go(_page(wanted), toast=f"Lot {number} is accepted; it may be filled")


def _why(session: Session, lot: ShellLot, today: date) -> str:
    until = queries.expiry_of(session, lot)
    hidden = why_hidden(lot.status, usable_until=until, left=lot.on_hand, on=today)
    return WHY[hidden] if hidden else ""


def _page(lot_id: UUID) -> str:
    return f"/bench/shells/{ids.encode('shl', lot_id)}"
