"""Batches: what is needed, what is made, and a pharmacist's decisions about it."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from pharmacy.api.batch_views import (
    BatchBrief,
    BatchView,
    PlanView,
    WeighingView,
)
from pharmacy.api.readings import ReadingBody, WeightsBody, one_reading, readings
from pharmacy.api.worksheets import drawn
from pharmacy.compounding import operations, queries
from pharmacy.compounding.models import Item
from pharmacy.compounding.operations import Trial
from pharmacy.compounding.rules.life import BatchStatus
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.pages import USUAL, Cursor, Limit, Page, after, page_of
from pharmacy.kernel import ids
from pharmacy.kernel.quantities import mg
from pharmacy.orders import operations as orders
from pharmacy.staff.rules import Permission

Reason = Annotated[str, Meta(min_length=1, max_length=500)]


class BatchBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A batch to make. What no order needs is justified."""

    strength_mg: Annotated[str, Meta(pattern=r"^[0-9]{1,2}(\.[0-9]{1,3})?$", examples=["4.5"])]
    capsules: Annotated[int, Meta(ge=1, le=100_000)]
    justification: Reason | None = None


class LotsBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The scanned lots of both powders."""

    active_lot: Annotated[str, Meta(examples=["ing_06b7k2m3n4p5q6r7s8t9v0w1x2"])]
    """A lot of naltrexone, or a stock trituration."""
    filler_lot: Annotated[str, Meta(examples=["ing_06b7k2m3n4p5q6r7s8t9v0w1x3"])]
    further_active_lots: Annotated[list[str], Meta(max_length=9)] = msgspec.field(
        default_factory=list
    )
    """More lots of naltrexone of the same salt form, used when those before them are used up."""


class WeighingBody(ReadingBody, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One weighing: of what, from which scanned lot, on which balance."""

    item: Item
    ingredient_lot: str | None = None
    """None for part of a trituration."""


class FillBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many capsules came of it."""

    shell_lot: Annotated[str, Meta(examples=["shl_06b7k2m3n4p5q6r7s8t9v0w1x2"])]
    filled: Annotated[int, Meta(ge=1, le=100_000)]
    broken: Annotated[int, Meta(ge=0, le=100_000)] = 0


class TestBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which test; a laboratory's contents in per cent of the label where it judges contents."""

    test: Trial
    contents: Annotated[list[Decimal], Meta(max_length=60)] = msgspec.field(default_factory=list)


class ProposalController(Controller):
    """What open orders need."""

    path = "/api/v1/batch-proposals"
    tags = ["Batches"]

    @get("/", opt={"permission": Permission.READ_BATCH}, sync_to_thread=True)
    def listing(self, db: Db, now: Now) -> PlanView:
        """Gather what open orders wait for into batches, and say what each saves."""
        with db.transaction() as session:
            return PlanView.of(orders.propose_batches(session, now=now))


