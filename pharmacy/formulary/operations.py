"""Approving formulations."""

from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from pharmacy.formulary.models import Formulation
from pharmacy.formulary.rules.formulation import Formula
from pharmacy.infra import audit
from pharmacy.staff.rules import Actor, Permission, SecondPersonNeeded, require_second_person


def approve(
    session: Session, formula: Formula, *, by: Actor, second: Actor, now: datetime
) -> Formulation:
    """
    Put a new version of a strength's formulation in force, approved by two pharmacists.

    Raises:
        SecondPersonNeeded: Both are one person, or one of them is no person.
    """
    by.require(Permission.RELEASE_LOT)
    second.require(Permission.RELEASE_LOT)
    require_second_person(maker=by.id, checker=second.id)
    if by.id is None or second.id is None:
        raise SecondPersonNeeded("a formulation is approved by two people")
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
        approved_by=by.id,
        second_approved_by=second.id,
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
            "second": str(second.id),
        },
    )
    return formulation
