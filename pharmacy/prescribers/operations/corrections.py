"""Correcting who a prescriber is: proposed by one person on papers, confirmed by another."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.kernel.ids import new_id
from pharmacy.prescribers import queries
from pharmacy.prescribers.models import Prescriber, PrescriberCorrection
from pharmacy.prescribers.rules.people import (
    CorrectionDecided,
    CorrectionDecision,
    CorrectionEmpty,
    CorrectionReason,
    CorrectionWaiting,
    Person,
    differs_in,
)
from pharmacy.staff.rules import Actor, Permission, require_second_person


def propose_correction(
    session: Session,
    npi: str,
    *,
    family: str,
    given: str,
    practice_state: str,
    birth_date: date | None,
    reason: CorrectionReason,
    words: str,
    by: Actor,
    now: datetime,
) -> PrescriberCorrection:
    """
    Propose how a prescriber stands in the register. It counts once another person confirms it.

    Args:
        reason: A name that changed goes on speaking of them; one that was wrong never did.
        words: Which papers show it.

    Raises:
        PrescriberNotFound, PrescriberInvalid, PermissionMissing.
        CorrectionEmpty: It changes nothing, or nobody said how it is known.
        CorrectionWaiting: One at a time.
    """
    by.require(Permission.MANAGE_KEYS)
    prescriber = queries.lock(session, npi)
    person = Person.proven(
        family=family,
        given=given,
        practice_state=practice_state,
        birth_date=birth_date,
        today=now.date(),
    )
    if not words.strip() or not differs_in(prescriber.person, person):
        raise CorrectionEmpty("say what is other than it is, and which papers show it")
    if queries.waiting_correction(session, npi) is not None:
        raise CorrectionWaiting("a correction of this prescriber waits already")
    if by.id is None:
        require_second_person(maker=None, checker=None)
    correction = PrescriberCorrection(
        id=new_id(),
        npi=npi,
        family=person.family,
        given=person.given,
        practice_state=person.practice_state,
        birth_date=person.birth_date,
        was=prescriber.person.to_data(),
        reason=reason,
        words=words.strip(),
        proposed_by=by.id,
        proposed_at=now,
    )
    session.add(correction)
    session.flush()
    _note(session, "prescriber.correction-proposed", prescriber, correction, by=by, now=now)
    return correction


def confirm_correction(
    session: Session, correction_id: UUID, *, by: Actor, now: datetime
) -> PrescriberCorrection:
    """
    Let a proposed correction count: by another person than proposed it.

    Raises:
        CorrectionNotFound, CorrectionDecided, SecondPersonNeeded, PermissionMissing.
    """
    by.require(Permission.MANAGE_KEYS)
    correction, prescriber = _waiting(session, correction_id)
    require_second_person(maker=correction.proposed_by, checker=by.id)
    correction.decision = CorrectionDecision.CONFIRMED
    correction.decided_by, correction.decided_at = by.id, now
    session.flush()  # first: the database changes a prescriber by a confirmed correction alone
    prescriber.family, prescriber.given = correction.family, correction.given
    prescriber.practice_state = correction.practice_state
    prescriber.birth_date = correction.birth_date
    session.flush()
    _note(session, "prescriber.corrected", prescriber, correction, by=by, now=now)
    return correction


def reject_correction(
    session: Session, correction_id: UUID, *, by: Actor, now: datetime
) -> PrescriberCorrection:
    """
    Let a proposed correction go; whoever proposed it may take it back so.

    Raises:
        CorrectionNotFound, CorrectionDecided, PermissionMissing.
    """
    by.require(Permission.MANAGE_KEYS)
    correction, prescriber = _waiting(session, correction_id)
    correction.decision = CorrectionDecision.REJECTED
    correction.decided_by, correction.decided_at = by.id, now
    session.flush()
    _note(session, "prescriber.correction-rejected", prescriber, correction, by=by, now=now)
    return correction


def _waiting(session: Session, correction_id: UUID) -> tuple[PrescriberCorrection, Prescriber]:
    """Return a correction that nobody decided, and its prescriber, both locked."""
    correction = queries.lock_correction(session, correction_id)
    if correction.decision is not None:
        raise CorrectionDecided("somebody has decided this correction")
    return correction, queries.lock(session, correction.npi)


def _note(
    session: Session,
    action: str,
    prescriber: Prescriber,
    correction: PrescriberCorrection,
    *,
    by: Actor,
    now: datetime,
) -> None:
    changes = differs_in(Person.of_data(correction.was), correction.person)
    audit.record(
        session,
        action,
        by=by,
        at=now,
        subject_kind="prescriber",
        subject_id=prescriber.id,
        detail={
            "npi": prescriber.npi,
            "correction": str(correction.id),
            "changes": list(changes),
            "reason": correction.reason,
        },
    )