class BatchController(Controller):
    """Batches of capsules and their compounding records."""

    path = "/api/v1/batches"
    tags = ["Batches"]

    @get("/", opt={"permission": Permission.READ_BATCH}, sync_to_thread=True)
    def listing(
        self,
        db: Db,
        status: Annotated[BatchStatus | None, QueryParameter(required=False)] = None,
        cursor: Cursor = None,
        limit: Limit = USUAL,
    ) -> Page[BatchBrief]:
        """List batches, the newest first."""
        start = after(cursor, datetime, UUID)
        with db.transaction() as session:
            found = queries.batches(
                session, status=status, after=start and (start[0], start[1]), limit=limit
            )
            return page_of(
                found,
                limit=limit,
                view=BatchBrief.of,
                key=lambda batch: (batch.planned_at, batch.id),
            )

    @get("/{batch_id:str}", opt={"permission": Permission.READ_BATCH}, sync_to_thread=True)
    def show(self, batch_id: FromPath[str], db: Db, now: Now) -> BatchView:
        """Return a batch's record: the sheet with its working, weighings, tests and gates."""
        with db.transaction() as session:
            return BatchView.of(session, queries.get(session, _id(batch_id)), now=now)

    @get(
        "/{batch_id:str}/worksheet",
        opt={"permission": Permission.READ_BATCH},
        sync_to_thread=True,
    )
    def worksheet(self, batch_id: FromPath[str], db: Db, now: Now) -> Response[bytes]:
        """Return the worksheet as a PDF, every quantity with its formula, inputs and rounding."""
        with db.transaction() as session:
            view = BatchView.of(session, queries.get(session, _id(batch_id)), now=now)
        return Response(drawn(view), media_type="application/pdf")

    @post("/", opt={"permission": Permission.ACCEPT_BATCH}, sync_to_thread=True)
    def accept(self, data: JSONBody[BatchBody], db: Db, actor: CurrentActor, now: Now) -> BatchView:
        """Accept a batch of a strength, on the formulation in force."""
        with db.transaction() as session:
            batch = orders.accept_batch(
                session,
                strength_ug=mg(data.strength_mg).micrograms,
                capsules=data.capsules,
                justification=data.justification,
                by=actor,
                now=now,
            )
            return BatchView.of(session, batch, now=now)

    @post(
        "/{batch_id:str}/lots",
        opt={"permission": Permission.COMPOUND},
        status_code=200,
        sync_to_thread=True,
    )
    def scan(
        self,
        *,
        batch_id: FromPath[str],
        data: JSONBody[LotsBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> BatchView:
        """Scan the powders; the sheet is worked out for these very lots."""
        with db.transaction() as session:
            batch = operations.scan_lots(
                session,
                _id(batch_id),
                active_lot_ids=[
                    ids.decode("ing", each) for each in (data.active_lot, *data.further_active_lots)
                ],
                filler_lot_id=ids.decode("ing", data.filler_lot),
                by=actor,
                now=now,
            )
            return BatchView.of(session, batch, now=now)

    @post("/{batch_id:str}/weighings", opt={"permission": Permission.COMPOUND}, sync_to_thread=True)
    def weigh(
        self,
        *,
        batch_id: FromPath[str],
        data: JSONBody[WeighingBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> WeighingView:
        """Take what the balance shows, or what two people read, for one item."""
        wanted = _id(batch_id)
        reading = one_reading(db, data)
        with db.transaction() as session:
            weighing = operations.weigh(
                session,
                wanted,
                item=data.item,
                lot_id=ids.decode("ing", data.ingredient_lot) if data.ingredient_lot else None,
                reading=reading,
                by=actor,
                now=now,
            )
            return WeighingView.of(weighing)

    @post(
        "/{batch_id:str}/blend",
        opt={"permission": Permission.COMPOUND},
        status_code=200,
        sync_to_thread=True,
    )
    def blend(self, batch_id: FromPath[str], db: Db, actor: CurrentActor, now: Now) -> BatchView:
        """Write down that the powders were blended."""
        with db.transaction() as session:
            batch = operations.blend(session, _id(batch_id), by=actor, now=now)
            return BatchView.of(session, batch, now=now)

    @post(
        "/{batch_id:str}/fill",
        opt={"permission": Permission.COMPOUND},
        status_code=200,
        sync_to_thread=True,
    )
    def fill(
        self,
        *,
        batch_id: FromPath[str],
        data: JSONBody[FillBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> BatchView:
        """Write down how many capsules were filled; they become a lot in quarantine."""
        with db.transaction() as session:
            batch = operations.fill(
                session,
                _id(batch_id),
                shell_lot_id=ids.decode("shl", data.shell_lot),
                filled=data.filled,
                broken=data.broken,
                by=actor,
                now=now,
            )
            return BatchView.of(session, batch, now=now)

    @post(
        "/{batch_id:str}/weights",
        opt={"permission": Permission.COMPOUND},
        status_code=200,
        sync_to_thread=True,
    )
    def weigh_capsules(
        self,
        *,
        batch_id: FromPath[str],
        data: JSONBody[WeightsBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> BatchView:
        """Write down the weights of shells or capsules, each weighed by itself."""
        wanted = _id(batch_id)
        shown = readings(db, data)
        with db.transaction() as session:
            batch = operations.weigh_capsules(
                session, wanted, kind=data.kind, readings=shown, by=actor, now=now
            )
            return BatchView.of(session, batch, now=now)

    @post(
        "/{batch_id:str}/tests",
        opt={"permission": Permission.COMPOUND},
        status_code=200,
        sync_to_thread=True,
    )
    def test(
        self,
        *,
        batch_id: FromPath[str],
        data: JSONBody[TestBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> BatchView:
        """Judge the batch by one test; a failure puts it in quarantine."""
        wanted = _id(batch_id)
        with db.transaction() as session:
            operations.judge(
                session, wanted, kind=data.test, contents=data.contents, by=actor, now=now
            )
            return BatchView.of(session, queries.get(session, wanted), now=now)


def _id(text: str) -> UUID:
    return ids.decode("bat", text)
