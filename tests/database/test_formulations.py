"""A formulation is written by one pharmacist and put in force by another."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from pharmacy.formulary import operations, queries
from pharmacy.formulary.models import FormulationProposal
from pharmacy.formulary.operations import (
    NotTheWriter,
    ProposalChanged,
    ProposalDecided,
    ProposalOpen,
    ReasonNeeded,
)
from pharmacy.formulary.rules.editing_steps import seal_of, without_step
from pharmacy.formulary.rules.formulation import Formula
from pharmacy.formulary.rules.master_record import MasterRecord, RecordIncomplete
from pharmacy.formulary.rules.usual_record import usual_record
from pharmacy.staff.rules import Actor, PermissionMissing, Role, SecondPersonNeeded
from tests.conftest import NOW
from tests.factories.staff import make_actor

FORMULA = Formula(
    strength_ug=1_500,
    size="3",
    filler="microcrystalline-cellulose",
    description="white capsule",
    overage=Decimal("0.03"),
    beyond_use_days=180,
)
Propose = Callable[..., FormulationProposal]


@pytest.fixture
def pharmacist(session: Session) -> Actor:
    return make_actor(session, Role.PHARMACIST)


@pytest.fixture
def second(session: Session) -> Actor:
    return make_actor(session, Role.PHARMACIST)


@pytest.fixture
def propose(session: Session, pharmacist: Actor) -> Propose:
    def write(**changes: object) -> FormulationProposal:
        values = {"formula": FORMULA, "record": usual_record(FORMULA), "by": pharmacist} | changes
        formula, record = values.pop("formula"), values.pop("record")
        return operations.propose(session, formula, record, reason="first", now=NOW, **values)

    return write


def test_a_version_is_in_force_when_the_second_pharmacist_approves(
    session: Session, propose: Propose, pharmacist: Actor, second: Actor
) -> None:
    proposal = propose()
    assert queries.strengths(session) == frozenset()

    formulation = operations.approve_proposal(session, proposal.id, by=second, now=NOW)

    assert (formulation.approved_by, formulation.second_approved_by) == (pharmacist.id, second.id)
    assert queries.get(session, 1_500).master_record == usual_record(FORMULA)
    assert formulation.formula == FORMULA
    assert queries.open_proposals(session) == []


def test_whoever_wrote_it_is_not_the_second(
    session: Session, propose: Propose, pharmacist: Actor
) -> None:
    with pytest.raises(SecondPersonNeeded):
        operations.approve_proposal(session, propose().id, by=pharmacist, now=NOW)


def test_the_database_too_wants_two_people(
    session: Session, propose: Propose, pharmacist: Actor
) -> None:
    proposal = propose()
    proposal.decided_by, proposal.decided_at = pharmacist.id, NOW

    with pytest.raises(IntegrityError, match="second_person"):
        session.flush()


def test_a_technician_proposes_nothing(session: Session, propose: Propose) -> None:
    with pytest.raises(PermissionMissing):
        propose(by=make_actor(session, Role.TECHNICIAN))


def test_one_version_of_a_strength_waits_at_a_time(propose: Propose) -> None:
    propose()

    with pytest.raises(ProposalOpen):
        propose()


def test_a_rejected_version_is_kept_with_its_reason_and_never_in_force(
    session: Session, propose: Propose, second: Actor
) -> None:
    proposal = propose()
    with pytest.raises(ReasonNeeded):
        operations.reject_proposal(session, proposal.id, reason=" ", by=second, now=NOW)

    operations.reject_proposal(session, proposal.id, reason="wrong filler", by=second, now=NOW)

    assert proposal.rejected_because == "wrong filler"
    assert queries.strengths(session) == frozenset()
    with pytest.raises(ProposalDecided):
        operations.approve_proposal(session, proposal.id, by=second, now=NOW)


def test_every_version_stays_as_it_was_approved(
    session: Session, propose: Propose, second: Actor
) -> None:
    first = operations.approve_proposal(session, propose().id, by=second, now=NOW)
    darker = replace(FORMULA, description="blue capsule")
    operations.approve_proposal(
        session, propose(formula=darker, record=usual_record(darker)).id, by=second, now=NOW
    )

    newest, oldest = queries.versions(session, 1_500)

    assert (newest.version, oldest.version) == (2, 1)
    assert oldest.id == first.id
    assert oldest.description == "white capsule"
    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(text("update formulations set description = 'red'"))


def test_record_and_formula_speak_of_one_strength(propose: Propose) -> None:
    other = replace(FORMULA, strength_ug=3_000)

    with pytest.raises(RecordIncomplete):
        propose(record=usual_record(other))


def test_a_record_comes_back_from_the_database_as_it_went_in() -> None:
    record = usual_record(FORMULA)

    assert MasterRecord.of_data(record.to_data()) == record


def test_a_draft_is_changed_by_its_writer_and_approved_as_it_was_read(
    session: Session, propose: Propose, pharmacist: Actor, second: Actor
) -> None:
    draft = propose()
    read = seal_of(usual_record(FORMULA))

    def change(by: Actor, seen: str) -> None:
        operations.change_proposal(
            session, draft.id, lambda record: without_step(record, 1), seen=seen, by=by, now=NOW
        )

    with pytest.raises(NotTheWriter):
        change(second, read)
    change(pharmacist, read)
    with pytest.raises(ProposalChanged):
        change(pharmacist, read)
    with pytest.raises(ProposalChanged):
        operations.approve_proposal(session, draft.id, seen=read, by=second, now=NOW)

    now_read = seal_of(MasterRecord.of_data(draft.record))
    made = operations.approve_proposal(session, draft.id, seen=now_read, by=second, now=NOW)

    assert made.master_record is not None
    assert [step.title for step in made.master_record.steps] == ["Weigh", "Blend", "Fill", "Test"]
    with pytest.raises(ProposalDecided):
        change(pharmacist, now_read)
    with pytest.raises(DBAPIError), session.begin_nested():
        session.execute(text("update formulation_proposals set record = '{}'"))
