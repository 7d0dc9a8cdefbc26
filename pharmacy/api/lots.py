"""Lots of capsules and of powder: what is there, what is free, and why a lot is not offered."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Self
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta

from pharmacy.api.order_views import encoded, milligrams
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.pages import USUAL, Cursor, Limit, Page, after, page_of
from pharmacy.inventory import operations, queries
from pharmacy.inventory.models import CapsuleLot, IngredientLot, LotStatus
from pharmacy.inventory.rules.allocation import Need, WhyNot
from pharmacy.inventory.rules.lots import CapsuleLotFacts, IngredientLotFacts, RecallNeeded
from pharmacy.kernel import ids
from pharmacy.kernel.quantities import Mass, mg
from pharmacy.practice import queries as practice
from pharmacy.staff.rules import Permission

Milligrams = Annotated[str, Meta(pattern=r"^(0|[1-9][0-9]{0,5})(\.[0-9]{1,3})?$", examples=["4.5"])]
Percent = Annotated[Decimal, Meta(examples=["99.2"])]
Text = Annotated[str, Meta(min_length=1, max_length=120)]


class CapsuleLotView(msgspec.Struct, frozen=True):
    """A batch of finished capsules."""

    id: str
    lot_number: str
    strength_mg: str
    capsule_size: str
    description: str
    status: str
    compounded_on: date
    beyond_use_on: date
    made: int
    on_hand: int
    reserved: int
    free: int
    active_lot: str

    @classmethod
    def of(cls, lot: CapsuleLot) -> Self:
        return cls(
            id=ids.encode("lot", lot.id),
            lot_number=lot.lot_number,
            strength_mg=milligrams(lot.strength_ug),
            capsule_size=lot.capsule_size,
            description=lot.description,
            status=lot.status,
            compounded_on=lot.compounded_on,
            beyond_use_on=lot.beyond_use_on,
            made=lot.made,
            on_hand=lot.on_hand,
            reserved=lot.reserved,
            free=lot.on_hand - lot.reserved,
            active_lot=ids.encode("ing", lot.active_lot_id),
        )


class ExplainedView(msgspec.Struct, frozen=True):
    """A lot, and why it is not offered for these days; None when it is."""

    lot: CapsuleLotView
    why_not: str | None

    @classmethod
    def of(cls, found: tuple[CapsuleLot, WhyNot | None]) -> Self:
        lot, reason = found
        return cls(lot=CapsuleLotView.of(lot), why_not=reason)


class CapsuleLotBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A batch of finished capsules. It stays in quarantine until a second person releases it."""

    lot_number: Text
    strength_mg: Milligrams
    capsule_size: Annotated[str, Meta(examples=["3"])]
    description: Annotated[str, Meta(min_length=1, max_length=120, examples=["white capsule"])]
    filler: Text
    active_lot: Annotated[str, Meta(examples=["ing_06b7k2m3n4p5q6r7s8t9v0w1x2"])]
    compounded_on: date
    beyond_use_on: date
    made: Annotated[int, Meta(ge=1, le=100_000)]

    def facts(self) -> CapsuleLotFacts:
        return CapsuleLotFacts(
            lot_number=self.lot_number,
            strength_ug=mg(self.strength_mg).micrograms,
            capsule_size=self.capsule_size,
            description=self.description,
            filler=self.filler,
            active_lot_id=ids.decode("ing", self.active_lot),
            compounded_on=self.compounded_on,
            beyond_use_on=self.beyond_use_on,
            made=self.made,
        )


class WithdrawalBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a lot goes out of use, and for how long."""

    status: LotStatus
    """`quarantined` while it is looked into, `rejected` for good; a recall has its own route."""
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class IngredientLotView(msgspec.Struct, frozen=True):
    """A lot of powder with the figures of its certificate."""

    id: str
    ingredient: str
    lot_number: str
    manufacturer: str
    salt_form: str | None
    assay_pct: str | None
    assay_basis: str | None
    water_pct: str | None
    establishment: str | None
    certificate_sha256: str | None
    active_ug_per_g: int | None
    received_on: date
    expires_on: date | None
    status: str
    on_hand_mg: str
    released_by: str | None

    @classmethod
    def of(cls, lot: IngredientLot) -> Self:
        return cls(
            id=ids.encode("ing", lot.id),
            ingredient=lot.ingredient,
            lot_number=lot.lot_number,
            manufacturer=lot.manufacturer,
            salt_form=lot.salt_form,
            assay_pct=_decimal(lot.assay_pct),
            assay_basis=lot.assay_basis,
            water_pct=_decimal(lot.water_pct),
            establishment=lot.establishment,
            certificate_sha256=lot.certificate_sha256.hex() if lot.certificate_sha256 else None,
            active_ug_per_g=lot.active_ug_per_g,
            received_on=lot.received_on,
            expires_on=lot.expires_on,
            status=lot.status,
            on_hand_mg=milligrams(lot.on_hand_ug),
            released_by=encoded("acc", lot.released_by),
        )


def _decimal(value: Decimal | None) -> str | None:
    return f"{value:f}" if value is not None else None


class IngredientLotBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A received lot of powder. Percentages are decimal text: `"99.2"`."""

    ingredient: Annotated[str, Meta(examples=["naltrexone-hydrochloride"])]
    lot_number: Text
    manufacturer: Text
    amount_mg: Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,9}(\.[0-9]{1,3})?$", examples=["25000"])]
    received_on: date
    expires_on: date | None = None
    salt_form: str | None = None
    assay_pct: Percent | None = None
    assay_basis: str | None = None
    water_pct: Percent | None = None
    establishment: Annotated[str, Meta(examples=["3001234567"])] | None = None

    def facts(self) -> IngredientLotFacts:
        return IngredientLotFacts(
            ingredient=self.ingredient,
            lot_number=self.lot_number,
            manufacturer=self.manufacturer,
            amount=Mass(Decimal(self.amount_mg)),
            received_on=self.received_on,
            expires_on=self.expires_on,
            salt_form=self.salt_form,
            assay_pct=self.assay_pct,
            assay_basis=self.assay_basis,
            water_pct=self.water_pct,
            establishment=self.establishment,
        )


