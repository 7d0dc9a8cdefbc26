"""Everything that one batch's page shows, gathered in one place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.compounding import operations, queries
from pharmacy.compounding.models import (
    Balance,
    Batch,
    BatchCall,
    BatchEvent,
    BatchPhoto,
    BatchStep,
    BatchTest,
    Investigation,
    Item,
    LabSample,
    Need,
    StepCheck,
    Weighing,
    WeightKind,
)
from pharmacy.compounding.queries import Standing
from pharmacy.compounding.rules.life import Gate
from pharmacy.compounding.rules.mass import Statement
from pharmacy.compounding.rules.next_step import ITEMS, Owed
from pharmacy.compounding.rules.tolerance import WORDS
from pharmacy.compounding.rules.weights import (
    EACH,
    HUNDRED,
    MEAN,
    RELEASE_SAMPLE,
    SHELLS_TO_TARE,
    net_weights,
)
from pharmacy.formulary import queries as formulary
from pharmacy.formulary.models import Formulation
from pharmacy.formulary.rules.ingredients import INGREDIENTS
from pharmacy.inventory import queries as lots
from pharmacy.inventory.models import IngredientLot, ShellLot
from pharmacy.kernel import ids
from pharmacy.kernel.quantities import EXACT, Mass
from pharmacy.practice import queries as practice
from pharmacy.staff import queries as staff
from pharmacy.staff.models import Account, Approval
from pharmacy.staff.rules import Actor, Permission
from pharmacy.web import plots
from pharmacy.web.console.batch_state import BatchLine, lines_of
from pharmacy.web.console.bench import BALANCE
from pharmacy.web.console.recall_state import Mention, mentions_of_batch
from pharmacy.web.view import View

WORKED_AS: Final = {
    Item.ACTIVE: "mass to weigh",
    Item.FILLER: "filler to weigh",
    Item.TRITURATION_ACTIVE: "trituration: active to weigh",
    Item.TRITURATION_DILUENT: "trituration: diluent to weigh",
    Item.TRITURATION_PART: "trituration: part to weigh",
}
"""Which line of the working rounds what is weighed of an item."""


@dataclass(frozen=True, slots=True)
class NeedLine:
    """One thing that the sheet weighs."""

    need: Need
    lot: IngredientLot | None
    target: Mass
    weighing: Weighing | None
    working: dict[str, Any] | None

    @property
    def words(self) -> str:
        return ITEMS[self.need.item].capitalize()

    @property
    def lot_code(self) -> str:
        return ids.encode("ing", self.need.lot_id) if self.need.lot_id else ""


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step of the preparation."""

    step: BatchStep
    checks: list[StepCheck]
    photos: list[BatchPhoto]
    left: timedelta | None
    """Until its timer is over; None while it does not run."""

    @property
    def is_complete(self) -> bool:
        ticked = all(check.ticked_at is not None for check in self.checks)
        waited = not self.step.wait_seconds or self.step.timer_finished_at is not None
        return ticked and waited and bool(self.photos or not self.step.needs_photo)


@dataclass(frozen=True, slots=True)
class Capsules:
    """Weights of shells and capsules of this round."""

    shells: list[Mass]
    gross: list[Mass]
    percents: list[Decimal]
    """Of the theoretical fill; none before the shells are tared."""
    plot: plots.Strip | None


@dataclass(frozen=True, slots=True)
class BatchPage:
    """One batch, whole."""

    line: BatchLine
    batch: Batch
    formulation: Formulation
    powders: list[IngredientLot]
    shells: ShellLot | None
    needs: list[NeedLine]
    weighings: Sequence[Weighing]
    steps: list[StepLine]
    calls: Sequence[BatchCall]
    capsules: Capsules
    tests: list[BatchTest]
    gates: list[Gate]
    investigations: Sequence[Investigation]
    events: Sequence[BatchEvent]
    names: dict[UUID, str]
    balances: Sequence[Balance]
    balance: Balance | None
    colleagues: list[Account]
    mass: Statement
    record_sha256: str
    """What a release signs; empty before it is filled."""
    signatures: list[Approval]
    mentions: list[Mention]
    """The recalls that reached it."""
    samples: Sequence[LabSample]

    @property
    def owed(self) -> Owed:
        return self.line.owed

    @property
    def sample(self) -> int:
        """How many capsules are weighed: ten, or all of a smaller batch."""
        return min(RELEASE_SAMPLE, self.batch.filled or RELEASE_SAMPLE)

    @property
    def step(self) -> StepLine | None:
        """The step that is done now."""
        return next((each for each in self.steps if each.step.done_at is None), None)

    @property
    def next_need(self) -> NeedLine | None:
        return next((each for each in self.needs if each.weighing is None), None)

    @property
    def call(self) -> BatchCall | None:
        return next((each for each in self.calls if each.answered_at is None), None)

    @property
    def investigation(self) -> Investigation | None:
        return next((each for each in self.investigations if each.closed_at is None), None)

    @property
    def sample_out(self) -> LabSample | None:
        """The first sample whose answer is awaited."""
        return next((each for each in self.samples if each.recorded_at is None), None)

    @property
    def counting(self) -> list[Weighing]:
        return [each.weighing for each in self.needs if each.weighing is not None]


