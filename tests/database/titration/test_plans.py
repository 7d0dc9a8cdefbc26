"""Proposing, choosing and approving plans; what lies on the bench."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.compounding.rules.working import Working
from pharmacy.formulary import operations as formulary
from pharmacy.formulary.queries import newest
from pharmacy.infra.audit import AuditEntry
from pharmacy.infra.db import Database
from pharmacy.inventory.models import CapsuleLot, IngredientLot, LotStatus
from pharmacy.kernel.ids import new_id
from pharmacy.practice.rules import Policy
from pharmacy.staff.rules import Actor, PermissionMissing, Role, SecondPersonNeeded
from pharmacy.titration import operations, queries
from pharmacy.titration.models import PlanState, StrengthPlan
from pharmacy.titration.operations import PlanIsSettled, ReasonMissing
from pharmacy.titration.rules.strategy import NoStrengthForDose, StrategyNotPossible
from tests.conftest import NOW
from tests.factories.prescriptions import make_prescription, regimen
from tests.factories.titration import (
    make_active_lot,
    make_filler_lot,
    make_formulation,
    make_formulations,
    make_plan,
)

PHARMACIST = Actor(id=new_id(), kind="staff", roles=frozenset({Role.PHARMACIST}))
COLLEAGUE = Actor(id=new_id(), kind="staff", roles=frozenset({Role.PHARMACIST}))
TECHNICIAN = Actor(id=new_id(), kind="staff", roles=frozenset({Role.TECHNICIAN}))


@pytest.fixture
def bench(session: Session) -> None:
    """Formulations of the usual strengths, and the powders of the worked sheets."""
    make_formulations(session)
    make_active_lot(session)
    make_filler_lot(session)


def choose(session: Session, plan: StrengthPlan, strategy: str, reason: str = "flexible"):
    return operations.choose(
        session, plan_id=plan.id, strategy=strategy, reason=reason, by=PHARMACIST, now=NOW
    )


def pending(plan: StrengthPlan, strategy: str = "A") -> set[str]:
    option = next(each for each in plan.options if each["strategy"] == strategy)
    return {why["code"] for batch in option["batches"] for why in batch["pending"]}


@pytest.mark.usefixtures("bench")
def test_a_plan_shows_every_strategy_and_proposes_the_policys(session: Session) -> None:
    plan = make_plan(session, make_prescription(session))

    assert (plan.strategy, plan.state, plan.version) == ("A", PlanState.PROPOSED, 1)
    assert [option["strategy"] for option in plan.options] == ["A", "B", "D"]
    assert [option["capsules"] for option in plan.options] == [84, 168, 112]
    assert [step.strength_ug for step in plan.planned_steps] == [1_500, 3_000, 4_500]
    assert queries.current(session, plan.prescription_id, 1) is plan


@pytest.mark.usefixtures("bench")
def test_its_working_survives_the_database_and_can_be_worked_out_again(session: Session) -> None:
    plan = make_plan(session, make_prescription(session))
    session.expire(plan)

    assert {line["strength_ug"] for line in plan.working} == {1_500, 3_000, 4_500}
    assert all(Working.of_data(line).is_right() for line in plan.working)


@pytest.mark.usefixtures("bench")
def test_batches_come_from_the_lots_at_hand(session: Session) -> None:
    """Unit capsules of the first fill: 262.70 mg of powder (domain.md 2.11)."""
    plan = make_plan(session, make_prescription(session))

    units = plan.options[1]["batches"][0]
    active = session.scalars(
        select(IngredientLot).where(IngredientLot.salt_form == "hcl-anhydrous")
    ).one()
    assert units["sheet"]["active_mg"] == "262.704"
    assert units["sheet"]["loads"] == [84, 84]
    assert units["active_lot_id"] == str(active.id)


def test_without_lots_quantities_are_pending_and_the_plan_stands(session: Session) -> None:
    make_formulations(session)

    plan = make_plan(session, make_prescription(session))

    assert pending(plan) == {"no-active-lot"}
    assert plan.working == []
    assert len(plan.planned_steps) == 3


def test_lots_that_may_not_be_used_are_not_used(session: Session) -> None:
    make_formulations(session)
    make_filler_lot(session)
    make_active_lot(session, status=LotStatus.QUARANTINED)
    make_active_lot(session, expires_on=date(2026, 3, 1))
    make_active_lot(session, expires_on=None, received_on=date(2025, 3, 1))
    make_active_lot(session, on_hand_ug=0)
    used_up = make_plan(session, make_prescription(session))

    last_day = make_active_lot(session, expires_on=date(2026, 3, 2))
    make_active_lot(session, expires_on=date(2026, 9, 1))
    plan = make_plan(session, make_prescription(session))

    assert pending(used_up) == {"no-active-lot"}
    assert plan.options[0]["batches"][0]["active_lot_id"] == str(last_day.id)


def test_e8_a_dihydrate_without_its_water_has_no_quantities(session: Session) -> None:
    make_formulations(session)
    make_filler_lot(session)
    make_active_lot(session, salt_form="hcl-dihydrate", water_pct=None)

    plan = make_plan(session, make_prescription(session))

    assert pending(plan) == {"certificate-incomplete"}


def test_released_capsules_are_a_strength_without_a_formulation(session: Session) -> None:
    lot = make_active_lot(session)
    session.add(
        CapsuleLot(
            lot_number="CAP-1",
            strength_ug=4_500,
            capsule_size="3",
            description="white capsule",
            filler="microcrystalline-cellulose",
            active_lot_id=lot.id,
            compounded_on=date(2026, 2, 1),
            beyond_use_on=date(2026, 7, 30),
            status=LotStatus.RELEASED,
            made=500,
            on_hand=500,
            reserved=0,
        )
    )

    plan = make_plan(session, make_prescription(session, regimen=regimen((4500, 84))))

    assert plan.planned_steps[0].strength_ug == 4_500
    assert pending(plan) == {"no-formulation"}


@pytest.mark.usefixtures("bench")
def test_e1_a_dose_without_a_strength_is_refused(session: Session) -> None:
    prescription = make_prescription(session, regimen=regimen((1500, 28), (2250, 28)))

    with pytest.raises(NoStrengthForDose):
        make_plan(session, prescription)
    assert queries.current(session, prescription.id, 1) is None


@pytest.mark.usefixtures("bench")
def test_the_same_proposal_again_is_the_same_plan(session: Session) -> None:
    prescription = make_prescription(session)

    first = make_plan(session, prescription)
    session.expire_all()
    second = make_plan(session, prescription)

    assert second.id == first.id


@pytest.mark.usefixtures("bench")
def test_another_lot_at_hand_gives_a_new_version(session: Session) -> None:
    prescription = make_prescription(session)
    first = make_plan(session, prescription)
    make_active_lot(session, expires_on=date(2026, 6, 30), assay_pct=Decimal("100.4"))

    second = make_plan(session, prescription)

    assert (first.state, second.version) == (PlanState.SUPERSEDED, 2)
    assert queries.current(session, prescription.id, 1) is second


@pytest.mark.usefixtures("bench")
def test_a_pharmacist_chooses_another_strategy_for_a_reason(session: Session) -> None:
    first = make_plan(session, make_prescription(session))

    second = choose(session, first, "B", "  stays flexible ")

    assert first.state is PlanState.SUPERSEDED
    assert (second.strategy, second.version) == ("B", 2)
    assert (second.chosen_by, second.choice_reason) == (PHARMACIST.id, "stays flexible")
    assert [step.directions for step in second.planned_steps][-1] == "take-3-bedtime"
    assert {line["strength_ug"] for line in second.working} == {1_500}
    entry = session.scalars(select(AuditEntry).where(AuditEntry.subject_id == second.id)).one()
    assert (entry.action, entry.detail["strategy"]) == ("plan.chosen", "B")


@pytest.mark.usefixtures("bench")
def test_a_chosen_strategy_is_kept_when_the_order_is_checked_again(session: Session) -> None:
    prescription = make_prescription(session)
    choose(session, make_plan(session, prescription), "D")
    make_active_lot(session, expires_on=date(2026, 6, 30), assay_pct=Decimal("100.4"))

    plan = make_plan(session, prescription)

    assert (plan.strategy, plan.version, plan.chosen_by) == ("D", 3, PHARMACIST.id)


def test_a_chosen_strategy_that_became_impossible_is_let_go(session: Session) -> None:
    prescription = make_prescription(session)
    formulations = [make_formulation(session, strength) for strength in (1_500, 3_000, 4_500)]
    choose(session, make_plan(session, prescription), "A")
    session.execute(text("set local session_replication_role = replica"))
    session.delete(formulations[1])
    session.flush()
    session.execute(text("set local session_replication_role = origin"))

    plan = make_plan(session, prescription)

    assert (plan.strategy, plan.chosen_by) == ("D", None)


def test_an_impossible_strategy_is_not_chosen(session: Session) -> None:
    make_formulation(session, 1_500)
    plan = make_plan(session, make_prescription(session))

    with pytest.raises(StrategyNotPossible):
        choose(session, plan, "A")


@pytest.mark.usefixtures("bench")
def test_a_choice_needs_a_reason_and_a_pharmacist(session: Session) -> None:
    plan = make_plan(session, make_prescription(session))

    with pytest.raises(ReasonMissing):
        choose(session, plan, "B", " ")
    with pytest.raises(PermissionMissing):
        operations.choose(
            session, plan_id=plan.id, strategy="B", reason="why", by=TECHNICIAN, now=NOW
        )


@pytest.mark.usefixtures("bench")
def test_an_approved_plan_is_settled(session: Session) -> None:
    plan = make_plan(session, make_prescription(session))

    operations.approve(
        session, plan_id=plan.id, first_dose_on=date(2026, 3, 3), by=PHARMACIST, now=NOW
    )

    assert (plan.state, plan.approved_by) == (PlanState.APPROVED, PHARMACIST.id)
    assert plan.first_dose_on == date(2026, 3, 3)
    with pytest.raises(PlanIsSettled):
        choose(session, plan, "B")
    with pytest.raises(PlanIsSettled):
        operations.approve(
            session, plan_id=plan.id, first_dose_on=date(2026, 3, 4), by=PHARMACIST, now=NOW
        )


@pytest.mark.usefixtures("bench")
def test_who_approved_a_plan_stays_written_when_a_new_one_takes_its_place(
    session: Session,
) -> None:
    prescription = make_prescription(session)
    first = make_plan(session, prescription)
    operations.approve(
        session, plan_id=first.id, first_dose_on=date(2026, 3, 3), by=PHARMACIST, now=NOW
    )

    second = make_plan(session, prescription, policy=replace(Policy(), default_strategy="B"))

    assert (first.state, first.approved_by) == (PlanState.SUPERSEDED, PHARMACIST.id)
    assert second.state is PlanState.PROPOSED


@pytest.mark.usefixtures("bench")
def test_the_database_holds_one_plan_in_force(session: Session) -> None:
    prescription = make_prescription(session)
    first = make_plan(session, prescription)
    choose(session, first, "B")

    with pytest.raises(IntegrityError, match="uq_strength_plans_current"):
        session.execute(
            update(StrengthPlan).where(StrengthPlan.id == first.id).values(state=PlanState.PROPOSED)
        )


def test_a_plan_proposed_twice_at_once_is_proposed_once(database: Database) -> None:
    with database.transaction() as session:
        make_formulations(session)
        prescription = make_prescription(session)
        make_plan(session, prescription, fill_no=99)
    start = Barrier(4)

    def propose() -> None:
        start.wait()
        with database.transaction() as session:
            make_plan(session, prescription)

    threads = [Thread(target=propose) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.transaction() as session:
        plans = queries.versions(session, prescription.id, 1)
    assert [plan.version for plan in plans] == [1]


def test_a_new_formulation_is_approved_by_two_pharmacists(session: Session) -> None:
    formula = make_formulation(session, 2_250).formula

    with pytest.raises(SecondPersonNeeded):
        formulary.approve(session, formula, by=PHARMACIST, second=PHARMACIST, now=NOW)
    with pytest.raises(PermissionMissing):
        formulary.approve(session, formula, by=TECHNICIAN, second=PHARMACIST, now=NOW)
    second = formulary.approve(session, formula, by=PHARMACIST, second=COLLEAGUE, now=NOW)

    assert second.version == 2
    assert newest(session, [2_250]) == {2_250: second}
