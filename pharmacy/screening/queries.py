"""Reading findings, and gathering what rules look at."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from pharmacy.formulary.models import Formulation
from pharmacy.inventory.models import CapsuleLot, LotStatus
from pharmacy.kernel.refusals import NotFound
from pharmacy.patients import queries as patients
from pharmacy.patients.models import Patient
from pharmacy.patients.rules import Details, Topic
from pharmacy.practice import queries as practice
from pharmacy.practice.rules import Policy
from pharmacy.prescriptions.models import DETAILS_DIFFER, Prescription
from pharmacy.prescriptions.rules.regimen import Regimen
from pharmacy.screening.models import Finding
from pharmacy.screening.rules import Decision, Severity
from pharmacy.screening.rules.facts import DoseStep, Facts, Limits, Said


class FindingNotFound(NotFound):
    """There is no such finding, or none that the caller may see."""

    code = "finding-not-found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """One fill of one prescription, as it is to be screened."""

    prescription: Prescription
    fill_no: int
    fill: Regimen
    is_first_fill: bool
    other_supplies: tuple[str, ...]
    """Other prescriptions whose capsules the patient has, or is to get: who knows orders, says."""


def lock(session: Session, finding_id: UUID) -> Finding:
    """Return a finding, locked. Raises FindingNotFound."""
    finding = session.get(Finding, finding_id, with_for_update=True)
    if finding is None:
        raise FindingNotFound("there is no such finding")
    return finding


def get(session: Session, finding_id: UUID) -> Finding:
    """Return a finding. Raises FindingNotFound."""
    finding = session.get(Finding, finding_id)
    if finding is None:
        raise FindingNotFound("there is no such finding")
    return finding


def patient_of(session: Session, finding: Finding) -> UUID:
    """Return whose fill a finding speaks of."""
    return session.get_one(Prescription, finding.prescription_id).patient_id


def prescriber_of(session: Session, finding: Finding) -> str:
    """Return the NPI of whoever ordered the fill that a finding speaks of."""
    return session.get_one(Prescription, finding.prescription_id).npi


def prescribers_of_patient(session: Session, patient_id: UUID) -> frozenset[str]:
    """
    Return the NPIs of everybody who prescribed for a patient here.

    Whoever signs for a known identifier under another name does not get to read, by that, what the
    person of that identifier told us.
    """
    other = Prescription.disagreements.contains([{"code": DETAILS_DIFFER}])
    found = select(Prescription.npi).where(Prescription.patient_id == patient_id, ~other).distinct()
    return frozenset(session.scalars(found))


def of_fill(session: Session, prescription_id: UUID, fill_no: int, finding_id: UUID) -> Finding:
    """Return a finding of this fill. Raises FindingNotFound, also where it is another fill's."""
    finding = session.get(Finding, finding_id)
    if finding is None or (finding.prescription_id, finding.fill_no) != (prescription_id, fill_no):
        raise FindingNotFound("this order has no such finding")
    return finding


def open_findings(session: Session, prescription_id: UUID, fill_no: int) -> list[Finding]:
    """Return what stands of one fill: decided or not, blocks first."""
    found = select(Finding).where(
        Finding.prescription_id == prescription_id,
        Finding.fill_no == fill_no,
        Finding.superseded_at.is_(None),
    )
    order = list(Severity)
    return sorted(session.scalars(found), key=lambda one: (order.index(one.severity), one.rule_id))


def is_settled(finding: Finding) -> bool:
    """Say whether a finding lets the fill go on: said to the patient, or decided so."""
    if finding.severity is Severity.COUNSEL:
        return True
    return finding.decision is not None and finding.decision is not Decision.REFUSE


def undecided(session: Session, prescription_id: UUID, fill_no: int) -> list[Finding]:
    """Return the findings that hold a fill: no decision yet, or one that refuses it."""
    standing = open_findings(session, prescription_id, fill_no)
    return [finding for finding in standing if not is_settled(finding)]


