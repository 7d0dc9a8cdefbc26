"""Lots of powder: received with their papers, accepted by a pharmacist, used in their order."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.formulary.rules.ingredients import INGREDIENTS, TRITURATION
from pharmacy.http.batch_reads import INLINE
from pharmacy.http.bodies import MULTIPART
from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form, FormData, FormInvalid
from pharmacy.infra.db import Database
from pharmacy.inventory import operations, queries
from pharmacy.inventory.models import IngredientLot, PackingStatistic, ShellLot
from pharmacy.inventory.rules.allocation import Hidden
from pharmacy.inventory.rules.lots import ASSAY_BASES, SALT_FORMS, IngredientLotFacts, LotStatus
from pharmacy.kernel import ids
from pharmacy.kernel.quantities import Mass
from pharmacy.practice import queries as practice
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import Permission
from pharmacy.web.console.recall_state import mentions_of_lots, trace_action
from pharmacy.web.rendering import words_of
from pharmacy.web.view import Action, Answer, CurrentView, View

READ: Final = {"permission": Permission.READ_LOT}
RECEIVE: Final = {"permission": Permission.RECEIVE_LOT}
PAPERS: Final = {**RECEIVE, "content_type": MULTIPART}
LARGEST: Final = 8 * 1024 * 1024
WHY: Final = {
    Hidden.QUARANTINED: "In quarantine: a pharmacist compares the papers first",
    Hidden.RECALLED: "Recalled: not to be used",
    Hidden.REJECTED: "Rejected: not to be used",
    Hidden.EXPIRED: "Past its date",
    Hidden.EMPTY: "Used up",
}
"""Why a lot is not offered, in words."""
Text = Annotated[str, Meta(min_length=1, max_length=120)]
Number = Annotated[str, Meta(pattern=r"^[0-9]{1,6}(\.[0-9]{1,6})?$")]
"""A decimal as it is typed: neither a sign nor an exponent."""


class PowderForm(msgspec.Struct, frozen=True):
    """A lot as its container and its certificate describe it."""

    ingredient: Text
    lot_number: Text
    manufacturer: Text
    amount_g: Number
    received_on: date
    expires_on: date | None = None
    salt_form: Literal["hcl-anhydrous", "hcl-dihydrate", "base"] | None = None
    assay_pct: Number | None = None
    assay_basis: Literal["anhydrous", "dried", "as-is"] | None = None
    water_pct: Number | None = None
    establishment: Annotated[str, Meta(pattern=r"^[0-9]{7}([0-9]{3})?$")] | None = None

    def facts(self) -> IngredientLotFacts:
        return IngredientLotFacts(
            ingredient=self.ingredient,
            lot_number=self.lot_number,
            manufacturer=self.manufacturer,
            amount=Mass(Decimal(self.amount_g) * 1000),
            received_on=self.received_on,
            expires_on=self.expires_on,
            salt_form=self.salt_form,
            assay_pct=_decimal(self.assay_pct),
            assay_basis=self.assay_basis,
            water_pct=_decimal(self.water_pct),
            establishment=self.establishment,
        )


class PackingForm(msgspec.Struct, frozen=True):
    """How much of the powder fills one capsule of a size, as measured."""

    capsule_size: Text
    fill_mg: Number
    measured_on: date


@dataclass(frozen=True, slots=True)
class Shelf:
    """Every lot of one ingredient, the first to expire first."""

    name: str
    lots: list[tuple[IngredientLot, str]]
    """With why it is not offered; empty where it is."""
    first: UUID | None
    """What is used next."""


class PowderPages(Controller):
    """Powders."""

    path = "/bench/powder"

    @get("/", opt=READ, sync_to_thread=True)
    def show(self, view: CurrentView, db: Db) -> Answer:
        """Show every lot in the order of use, and why one is not used."""
        with db.transaction() as session:
            return view.page(
                "bench/powder.html",
                actions=[Action("n", "Receive powder", href="/bench/powder/new", kind="primary")]
                if view.may(Permission.RECEIVE_LOT)
                else [],
                shelves=_shelves(session, practice.site(session).today(view.now)),
            )

    @get("/new", opt=RECEIVE, sync_to_thread=True)
    def form(self, view: CurrentView, db: Db) -> Answer:
        """Show the form for a lot that arrived."""
        with db.transaction() as session:
            today = practice.site(session).today(view.now)
        return view.page(
            "bench/receive.html",
            today=today,
            ingredients=[
                (each.key, each.name) for each in INGREDIENTS.values() if each.key != TRITURATION
            ],
            salt_forms=[(each, words_of(each)) for each in SALT_FORMS],
            bases=[(each, words_of(each)) for each in ASSAY_BASES],
        )

    @post(
        "/",
        opt=PAPERS,
        status_code=200,
        request_max_body_size=LARGEST + 64 * 1024,
        sync_to_thread=True,
    )
    def receive(self, form: Form, view: CurrentView, db: Db, actor: CurrentActor) -> Answer:
        """Write a lot down, with its certificate where it came along; it stays in quarantine."""
        given = form.read(PowderForm)
        papers = sent_papers(form)
        with db.transaction() as session:
            lot = operations.receive_ingredient_lot(session, given.facts(), by=actor, now=view.now)
            if papers:
                operations.store_certificate(session, lot.id, papers, by=actor, now=view.now)
            onward = f"/bench/powder/{ids.encode('ing', lot.id)}"
        return view.go(onward, toast="Received; it is in quarantine until a pharmacist accepts it")

    @get("/{lot_id:str}", opt=READ, sync_to_thread=True)
    def lot(self, lot_id: FromPath[str], view: CurrentView, db: Db) -> Answer:
        """Show one lot: its figures, its papers, what was weighed from it."""
        with db.transaction() as session:
            lot = queries.get_ingredient_lot(session, ids.decode("ing", lot_id))
            return view.page(
                "bench/powder_lot.html",
                actions=lot_verbs(view, lot, f"/bench/powder/{lot_id}"),
                id=lot_id,
                lot=lot,
                name=INGREDIENTS[lot.ingredient].name,
                why=_why(session, lot, practice.site(session).today(view.now)),
                usable_until=queries.expiry_of(session, lot),
                packings=session.scalars(
                    select(PackingStatistic)
                    .where(PackingStatistic.ingredient_lot_id == lot.id)
                    .order_by(PackingStatistic.capsule_size)
                ).all(),
                moves=queries.powder_moves(session, lot.id),
                mentions=mentions_of_lots(session, [lot.id]).get(lot.id, ()),
                names=staff.names(
                    session, {each for each in (lot.received_by, lot.released_by) if each}
                ),
            )

    @get("/{lot_id:str}/certificate", opt=READ, sync_to_thread=True)
    def certificate(self, lot_id: FromPath[str], db: Db) -> Response[bytes]:
        """Return the certificate of analysis, byte by byte as it came."""
        with db.transaction() as session:
            found = queries.get_certificate(session, ids.decode("ing", lot_id))
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
        papers = needed_papers(form)

        def do(session: Session, wanted: UUID) -> object:
            return operations.store_certificate(session, wanted, papers, by=actor, now=view.now)

        return _act(view, db, lot_id, do, toast="The certificate is kept")

    @post("/{lot_id:str}/packing", opt=RECEIVE, status_code=200, sync_to_thread=True)
    def packing(
        self, lot_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Write down how the lot packs in a size, as it was measured."""
        given = form.read(PackingForm)

        def do(session: Session, wanted: UUID) -> object:
            return operations.record_packing(
                session,
                wanted,
                capsule_size=given.capsule_size,
                fill_mg=Decimal(given.fill_mg),
                measured_on=given.measured_on,
                by=actor,
                now=view.now,
            )

        return _act(view, db, lot_id, do, toast="Kept; sheets of this lot are worked out with it")

    @post(
        "/{lot_id:str}/acceptance",
        opt={"permission": Permission.RELEASE_LOT},
        status_code=200,
        sync_to_thread=True,
    )
    def accept(
        self, lot_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Accept a lot, as a pharmacist who did not receive it and compared the papers."""

        def do(session: Session, wanted: UUID) -> object:
            return operations.release_ingredient_lot(session, wanted, by=actor, now=view.now)

        return _act(view, db, lot_id, do, toast="Accepted; it may be weighed from")


def _act(
    view: View, db: Database, lot_id: str, do: Callable[[Session, UUID], object], *, toast: str
) -> Answer:
    wanted = ids.decode("ing", lot_id)
    with db.transaction() as session:
        do(session, wanted)
    return view.go(f"/bench/powder/{lot_id}", toast=toast)


def _decimal(typed: str | None) -> Decimal | None:
    return Decimal(typed) if typed is not None else None


def needed_papers(form: FormData) -> bytes:
    """Return the certificate that was sent. Raises FormInvalid."""
    papers = sent_papers(form)
    if papers is None:
        raise FormInvalid({"certificate": "Choose the certificate's PDF."})
    return papers


def sent_papers(form: FormData) -> bytes | None:
    """Return the certificate that was sent, if one was."""
    try:
        sent: UploadFile = form.file("certificate")
    except FormInvalid:
        return None
    return sent.file.read() or None


def _shelves(session: Session, today: date) -> list[Shelf]:
    found = []
    for each in INGREDIENTS.values():
        lots = queries.usable_ingredient_lots(session, each.key, on=today)
        if lots:
            first = next((lot.id for lot, hidden in lots if hidden is None), None)
            said = [(lot, WHY[hidden] if hidden else "") for lot, hidden in lots]
            found.append(Shelf(each.name, said, first))
    return found


def _why(session: Session, lot: IngredientLot, today: date) -> str:
    for each, hidden in queries.usable_ingredient_lots(session, lot.ingredient, on=today):
        if each.id == lot.id:
            return WHY[hidden] if hidden else ""
    return ""


def lot_verbs(view: View, lot: IngredientLot | ShellLot, at: str) -> list[Action]:
    """Return what may be done with a lot whose page is at this address."""
    found = []
    if lot.status is LotStatus.QUARANTINED and view.may(Permission.RELEASE_LOT):
        mine = lot.received_by == view.actor.id
        why = "Whoever received it does not accept it: ask a colleague." if mine else ""
        found.append(Action("a", "Accept", opens="accept", kind="primary", why_not=why))
    if lot.status is LotStatus.QUARANTINED and view.may(Permission.RECEIVE_LOT):
        found.append(Action("p", "Add the certificate", opens="papers"))
    if isinstance(lot, IngredientLot) and view.may(Permission.RECEIVE_LOT):
        found.append(Action("m", "Packing measured", opens="packing"))
    if view.may(Permission.MANAGE_RECALL):
        code = at.rpartition("/")[2]
        found.append(trace_action(code, is_recalled=lot.status is LotStatus.RECALLED))
    if lot.certificate_sha256 is not None:
        found.append(Action("c", "Certificate", href=f"{at}/certificate"))
    return found
