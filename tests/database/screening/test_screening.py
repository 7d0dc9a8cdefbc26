"""Findings are stored with what they saw, decided one by one, and renewed when facts change."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.patients import operations as patients
from pharmacy.patients.models import Patient
from pharmacy.patients.queries import latest_answers
from pharmacy.patients.rules import AnswerInvalid, Details, GivenAnswer, Medicine, Reply, Topic
from pharmacy.screening import operations, queries
from pharmacy.screening.models import Finding
from pharmacy.screening.operations import FindingDecided, FindingSuperseded
from pharmacy.screening.queries import FindingNotFound
from pharmacy.screening.rules import Decision, Severity
from pharmacy.screening.rules.decisions import AnswerNeeded
from pharmacy.staff.rules import Actor, PermissionMissing, Role
from tests.conftest import NOW
from tests.factories.inventory import make_capsule_lot
from tests.factories.patients import make_patient
from tests.factories.practice import make_site
from tests.factories.prescriptions import make_maintenance, make_prescription, regimen
from tests.factories.screening import ASKER, answer_all, screen_fill
from tests.factories.titration import make_formulations

PHARMACIST = Actor(None, "staff", frozenset({Role.PHARMACIST}))
CONTACT = "Dr. Testprescriber, by phone, 2 March 16:40: stable, go on."
PREDNISONE = Details(medicines=(Medicine(name="prednisone", rxnorm="8640"),))


@pytest.fixture(autouse=True)
def site(session: Session) -> None:
    make_site(session)


@pytest.fixture
def patient(session: Session) -> Patient:
    return make_patient(session)


def rules(findings: list[Finding]) -> list[str]:
    return [finding.rule_id for finding in findings]


def decide(session: Session, finding: Finding, **changes: Any) -> Finding:
    how: dict[str, Any] = {
        "decision": Decision.OVERRIDE,
        "reason": "Low dose for three weeks only.",
        "prescriber_contact": CONTACT,
        "by": PHARMACIST,
        "now": NOW,
    }
    return operations.decide(session, finding.id, **{**how, **changes})


def test_the_clinics_regimen_for_a_patient_who_was_asked_passes(
    session: Session, patient: Patient
) -> None:
    answer_all(session, patient)

    assert screen_fill(session, make_prescription(session)) == []


def test_a_patient_who_was_not_asked_is_blocked_until_they_were(
    session: Session, patient: Patient
) -> None:
    prescription = make_prescription(session)
    before = screen_fill(session, prescription)
    answer_all(session, patient)
    after = screen_fill(session, prescription)

    assert len(before) == len(Topic) - 1  # of the last step only who had one is asked
    assert len(queries.undecided(session, prescription.id, 1)) == 0
    assert after == []
    assert all(finding.superseded_at == NOW for finding in before)


def test_a_finding_keeps_what_it_saw(session: Session, patient: Patient) -> None:
    answer_all(session, patient, {Topic.IMMUNOSUPPRESSANTS: PREDNISONE})

    (finding,) = screen_fill(session, make_prescription(session))

    assert (finding.rule_id, finding.severity, finding.rule_version) == ("R06", Severity.BLOCK, 1)
    assert finding.inputs == {"medicines": ["prednisone"], "sure": True}


def test_a_decision_stands_while_what_the_rule_saw_does_not_change(
    session: Session, patient: Patient
) -> None:
    answer_all(session, patient, {Topic.IMMUNOSUPPRESSANTS: PREDNISONE})
    prescription = make_prescription(session)
    (first,) = screen_fill(session, prescription)
    decide(session, first)

    later = NOW + timedelta(days=1)
    answer_all(
        session, patient, {Topic.IMMUNOSUPPRESSANTS: PREDNISONE, Topic.MOOD: Details()}, now=later
    )
    again = screen_fill(session, prescription, now=later)

    assert rules(again) == ["R06", "R20"]
    assert again[0].id == first.id
    assert again[0].decision is Decision.OVERRIDE
    assert rules(queries.undecided(session, prescription.id, 1)) == ["R20"]


def test_a_decision_falls_when_what_the_rule_saw_changes(
    session: Session, patient: Patient
) -> None:
    answer_all(session, patient, {Topic.IMMUNOSUPPRESSANTS: PREDNISONE})
    prescription = make_prescription(session)
    (first,) = screen_fill(session, prescription)
    decide(session, first)

    tacrolimus = Details(medicines=(Medicine(name="tacrolimus"),))
    answer_all(session, patient, {Topic.IMMUNOSUPPRESSANTS: tacrolimus}, now=NOW + timedelta(1))
    (second,) = screen_fill(session, prescription, now=NOW + timedelta(1))

    assert second.id != first.id
    assert second.decision is None
    assert first.superseded_at is not None
    with pytest.raises(FindingSuperseded):
        decide(session, first)


def test_screening_twice_finds_the_same_once(session: Session) -> None:
    prescription = make_prescription(session)

    assert rules(screen_fill(session, prescription)) == rules(screen_fill(session, prescription))
    assert len(session.scalars(select(Finding)).all()) == len(Topic) - 1


def test_each_fill_is_screened_for_itself(session: Session, patient: Patient) -> None:
    answer_all(session, patient, {Topic.MOOD: Details()})
    prescription = make_maintenance(session, follows=make_prescription(session))
    (first,) = screen_fill(session, prescription)
    (second,) = screen_fill(session, prescription, fill_no=2)
    decide(session, first, decision=Decision.ACCEPT)

    assert first.id != second.id
    assert rules(queries.undecided(session, prescription.id, 2)) == ["R20"]


def test_at_a_refill_opioids_and_how_the_last_step_went_are_asked_anew(
    session: Session, patient: Patient
) -> None:
    answer_all(session, patient)
    prescription = make_maintenance(session, follows=make_prescription(session))

    found = screen_fill(session, prescription, fill_no=2, now=NOW + timedelta(days=84))

    assert rules(found) == ["N01", "N16"]
    assert {one.inputs["state"] for one in found} == {"asked-too-long-ago"}


def test_another_supply_that_still_lasts_is_a_duplicate(session: Session, patient: Patient) -> None:
    answer_all(session, patient)
    prescription = make_prescription(session)

    assert rules(screen_fill(session, prescription, other_supplies=("rx_1",))) == ["R25"]
    assert rules(screen_fill(session, prescription)) == []


def test_another_profile_of_one_name_and_birth_date_is_for_a_person(
    session: Session, patient: Patient
) -> None:
    answer_all(session, patient)
    make_patient(session, identifier_value="MRN-OTHER")

    assert rules(screen_fill(session, make_prescription(session))) == ["P01"]


def test_a_decision_is_audited_with_codes_only(session: Session, patient: Patient) -> None:
    answer_all(session, patient, {Topic.IMMUNOSUPPRESSANTS: PREDNISONE})
    (finding,) = screen_fill(session, make_prescription(session))

    decide(session, finding)

    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "finding.decided")).one()
    assert entry.patient_id == patient.id
    assert entry.detail == {"rule": "R06", "version": 1, "decision": "override"}


def test_a_decision_is_made_once_but_a_refusal_may_be_thought_over(
    session: Session, patient: Patient
) -> None:
    answer_all(session, patient, {Topic.IMMUNOSUPPRESSANTS: PREDNISONE})
    prescription = make_prescription(session)
    (finding,) = screen_fill(session, prescription)

    decide(session, finding, decision=Decision.REFUSE, prescriber_contact=None)
    assert queries.undecided(session, prescription.id, 1) == [finding]
    decide(session, finding)
    assert queries.undecided(session, prescription.id, 1) == []
    with pytest.raises(FindingDecided):
        decide(session, finding, decision=Decision.REFUSE)


def test_a_technician_decides_nothing(session: Session) -> None:
    finding = screen_fill(session, make_prescription(session))[0]

    with pytest.raises(PermissionMissing):
        decide(session, finding, by=ASKER)


def test_an_unasked_question_cannot_be_overridden(session: Session) -> None:
    finding = screen_fill(session, make_prescription(session))[0]

    with pytest.raises(AnswerNeeded):
        decide(session, finding)


def test_there_is_no_decision_about_nothing(session: Session) -> None:
    prescription = make_prescription(session)
    with pytest.raises(FindingNotFound):
        queries.get(session, prescription.id)


def test_counselling_waits_for_nobody(session: Session, patient: Patient) -> None:
    answer_all(session, patient, {Topic.SURGERY: Details(on=date(2026, 5, 4))})
    prescription = make_prescription(session)
    screen_fill(session, prescription)

    assert queries.undecided(session, prescription.id, 1) == []
    assert rules(queries.counsel(session, prescription.id, 1)) == ["R13"]


def test_the_newest_answer_of_a_topic_counts(session: Session, patient: Patient) -> None:
    answer_all(session, patient, {Topic.MOOD: Details()})
    later = [GivenAnswer(topic=Topic.MOOD, reply=Reply.NO)]
    patients.record_answers(
        session,
        patient.id,
        later,
        source="patient-phone",
        by=ASKER,
        now=NOW + timedelta(minutes=1),
    )

    newest = latest_answers(session, patient.id)
    assert newest[Topic.MOOD].answer is Reply.NO
    assert len(newest) == len(Topic)


@pytest.mark.parametrize(
    ("answers", "source"),
    [
        ([], "patient-phone"),
        ([GivenAnswer(topic=Topic.MOOD, reply=Reply.NO)] * 2, "patient-phone"),
        ([GivenAnswer(topic=Topic.MOOD, reply=Reply.NO)], "hearsay"),
    ],
)
def test_answers_are_given_once_each_by_somebody_who_can_know(
    session: Session, patient: Patient, answers: list[GivenAnswer], source: str
) -> None:
    with pytest.raises(AnswerInvalid):
        patients.record_answers(session, patient.id, answers, source=source, by=ASKER, now=NOW)


def test_an_auditor_records_no_answers(session: Session, patient: Patient) -> None:
    auditor = Actor(None, "staff", frozenset({Role.AUDITOR}))
    answers = [GivenAnswer(topic=Topic.MOOD, reply=Reply.NO)]

    with pytest.raises(PermissionMissing):
        patients.record_answers(
            session, patient.id, answers, source="patient-phone", by=auditor, now=NOW
        )


def test_a_lot_on_the_shelf_may_hold_another_filler_than_the_newest_formulation(
    session: Session, patient: Patient
) -> None:
    """R21: capsules of an older lot would reach a patient who does not tolerate its lactose."""
    make_formulations(session)
    allergy = Details(kinds=("lactose",))
    answer_all(session, patient, {Topic.ALLERGIES: allergy})
    prescription = make_prescription(session, patient=patient)
    assert screen_fill(session, prescription) == []

    make_capsule_lot(session, 2_000, filler="lactose")  # makes none of 1.5, 3 and 4.5 mg
    assert screen_fill(session, prescription) == []
    make_capsule_lot(session, 3_000, filler="lactose")
    (finding,) = screen_fill(session, prescription)

    assert finding.rule_id == "R21"
    assert finding.inputs["fillers"] == {"lactose": ["lactose"]}


def test_a_step_that_two_fills_share_is_no_short_step(session: Session, patient: Patient) -> None:
    """R24: 14 nights of 1.5 mg, 8 in the first fill of 22 days, are not 6 nights in the second."""
    answer_all(session, patient)
    prescription = make_prescription(
        session,
        patient=patient,
        regimen=regimen((500, 14), (1_500, 14), (3_000, 16)),
        days_per_fill=22,
        authorised_fills=2,
    )

    found = screen_fill(session, prescription, fill_no=2)

    assert rules(found) == []
