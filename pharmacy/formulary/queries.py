"""Reading formulations."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from pharmacy.formulary.models import Formulation, FormulationProposal
from pharmacy.kernel.refusals import NotFound


class FormulationNotFound(NotFound):
    """No approved formulation makes this strength."""

    code = "no-formulation"
    remedy = "Approve a formulation for the strength."


class ProposalNotFound(NotFound):
    """There is no such proposal of a formulation."""

    code = "formulation-proposal-not-found"


NEWEST = (
    select(Formulation)
    .ext(distinct_on(Formulation.strength_ug))
    .order_by(Formulation.strength_ug, Formulation.version.desc())
)


def strengths(session: Session) -> frozenset[int]:
    """Return the strengths, in micrograms, that have a formulation."""
    return frozenset(session.scalars(select(Formulation.strength_ug).distinct()))


def newest(session: Session, strengths_ug: Collection[int]) -> dict[int, Formulation]:
    """Return the newest formulation of each of these strengths that has one."""
    found = session.scalars(NEWEST.where(Formulation.strength_ug.in_(strengths_ug)))
    return {formulation.strength_ug: formulation for formulation in found}


def get(session: Session, strength_ug: int) -> Formulation:
    """Return the newest formulation of a strength. Raises FormulationNotFound."""
    if (found := newest(session, [strength_ug]).get(strength_ug)) is None:
        raise FormulationNotFound("no formulation makes this strength", strength_ug=strength_ug)
    return found


def version(session: Session, formulation_id: UUID) -> Formulation:
    """Return one version, in force or superseded. Raises FormulationNotFound."""
    if (found := session.get(Formulation, formulation_id)) is None:
        raise FormulationNotFound("there is no such version of a formulation")
    return found


def versions(session: Session, strength_ug: int) -> list[Formulation]:
    """Return every version of a strength, the newest first."""
    found = select(Formulation).where(Formulation.strength_ug == strength_ug)
    return list(session.scalars(found.order_by(Formulation.version.desc())))


def in_force(session: Session) -> list[Formulation]:
    """Return the newest version of every strength, the weakest first."""
    return list(session.scalars(NEWEST))


def proposal(session: Session, proposal_id: UUID) -> FormulationProposal:
    """Return a version that waits, or waited. Raises ProposalNotFound."""
    if (found := session.get(FormulationProposal, proposal_id)) is None:
        raise ProposalNotFound("there is no such proposal")
    return found


def lock_proposal(session: Session, proposal_id: UUID) -> FormulationProposal:
    """Return a proposal locked. Raises ProposalNotFound."""
    found = session.get(FormulationProposal, proposal_id, with_for_update=True)
    if found is None:
        raise ProposalNotFound("there is no such proposal")
    return found


def open_proposals(session: Session) -> list[FormulationProposal]:
    """Return what waits for the second pharmacist, the oldest first."""
    waiting = select(FormulationProposal).where(FormulationProposal.decided_at.is_(None))
    return list(session.scalars(waiting.order_by(FormulationProposal.proposed_at)))
