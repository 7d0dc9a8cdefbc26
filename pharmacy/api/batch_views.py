"""What a batch looks like to other systems."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.api.component_views import (
    ComponentView,
    MassView,
    StatePartView,
    components,
    mass_of,
    state_parts,
)
from pharmacy.api.order_views import encoded, milligrams
from pharmacy.api.preparation_views import PreparationView
from pharmacy.api.samples import SampleView, samples
from pharmacy.compounding import operations, queries
from pharmacy.compounding.models import Batch, Weighing, WeightKind
from pharmacy.compounding.rules.planning import OpenLine, Plan, Proposal
from pharmacy.compounding.rules.tolerance import WORDS
from pharmacy.formulary import queries as formulary
from pharmacy.kernel import ids
from pharmacy.staff.models import Account


class SavingsView(msgspec.Struct, frozen=True):
    """What one batch saves over a batch for each order."""

    set_ups: int
    loads: int
    capsules_tested: int


class ProposalView(msgspec.Struct, frozen=True):
    """A batch that a pharmacist may accept."""

    strength_mg: str
    capsules: int
    loads: tuple[int, ...]
    first_due_at: datetime
    last_dose_on: date
    orders: list[str]
    saves: SavingsView

    @classmethod
    def of(cls, proposal: Proposal) -> Self:
        saves = proposal.saves
        return cls(
            strength_mg=milligrams(proposal.strength_ug),
            capsules=proposal.capsules,
            loads=proposal.loads,
            first_due_at=proposal.first_due_at,
            last_dose_on=proposal.last_dose_on,
            orders=[ids.encode("ord", each) for each in proposal.order_ids],
            saves=SavingsView(saves.set_ups, saves.loads, saves.capsules_tested),
        )


class UnservedView(msgspec.Struct, frozen=True):
    """An order's line that no batch serves, and why."""

    order: str
    strength_mg: str
    capsules: int
    why: str

    @classmethod
    def of(cls, line: OpenLine, why: str) -> Self:
        strength = milligrams(line.strength_ug)
        return cls(ids.encode("ord", line.order_id), strength, line.capsules, why)


class PlanView(msgspec.Struct, frozen=True):
    """Every batch that open orders need."""

    proposals: list[ProposalView]
    unserved: list[UnservedView]

    @classmethod
    def of(cls, plan: Plan) -> Self:
        late = [UnservedView.of(line, "beyond-use-before-last-dose") for line in plan.too_late]
        large = [UnservedView.of(line, "larger-than-a-batch") for line in plan.too_large]
        return cls([ProposalView.of(each) for each in plan.proposals], late + large)


class WeighingView(msgspec.Struct, frozen=True):
    """One weight, with its verdict as a word and a sign."""

    id: str
    item: str
    ingredient_lot: str | None
    target_mg: str
    tolerance_mg: str
    shown_mg: str
    verdict: str
    sign: str
    captured: str
    balance: str
    weighed_by: str
    weighed_at: datetime
    second_by: str | None
    verified_by: str | None
    void_reason: str | None

    @classmethod
    def of(cls, weighing: Weighing) -> Self:
        word, sign = WORDS[weighing.verdict]
        return cls(
            id=ids.encode("wgh", weighing.id),
            item=weighing.item,
            ingredient_lot=encoded("ing", weighing.ingredient_lot_id),
            target_mg=milligrams(weighing.target_ug),
            tolerance_mg=milligrams(weighing.tolerance_ug),
            shown_mg=milligrams(weighing.shown_ug),
            verdict=word,
            sign=sign,
            captured=weighing.captured,
            balance=ids.encode("bal", weighing.balance_id),
            weighed_by=ids.encode("acc", weighing.weighed_by),
            weighed_at=weighing.weighed_at,
            second_by=encoded("acc", weighing.second_by),
            verified_by=encoded("acc", weighing.verified_by),
            void_reason=weighing.void_reason,
        )


class BatchBrief(msgspec.Struct, frozen=True):
    """One line of the list of batches."""

    id: str
    number: str
    strength_mg: str
    capsules: int
    filled: int | None
    status: str
    planned_at: datetime

    @classmethod
    def of(cls, batch: Batch) -> Self:
        return cls(
            id=ids.encode("bat", batch.id),
            number=batch.number,
            strength_mg=milligrams(batch.strength_ug),
            capsules=batch.capsules,
            filled=batch.filled,
            status=batch.status,
            planned_at=batch.planned_at,
        )


class TargetView(msgspec.Struct, frozen=True):
    """What is to be weighed, from which lot."""

    item: str
    ingredient_lot: str | None
    """None: it is a part of the batch's own trituration."""
    target_mg: str
    is_weighed: bool


class TestView(msgspec.Struct, frozen=True):
    """The newest of a kind of test in the present round."""

    test: str
    verdict: str
    result: dict[str, Any]
    at: datetime


class GateView(msgspec.Struct, frozen=True):
    """One thing that must be so before the release; in words when it is not."""

    code: str
    is_green: bool
    words: str | None


class InvestigationView(msgspec.Struct, frozen=True):
    """Why a batch was stopped, and what came of it."""

    code: str
    reason: str
    opened_at: datetime
    outcome: str | None
    findings: str | None


