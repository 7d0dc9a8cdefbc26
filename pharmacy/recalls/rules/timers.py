"""Deadlines of a recall. Source: domain.md 3.9 (16 CCR / B&P 4126.9)."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pharmacy.kernel.refusals import Conflict, Invalid


class LotKind(StrEnum):
    """What a recalled lot is a lot of."""

    INGREDIENT = "ingredient"
    SHELL = "shell"
    CAPSULE = "capsule"


class TimerKind(StrEnum):
    """What must be done in time."""

    NOTIFY = "notify-recipients-and-board"
    MEDWATCH = "report-to-medwatch"


class NoticeTo(StrEnum):
    """Who is written to."""

    PATIENT = "patient"
    PRESCRIBER = "prescriber"
    BOARD = "board"


class Answer(StrEnum):
    """What came back."""

    CONFIRMED = "confirmed"
    NONE_LEFT = "none-left"
    WILL_RETURN = "will-return"
    RETURNED = "returned"
    HARM_REPORTED = "harm-reported"
    UNREACHABLE = "unreachable"
    """Nothing came back; somebody tried and says so. It is no answer to the rate."""


ALLOWED: Final = {
    TimerKind.NOTIFY: timedelta(hours=12),
    TimerKind.MEDWATCH: timedelta(hours=72),
}
"""From the notice of a recall that may cause serious harm, and from being told of harm."""


class RecallReasonNeeded(Invalid):
    """A recall is opened, and closed, for a reason."""

    code = "recall-reason-needed"


class RecallTimeImpossible(Invalid):
    """A notice or an advice lies in the past, never ahead."""

    code = "recall-time-impossible"
    remedy = "Give the instant at which the pharmacy was told, with its zone."


class RecallUnfinished(Conflict):
    """Letters are not sent or deadlines not met."""

    code = "recall-unfinished"
    remedy = "Send every letter and meet every deadline, then close the recall."


def due_at(kind: TimerKind, started_at: datetime) -> datetime:
    """Return the last instant at which it is done in time."""
    return started_at + ALLOWED[kind]


def require_past(instant: datetime, *, now: datetime) -> None:
    """Raise RecallTimeImpossible for an instant without a zone or ahead of now."""
    if instant.tzinfo is None or instant > now:
        raise RecallTimeImpossible("what happened lies in the past")


def require_reason(text: str) -> str:
    """Return a reason without blanks around it. Raises RecallReasonNeeded."""
    if not text.strip():
        raise RecallReasonNeeded("say why")
    return text.strip()
