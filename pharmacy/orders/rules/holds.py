"""Why an order waits: who must act on each code, and whether a person may settle it by decision."""

from enum import StrEnum
from typing import Final, NamedTuple

from pharmacy.kernel.refusals import Conflict, Invalid


class Owner(StrEnum):
    """Who must act next."""

    PHARMACIST = "pharmacist"
    TECHNICIAN = "technician"
    PRESCRIBER = "prescriber"
    ADMINISTRATOR = "administrator"
    WORKER = "worker"
    CLOCK = "clock"


class Origin(StrEnum):
    """What placed a hold."""

    PERSON = "person"
    CHECK = "check"
    """The worker's check of an order; the next check lifts what no longer applies."""
    LABELS = "labels"
    """The drawing of labels; drawing them all lifts it."""
    KEY = "key"
    """A prescriber's key was compromised."""


class HoldKind(NamedTuple):
    """What is fixed about a code."""

    owner: Owner
    by_decision: bool
    """A pharmacist may lift it with a reason. Off: only a check that finds nothing lifts it."""


ANY_OTHER: Final = HoldKind(Owner.PHARMACIST, by_decision=True)
CATALOGUE: Final[dict[str, HoldKind]] = {
    "key-compromised": HoldKind(Owner.PRESCRIBER, by_decision=False),
    "site-not-licensed-in-state": HoldKind(Owner.ADMINISTRATOR, by_decision=False),
    "patient-details-differ": HoldKind(Owner.PHARMACIST, by_decision=True),
}
"""Codes whose treatment differs from `ANY_OTHER`, or that this room places itself."""


class HoldNotLiftable(Conflict):
    """No decision makes this true: only a check that no longer finds the reason."""

    code = "hold-not-liftable"
    remedy = "Settle the cause, then ask for a re-check, or reject the order."


class HoldReasonNeeded(Invalid):
    """A hold is placed and lifted for a reason."""

    code = "hold-reason-needed"
    remedy = "Say why, in words that a colleague understands tomorrow."


def kind_of(code: str) -> HoldKind:
    """Return how a code is treated."""
    return CATALOGUE.get(code, ANY_OTHER)


def require_liftable(code: str, reason: str) -> None:
    """Raise HoldNotLiftable or HoldReasonNeeded."""
    if not kind_of(code).by_decision:
        raise HoldNotLiftable(f"the hold {code} is not lifted by decision", hold=code)
    if not reason.strip():
        raise HoldReasonNeeded(f"say why the hold {code} is lifted", hold=code)
