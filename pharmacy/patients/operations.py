"""Writing down who a patient is and what they answered."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.kernel.ids import new_id
from pharmacy.patients import queries
from pharmacy.patients.models import ContactChange, HealthAnswer, Patient
from pharmacy.patients.rules import (
    SOURCES,
    AnswerInvalid,
    GivenAnswer,
    PatientFacts,
    is_same_person,
    require_days_sane,
    require_reading,
)
from pharmacy.patients.rules.contact import (
    Contact,
    ContactDecision,
    ContactSettled,
    ContactSource,
    Ground,
    require_contact,
)
from pharmacy.staff.rules import Actor, Permission


@dataclass(frozen=True, slots=True)
class Entered:
    """The patient of an identifier, and whether the known person is another than the named one."""

    patient: Patient
    differs: bool
    """Another name or birth date is known under this identifier: a person must look."""
    contact_differs: bool = False
    """Another phone or address is on file, or was given before and is not settled."""


INSERT: Final = insert(Patient.table())
ENTER: Final = select(Patient).from_statement(
    INSERT.on_conflict_do_update(
        index_elements=["identifier_system", "identifier_value"],
        # Setting a column to itself lets one statement give back the row, whoever entered it.
        set_={"identifier_value": INSERT.excluded.identifier_value},
    ).returning(*Patient.table().c)
)


def enter(session: Session, facts: PatientFacts, *, by: Actor, now: datetime) -> Entered:
    """
    Find the patient with the facts' identifier, or enter them.

    What is known of a patient is never overwritten: labels speak from the signed prescription, and
    another name under one identifier may be a mix-up (`Entered.differs`). Another phone or address
    is kept beside the one on file until a person settles which is right.
    """
    new = new_id()
    patient = session.scalars(
        ENTER,
        {"id": new, "created_at": now, **asdict(facts)},
        execution_options={"populate_existing": True},
    ).one()
    differs = not is_same_person(
        facts, family=patient.family, given=patient.given, birth_date=patient.birth_date
    )
    if patient.id == new:
        _note(session, "patient.entered", patient.id, by=by, now=now)
    elif differs:
        _note(session, "patient.details-differed", patient.id, by=by, now=now)
    moved = bool(facts.contact.differs_in(patient.contact))
    if moved:
        _give_contact(session, patient, facts.contact, by=by, now=now)
    return Entered(patient=patient, differs=differs, contact_differs=moved)


def _give_contact(
    session: Session, patient: Patient, contact: Contact, *, by: Actor, now: datetime
) -> None:
    """Keep what a prescription says beside what is on file, once, until it is settled."""
    waiting = queries.open_contact_changes(session, patient.id)
    if any(not contact.differs_in(each.contact) for each in waiting):
        return
    source = ContactSource.PRESCRIPTION
    change = _change(patient, contact, source=source, by=by, now=now)
    session.add(change)
    session.flush()
    detail = {"change": str(change.id), "differs": list(contact.differs_in(patient.contact))}
    _note(session, "patient.contact-differed", patient.id, by=by, now=now, detail=detail)


def settle_contact(
    session: Session,
    patient_id: UUID,
    change_id: UUID,
    decision: ContactDecision,
    *,
    ground: Ground,
    by: Actor,
    now: datetime,
) -> Patient:
    """
    Decide whether another phone and address are taken over, or what is on file is kept.

    Raises:
        PatientNotFound, ContactChangeNotFound, PermissionMissing.
        ContactSettled: Somebody was faster.
    """
    by.require(Permission.CORRECT_CONTACT)
    patient = queries.lock(session, patient_id)
    change = queries.contact_change(session, patient_id, change_id)
    if change.settled_at is not None:
        raise ContactSettled("this was settled before")
    _settle(session, patient, [change], decision, ground=ground, by=by, now=now)
    return patient


def correct_contact(
    session: Session,
    patient_id: UUID,
    contact: Contact,
    *,
    ground: Ground,
    by: Actor,
    now: datetime,
) -> Patient:
    """
    Take over the phone and address that somebody told us. What was on file before stays on record.

    Raises:
        ContactInvalid: Nobody is reached there.
        PatientNotFound, PermissionMissing.
    """
    by.require(Permission.CORRECT_CONTACT)
    require_contact(contact)
    patient = queries.lock(session, patient_id)
    change = _change(patient, contact, source=ContactSource.STAFF, by=by, now=now)
    session.add(change)
    same = [
        each
        for each in queries.open_contact_changes(session, patient_id)
        if each is not change and not contact.differs_in(each.contact)
    ]
    taken = ContactDecision.TAKEN_OVER
    _settle(session, patient, [*same, change], taken, ground=ground, by=by, now=now)
    return patient


def _change(
    patient: Patient, contact: Contact, *, source: ContactSource, by: Actor, now: datetime
) -> ContactChange:
    return ContactChange(
        id=new_id(),
        patient_id=patient.id,
        source=source,
        given_by=by.id,
        given_at=now,
        words="",
        **asdict(contact),
    )


def _settle(
    session: Session,
    patient: Patient,
    changes: Sequence[ContactChange],
    decision: ContactDecision,
    *,
    ground: Ground,
    by: Actor,
    now: datetime,
) -> None:
    """Write the decision down first: the database changes a patient's address with it alone."""
    on_file = asdict(patient.contact)
    for change in changes:
        change.decision = decision
        change.reason, change.words = ground.reason, ground.words.strip()
        change.settled_by, change.settled_at, change.on_file = by.id, now, on_file
    session.flush()
    settled = changes[-1]
    detail = {"change": str(settled.id), "decision": decision, "reason": ground.reason}
    if decision is ContactDecision.TAKEN_OVER:
        detail["differs"] = ", ".join(settled.contact.differs_in(patient.contact))
        for name, value in asdict(settled.contact).items():
            setattr(patient, name, value)
        session.flush()
    _note(session, "patient.contact-settled", patient.id, by=by, now=now, detail=detail)


