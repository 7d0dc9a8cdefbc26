"""Next fills: the list of those that are due, and ordering one."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from sqlalchemy.orm import Session

from pharmacy.api.order_views import PatientBrief, encoded, milligrams
from pharmacy.api.orders import OrderAnswer, answer
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.pages import USUAL, Cursor, Limit, Page, after, page_of
from pharmacy.http.refill_reads import note_refills_read
from pharmacy.infra import audit
from pharmacy.kernel import ids
from pharmacy.refills import operations, queries
from pharmacy.refills.models import Refill, RefillState
from pharmacy.refills.queries import DueRow
from pharmacy.refills.rules import EarlyReason
from pharmacy.staff.rules import Actor, Permission


class StepView(msgspec.Struct, frozen=True):
    """One dose for some days."""

    no: int
    dose_mg: str
    days: int | None
    time_of_day: str


class RefillView(msgspec.Struct, frozen=True):
    """The fill that follows an order."""

    id: str
    state: str
    patient: PatientBrief
    npi: str
    after_order: str
    prescription: str | None
    """What authorises it. None: the prescriber must renew."""
    fill: int | None
    authorised_fills: int | None
    remaining_fills: int
    """Authorised and not ordered yet, this one included."""
    earliest_on: date
    due_on: date
    run_out_on: date
    """The first day without a dose."""
    continues_with: list[StepView]
    working: list[dict[str, Any]]
    order: str | None
    updated_at: datetime

    @classmethod
    def of(cls, row: DueRow, actor: Actor) -> Self:
        refill = row.refill
        steps = refill.regimen["steps"] if refill.regimen else []
        return cls(
            id=ids.encode("rfl", refill.id),
            state=refill.state,
            patient=PatientBrief.of(row.patient, actor),
            npi=refill.npi,
            after_order=ids.encode("ord", refill.after_order_id),
            prescription=encoded("rx", refill.prescription_id),
            fill=refill.fill_no,
            authorised_fills=refill.authorised_fills,
            remaining_fills=refill.remaining_fills,
            earliest_on=refill.earliest_on,
            due_on=refill.due_on,
            run_out_on=refill.run_out_on,
            continues_with=[_step(step) for step in steps],
            working=refill.working,
            order=encoded("ord", refill.order_id),
            updated_at=refill.updated_at,
        )


def _step(step: dict[str, Any]) -> StepView:
    return StepView(step["no"], milligrams(step["dose_ug"]), step["days"], step["time_of_day"])


class EarlyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a fill is made before its window opens, if it is."""

    early: EarlyReason | None = None


class RefillController(Controller):
    """Next fills."""

    path = "/api/v1/refills"
    tags = ["Refills"]

    @get("/", opt={"permission": Permission.READ_REFILL}, sync_to_thread=True)
    def due(
        self,
        *,
        db: Db,
        actor: CurrentActor,
        now: Now,
        due_before: Annotated[date | None, QueryParameter(required=False)] = None,
        wanted: Annotated[RefillState, QueryParameter(name="state")] = RefillState.SCHEDULED,
        cursor: Cursor = None,
        limit: Limit = USUAL,
    ) -> Page[RefillView]:
        """List next fills, the one due first first."""
        start = after(cursor, date, UUID)
        with db.transaction() as session:
            rows = queries.due(
                session,
                by=actor,
                due_before=due_before,
                state=wanted,
                after=start and (start[0], start[1]),
                limit=limit,
            )
            note_refills_read(session, rows[:limit], by=actor, now=now)
            return page_of(
                rows,
                limit=limit,
                view=lambda row: RefillView.of(row, actor),
                key=lambda row: (row.refill.due_on, row.refill.id),
            )

    @get("/{refill_id:str}", opt={"permission": Permission.READ_REFILL}, sync_to_thread=True)
    def show(self, refill_id: FromPath[str], db: Db, actor: CurrentActor, now: Now) -> RefillView:
        """Return a next fill with its working."""
        wanted = ids.decode("rfl", refill_id)
        with db.transaction() as session:
            refill = _visible(session, wanted, actor)
            audit.record(
                session,
                "refill.read",
                by=actor,
                at=now,
                subject_kind="refill",
                subject_id=refill.id,
                patient_id=refill.patient_id,
            )
            return RefillView.of(queries.row_of(session, refill), actor)

    @post(
        "/{refill_id:str}/order", opt={"permission": Permission.CREATE_REFILL}, sync_to_thread=True
    )
    def order(
        self,
        *,
        refill_id: FromPath[str],
        data: JSONBody[EarlyBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> OrderAnswer:
        """Begin the next fill's order. It continues where the patient is, never at step 1 again."""
        wanted = ids.decode("rfl", refill_id)
        with db.transaction() as session:
            begun = operations.order_next(session, wanted, early=data.early, by=actor, now=now)
            made = answer(session, begun, actor, now)
        made.status_code = 201
        made.headers["Location"] = f"/api/v1/orders/{ids.encode('ord', begun.id)}"
        return made


def _visible(session: Session, refill_id: UUID, actor: Actor) -> Refill:
    refill = queries.get(session, refill_id)
    if not actor.may_see(refill.npi):
        raise queries.RefillNotFound("there is no such refill")
    return refill
