"""Strength plans: the options side by side, the chosen steps with their dates, the working."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.api.order_views import encoded, milligrams
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.etag import IfMatch, etag
from pharmacy.http.order_reads import reading, visible
from pharmacy.http.order_versions import require_seen
from pharmacy.kernel import ids
from pharmacy.orders import operations
from pharmacy.orders import queries as orders
from pharmacy.orders.models import Order
from pharmacy.staff.rules import Permission
from pharmacy.titration import queries
from pharmacy.titration.models import StrengthPlan
from pharmacy.titration.rules import PlannedStep, dated, run_out_on

Data = dict[str, Any]


class StrategyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the doses are to be made up instead, and why."""

    strategy: Annotated[str, Meta(max_length=1, examples=["B"])]
    """`A`: one capsule a dose. `B`: one strength, one to three capsules. `D`: both."""
    reason: Annotated[
        str, Meta(min_length=1, max_length=500, examples=["May have to stay at a step."])
    ]


class PlanProblem(msgspec.Struct, frozen=True):
    """Why a strategy is not possible."""

    code: str
    words: str
    step: int | None


class PlanStep(msgspec.Struct, frozen=True):
    """One step in capsules. It has dates once the plan is approved."""

    no: int
    dose_mg: str
    days: int
    time_of_day: str
    strength_mg: str
    capsules_per_dose: int
    capsules: int
    directions: str
    """A key of the standard directions, such as `take-2-bedtime`."""
    first_on: date | None = None
    last_on: date | None = None

    @classmethod
    def of(
        cls, step: PlannedStep, first_on: date | None = None, last_on: date | None = None
    ) -> Self:
        return cls(
            no=step.no,
            dose_mg=milligrams(step.dose_ug),
            days=step.days,
            time_of_day=step.time_of_day.value,
            strength_mg=milligrams(step.strength_ug),
            capsules_per_dose=step.capsules_per_dose,
            capsules=step.capsules,
            directions=step.directions,
            first_on=first_on,
            last_on=last_on,
        )


class PlanHold(msgspec.Struct, frozen=True):
    """What is left and wasted when the patient stays at a step's dose after its last day."""

    step: int
    after_day: int
    covered_days: int
    covered_to_day: int
    short_days: int
    wasted_capsules: int
    wasted_mg: str

    @classmethod
    def of(cls, data: Data) -> Self:
        rest = {name: value for name, value in data.items() if name != "wasted_ug"}
        return cls(**rest, wasted_mg=milligrams(data["wasted_ug"]))


class PlanPending(msgspec.Struct, frozen=True):
    """Why a batch has no quantities yet, or what is wrong with them, and what helps."""

    code: str
    words: str
    remedy: str


class PlanCapsuleSize(msgspec.Struct, frozen=True):
    """A capsule size that both powders were measured in."""

    size: str
    fits: bool
    active_share_percent: str


class PlanTrituration(msgspec.Struct, frozen=True):
    """A dilution, where the active powder alone is too little for the balance."""

    multiple: int
    active_mg: str
    diluent_mg: str
    total_mg: str
    aliquot_mg: str
    delivered_percent: str
    error_bound_percent: str


class PlanSheet(msgspec.Struct, frozen=True):
    """The masses of a batch; the plan's working says how each came about."""

    label_mg: str
    active_mg: str
    weigh_mg: str | None
    """What the balance is to show; none where there is a trituration instead."""
    trituration: PlanTrituration | None
    net_fill_mg: str
    filler_mg: str
    filler_weigh_mg: str
    blend_mg: str
    loads: list[int]


class PlanBatch(msgspec.Struct, frozen=True):
    """A batch of one strength for this fill, as far as it can be worked out."""

    strength_mg: str
    capsules: int
    pending: list[PlanPending]
    active_lot: str | None
    filler: str | None
    capsule_size: str | None
    overage: str | None
    sizes: list[PlanCapsuleSize]
    sheet: PlanSheet | None

    @classmethod
    def of(cls, data: Data) -> Self:
        lot = data["active_lot_id"]
        return cls(
            strength_mg=milligrams(data["strength_ug"]),
            capsules=data["capsules"],
            pending=msgspec.convert(data["pending"], list[PlanPending]),
            active_lot=encoded("ing", UUID(lot) if lot else None),
            filler=data["filler"],
            capsule_size=data["capsule_size"],
            overage=data["overage"],
            sizes=msgspec.convert(data["sizes"], list[PlanCapsuleSize]),
            sheet=msgspec.convert(data["sheet"], PlanSheet | None),
        )