class EventView(msgspec.Struct, frozen=True):
    """One step of a batch's life."""

    action: str
    status: str
    by: str
    at: datetime
    reason: str | None
    facts: dict[str, Any]


def _people(session: Session, found: Iterable[UUID | None]) -> dict[str, str]:
    accounts = session.scalars(select(Account).where(Account.id.in_(set(found) - {None})))
    return {ids.encode("acc", account.id): account.display_name for account in accounts}


def _weights(session: Session, batch: Batch, kind: WeightKind) -> list[str]:
    return [milligrams(mass.micrograms) for mass in queries.weights(session, batch, kind)]


class BatchView(msgspec.Struct, frozen=True):
    """The compounding record of a batch, as far as it is written."""

    id: str
    number: str
    strength_mg: str
    capsules: int
    status: str
    version: int
    record_sha256: str
    """Of lots, weighings, weights, tests and steps; a release names it, and so what was read."""
    formulation: str
    formulation_version: int
    components: list[ComponentView]
    people: dict[str, str]
    """Who made, verified and decided, by account."""
    is_anticipatory: bool
    justification: str | None
    active_lot: str | None
    filler_lot: str | None
    shell_lot: str | None
    capsule_lot: str | None
    sheet: dict[str, Any] | None
    working: list[Any]
    targets: list[TargetView]
    weighings: list[WeighingView]
    compounded_on: date | None
    filled: int | None
    yield_percent: str | None
    beyond_use_on: date | None
    beyond_use_set_by: str | None
    round_no: int
    shell_weights_mg: list[str]
    capsule_weights_mg: list[str]
    """Of this round, one by one, in the order of weighing."""
    tests: list[TestView]
    gates: list[GateView]
    investigations: list[InvestigationView]
    events: list[EventView]
    preparation: PreparationView
    mass: MassView
    samples: list[SampleView]
    state_parts: list[StatePartView]
    """What the pharmacy's State asks for beside the rest of the formulation."""

    @classmethod
    def of(cls, session: Session, batch: Batch, *, now: datetime) -> Self:
        counting = queries.counting(session, batch.id)
        weighings = queries.weighings(session, batch.id)
        events = queries.events(session, batch.id)
        formulation = formulary.version(session, batch.formulation_id)
        involved: list[UUID | None] = [each.by_id for each in events]
        involved += [each.second_by for each in weighings]
        targets = operations.targets(session, batch) if batch.sheet is not None else {}
        return cls(
            id=ids.encode("bat", batch.id),
            number=batch.number,
            strength_mg=milligrams(batch.strength_ug),
            capsules=batch.capsules,
            status=batch.status,
            version=batch.version,
            record_sha256=queries.record_sha256(session, batch).hex(),
            formulation=ids.encode("fmn", batch.formulation_id),
            formulation_version=formulation.version,
            components=components(session, batch),
            people=_people(session, involved),
            is_anticipatory=batch.is_anticipatory,
            justification=batch.justification,
            active_lot=encoded("ing", batch.active_lot_id),
            filler_lot=encoded("ing", batch.filler_lot_id),
            shell_lot=encoded("shl", batch.shell_lot_id),
            capsule_lot=encoded("lot", batch.capsule_lot_id),
            sheet=batch.sheet,
            working=batch.working,
            targets=[
                TargetView(
                    item=need.item,
                    ingredient_lot=encoded("ing", need.lot_id),
                    target_mg=milligrams(mass.micrograms),
                    is_weighed=need in counting,
                )
                for need, mass in targets.items()
            ],
            weighings=[WeighingView.of(each) for each in weighings],
            compounded_on=batch.compounded_on,
            filled=batch.filled,
            yield_percent=None if batch.yield_percent is None else f"{batch.yield_percent:.2f}",
            beyond_use_on=batch.beyond_use_on,
            beyond_use_set_by=batch.beyond_use_set_by,
            round_no=batch.round_no,
            shell_weights_mg=_weights(session, batch, WeightKind.SHELL),
            capsule_weights_mg=_weights(session, batch, WeightKind.CAPSULE),
            tests=[
                TestView(each.test, each.verdict, each.result, each.at)
                for each in queries.last_tests(session, batch).values()
            ],
            gates=[
                GateView(gate.code, gate.is_green, None if gate.is_green else gate.words)
                for gate in operations.gates(session, batch, now=now)
            ],
            investigations=[
                InvestigationView(
                    each.code, each.reason, each.opened_at, each.outcome, each.findings
                )
                for each in queries.investigations(session, batch.id)
            ],
            events=[
                EventView(
                    each.action,
                    each.status,
                    ids.encode("acc", each.by_id),
                    each.at,
                    each.reason,
                    each.facts,
                )
                for each in events
            ],
            preparation=PreparationView.of(session, batch),
            mass=mass_of(session, batch),
            samples=samples(session, batch),
            state_parts=state_parts(session, formulation),
        )


class ReleasedView(msgspec.Struct, frozen=True):
    """A released batch, and the waiting orders that got their capsules by it."""

    batch: BatchView
    orders: list[str]
