"""Formulations: one pharmacist writes a version, another puts it in force."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.formulary import queries
from pharmacy.formulary.models import Formulation, FormulationProposal
from pharmacy.formulary.rules.editing_steps import seal_of
from pharmacy.formulary.rules.formulation import Formula
from pharmacy.formulary.rules.master_record import MasterRecord
from pharmacy.formulary.rules.usual_record import usual_record
from pharmacy.infra import audit
from pharmacy.kernel.refusals import Conflict, Invalid, NotPermitted
from pharmacy.staff.rules import Actor, Permission, SecondPersonNeeded, require_second_person


class ProposalOpen(Conflict):
    """Another version of this strength waits for a decision."""

    code = "formulation-proposal-open"
    remedy = "Decide about the version that waits, then propose yours."


class ProposalDecided(Conflict):
    """The version was approved or rejected before."""

    code = "formulation-proposal-decided"


class NotTheWriter(NotPermitted):
    """A draft is changed by the pharmacist who wrote it, who approves of it as the first of two."""

    code = "formulation-not-the-writer"
    remedy = "Reject the version and say what is wrong, or ask the writer to change it."


class ProposalChanged(Conflict):
    """The draft is not what this person saw: it was changed since."""

    code = "formulation-proposal-changed"
    remedy = "Show the page afresh and read the draft as it is now."


class ReasonNeeded(Invalid):
    """A version is proposed, and rejected, for a reason."""

    code = "formulation-reason-needed"


def propose(
    session: Session,
    formula: Formula,
    record: MasterRecord,
    *,
    reason: str,
    by: Actor,
    now: datetime,
) -> FormulationProposal:
    """
    Write a version of a strength's master record and approve of it, as the first of two.

    Raises:
        RecordIncomplete: The record is of another strength or filler than the formula.
        ProposalOpen: Another version of the strength waits.
        ReasonNeeded: No reason was given.
    """
    by.require(Permission.APPROVE_FORMULATION)
    record.require_fits(formula)
    if by.id is None:
        raise SecondPersonNeeded("a formulation is approved by two people")
    if not reason.strip():
        raise ReasonNeeded("say what the version is for")
    proposal = FormulationProposal(
        strength_ug=formula.strength_ug,
        formula=formula.to_data(),
        record=record.to_data(),
        reason=reason.strip(),
        proposed_by=by.id,
        proposed_at=now,
    )
    try:
        with session.begin_nested():
            session.add(proposal)
    except IntegrityError as error:
        raise ProposalOpen("another version waits", strength_ug=formula.strength_ug) from error
    _record_decision(session, "formulation.proposed", proposal, by=by, now=now)
    return proposal


def change_proposal(
    session: Session,
    proposal_id: UUID,
    change: Callable[[MasterRecord], MasterRecord],
    *,
    seen: str,
    by: Actor,
    now: datetime,
) -> FormulationProposal:
    """
    Change the record of a version that is still a draft, as whoever wrote it.

    Args:
        change: Returns the record as it shall be.
        seen: `rules.editing_steps.seal_of` the record that the writer had before them.

    Raises:
        NotTheWriter: Somebody else wrote it.
        ProposalDecided: It is in force, or was rejected: neither changes any more.
        ProposalChanged: It was changed since they saw it.
        RecordIncomplete: What it would be cannot be made by.
    """
    by.require(Permission.APPROVE_FORMULATION)
    proposal = _lock_open(session, proposal_id)
    if proposal.proposed_by != by.id:
        raise NotTheWriter("somebody else wrote this version")
    record = _seen(proposal, seen)
    changed = change(record)
    changed.require_fits(Formula.of_data(proposal.formula))
    proposal.record = changed.to_data()
    session.flush()
    _record_decision(session, "formulation.changed", proposal, by=by, now=now)
    return proposal


def approve_proposal(
    session: Session, proposal_id: UUID, *, seen: str | None = None, by: Actor, now: datetime
) -> Formulation:
    """
    Put a proposed version in force, as the second of two pharmacists.

    Args:
        seen: `rules.editing_steps.seal_of` the record that they read. None: they read it now.

    Raises:
        ProposalChanged: It was changed since they read it.
        SecondPersonNeeded: Whoever wrote it may not be the second.
        ProposalDecided: Somebody decided before.
    """
    by.require(Permission.APPROVE_FORMULATION)
    proposal = _lock_open(session, proposal_id)
    require_second_person(maker=proposal.proposed_by, checker=by.id)
    formula = Formula.of_data(proposal.formula)
    record = _seen(proposal, seen) if seen else MasterRecord.of_data(proposal.record)
    formulation = _put_in_force(
        session, formula, record, first=proposal.proposed_by, by=by, now=now
    )
    proposal.decided_by, proposal.decided_at = by.id, now
    proposal.formulation_id = formulation.id
    return formulation


def reject_proposal(
    session: Session, proposal_id: UUID, *, reason: str, by: Actor, now: datetime
) -> FormulationProposal:
    """Decide against a proposed version. Raises as `approve_proposal`, and ReasonNeeded."""
    by.require(Permission.APPROVE_FORMULATION)
    proposal = _lock_open(session, proposal_id)
    require_second_person(maker=proposal.proposed_by, checker=by.id)
    if not reason.strip():
        raise ReasonNeeded("say what is wrong with the version")
    proposal.decided_by, proposal.decided_at = by.id, now
    proposal.rejected_because = reason.strip()
    _record_decision(session, "formulation.rejected", proposal, by=by, now=now)
    return proposal


def approve(
    session: Session,
    formula: Formula,
    *,
    by: Actor,
    second: Actor,
    now: datetime,
    record: MasterRecord | None = None,
) -> Formulation:
    """
    Put a new version of a strength's formulation in force, with both pharmacists at the desk.

    Args:
        record: Default: the usual master record of such a capsule.

    Raises:
        SecondPersonNeeded: Both are one person, or one of them is no person.
    """
    by.require(Permission.APPROVE_FORMULATION)
    second.require(Permission.APPROVE_FORMULATION)
    require_second_person(maker=by.id, checker=second.id)
    if by.id is None:
        raise SecondPersonNeeded("a formulation is approved by two people")
    record = record or usual_record(formula)
    record.require_fits(formula)
    return _put_in_force(session, formula, record, first=by.id, by=second, now=now)


def _put_in_force(
    session: Session,
    formula: Formula,
    record: MasterRecord,
    *,
    first: UUID,
    by: Actor,
    now: datetime,
) -> Formulation:
    session.execute(text("lock table formulations in share row exclusive mode"))
    newest = select(func.coalesce(func.max(Formulation.version), 0)).where(
        Formulation.strength_ug == formula.strength_ug
    )
    formulation = Formulation(
        strength_ug=formula.strength_ug,
        version=session.scalars(newest).one() + 1,
        capsule_size=formula.size,
        filler=formula.filler,
        description=formula.description,
        overage_fraction=formula.overage,
        beyond_use_days=formula.beyond_use_days,
        record=record.to_data(),
        approved_by=first,
        second_approved_by=by.id,
        approved_at=now,
    )
    session.add(formulation)
    session.flush()
    audit.record(
        session,
        "formulation.approved",
        by=by,
        at=now,
        subject_kind="formulation",
        subject_id=formulation.id,
        detail={
            "strength_ug": formula.strength_ug,
            "version": formulation.version,
            "first": str(first),
            "second": str(by.id),
        },
    )
    return formulation


def _lock_open(session: Session, proposal_id: UUID) -> FormulationProposal:
    proposal = queries.lock_proposal(session, proposal_id)
    if proposal.decided_at is not None:
        raise ProposalDecided("this version was decided about before")
    return proposal


def _seen(proposal: FormulationProposal, seen: str) -> MasterRecord:
    """Return the record of a draft. Raises ProposalChanged unless it is the one that was seen."""
    record = MasterRecord.of_data(proposal.record)
    if seal_of(record) != seen:
        raise ProposalChanged("the version was changed since it was shown")
    return record


def _record_decision(
    session: Session, action: str, proposal: FormulationProposal, *, by: Actor, now: datetime
) -> None:
    audit.record(
        session,
        action,
        by=by,
        at=now,
        subject_kind="formulation-proposal",
        subject_id=proposal.id,
        detail={"strength_ug": proposal.strength_ug},
    )
