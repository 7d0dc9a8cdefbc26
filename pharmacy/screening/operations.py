"""Screening a fill, and deciding about what was found."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.refusals import Conflict
from pharmacy.practice.rules import Policy
from pharmacy.prescriptions.models import Prescription
from pharmacy.prescriptions.rules.regimen import Regimen
from pharmacy.screening import queries
from pharmacy.screening.models import Finding
from pharmacy.screening.queries import Screened
from pharmacy.screening.rules import Decision, rulebook
from pharmacy.screening.rules.decisions import require_decision
from pharmacy.screening.rules.rule import Raised
from pharmacy.staff.rules import Actor, Permission


class FindingSuperseded(Conflict):
    """The fill was screened again since; this finding speaks of older facts."""

    code = "finding-superseded"
    remedy = "Read the order's findings again."


class FindingDecided(Conflict):
    """Somebody decided already."""

    code = "finding-decided"
    remedy = "Read the decision; have the order screened again if the facts have changed."


def screen(
    session: Session,
    *,
    prescription: Prescription,
    fill_no: int,
    fill: Regimen,
    patient_id: UUID,
    first_fill: bool,
    other_supplies: tuple[str, ...],
    policy: Policy,
    now: datetime,
) -> list[Finding]:
    """
    Ask every rule about one fill and store what they find.

    Screening again keeps a finding, with its decision, while its rule, version, severity and inputs
    stay the same; what changed or is gone is superseded.

    Args:
        fill: What this fill delivers; every step has an end.
        first_fill: The first fill of LDN from this pharmacy. Later ones ask about opioids anew.
        other_supplies: Other prescriptions of which the patient has capsules that last.

    Returns:
        The findings that stand, blocks first.
    """
    if prescription.patient_id != patient_id:
        raise ValueError("the prescription is another patient's")
    screened = Screened(
        prescription=prescription,
        fill_no=fill_no,
        fill=fill,
        is_first_fill=first_fill,
        other_supplies=other_supplies,
    )
    facts = queries.facts(session, screened, policy=policy, now=now)
    raised = {one.rule.id: one for one in rulebook.screen(facts)}
    for finding in queries.open_findings(session, prescription.id, fill_no):
        if _says_the_same(finding, raised.get(finding.rule_id)):
            del raised[finding.rule_id]
        else:
            finding.superseded_at = now
    session.flush()  # one finding of a rule stands at a time: the old ones go first
    for one in raised.values():
        session.add(_finding(one, prescription.id, fill_no, now))
    session.flush()
    return queries.open_findings(session, prescription.id, fill_no)


def decide(
    session: Session,
    finding_id: UUID,
    *,
    decision: Decision,
    reason: str,
    prescriber_contact: str | None,
    reason_code: str | None = None,
    by: Actor,
    now: datetime,
) -> Finding:
    """
    Decide about one finding, with a reason.

    Args:
        reason_code: The coded reason, where the caller knows that it is in use.
        prescriber_contact: Who was asked at the prescriber's, when, how and what they said. Needed
            to go on against a block.

    Raises:
        FindingNotFound, FindingSuperseded, FindingDecided, DecisionNotAllowed, AnswerNeeded,
        ReasonMissing, PrescriberContactMissing, PermissionMissing.
    """
    by.require(Permission.DECIDE_FINDING)
    finding = queries.lock(session, finding_id)
    if finding.superseded_at is not None:
        raise FindingSuperseded("the fill was screened again since")
    if finding.decision not in {None, Decision.REFUSE}:
        raise FindingDecided("somebody decided about this finding already")
    rule = rulebook.BY_ID[finding.rule_id]
    require_decision(
        decision,
        severity=finding.severity,
        needs_prescriber=rule.needs_prescriber,
        is_overridable=rule.is_overridable,
        reason=reason,
        prescriber_contact=prescriber_contact,
    )
    finding.decision = decision
    finding.reason_code, finding.reason = reason_code, reason.strip()
    finding.prescriber_contact = (prescriber_contact or "").strip() or None
    finding.decided_by = by.id
    finding.decided_at = now
    session.flush()
    audit.record(
        session,
        "finding.decided",
        by=by,
        at=now,
        subject_kind="finding",
        subject_id=finding.id,
        patient_id=queries.patient_of(session, finding),
        detail={"rule": finding.rule_id, "version": finding.rule_version, "decision": decision}
        | ({"reason": reason_code} if reason_code else {}),
    )
    return finding


def _says_the_same(finding: Finding, raised: Raised | None) -> bool:
    return (
        raised is not None
        and finding.rule_version == raised.rule.version
        and finding.severity is raised.severity
        and finding.inputs == raised.inputs
    )


def _finding(raised: Raised, prescription_id: UUID, fill_no: int, now: datetime) -> Finding:
    return Finding(
        id=new_id(),
        prescription_id=prescription_id,
        fill_no=fill_no,
        rule_id=raised.rule.id,
        rule_version=raised.rule.version,
        severity=raised.severity,
        wording=raised.rule.wording,
        inputs=dict(raised.inputs),
        found_at=now,
    )
