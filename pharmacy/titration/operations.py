"""Proposing, choosing and approving which capsules a fill is made of."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.compounding import queries as compounding
from pharmacy.infra import audit
from pharmacy.kernel.refusals import Conflict, Invalid
from pharmacy.practice import queries as practice
from pharmacy.practice.rules import Policy
from pharmacy.prescriptions.models import Prescription
from pharmacy.prescriptions.rules.regimen import Regimen
from pharmacy.staff.rules import WORKER, Actor, Permission, PermissionMissing
from pharmacy.titration import queries
from pharmacy.titration.models import PlanState, StrengthPlan
from pharmacy.titration.rules import plan
from pharmacy.titration.rules import strategy as strategies
from pharmacy.titration.rules.strategy import Option, Strategy


class PlanIsSettled(Conflict):
    """The plan was approved, or a newer version took its place."""

    code = "plan-is-settled"
    remedy = "Read the present plan; check the order again to have a new one proposed."


class ReasonMissing(Invalid):
    """Another strategy than the proposed one is chosen for a reason that others can read."""

    code = "reason-missing"
    remedy = "Say in a few words why this strategy suits the patient better."


@dataclass(frozen=True, slots=True)
class _Choice:
    """A strategy that a pharmacist asked for, and why."""

    strategy: Strategy
    by_id: UUID
    reason: str


def propose(
    session: Session,
    *,
    prescription: Prescription,
    fill_no: int,
    fill: Regimen,
    policy: Policy,
    now: datetime,
) -> StrengthPlan:
    """
    Work out the capsules of one fill, every strategy side by side, and propose one of them.

    A plan that is still right stays; otherwise a new version takes its place. A strategy that a
    pharmacist chose before is kept where it is still possible.

    Args:
        fill: What this fill delivers; every step has an end.

    Raises:
        NoStrengthForDose: No stocked strength and no formulation makes a dose of the fill.
        StepWithoutEnd: A step of the fill is open-ended.
    """
    versions = queries.versions(session, prescription.id, fill_no)
    previous = versions[0] if versions else None
    found = strategies.options(fill, queries.strengths(session, practice.site(session).today(now)))
    choice = _earlier_choice(previous, found)
    option = strategies.proposed(
        found, default=choice.strategy if choice else strategies.parse(policy.default_strategy)
    )
    drawn = _draw_up(session, option, found, fill=fill, policy=policy, now=now)
    drawn.prescription_id, drawn.fill_no = prescription.id, fill_no
    if choice:
        drawn.chosen_by, drawn.choice_reason = choice.by_id, choice.reason
    if previous is not None and _says_the_same(previous, drawn):
        return previous
    return _put_in_force(session, drawn, previous, by=WORKER, now=now)


def choose(
    session: Session, *, plan_id: UUID, strategy: str, reason: str, by: Actor, now: datetime
) -> StrengthPlan:
    """
    Replace a proposed plan by a new version with another strategy.

    Raises:
        PlanIsSettled: The plan was approved or replaced in the meantime.
        StrategyNotPossible: The strategy cannot make this fill.
        ReasonMissing: No reason was given.
    """
    by.require(Permission.CHOOSE_STRATEGY)
    previous = queries.lock(session, plan_id)
    _require_proposed(previous)
    if by.id is None:
        raise PermissionMissing("a strategy is chosen by a person")
    if not reason.strip():
        raise ReasonMissing("a chosen strategy needs a reason")
    fill = Regimen.of_data(previous.fill)
    found = strategies.options(fill, queries.strengths(session, practice.site(session).today(now)))
    option = strategies.chosen(found, strategies.parse(strategy))
    drawn = _draw_up(session, option, found, fill=fill, policy=practice.policy(session), now=now)
    drawn.prescription_id, drawn.fill_no = previous.prescription_id, previous.fill_no
    drawn.chosen_by, drawn.choice_reason = by.id, reason.strip()
    return _put_in_force(session, drawn, previous, by=by, now=now)


def approve(
    session: Session, *, plan_id: UUID, first_dose_on: date, by: Actor, now: datetime
) -> StrengthPlan:
    """
    Settle a plan and its first date: from now on the fill is made of these capsules.

    Raises:
        PlanIsSettled: The plan was approved or replaced in the meantime.
    """
    by.require(Permission.APPROVE_ORDER)
    plan = queries.lock(session, plan_id)
    _require_proposed(plan)
    if by.id is None:
        raise PermissionMissing("a plan is approved by a person")
    plan.approve(by_id=by.id, first_dose_on=first_dose_on, at=now)
    _record(session, "plan.approved", plan, by=by, now=now)
    session.flush()
    return plan


def withdraw(
    session: Session, prescription_id: UUID, fill_no: int, *, by: Actor, now: datetime
) -> None:
    """
    Take a fill's plan out of force: its order ended, and it is ordered and planned again.

    A strategy that a pharmacist chose is kept by the next proposal, as `propose` says.
    """
    by.require(Permission.APPROVE_ORDER)
    for each in queries.versions(session, prescription_id, fill_no):
        if each.state is not PlanState.SUPERSEDED:
            each.supersede()
            _record(session, "plan.withdrawn", each, by=by, now=now)
    session.flush()


def _draw_up(
    session: Session,
    option: Option,
    found: tuple[Option, ...],
    *,
    fill: Regimen,
    policy: Policy,
    now: datetime,
) -> StrengthPlan:
    """Put everything on paper: the options with their batches, the chosen steps, the working."""
    strengths = {strength for each in found for strength in each.batches}
    bench = compounding.bench(
        session, strengths, policy=policy, on=practice.site(session).today(now)
    )
    batches = plan.batches_of(found, bench)
    return StrengthPlan(
        strategy=option.strategy.value,
        fill=fill.to_data(),
        options=plan.options_data(found, batches),
        steps=[step.to_data() for step in option.steps],
        working=plan.working_data(option, batches),
        proposed_at=now,
    )


def _put_in_force(
    session: Session,
    plan: StrengthPlan,
    previous: StrengthPlan | None,
    *,
    by: Actor,
    now: datetime,
) -> StrengthPlan:
    plan.version = 1
    if previous is not None:
        plan.version = previous.version + 1
        previous.supersede()
        session.flush()  # one plan in force at a time, so the old one goes first
    plan.state = PlanState.PROPOSED
    session.add(plan)
    session.flush()
    _record(session, "plan.proposed" if by is WORKER else "plan.chosen", plan, by=by, now=now)
    return plan


def _earlier_choice(previous: StrengthPlan | None, found: tuple[Option, ...]) -> _Choice | None:
    if previous is None or previous.chosen_by is None or previous.choice_reason is None:
        return None
    strategy = Strategy(previous.strategy)
    if not any(option.strategy is strategy and option.possible for option in found):
        return None
    return _Choice(strategy, previous.chosen_by, previous.choice_reason)


def _says_the_same(previous: StrengthPlan, plan: StrengthPlan) -> bool:
    return previous.state is not PlanState.SUPERSEDED and all(
        getattr(previous, name) == getattr(plan, name)
        for name in ("strategy", "fill", "options", "steps", "working")
    )


def _require_proposed(plan: StrengthPlan) -> None:
    if plan.state is not PlanState.PROPOSED:
        raise PlanIsSettled(f"this plan is {plan.state}", state=plan.state)


def _record(session: Session, action: str, plan: StrengthPlan, *, by: Actor, now: datetime) -> None:
    detail: dict[str, Any] = {"strategy": plan.strategy, "version": plan.version}
    audit.record(
        session,
        action,
        by=by,
        at=now,
        subject_kind="plan",
        subject_id=plan.id,
        detail=detail | {"fill_no": plan.fill_no},
    )