def batch_page(session: Session, batch: Batch, view: View) -> BatchPage:
    """Gather a batch's page."""
    events = queries.events(session, batch.id)
    weighings = queries.weighings(session, batch.id)
    calls = queries.calls(session, batch.id)
    balances = queries.balances(session)
    mine = view.actor.id
    [line] = lines_of(session, [batch], actor=view.actor, now=view.now)
    standing = line.standing
    people = {each.by_id for each in events} | {each.second_by for each in weighings}
    return BatchPage(
        line=line,
        batch=batch,
        formulation=formulary.version(session, batch.formulation_id),
        powders=_powders(session, standing),
        shells=lots.get_shell_lot(session, batch.shell_lot_id) if batch.shell_lot_id else None,
        needs=_needs(session, standing),
        weighings=weighings,
        steps=_steps(session, batch, view),
        calls=calls,
        capsules=capsules_of(session, batch),
        tests=list(standing.tests.values()),
        gates=operations.gates_of(standing, today=practice.site(session).today(view.now)),
        investigations=queries.investigations(session, batch.id),
        events=events,
        names=staff.names(session, {each for each in people if each}),
        balances=balances,
        balance=balance_at(balances, view),
        colleagues=staff.colleagues(session, Permission.COMPOUND, besides=mine) if mine else [],
        mass=queries.mass_statement(session, batch),
        record_sha256=queries.record_sha256(session, batch).hex() if batch.filled else "",
        signatures=staff.signatures(session, batch.id),
        mentions=mentions_of_batch(session, batch.id),
        samples=queries.samples(session, batch.id),
    )


def balance_at(balances: Sequence[Balance], view: View) -> Balance | None:
    """Return the balance at this workplace: the one that was chosen, else one with a wire."""
    chosen = view.request.cookies.get(BALANCE, "")
    for each in balances:
        if ids.encode("bal", each.id) == chosen:
            return each
    wired = [each for each in balances if each.host is not None or each.device is not None]
    return next(iter([*wired, *balances]), None)


def _powders(session: Session, standing: Standing) -> list[IngredientLot]:
    """Return the lots of powder, naltrexone first."""
    filler = standing.batch.filler_lot_id
    lot_ids = [*standing.active_lot_ids, *([filler] if filler else [])]
    found = {lot.id: lot for lot in lots.lots_by_id(session, IngredientLot, lot_ids)}
    return [found[lot_id] for lot_id in lot_ids]


def _needs(session: Session, standing: Standing) -> list[NeedLine]:
    batch = standing.batch
    if batch.sheet is None:
        return []
    targets = operations.targets_from(batch, standing.active_lot_ids)
    working = {line["name"]: line for line in batch.working}
    return [
        NeedLine(
            need=need,
            lot=lots.get_ingredient_lot(session, need.lot_id) if need.lot_id else None,
            target=target,
            weighing=standing.counting.get(need),
            working=working.get(WORKED_AS[need.item]),
        )
        for need, target in targets.items()
    ]


def _steps(session: Session, batch: Batch, view: View) -> list[StepLine]:
    checks, photos = queries.checks(session, batch.id), queries.photos(session, batch.id)
    return [
        StepLine(
            step,
            [each for each in checks if each.step_no == step.no],
            [each for each in photos if each.step_no == step.no],
            _left(step, view),
        )
        for step in queries.steps(session, batch.id)
    ]


def _left(step: BatchStep, view: View) -> timedelta | None:
    if not step.wait_seconds or step.timer_started_at is None or step.timer_finished_at:
        return None
    until = step.timer_started_at + timedelta(seconds=step.wait_seconds)
    return max(timedelta(0), until - view.now)


def capsules_of(session: Session, batch: Batch) -> Capsules:
    """Return this round's weights, and the plot of what capsules hold."""
    shells = queries.weights(session, batch, WeightKind.SHELL)
    gross = queries.weights(session, batch, WeightKind.CAPSULE)
    percents: list[Decimal] = []
    if gross and len(shells) >= SHELLS_TO_TARE and batch.theoretical_net_mg:
        nets = net_weights([each.mg for each in gross], [each.mg for each in shells])
        percents = [
            EXACT.divide(EXACT.multiply(net, HUNDRED), batch.theoretical_net_mg) for net in nets
        ]
    return Capsules(shells, gross, percents, plots.capsules(percents, each=EACH, mean=MEAN))


def name_of(lot: IngredientLot) -> str:
    """Return what a lot of powder is, in words."""
    known = INGREDIENTS.get(lot.ingredient)
    return known.name if known else lot.ingredient


def verdict_words(weighing: Weighing) -> tuple[str, str]:
    """Return the word and the sign of a weighing's verdict."""
    return WORDS[weighing.verdict]


def may_verify(weighing: Weighing, actor: Actor) -> bool:
    """Say whether somebody may verify a weighing: a pharmacist who neither weighed nor read."""
    fresh = weighing.verified_by is None and weighing.voided_at is None
    return (
        fresh
        and Permission.VERIFY_WEIGHING in actor.permissions
        and actor.id not in {weighing.weighed_by, weighing.second_by}
    )
