"""Who a prescriber is, is corrected by two people, and what the register said stays on record."""

from dataclasses import asdict
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.practice.rules import Policy
from pharmacy.prescribers import operations, queries
from pharmacy.prescribers.models import Prescriber, PrescriberCorrection
from pharmacy.prescribers.rules.names import PersonName
from pharmacy.prescribers.rules.people import (
    CorrectionDecided,
    CorrectionDecision,
    CorrectionEmpty,
    CorrectionReason,
    CorrectionWaiting,
    PrescriberInvalid,
)
from pharmacy.staff.rules import Actor, PermissionMissing, Role, SecondPersonNeeded
from tests.conftest import NOW
from tests.factories.practice import make_site
from tests.factories.prescribers import (
    JORDAN,
    correct,
    make_exclusion,
    make_license,
    make_verifiable,
)
from tests.factories.staff import make_actor

CONFIRMED_ALONE = (
    "update prescriber_corrections"
    " set decision = 'confirmed', decided_by = proposed_by, decided_at = now()"
)


@pytest.fixture
def jordan(session: Session) -> Prescriber:
    """A physician about whom every registry has only good to say."""
    make_site(session)
    return make_verifiable(session)


@pytest.fixture
def ada(session: Session) -> Actor:
    return make_actor(session, Role.ADMINISTRATOR)


@pytest.fixture
def ben(session: Session) -> Actor:
    return make_actor(session, Role.ADMINISTRATOR)


def propose(
    session: Session, prescriber: Prescriber, by: Actor, **changes: Any
) -> PrescriberCorrection:
    given: dict[str, Any] = {
        **asdict(prescriber.person),
        "reason": CorrectionReason.CHANGED,
        "words": "Marriage certificate of 14 February",
    }
    return operations.propose_correction(
        session, prescriber.npi, **{**given, **changes}, by=by, now=NOW
    )


def codes(session: Session, name_on_order: str) -> list[str]:
    verdict = operations.check(
        session,
        npi=JORDAN,
        name_on_order=name_on_order,
        patient_state="TX",
        now=NOW + timedelta(minutes=1),
        policy=Policy(),
    )
    return [hold.code for hold in verdict.holds]


def test_one_proposes_another_confirms_and_the_former_name_stays_on_record(
    session: Session, jordan: Prescriber, ada: Actor, ben: Actor
) -> None:
    proposed = propose(session, jordan, ada, family="Newname", practice_state="ok")
    assert jordan.family == "Testprescriber", "nothing counts before a second person"

    with pytest.raises(SecondPersonNeeded):
        operations.confirm_correction(session, proposed.id, by=ada, now=NOW)
    operations.confirm_correction(session, proposed.id, by=ben, now=NOW)

    assert (jordan.family, jordan.practice_state) == ("Newname", "OK")
    (kept,) = queries.corrections(session, JORDAN)
    assert kept.was == {
        "family": "Testprescriber",
        "given": "Jordan",
        "practice_state": "TX",
        "birth_date": None,
    }
    assert (kept.proposed_by, kept.decided_by) == (ada.id, ben.id)


def test_after_a_marriage_old_and_new_prescriptions_and_registries_speak_of_one_person(
    session: Session, jordan: Prescriber
) -> None:
    assert codes(session, "Jordan Newname") == ["order-name-differs"]

    correct(session, jordan, family="Newname")

    assert codes(session, "Jordan Newname") == []
    assert codes(session, "Jordan Testprescriber") == [], "signed before the marriage"
    assert codes(session, "Jordan Somebodyelse") == ["order-name-differs"]


def test_a_name_that_was_written_wrongly_speaks_of_them_no_more(
    session: Session, jordan: Prescriber
) -> None:
    correct(session, jordan, CorrectionReason.WRITTEN_WRONGLY, given="Jordana")

    assert queries.names(session, jordan) == (PersonName("Testprescriber", "Jordana"),)
    assert "identity-name-differs" in codes(session, "Jordana Testprescriber")


