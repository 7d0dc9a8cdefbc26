"""Deciding about what the screening of an order's fill found, for a coded reason."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.orders import queries
from pharmacy.orders.models import ReasonCode
from pharmacy.orders.operations.reasons import because
from pharmacy.orders.rules.reasons import Purpose
from pharmacy.screening import operations as screening
from pharmacy.screening import queries as findings
from pharmacy.screening.models import Finding
from pharmacy.screening.rules import Decision
from pharmacy.staff.rules import Actor


def decide_finding(
    session: Session,
    order_id: UUID,
    finding_id: UUID,
    *,
    decision: Decision,
    reason: str,
    words: str = "",
    prescriber_contact: str | None = None,
    by: Actor,
    now: datetime,
) -> Finding:
    """
    Decide about one finding of an order's fill.

    Args:
        reason: A code in use; see `reasons.because`.
        words: What the code does not say. Without any, the code's own words are kept.

    Raises:
        FindingNotFound: It is of another fill.
        ReasonUnknown, ReasonWordsNeeded: As the code stands.
        Refusal: Whatever `screening.operations.decide` refuses.
    """
    order = queries.get(session, order_id)
    finding = findings.of_fill(session, order.prescription_id, order.fill_no, finding_id)
    code = because(session, Purpose.FINDING, reason, words)
    said = words.strip() or session.get_one(ReasonCode, (Purpose.FINDING, code)).words
    return screening.decide(
        session,
        finding.id,
        decision=decision,
        reason=said,
        reason_code=code,
        prescriber_contact=prescriber_contact,
        by=by,
        now=now,
    )
