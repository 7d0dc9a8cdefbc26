"""What a pharmacist may decide about a finding, and what a decision needs."""

from enum import StrEnum
from typing import Final

from pharmacy.kernel.refusals import Conflict, Invalid
from pharmacy.screening.rules.rule import Severity

SHORTEST_REASON: Final = 3
LONGEST_TEXT: Final = 2000


class Decision(StrEnum):
    """What a pharmacist decides about one finding."""

    ACCEPT = "accept"
    """Considered; the order may go on."""
    OVERRIDE = "override"
    """Against a block, after asking at the prescriber's."""
    NOT_APPLICABLE = "not-applicable"
    """What the rule saw does not mean here what it fears."""
    REFUSE = "refuse"
    """The order must not go on like this."""


GOES_ON: Final = frozenset({Decision.ACCEPT, Decision.OVERRIDE, Decision.NOT_APPLICABLE})
ALLOWED: Final = {
    Severity.BLOCK: frozenset({Decision.OVERRIDE, Decision.NOT_APPLICABLE, Decision.REFUSE}),
    Severity.REVIEW: frozenset({Decision.ACCEPT, Decision.NOT_APPLICABLE, Decision.REFUSE}),
    Severity.COUNSEL: frozenset[Decision](),
}


class DecisionNotAllowed(Invalid):
    """This decision does not belong to a finding of this severity."""

    code = "finding-decision-not-allowed"
    remedy = "A block is overridden, a review accepted; counselling is said, not decided."


class ReasonMissing(Invalid):
    """A decision without a reason helps nobody later."""

    code = "finding-reason-missing"
    remedy = "Write why, in a sentence that another pharmacist understands."


class PrescriberContactMissing(Invalid):
    """Whoever goes on against a block has asked at the prescriber's and writes it down."""

    code = "finding-prescriber-contact-missing"
    remedy = "Write whom you asked, when, how, and what they said."


class AnswerNeeded(Conflict):
    """A question that was not asked is answered by asking it."""

    code = "finding-needs-answer"
    remedy = "Ask the patient and record the answer; the order is then screened again."


def choices(severity: Severity, *, is_overridable: bool) -> frozenset[Decision]:
    """Return what may be decided about a finding; only refused: an answer takes it away."""
    allowed = ALLOWED[severity]
    return allowed if is_overridable or severity is not Severity.BLOCK else allowed - GOES_ON


def asks_prescriber(severity: Severity, *, needs_prescriber: bool) -> bool:
    """Say whether going on needs a note of asking at the prescriber's."""
    return severity is Severity.BLOCK or needs_prescriber


def require_decision(
    decision: Decision,
    *,
    severity: Severity,
    needs_prescriber: bool,
    is_overridable: bool,
    reason: str,
    prescriber_contact: str | None,
) -> None:
    """
    Raise unless a decision is whole.

    Raises:
        DecisionNotAllowed, AnswerNeeded, ReasonMissing, PrescriberContactMissing.

    Source: domain.md 4.1 (what severities mean).
    """
    if decision not in ALLOWED[severity]:
        raise DecisionNotAllowed(f"a {severity} finding cannot be decided with {decision}")
    if decision not in choices(severity, is_overridable=is_overridable):
        raise AnswerNeeded("only an answer takes this finding away")
    if not SHORTEST_REASON <= len(reason.strip()) <= LONGEST_TEXT:
        raise ReasonMissing("a decision needs a reason")
    contact = (prescriber_contact or "").strip()
    asks = decision in GOES_ON and asks_prescriber(severity, needs_prescriber=needs_prescriber)
    if asks and not SHORTEST_REASON <= len(contact) <= LONGEST_TEXT:
        raise PrescriberContactMissing("this decision needs a note of asking at the prescriber's")