class CapsuleLotController(Controller):
    """Finished capsules."""

    path = "/api/v1/lots"
    tags = ["Lots"]

    @get("/", opt={"permission": Permission.READ_LOT}, sync_to_thread=True)
    def listing(
        self,
        *,
        db: Db,
        strength_mg: Annotated[Milligrams | None, QueryParameter(required=False)] = None,
        status: Annotated[LotStatus | None, QueryParameter(required=False)] = None,
        cursor: Cursor = None,
        limit: Limit = USUAL,
    ) -> Page[CapsuleLotView]:
        """List capsule lots, the first to expire first."""
        start = after(cursor, date, UUID)
        with db.transaction() as session:
            lots = queries.capsule_lots(
                session,
                strength_ug=mg(strength_mg).micrograms if strength_mg else None,
                status=status,
                after=start and (start[0], start[1]),
                limit=limit,
            )
            return page_of(
                lots,
                limit=limit,
                view=CapsuleLotView.of,
                key=lambda lot: (lot.beyond_use_on, lot.id),
            )

    @get("/eligibility", opt={"permission": Permission.READ_LOT}, sync_to_thread=True)
    def eligibility(
        self,
        *,
        db: Db,
        now: Now,
        strength_mg: Milligrams,
        first_dose_on: FromQuery[date],
        last_dose_on: FromQuery[date],
        capsules_per_dose: Annotated[int, QueryParameter(ge=1, le=3)] = 1,
    ) -> list[ExplainedView]:
        """Say of each lot of a strength whether it may serve these days, and if not, why."""
        need = Need(
            strength_ug=mg(strength_mg).micrograms,
            per_dose=capsules_per_dose,
            first_on=first_dose_on,
            last_on=last_dose_on,
        )
        with db.transaction() as session:
            today = practice.site(session).today(now)
            return [ExplainedView.of(each) for each in queries.explain(session, need, today=today)]

    @get("/{lot_id:str}", opt={"permission": Permission.READ_LOT}, sync_to_thread=True)
    def show(self, lot_id: FromPath[str], db: Db) -> CapsuleLotView:
        """Return a capsule lot."""
        with db.transaction() as session:
            return CapsuleLotView.of(queries.get_capsule_lot(session, ids.decode("lot", lot_id)))

    @post("/", opt={"permission": Permission.RECEIVE_LOT}, sync_to_thread=True)
    def receive(
        self, data: JSONBody[CapsuleLotBody], db: Db, actor: CurrentActor, now: Now
    ) -> CapsuleLotView:
        """Write down a batch of finished capsules."""
        with db.transaction() as session:
            lot = operations.receive_capsule_lot(session, data.facts(), by=actor, now=now)
            return CapsuleLotView.of(lot)

    @post(
        "/{lot_id:str}/release",
        opt={"permission": Permission.RELEASE_LOT},
        status_code=200,
        sync_to_thread=True,
    )
    def release(
        self, lot_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> CapsuleLotView:
        """Allow a lot to be dispensed, as a pharmacist who did not make it."""
        wanted = ids.decode("lot", lot_id)
        with db.transaction() as session:
            lot = operations.release_capsule_lot(session, wanted, by=actor, now=now)
            return CapsuleLotView.of(lot)

    @post(
        "/{lot_id:str}/withdrawal",
        opt={"permission": Permission.RELEASE_LOT},
        status_code=200,
        sync_to_thread=True,
    )
    def withdraw(
        self,
        *,
        lot_id: FromPath[str],
        data: JSONBody[WithdrawalBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> CapsuleLotView:
        """Put a lot out of use; orders that hold it do not pass their final check."""
        wanted = ids.decode("lot", lot_id)
        with db.transaction() as session:
            if data.status is LotStatus.RECALLED:
                raise RecallNeeded("a lot is recalled by a recall", field="status")
            lot = operations.withdraw_capsule_lot(
                session, wanted, status=data.status, reason=data.reason, by=actor, now=now
            )
            return CapsuleLotView.of(lot)


class IngredientLotController(Controller):
    """Powders."""

    path = "/api/v1/ingredient-lots"
    tags = ["Lots"]

    @get("/", opt={"permission": Permission.READ_LOT}, sync_to_thread=True)
    def listing(
        self,
        db: Db,
        ingredient: Annotated[str | None, QueryParameter(required=False, max_length=80)] = None,
        cursor: Cursor = None,
        limit: Limit = USUAL,
    ) -> Page[IngredientLotView]:
        """List ingredient lots, the first received first."""
        start = after(cursor, date, UUID)
        with db.transaction() as session:
            lots = queries.ingredient_lots(
                session,
                ingredient=ingredient,
                after=start and (start[0], start[1]),
                limit=limit,
            )
            return page_of(
                lots,
                limit=limit,
                view=IngredientLotView.of,
                key=lambda lot: (lot.received_on, lot.id),
            )

    @post("/", opt={"permission": Permission.RECEIVE_LOT}, sync_to_thread=True)
    def receive(
        self, data: JSONBody[IngredientLotBody], db: Db, actor: CurrentActor, now: Now
    ) -> IngredientLotView:
        """Write down a lot of powder with its certificate of analysis."""
        with db.transaction() as session:
            lot = operations.receive_ingredient_lot(session, data.facts(), by=actor, now=now)
            return IngredientLotView.of(lot)

    @post(
        "/{lot_id:str}/release",
        opt={"permission": Permission.RELEASE_LOT},
        status_code=200,
        sync_to_thread=True,
    )
    def release(
        self, lot_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> IngredientLotView:
        """Allow a lot of powder to be used, as a pharmacist who did not receive it."""
        wanted = ids.decode("ing", lot_id)
        with db.transaction() as session:
            lot = operations.release_ingredient_lot(session, wanted, by=actor, now=now)
            return IngredientLotView.of(lot)
