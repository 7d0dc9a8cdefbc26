"""What a decision about a finding needs. Source: domain.md 4.1."""

import pytest

from pharmacy.screening.rules.decisions import (
    AnswerNeeded,
    Decision,
    DecisionNotAllowed,
    PrescriberContactMissing,
    ReasonMissing,
    require_decision,
)
from pharmacy.screening.rules.rule import Severity

BLOCK, REVIEW, COUNSEL = Severity.BLOCK, Severity.REVIEW, Severity.COUNSEL
D = Decision


def decide(
    decision: Decision,
    severity: Severity,
    *,
    contact: str | None = None,
    reason: str = "Talked it over.",
    needs_prescriber: bool = False,
    is_overridable: bool = True,
) -> None:
    require_decision(
        decision,
        severity=severity,
        needs_prescriber=needs_prescriber,
        is_overridable=is_overridable,
        reason=reason,
        prescriber_contact=contact,
    )


@pytest.mark.parametrize(
    ("decision", "severity", "contact"),
    [
        (D.OVERRIDE, BLOCK, "Dr. T., by phone, 2 March: go on."),
        (D.NOT_APPLICABLE, BLOCK, "Dr. T., by phone, 2 March: go on."),
        (D.REFUSE, BLOCK, None),
        (D.ACCEPT, REVIEW, None),
        (D.NOT_APPLICABLE, REVIEW, None),
        (D.REFUSE, REVIEW, None),
    ],
)
def test_a_whole_decision_is_taken(
    decision: Decision, severity: Severity, contact: str | None
) -> None:
    decide(decision, severity, contact=contact)


@pytest.mark.parametrize(
    ("decision", "severity"),
    [(D.ACCEPT, BLOCK), (D.OVERRIDE, REVIEW), *((one, COUNSEL) for one in Decision)],
)
def test_a_decision_belongs_to_a_severity(decision: Decision, severity: Severity) -> None:
    with pytest.raises(DecisionNotAllowed):
        decide(decision, severity, contact="Dr. T., by phone.")


@pytest.mark.parametrize("decision", [D.OVERRIDE, D.NOT_APPLICABLE])
@pytest.mark.parametrize("contact", [None, "", "  ", "ok"])
def test_a_block_is_passed_only_after_asking_at_the_prescribers(
    decision: Decision, contact: str | None
) -> None:
    with pytest.raises(PrescriberContactMissing):
        decide(decision, BLOCK, contact=contact)


def test_pregnancy_is_a_review_that_the_prescriber_confirms() -> None:
    with pytest.raises(PrescriberContactMissing):
        decide(D.ACCEPT, REVIEW, needs_prescriber=True)


@pytest.mark.parametrize("reason", ["", "   ", "ok", "x" * 2001])
def test_every_decision_has_a_reason(reason: str) -> None:
    with pytest.raises(ReasonMissing):
        decide(D.ACCEPT, REVIEW, reason=reason)


def test_what_was_not_asked_is_asked_and_not_overridden() -> None:
    with pytest.raises(AnswerNeeded):
        decide(D.OVERRIDE, BLOCK, contact="Dr. T., by phone.", is_overridable=False)
    decide(D.REFUSE, BLOCK, is_overridable=False)