def counsel(session: Session, prescription_id: UUID, fill_no: int) -> list[Finding]:
    """Return what is said to the patient, on the leaflet and at hand-over."""
    standing = open_findings(session, prescription_id, fill_no)
    return [finding for finding in standing if finding.severity is Severity.COUNSEL]


def facts(session: Session, screened: Screened, *, policy: Policy, now: datetime) -> Facts:
    """Gather everything that rules look at, on this day in the pharmacy's zone."""
    zone = ZoneInfo(practice.site(session).time_zone)
    today = now.astimezone(zone).date()
    prescription = screened.prescription
    patient = patients.get(session, prescription.patient_id)
    return Facts(
        today=today,
        birth_date=patient.birth_date,
        gender=patient.gender,
        had_ldn_before=_had_ldn_before(screened),
        steps=_steps(screened),
        answers=_answers(session, patient, zone),
        fillers=_fillers(session, {step.dose_ug for step in screened.fill.steps}, today),
        reason=str(prescription.facts.get("reason") or ""),
        other_supplies=screened.other_supplies,
        other_profiles=len(patients.other_profiles(session, patient)),
        limits=_limits(policy, is_first_fill=screened.is_first_fill),
    )


def _had_ldn_before(screened: Screened) -> bool:
    continues = screened.prescription.follows_id is not None
    return continues or screened.fill_no > 1 or not screened.is_first_fill


def _answers(session: Session, patient: Patient, zone: ZoneInfo) -> dict[Topic, Said]:
    return {
        topic: Said(
            reply=row.answer,
            asked_on=row.asked_at.astimezone(zone).date(),
            details=Details.of_data(row.details),
        )
        for topic, row in patients.latest_answers(session, patient.id).items()
    }


def _steps(screened: Screened) -> tuple[DoseStep, ...]:
    """Return the fill's steps, as long as they were ordered: a fill may end within a step."""
    ordered = Regimen.of_data(screened.prescription.regimen).steps
    days = {step.no: step.days for step in ordered}
    return tuple(
        DoseStep(
            no=step.no,
            dose_ug=step.dose_ug,
            days=days.get(step.no) or step.days or 0,
            text=step.text,
        )
        for step in screened.fill.steps
    )


def _fillers(session: Session, doses_ug: Collection[int], today: date) -> tuple[str, ...]:
    """
    Return the fillers that may be in the fill's capsules: of formulations and of lots on the shelf.

    An older lot may hold another filler than its strength's newest formulation. Which strengths are
    used is not decided yet; one that does not divide a dose is none of them.
    """
    newest = (
        select(Formulation.strength_ug, Formulation.filler)
        .ext(distinct_on(Formulation.strength_ug))
        .order_by(Formulation.strength_ug, Formulation.version.desc())
        .subquery()
    )
    shelf = select(CapsuleLot.strength_ug, CapsuleLot.filler).where(
        CapsuleLot.status == LotStatus.RELEASED,
        CapsuleLot.on_hand > 0,
        CapsuleLot.beyond_use_on >= today,
    )
    found = session.execute(select(newest.c.strength_ug, newest.c.filler).union(shelf))
    return tuple(
        sorted(
            {
                filler
                for strength_ug, filler in found
                if any(dose_ug % strength_ug == 0 for dose_ug in doses_ug)
            }
        )
    )


def _limits(policy: Policy, *, is_first_fill: bool) -> Limits:
    first, later = policy.opioid_answer_valid_days, policy.opioid_answer_refill_days
    return Limits(
        dose_min_ug=policy.dose_min_ug,
        dose_review_ug=policy.dose_review_ug,
        dose_block_ug=policy.dose_block_ug,
        start_dose_review_ug=policy.start_dose_review_ug,
        step_review_ug=policy.step_review_ug,
        step_days_review=policy.step_days_review,
        answers_valid_days=policy.answers_valid_days,
        opioid_answer_days=first if is_first_fill else later,
        opioid_free_days=policy.opioid_free_days,
        long_opioid_free_days=policy.long_opioid_free_days,
        pause_before_surgery_days=policy.pause_before_surgery_days,
    )