def test_whoever_was_excluded_under_the_former_name_is_found_under_the_new_one(
    session: Session, jordan: Prescriber
) -> None:
    make_exclusion(session)

    correct(session, jordan, family="Newname")

    assert codes(session, "Jordan Newname") == ["exclusion-possible"]


def test_whoever_moved_needs_a_licence_where_they_practise_now(
    session: Session, jordan: Prescriber
) -> None:
    correct(session, jordan, practice_state="OK")

    assert codes(session, "Jordan Testprescriber") == ["license-file-missing"]
    make_license(session, state="OK")
    assert codes(session, "Jordan Testprescriber") == []


def test_a_birth_date_that_was_left_out_tells_an_excluded_namesake_apart(
    session: Session, jordan: Prescriber
) -> None:
    make_exclusion(session, birth_date=date(1950, 3, 4))
    before = codes(session, "Jordan Testprescriber")

    correct(session, jordan, CorrectionReason.WRITTEN_WRONGLY, birth_date=date(1975, 1, 2))

    assert before == ["exclusion-possible"]
    assert codes(session, "Jordan Testprescriber") == []


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({}, CorrectionEmpty),
        ({"family": "Newname", "words": " "}, CorrectionEmpty),
        ({"given": ""}, PrescriberInvalid),
        ({"practice_state": "Texas"}, PrescriberInvalid),
        ({"birth_date": NOW.date()}, PrescriberInvalid),
        ({"birth_date": date(1875, 1, 2)}, PrescriberInvalid),
    ],
)
def test_a_correction_changes_something_to_something_possible(
    session: Session,
    jordan: Prescriber,
    ada: Actor,
    changes: dict[str, Any],
    refusal: type[Exception],
) -> None:
    with pytest.raises(refusal):
        propose(session, jordan, ada, **changes)


def test_one_correction_waits_at_a_time_until_it_is_decided(
    session: Session, jordan: Prescriber, ada: Actor, ben: Actor
) -> None:
    first = propose(session, jordan, ada, family="Newname")
    with pytest.raises(CorrectionWaiting):
        propose(session, jordan, ben, family="Othername")

    operations.reject_correction(session, first.id, by=ada, now=NOW)

    with pytest.raises(CorrectionDecided):
        operations.confirm_correction(session, first.id, by=ben, now=NOW)
    assert first.decision is CorrectionDecision.REJECTED
    assert jordan.family == "Testprescriber"
    propose(session, jordan, ben, family="Othername")


def test_a_pharmacist_corrects_no_prescriber(session: Session, jordan: Prescriber) -> None:
    with pytest.raises(PermissionMissing):
        propose(session, jordan, make_actor(session, Role.PHARMACIST), family="Newname")


def test_the_audit_says_what_was_corrected(session: Session, jordan: Prescriber) -> None:
    correct(session, jordan, family="Newname")

    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "prescriber.corrected")
    ).one()
    assert (entry.subject_id, entry.detail["changes"]) == (jordan.id, ["family"])


@pytest.mark.parametrize(
    "spoilt",
    [
        "update prescribers set family = 'Newname'",
        "update prescribers set birth_date = '1975-01-02'",
        "update prescribers set practice_state = 'OK'",
    ],
)
def test_the_database_changes_no_prescriber_that_nobody_confirmed(
    session: Session, jordan: Prescriber, ada: Actor, spoilt: str
) -> None:
    propose(session, jordan, ada, family="Newname")

    with pytest.raises(IntegrityError, match="by a confirmed correction alone"):
        session.execute(text(spoilt))


@pytest.mark.parametrize(
    ("spoilt", "says"),
    [
        (CONFIRMED_ALONE, "second_person"),
        ("update prescriber_corrections set family = 'Othername'", "not rewritten"),
        ("delete from prescriber_corrections", "not rewritten"),
    ],
)
def test_the_database_too_wants_a_second_person_and_keeps_what_was_proposed(
    session: Session, jordan: Prescriber, ada: Actor, spoilt: str, says: str
) -> None:
    propose(session, jordan, ada, family="Newname")

    with pytest.raises(IntegrityError, match=says):
        session.execute(text(spoilt))
