"""Reading formulations."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from pharmacy.formulary.models import Formulation
from pharmacy.kernel.refusals import NotFound


class FormulationNotFound(NotFound):
    """No approved formulation makes this strength."""

    code = "no-formulation"
    remedy = "Approve a formulation for the strength."


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
