"""Why an order waits: who must act on each code, and whether a person may settle it by decision."""

from enum import StrEnum
from typing import Any, Final, NamedTuple

from pharmacy.kernel.refusals import Conflict, Invalid
from pharmacy.orders.rules.clarifying import QuestionKind, hold_code
from pharmacy.patients.rules.contact import ContactUnsettled
from pharmacy.prescribers.rules.answers import CODES, Known, Meaning


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
    CLARIFICATION = "clarification"
    """A question to the prescriber; its answer or its withdrawal lifts it."""
    RECALL = "recall"
    """A lot was recalled; taking the vials back lifts it."""
    PART = "part"
    """What this order goes on with was stopped or came back; a pharmacist lifts it."""


class HoldKind(NamedTuple):
    """What is fixed about a code."""

    owner: Owner
    by_decision: bool
    """A pharmacist may lift it with a reason. Off: only a check that finds nothing lifts it."""


def _of_answer(known: Known) -> HoldKind:
    """What a pharmacist can settle by comparing is theirs to decide; a fact or a gap is not."""
    owner = Owner(known.owner)
    undecided = known.meaning is Meaning.UNDECIDED and owner is Owner.PHARMACIST
    return HoldKind(owner, by_decision=undecided)


ADDRESS_DIFFERS: Final = ContactUnsettled.code
ANY_OTHER: Final = HoldKind(Owner.PHARMACIST, by_decision=True)
"""Disagreements in what was signed, refusals of the plan or the labels, and people's own holds."""
CATALOGUE: Final[dict[str, HoldKind]] = (
    {
        "site-not-licensed-in-state": HoldKind(Owner.ADMINISTRATOR, by_decision=False),
        "no-strength-for-dose": HoldKind(Owner.PHARMACIST, by_decision=False),
        "patient-details-differ": HoldKind(Owner.PHARMACIST, by_decision=True),
        ADDRESS_DIFFERS: HoldKind(Owner.TECHNICIAN, by_decision=False),
        "lot-recalled": HoldKind(Owner.PHARMACIST, by_decision=False),
        "fill-before-recalled": HoldKind(Owner.PHARMACIST, by_decision=True),
        "part-before-gone": HoldKind(Owner.PHARMACIST, by_decision=True),
        "part-dates-moved": HoldKind(Owner.PHARMACIST, by_decision=True),
    }
    | {hold_code(kind): HoldKind(Owner.PRESCRIBER, by_decision=False) for kind in QuestionKind}
    | {
        code: _of_answer(known)
        for code, known in CODES.items()
        if known.meaning is not Meaning.VERIFIED
    }
)
"""Codes that are not treated like any other."""


class Reason(NamedTuple):
    """A reason to hold an order, as a check found it."""

    code: str
    words: str
    owner: Owner
    facts: dict[str, Any]


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


def is_liftable(code: str, origin: Origin) -> bool:
    """Say whether a pharmacist may lift it by decision. What a person placed, a pharmacist may."""
    return origin is Origin.PERSON or kind_of(code).by_decision


def require_liftable(code: str, origin: Origin, reason: str) -> None:
    """Raise HoldNotLiftable or HoldReasonNeeded. What a person placed, a pharmacist may lift."""
    if not is_liftable(code, origin):
        raise HoldNotLiftable(f"the hold {code} is not lifted by decision", hold=code)
    if not reason.strip():
        raise HoldReasonNeeded(f"say why the hold {code} is lifted", hold=code)