class PlanOption(msgspec.Struct, frozen=True):
    """One strategy and what it costs."""

    strategy: str
    possible: bool
    problems: list[PlanProblem]
    steps: list[PlanStep]
    days: int
    capsules: int
    containers: int
    standard_directions: bool
    """Every step has a standard phrase on its label."""
    holds: list[PlanHold]
    batches: list[PlanBatch]

    @classmethod
    def of(cls, data: Data) -> Self:
        return cls(
            strategy=data["strategy"],
            possible=data["possible"],
            problems=msgspec.convert(data["problems"], list[PlanProblem]),
            steps=[PlanStep.of(PlannedStep.of_data(step)) for step in data["steps"]],
            days=data["days"],
            capsules=data["capsules"],
            containers=data["containers"],
            standard_directions=data["standard_directions"],
            holds=[PlanHold.of(hold) for hold in data["holds"]],
            batches=[PlanBatch.of(batch) for batch in data["batches"]],
        )


class PlanQuantity(msgspec.Struct, frozen=True):
    """An input of a formula. `1` is the unit of counts and ratios."""

    value: str
    unit: str


class PlanWorking(msgspec.Struct, frozen=True):
    """One line of working: evaluate `formula` over `inputs`, round as said, and get `value`."""

    strength_mg: str
    name: str
    formula: str
    inputs: dict[str, PlanQuantity]
    value: str
    unit: str
    rounding: str | None

    @classmethod
    def of(cls, data: Data) -> Self:
        return cls(
            strength_mg=milligrams(data["strength_ug"]),
            name=data["name"],
            formula=data["formula"],
            inputs=msgspec.convert(data["inputs"], dict[str, PlanQuantity]),
            value=data["value"],
            unit=data["unit"],
            rounding=data["rounding"],
        )


class PlanView(msgspec.Struct, frozen=True):
    """The version in force of one order's plan."""

    id: str
    order: str
    fill: int
    version: int
    state: str
    strategy: str
    proposed_at: datetime
    chosen_by: str | None
    choice_reason: str | None
    approved_by: str | None
    approved_at: datetime | None
    first_dose_on: date | None
    run_out_on: date | None
    """The first day without a dose."""
    steps: list[PlanStep]
    options: list[PlanOption]
    working: list[PlanWorking]
    """Of the chosen strategy's batches."""

    @classmethod
    def of(cls, plan: StrengthPlan, order: Order) -> Self:
        steps, first = plan.planned_steps, plan.first_dose_on
        return cls(
            id=ids.encode("pln", plan.id),
            order=ids.encode("ord", order.id),
            fill=plan.fill_no,
            version=plan.version,
            state=plan.state,
            strategy=plan.strategy,
            proposed_at=plan.proposed_at,
            chosen_by=encoded("acc", plan.chosen_by),
            choice_reason=plan.choice_reason,
            approved_by=encoded("acc", plan.approved_by),
            approved_at=plan.approved_at,
            first_dose_on=first,
            run_out_on=run_out_on(steps, first) if first else None,
            steps=_steps(steps, first),
            options=[PlanOption.of(option) for option in plan.options],
            working=[PlanWorking.of(line) for line in plan.working],
        )


class PlanController(Controller):
    """Strength plans of orders."""

    path = "/api/v1/orders"
    tags = ["Strength plans"]

    @get(
        "/{order_id:str}/plan",
        opt={"permission": Permission.READ_ORDER},
        sync_to_thread=True,
        operation_id="ReadPlan",
    )
    def show(
        self, order_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> Response[PlanView]:
        """Return the plan in force, every strategy side by side, with the order's ETag."""
        with reading(db, order_id, actor, now, "order.plan-read") as (session, order):
            return _answer(session, order)

    @post(
        "/{order_id:str}/plan/strategy",
        opt={"permission": Permission.CHOOSE_STRATEGY},
        status_code=200,
        sync_to_thread=True,
        operation_id="ChooseStrategy",
    )
    def choose(
        self,
        *,
        order_id: FromPath[str],
        data: JSONBody[StrategyBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
        if_match: IfMatch = None,
    ) -> Response[PlanView]:
        """Have an order in review made up by another strategy; the plan gets a new version."""
        wanted = ids.decode("ord", order_id)
        with db.transaction() as session:
            order = visible(orders.lock(session, wanted), actor)
            require_seen(session, order, if_match, by=actor, now=now)
            order = operations.choose_strategy(
                session, wanted, strategy=data.strategy, reason=data.reason, by=actor, now=now
            )
            return _answer(session, order)


def _answer(session: Session, order: Order) -> Response[PlanView]:
    plan = queries.current(session, order.prescription_id, order.fill_no)
    if plan is None:
        raise queries.PlanNotFound("this order has no strength plan yet")
    return Response(PlanView.of(plan, order), headers={"ETag": etag(order.version)})


def _steps(steps: tuple[PlannedStep, ...], first_dose_on: date | None) -> list[PlanStep]:
    if first_dose_on is None:
        return [PlanStep.of(step) for step in steps]
    return [
        PlanStep.of(each.step, each.first_on, each.last_on) for each in dated(steps, first_dose_on)
    ]
