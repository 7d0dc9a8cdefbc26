"""Reading strength plans, and which strengths a plan may use."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.formulary import queries as formulary
from pharmacy.inventory.models import CapsuleLot, LotStatus
from pharmacy.kernel.refusals import NotFound
from pharmacy.prescriptions.models import Prescription
from pharmacy.titration.models import PlanState, StrengthPlan


class PlanNotFound(NotFound):
    """There is no such plan."""

    code = "plan-not-found"


def get(session: Session, plan_id: UUID) -> StrengthPlan:
    """Return a plan of any version. Raises PlanNotFound."""
    if (plan := session.get(StrengthPlan, plan_id)) is None:
        raise PlanNotFound("there is no such strength plan")
    return plan


def lock(session: Session, plan_id: UUID) -> StrengthPlan:
    """Return a plan whose row nobody else changes until the transaction ends."""
    if (plan := session.get(StrengthPlan, plan_id, with_for_update=True)) is None:
        raise PlanNotFound("there is no such strength plan")
    return plan


def current(session: Session, prescription_id: UUID, fill_no: int) -> StrengthPlan | None:
    """Return the version in force of one fill's plan, proposed or approved."""
    return session.scalars(
        select(StrengthPlan).where(
            StrengthPlan.prescription_id == prescription_id,
            StrengthPlan.fill_no == fill_no,
            StrengthPlan.state != PlanState.SUPERSEDED,
        )
    ).one_or_none()


def versions(session: Session, prescription_id: UUID, fill_no: int) -> Sequence[StrengthPlan]:
    """Return every version of one fill's plan, newest first, locked against a new one."""
    prescription = select(Prescription.id).where(Prescription.id == prescription_id)
    session.execute(prescription.with_for_update(key_share=True))  # there may be no version yet
    return session.scalars(
        select(StrengthPlan)
        .where(StrengthPlan.prescription_id == prescription_id, StrengthPlan.fill_no == fill_no)
        .order_by(StrengthPlan.version.desc())
        .with_for_update()
    ).all()


def strengths(session: Session, on: date) -> frozenset[int]:
    """Return the strengths, in micrograms, that can be made or lie released on the shelf."""
    released = session.scalars(
        select(CapsuleLot.strength_ug)
        .where(
            CapsuleLot.status == LotStatus.RELEASED,
            CapsuleLot.on_hand > CapsuleLot.reserved,
            CapsuleLot.beyond_use_on >= on,
        )
        .distinct()
    )
    return frozenset(released) | formulary.strengths(session)