def record_answers(
    session: Session,
    patient_id: UUID,
    answers: Sequence[GivenAnswer],
    *,
    source: str,
    by: Actor,
    now: datetime,
) -> list[HealthAnswer]:
    """
    Write down what a patient answered. Earlier answers stay; the newest of a topic counts.

    Orders that wait must be screened again afterwards.

    Raises:
        PatientNotFound, AnswerInvalid, PermissionMissing.
    """
    by.require(Permission.RECORD_HEALTH)
    patient = queries.get(session, patient_id)
    if source not in SOURCES:
        raise AnswerInvalid(f"an answer comes from one of {', '.join(sorted(SOURCES))}")
    for answer in answers:
        require_days_sane(answer, today=now.date())
    if not answers or len({answer.topic for answer in answers}) < len(answers):
        raise AnswerInvalid("give at least one answer, and one for each topic")
    rows = [
        HealthAnswer(
            id=new_id(),
            patient_id=patient.id,
            topic=answer.topic.value,
            answer=answer.reply,
            details=answer.details.to_data(),
            source=source,
            asked_by=by.id,
            asked_at=now,
        )
        for answer in answers
    ]
    session.add_all(rows)
    session.flush()
    _note(session, "patient.health-recorded", patient.id, by=by, now=now)
    return rows


def choose_reading(
    session: Session,
    patient_id: UUID,
    *,
    language: str,
    large_print: bool,
    reason: str,
    by: Actor,
    now: datetime,
) -> Patient:
    """
    Write down in which language a patient reads, and whether in large print.

    It counts for every later order, whatever a prescription says.

    Raises:
        PatientNotFound, ReadingInvalid, PermissionMissing.
    """
    by.require(Permission.CHOOSE_READING)
    require_reading(language, reason)
    patient = queries.get(session, patient_id)
    patient.language, patient.large_print = language, large_print
    patient.reading_chosen_by, patient.reading_chosen_at = by.id, now
    session.flush()
    facts = {"language": language, "large_print": large_print, "reason": reason.strip()}
    _note(session, "patient.reading-chosen", patient.id, by=by, now=now, detail=facts)
    return patient


def _note(
    session: Session,
    action: str,
    patient_id: UUID,
    *,
    by: Actor,
    now: datetime,
    detail: dict[str, Any] | None = None,
) -> None:
    audit.record(
        session,
        action,
        by=by,
        at=now,
        subject_kind="patient",
        subject_id=patient_id,
        patient_id=patient_id,
        detail=detail,
    )
