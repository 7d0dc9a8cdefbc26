"""Where a patient lives is settled by a person, and what was on file before stays on record."""

from dataclasses import asdict

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.patients import operations, queries
from pharmacy.patients.models import ContactChange, Patient
from pharmacy.patients.rules.contact import (
    ContactDecision,
    ContactInvalid,
    ContactReason,
    ContactSettled,
    ContactSource,
    ContactUnsettled,
    Ground,
)
from pharmacy.staff.rules import WORKER, Actor, PermissionMissing, Role
from tests.conftest import NOW
from tests.factories.patients import AVERY, contact, facts, make_patient
from tests.factories.staff import make_actor

MOVED = contact(address_line="9 New Avenue", city="Los Angeles", state="CA", postal_code="90012")


@pytest.fixture
def technician(session: Session) -> Actor:
    return make_actor(session, Role.TECHNICIAN)


@pytest.fixture
def avery(session: Session) -> Patient:
    return make_patient(session)


def enter_moved(session: Session) -> ContactChange:
    """A second prescription, with another address."""
    known = operations.enter(session, facts(**asdict(MOVED)), by=WORKER, now=NOW)
    assert known.contact_differs
    return queries.open_contact_changes(session, known.patient.id)[0]


def settle(
    session: Session, change: ContactChange, decision: ContactDecision, by: Actor
) -> Patient:
    return operations.settle_contact(
        session,
        change.patient_id,
        change.id,
        decision,
        ground=Ground(ContactReason.PATIENT_SAID),
        by=by,
        now=NOW,
    )


def test_another_address_in_a_prescription_waits_beside_the_one_on_file(
    session: Session, avery: Patient
) -> None:
    change = enter_moved(session)

    assert avery.contact == AVERY.contact
    assert (change.contact, change.source) == (MOVED, ContactSource.PRESCRIPTION)
    with pytest.raises(ContactUnsettled):
        queries.settled(session, avery.id)


def test_the_same_address_is_asked_about_once(session: Session, avery: Patient) -> None:
    enter_moved(session)
    enter_moved(session)

    assert len(queries.open_contact_changes(session, avery.id)) == 1


def test_written_in_another_way_it_is_the_same_address(session: Session, avery: Patient) -> None:
    again = facts(phone="(555) 010-0142", city="HOUSTON", postal_code="77002-0001")

    assert not operations.enter(session, again, by=WORKER, now=NOW).contact_differs
    assert queries.settled(session, avery.id).contact == AVERY.contact


def test_a_technician_takes_the_new_address_over_and_the_old_one_stays_on_record(
    session: Session, avery: Patient, technician: Actor
) -> None:
    change = enter_moved(session)

    settle(session, change, ContactDecision.TAKEN_OVER, technician)

    assert queries.settled(session, avery.id).contact == MOVED
    assert change.on_file == asdict(AVERY.contact)
    assert (change.settled_by, change.reason) == (technician.id, ContactReason.PATIENT_SAID)


def test_a_technician_keeps_the_address_on_file(
    session: Session, avery: Patient, technician: Actor
) -> None:
    change = enter_moved(session)

    settle(session, change, ContactDecision.KEPT, technician)

    assert queries.settled(session, avery.id).contact == AVERY.contact
    with pytest.raises(ContactSettled):
        settle(session, change, ContactDecision.TAKEN_OVER, technician)


def test_a_prescription_that_says_the_kept_one_is_wrong_again_is_asked_about_again(
    session: Session, avery: Patient, technician: Actor
) -> None:
    settle(session, enter_moved(session), ContactDecision.KEPT, technician)

    enter_moved(session)

    assert len(queries.open_contact_changes(session, avery.id)) == 1


def test_a_patient_who_calls_is_written_down_and_settles_what_a_prescription_says_alike(
    session: Session, avery: Patient, technician: Actor
) -> None:
    enter_moved(session)

    operations.correct_contact(
        session,
        avery.id,
        MOVED,
        ground=Ground(ContactReason.PATIENT_SAID, "Called on 2 March"),
        by=technician,
        now=NOW,
    )

    assert queries.settled(session, avery.id).contact == MOVED
    assert {each.source for each in queries.contact_changes(session, avery.id)} == {
        ContactSource.PRESCRIPTION,
        ContactSource.STAFF,
    }


def test_an_address_of_no_use_is_not_written_down(
    session: Session, avery: Patient, technician: Actor
) -> None:
    with pytest.raises(ContactInvalid):
        operations.correct_contact(
            session,
            avery.id,
            contact(state="Texas"),
            ground=Ground(ContactReason.PATIENT_SAID),
            by=technician,
            now=NOW,
        )


def test_an_auditor_corrects_nothing(session: Session, avery: Patient) -> None:
    with pytest.raises(PermissionMissing):
        operations.correct_contact(
            session,
            avery.id,
            MOVED,
            ground=Ground(ContactReason.PATIENT_SAID),
            by=make_actor(session, Role.AUDITOR),
            now=NOW,
        )


def test_the_audit_says_what_was_settled_and_no_address(
    session: Session, avery: Patient, technician: Actor
) -> None:
    settle(session, enter_moved(session), ContactDecision.TAKEN_OVER, technician)

    entries = session.scalars(select(AuditEntry).where(AuditEntry.patient_id == avery.id)).all()
    told = {entry.action: entry.detail for entry in entries}
    assert told["patient.contact-differed"]["differs"] == ["address", "state"]
    assert told["patient.contact-settled"]["decision"] == "taken-over"
    assert "Avenue" not in str([entry.detail for entry in entries])


@pytest.mark.parametrize("column", ["phone", "address_line", "city", "state", "postal_code"])
def test_the_database_changes_no_address_that_nobody_settled(
    session: Session, avery: Patient, column: str
) -> None:
    enter_moved(session)

    with pytest.raises(IntegrityError, match="by a settled change alone"):
        session.execute(text(f"update patients set {column} = 'CA'"))  # our own


@pytest.mark.parametrize(
    "spoilt",
    [
        "update contact_changes set decision = 'kept'",
        "update contact_changes set city = 'Reno'",
        "delete from contact_changes",
    ],
)
def test_what_was_settled_stands(
    session: Session, avery: Patient, technician: Actor, spoilt: str
) -> None:
    settle(session, enter_moved(session), ContactDecision.TAKEN_OVER, technician)

    with pytest.raises(IntegrityError, match=r"append-only|not rewritten"):
        session.execute(text(spoilt))
    assert avery.id
