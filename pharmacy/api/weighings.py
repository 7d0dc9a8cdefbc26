"""Weighings and balances."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Self

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from pharmacy.api.batch_views import WeighingView
from pharmacy.api.order_views import milligrams
from pharmacy.api.readings import Weight
from pharmacy.compounding import operations, queries
from pharmacy.compounding.models import Balance, Protocol
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.kernel import ids
from pharmacy.kernel.quantities import mg
from pharmacy.staff.rules import Permission


class VoidBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a weighing counts no longer."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class BalanceBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """
    A balance, on a serial server's host and port or on a serial port of the pharmacy's server.

    Without either it has no wire, and what it shows is typed.
    """

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    protocol: Protocol
    host: Annotated[str, Meta(max_length=253)] | None = None
    port: Annotated[int, Meta(ge=1, le=65_535)] | None = None
    device: (
        Annotated[str, Meta(pattern=r"^/dev/[A-Za-z0-9/_.-]{1,80}$", examples=["/dev/ttyUSB0"])]
        | None
    ) = None
    baud: Annotated[int, Meta(ge=300, le=115_200)] = 9_600
    step_mg: Weight
    minimum_mg: Weight
    error_percent: Decimal = Decimal(5)
    verified_on: date
    due_on: date


class BalanceView(msgspec.Struct, frozen=True):
    """A balance, and until when it may be used."""

    id: str
    name: str
    protocol: str
    is_connected: bool
    step_mg: str
    minimum_mg: str
    verified_on: date
    due_on: date

    @classmethod
    def of(cls, balance: Balance) -> Self:
        return cls(
            id=ids.encode("bal", balance.id),
            name=balance.name,
            protocol=balance.protocol,
            is_connected=balance.host is not None or balance.device is not None,
            step_mg=milligrams(balance.step_ug),
            minimum_mg=milligrams(balance.minimum_ug),
            verified_on=balance.verified_on,
            due_on=balance.due_on,
        )


class WeighingController(Controller):
    """A pharmacist's verification of what was weighed."""

    path = "/api/v1/weighings/{weighing_id:str}"
    tags = ["Batches"]

    @post(
        "/verification",
        opt={"permission": Permission.VERIFY_WEIGHING},
        status_code=200,
        sync_to_thread=True,
    )
    def verify(
        self, weighing_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> WeighingView:
        """Verify a weighing, as a pharmacist who did not weigh."""
        wanted = ids.decode("wgh", weighing_id)
        with db.transaction() as session:
            return WeighingView.of(operations.verify(session, wanted, by=actor, now=now))

    @post("/void", opt={"permission": Permission.COMPOUND}, status_code=200, sync_to_thread=True)
    def void(
        self,
        *,
        weighing_id: FromPath[str],
        data: JSONBody[VoidBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> WeighingView:
        """Make a weighing count no longer; its powder is waste."""
        wanted = ids.decode("wgh", weighing_id)
        with db.transaction() as session:
            voided = operations.void(session, wanted, reason=data.reason, by=actor, now=now)
            return WeighingView.of(voided)


class BalanceController(Controller):
    """Balances."""

    path = "/api/v1/balances"
    tags = ["Batches"]

    @get("/", opt={"permission": Permission.READ_BATCH}, sync_to_thread=True)
    def listing(self, db: Db) -> list[BalanceView]:
        """List the balances."""
        with db.transaction() as session:
            return [BalanceView.of(each) for each in queries.balances(session)]

    @post("/", opt={"permission": Permission.RELEASE_LOT}, sync_to_thread=True)
    def add(
        self, data: JSONBody[BalanceBody], db: Db, actor: CurrentActor, now: Now
    ) -> BalanceView:
        """Write down a balance with its figures and its verification."""
        connected = data.host is not None and data.port is not None
        with db.transaction() as session:
            balance = operations.add_balance(
                session,
                name=data.name,
                protocol=data.protocol,
                figures=(mg(data.step_mg), mg(data.minimum_mg), data.error_percent),
                address=(data.host or "", data.port or 0) if connected else None,
                device=(data.device, data.baud) if data.device is not None else None,
                verified_on=data.verified_on,
                due_on=data.due_on,
                by=actor,
                now=now,
            )
            return BalanceView.of(balance)
