"""
The life of one printed copy of a label, in one table.

Software sends a copy at most once. Once bytes may have left, only evidence or a person moves it on:
the printer's own word, a scan of the printed code, or somebody who looked.
"""

from enum import StrEnum
from typing import Final

from pharmacy.kernel.refusals import Conflict


class CopyState(StrEnum):
    """What is known of a copy."""

    QUEUED = "queued"
    """It is to be printed; nothing was sent."""
    SENDING = "sending"
    """Somebody is sending it in this moment, or died while doing so."""
    SENT = "sent"
    """The printer has it."""
    PRINTED = "printed"
    """The printer says that it is out."""
    UNKNOWN = "unknown"
    """It may be on paper, or not: a person must look."""
    FAILED = "failed"
    """It was not printed, and nothing tries any more."""
    RULED_OUT = "ruled-out"
    """Somebody looked: it is not there, or damaged. Only a reprint follows."""
    CONFIRMED = "confirmed"
    """Its code was scanned."""
    VOID = "void"
    """A later copy took its place, or its label is void."""


class CopyStep(StrEnum):
    """What happens to a copy. The value is also the name of its event."""

    SEND = "send"
    NOT_SENT = "not-sent"
    SENT = "sent"
    PRINTED = "printed"
    LOST_SIGHT = "lost-sight"
    GIVE_UP = "give-up"
    TRY_AGAIN = "try-again"
    CONFIRM = "confirm"
    IN_HAND = "in-hand"
    NOT_THERE = "not-there"
    DAMAGED = "damaged"
    VOID = "void"


S = CopyState
MOVES: Final[dict[CopyStep, dict[CopyState, CopyState]]] = {
    CopyStep.SEND: {S.QUEUED: S.SENDING},
    CopyStep.NOT_SENT: {S.SENDING: S.QUEUED},
    CopyStep.SENT: {S.SENDING: S.SENT},
    CopyStep.PRINTED: {S.SENDING: S.PRINTED, S.SENT: S.PRINTED, S.UNKNOWN: S.PRINTED},
    CopyStep.LOST_SIGHT: {S.SENDING: S.UNKNOWN, S.SENT: S.UNKNOWN},
    CopyStep.GIVE_UP: {S.SENDING: S.FAILED, S.QUEUED: S.FAILED},
    CopyStep.TRY_AGAIN: {S.FAILED: S.QUEUED},
    CopyStep.CONFIRM: {
        S.QUEUED: S.CONFIRMED,
        S.SENT: S.CONFIRMED,
        S.PRINTED: S.CONFIRMED,
        S.UNKNOWN: S.CONFIRMED,
        S.FAILED: S.CONFIRMED,
        S.CONFIRMED: S.CONFIRMED,
    },
    CopyStep.IN_HAND: {S.SENT: S.PRINTED, S.UNKNOWN: S.PRINTED},
    CopyStep.NOT_THERE: dict.fromkeys((S.SENT, S.PRINTED, S.UNKNOWN), S.RULED_OUT),
    CopyStep.DAMAGED: dict.fromkeys((S.SENT, S.PRINTED, S.UNKNOWN, S.CONFIRMED), S.RULED_OUT),
    CopyStep.VOID: dict.fromkeys(
        (S.QUEUED, S.SENT, S.PRINTED, S.UNKNOWN, S.FAILED, S.RULED_OUT, S.CONFIRMED), S.VOID
    ),
}
"""What is not in this table does not happen to a copy."""

MAY_BE_ON_PAPER: Final = (S.SENDING, S.SENT, S.PRINTED, S.UNKNOWN, S.CONFIRMED)
UNCONFIRMED: Final = (
    *(S.QUEUED, S.SENDING, S.SENT, S.PRINTED),
    *(S.UNKNOWN, S.FAILED, S.RULED_OUT),
)
"""Somebody owes these copies a look or a scan."""


class Resolution(StrEnum):
    """What a person found at the printer."""

    IN_HAND = "in-hand"
    NOT_THERE = "not-there"
    DAMAGED = "damaged"


class ReprintReason(StrEnum):
    """Why another copy is wanted. The words stand on the copy."""

    DAMAGED = "damaged"
    NOT_PRINTED = "not-printed"
    LOST = "lost"
    UNREADABLE = "unreadable"
    WRONG_PRINTER = "wrong-printer"

    @property
    def words(self) -> str:
        """As the new copy says it."""
        return {
            ReprintReason.DAMAGED: "was damaged",
            ReprintReason.NOT_PRINTED: "did not print",
            ReprintReason.LOST: "was lost",
            ReprintReason.UNREADABLE: "could not be read",
            ReprintReason.WRONG_PRINTER: "went to another printer",
        }[self]


class MoveNotAllowed(Conflict):
    """What is known of the copy does not allow this."""

    code = "print-move-not-allowed"
    remedy = "Read what is known of the copy; look at the printer; ask for a reprint if you must."


def next_state(current: CopyState, step: CopyStep) -> CopyState:
    """Return the state that a step leads to. Raises MoveNotAllowed."""
    if (following := MOVES[step].get(current)) is None:
        raise MoveNotAllowed(f"a copy that is {current} cannot be: {step}", state=current)
    return following


def state_after(resolution: Resolution) -> CopyStep:
    """Return the step that a person's finding is."""
    return {
        Resolution.IN_HAND: CopyStep.IN_HAND,
        Resolution.NOT_THERE: CopyStep.NOT_THERE,
        Resolution.DAMAGED: CopyStep.DAMAGED,
    }[resolution]
