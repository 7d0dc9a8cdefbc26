"""Powder and shells: certificates, ledgers, triturations, scanned codes, and what is hidden."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Final, Self

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter, RawBody
from msgspec import Meta

from pharmacy.api.lots import CapsuleLotView, IngredientLotView, Milligrams, Text
from pharmacy.api.order_views import encoded, milligrams
from pharmacy.compounding.operations import stock_triturations
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.inventory import operations, queries
from pharmacy.inventory.models import (
    CapsuleLot,
    IngredientLot,
    PackingStatistic,
    PowderMove,
    ShellLot,
)
from pharmacy.inventory.rules import barcodes
from pharmacy.inventory.rules.lots import ShellLotFacts
from pharmacy.kernel import ids
from pharmacy.kernel.quantities import Mass, mg
from pharmacy.practice import queries as practice
from pharmacy.staff.rules import Permission

PDF: Final = "application/pdf"
LARGEST_CERTIFICATE: Final = 8 * 1024 * 1024
MOST_SHELL_LOTS: Final = 500
Amount = Annotated[str, Meta(pattern=r"^(0|[1-9][0-9]{0,9})(\.[0-9]{1,3})?$", examples=["1000"])]


class MoveView(msgspec.Struct, frozen=True):
    """One movement of a powder lot."""

    kind: str
    quantity_mg: str
    at: datetime
    by: str | None

    @classmethod
    def of(cls, move: PowderMove) -> Self:
        return cls(
            kind=move.kind,
            quantity_mg=milligrams(move.quantity_ug),
            at=move.at,
            by=encoded("acc", move.by_id),
        )


class HiddenLotView(msgspec.Struct, frozen=True):
    """A powder lot, and why it is not offered today; None when it is."""

    lot: IngredientLotView
    why_hidden: str | None


class PackingBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How much of a powder fills one capsule of a size, as measured."""

    capsule_size: Annotated[str, Meta(examples=["3"])]
    fill_mg: Annotated[Decimal, Meta(examples=["225"])]
    measured_on: date
    density_g_ml: Annotated[Decimal, Meta(examples=["0.75"])] | None = None


class PackingView(msgspec.Struct, frozen=True):
    """A packing statistic, with who measured it and when."""

    capsule_size: str
    fill_mg: str
    density_g_ml: str | None
    measured_on: date
    measured_by: str | None

    @classmethod
    def of(cls, found: PackingStatistic) -> Self:
        density = found.density_g_ml
        return cls(
            capsule_size=found.capsule_size,
            fill_mg=f"{found.fill_mg:f}",
            density_g_ml=f"{density:f}" if density is not None else None,
            measured_on=found.measured_on,
            measured_by=encoded("acc", found.measured_by),
        )


class TriturationBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A dilution of naltrexone in filler that was mixed here, to be weighed from later."""

    lot_number: Text
    active_lot: str
    diluent_lot: str
    active_mg: Amount
    diluent_mg: Amount
    made_on: date


class ShellLotView(msgspec.Struct, frozen=True):
    """A lot of empty shells."""

    id: str
    maker: str
    lot_number: str
    capsule_size: str
    description: str
    status: str
    received_on: date
    expires_on: date | None
    on_hand: int
    mean_tare_mg: str | None

    @classmethod
    def of(cls, lot: ShellLot) -> Self:
        return cls(
            id=ids.encode("shl", lot.id),
            maker=lot.maker,
            lot_number=lot.lot_number,
            capsule_size=lot.capsule_size,
            description=lot.description,
            status=lot.status,
            received_on=lot.received_on,
            expires_on=lot.expires_on,
            on_hand=lot.on_hand,
            mean_tare_mg=milligrams(lot.mean_tare_ug) if lot.mean_tare_ug else None,
        )


class ShellLotBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A received lot of shells."""

    maker: Text
    lot_number: Text
    capsule_size: Annotated[str, Meta(examples=["3"])]
    description: Text
    received: Annotated[int, Meta(ge=1, le=10_000_000)]
    received_on: date
    expires_on: date | None = None


class TareBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Empty shells, weighed one by one."""

    weights_mg: Annotated[
        list[Milligrams],
        Meta(min_length=1, max_length=100, examples=[["48.1", "47.6", "48.3"]]),
    ]


class ScanBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a scanner sent, unchanged: GS1 with its separators, our own code, or a lot number."""

    code: Annotated[str, Meta(min_length=1, max_length=120)]


class ScanView(msgspec.Struct, frozen=True):
    """What a code says, and the lots that it may mean."""

    lot_number: str | None
    gtin: str | None
    expires_on: date | None
    net_weight_mg: str | None
    ingredient_lots: list[IngredientLotView]
    shell_lots: list[ShellLotView]
    capsule_lots: list[CapsuleLotView]


class PowderController(Controller):
    """What happens to powder after its receipt."""

    path = "/api/v1/ingredient-lots"
    tags = ["Lots"]

    @get("/eligibility", opt={"permission": Permission.READ_LOT}, sync_to_thread=True)
    def eligibility(self, *, db: Db, now: Now, ingredient: FromQuery[str]) -> list[HiddenLotView]:
        """List an ingredient's lots, the first to expire first, and why each hidden one is."""
        with db.transaction() as session:
            today = practice.site(session).today(now)
            found = queries.usable_ingredient_lots(session, ingredient, on=today)
            return [HiddenLotView(IngredientLotView.of(lot), why) for lot, why in found]

    @get("/{lot_id:str}/ledger", opt={"permission": Permission.READ_LOT}, sync_to_thread=True)
    def ledger(self, *, lot_id: FromPath[str], db: Db) -> list[MoveView]:
        """List every movement of a lot."""
        with db.transaction() as session:
            lot = queries.get_ingredient_lot(session, ids.decode("ing", lot_id))
            return [MoveView.of(move) for move in queries.powder_moves(session, lot.id)]

    @get(
        "/{lot_id:str}/certificate",
        opt={"permission": Permission.READ_LOT},
        media_type=PDF,
        sync_to_thread=True,
    )
    def certificate(self, *, lot_id: FromPath[str], db: Db) -> Response[bytes]:
        """Return the certificate of analysis, byte by byte as it came."""
        with db.transaction() as session:
            found = queries.get_certificate(session, ids.decode("ing", lot_id))
            return Response(
                found.content,
                media_type=found.media_type,
                headers={
                    "Content-Disposition": 'attachment; filename="certificate.pdf"',
                    "X-Content-Type-Options": "nosniff",
                },
            )

    @post(
        "/{lot_id:str}/certificate",
        opt={"permission": Permission.RECEIVE_LOT, "content_type": PDF},
        request_max_body_size=LARGEST_CERTIFICATE,
        sync_to_thread=True,
    )
    def keep_certificate(
        self, *, lot_id: FromPath[str], body: RawBody, db: Db, actor: CurrentActor, now: Now
    ) -> IngredientLotView:
        """Keep the certificate of analysis of a lot in quarantine, under its digest."""
        wanted = ids.decode("ing", lot_id)
        with db.transaction() as session:
            return IngredientLotView.of(
                operations.store_certificate(session, wanted, bytes(body), by=actor, now=now)
            )

    @post("/{lot_id:str}/packing", opt={"permission": Permission.RECEIVE_LOT}, sync_to_thread=True)
    def packing(
        self,
        *,
        lot_id: FromPath[str],
        data: JSONBody[PackingBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> PackingView:
        """Write down how a lot packs in a size, as it was measured."""
        wanted = ids.decode("ing", lot_id)
        with db.transaction() as session:
            return PackingView.of(
                operations.record_packing(
                    session,
                    wanted,
                    capsule_size=data.capsule_size,
                    fill_mg=data.fill_mg,
                    density_g_ml=data.density_g_ml,
                    measured_on=data.measured_on,
                    by=actor,
                    now=now,
                )
            )

    @post("/triturations", opt={"permission": Permission.RECEIVE_LOT}, sync_to_thread=True)
    def triturate(
        self, *, data: JSONBody[TriturationBody], db: Db, actor: CurrentActor, now: Now
    ) -> IngredientLotView:
        """Write down a stock trituration; it waits in quarantine like any lot."""
        with db.transaction() as session:
            lot = stock_triturations.make_trituration(
                session,
                lot_number=data.lot_number,
                active_lot_id=ids.decode("ing", data.active_lot),
                diluent_lot_id=ids.decode("ing", data.diluent_lot),
                active=Mass(Decimal(data.active_mg)),
                diluent=Mass(Decimal(data.diluent_mg)),
                made_on=data.made_on,
                by=actor,
                now=now,
            )
            return IngredientLotView.of(lot)


class ShellLotController(Controller):
    """Empty capsule shells."""

    path = "/api/v1/shell-lots"
    tags = ["Lots"]

    @get("/", opt={"permission": Permission.READ_LOT}, sync_to_thread=True)
    def listing(
        self, *, db: Db, limit: Annotated[int, QueryParameter(ge=1, le=MOST_SHELL_LOTS)] = 100
    ) -> list[ShellLotView]:
        """List lots of shells, the newest receipt first."""
        with db.transaction() as session:
            return [ShellLotView.of(lot) for lot in queries.shell_lots(session, limit=limit)]

    @post("/", opt={"permission": Permission.RECEIVE_LOT}, sync_to_thread=True)
    def receive(
        self, *, data: JSONBody[ShellLotBody], db: Db, actor: CurrentActor, now: Now
    ) -> ShellLotView:
        """Write down a lot of shells; it stays in quarantine."""
        facts = ShellLotFacts(**msgspec.structs.asdict(data))
        with db.transaction() as session:
            return ShellLotView.of(operations.receive_shell_lot(session, facts, by=actor, now=now))

    @post("/{lot_id:str}/tare", opt={"permission": Permission.RECEIVE_LOT}, sync_to_thread=True)
    def tare(
        self,
        *,
        lot_id: FromPath[str],
        data: JSONBody[TareBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> ShellLotView:
        """Write down what ten or more empty shells weigh, one by one."""
        wanted = ids.decode("shl", lot_id)
        weights = [mg(weight) for weight in data.weights_mg]
        with db.transaction() as session:
            operations.tare_shells(session, wanted, weights, by=actor, now=now)
            return ShellLotView.of(queries.get_shell_lot(session, wanted))

    @post(
        "/{lot_id:str}/release",
        opt={"permission": Permission.RELEASE_LOT},
        status_code=200,
        sync_to_thread=True,
    )
    def release(
        self, *, lot_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> ShellLotView:
        """Allow a lot of shells to be used, as a pharmacist who did not receive it."""
        wanted = ids.decode("shl", lot_id)
        with db.transaction() as session:
            return ShellLotView.of(operations.release_shell_lot(session, wanted, by=actor, now=now))


class BarcodeController(Controller):
    """Codes on containers of lots."""

    path = "/api/v1/barcodes"
    tags = ["Lots"]

    @post("/", opt={"permission": Permission.READ_LOT}, status_code=200, sync_to_thread=True)
    def read(self, *, data: JSONBody[ScanBody], db: Db, now: Now) -> ScanView:
        """Say what a scanned code means and which lots it may be of."""
        with db.transaction() as session:
            scan = barcodes.read(data.code, today=practice.site(session).today(now))
            found = queries.by_scan(session, scan)
            weight = scan.net_weight_mg
            return ScanView(
                lot_number=scan.lot_number,
                gtin=scan.gtin,
                expires_on=scan.expires_on,
                net_weight_mg=f"{weight:f}" if weight is not None else None,
                ingredient_lots=[
                    IngredientLotView.of(lot) for lot in found if isinstance(lot, IngredientLot)
                ],
                shell_lots=[ShellLotView.of(lot) for lot in found if isinstance(lot, ShellLot)],
                capsule_lots=[
                    CapsuleLotView.of(lot) for lot in found if isinstance(lot, CapsuleLot)
                ],
            )
