"""Why an order is rejected, cancelled, sent back, …: coded, so that it can be counted."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from pharmacy.kernel.refusals import Conflict, Invalid


class RejectReason(StrEnum):
    """Why a pharmacist does not fill a prescription."""

    PRESCRIBER_NOT_VERIFIED = "prescriber-not-verified"
    CLINICALLY_UNSAFE = "clinically-unsafe"
    NOT_CLARIFIED = "not-clarified"
    DUPLICATE = "duplicate"
    CANNOT_BE_MADE = "cannot-be-made"
    PATIENT_DECLINED = "patient-declined"
    OUT_OF_AREA = "out-of-area"


class CancelReason(StrEnum):
    """Why an order is not finished."""

    PRESCRIBER_ASKED = "prescriber-asked"
    PATIENT_ASKED = "patient-asked"
    DOSE_CHANGED = "dose-changed"
    KEY_COMPROMISED = "key-compromised"
    NOT_COLLECTED = "not-collected"
    LOT_WITHDRAWN = "lot-withdrawn"
    REPLACED = "replaced"
    """By a new signed prescription."""
    ENTERED_IN_ERROR = "entered-in-error"


class ReallocateReason(StrEnum):
    """Why an order's capsules are replaced by others."""

    LOT_WITHDRAWN = "lot-withdrawn"
    OUT_OF_DATE = "out-of-date"
    DAMAGED = "damaged"
    OTHER = "other"


class SendBackReason(StrEnum):
    """What the final check found."""

    WRONG_COUNT = "wrong-count"
    WRONG_CAPSULES = "wrong-capsules"
    WRONG_LABEL = "wrong-label"
    LABEL_UNREADABLE = "label-unreadable"
    CONTAINER_DAMAGED = "container-damaged"
    LEAFLET_MISSING = "leaflet-missing"


class ReturnReason(StrEnum):
    """Why a patient brings medicine back. It is destroyed, never restocked (domain.md 7.1)."""

    DOSE_CHANGED = "dose-changed"
    STOPPED = "stopped"
    DISPENSING_ERROR = "dispensing-error"
    DAMAGED = "damaged"
    RECALLED = "recalled"
    UNDELIVERABLE = "undeliverable"
    """The carrier brought it back."""


class HoldReason(StrEnum):
    """Why a person keeps an order where it is."""

    QUESTION = "question"
    DOSE_UNCLEAR = "dose-unclear"
    PATIENT_UNREACHABLE = "patient-unreachable"
    PATIENT_ASKED = "patient-asked"
    PAYMENT = "payment"
    ADDRESS_UNCLEAR = "address-unclear"
    SOMETHING_MISSING = "something-missing"


class FindingReason(StrEnum):
    """Why a pharmacist decides about a finding of the screening as they do."""

    PRESCRIBER_CONFIRMED = "prescriber-confirmed"
    MONITORED = "monitored"
    BENEFIT_OUTWEIGHS = "benefit-outweighs"
    KNOWN_AND_STABLE = "known-and-stable"
    NOT_TAKEN_NOW = "not-taken-now"
    DATA_WRONG = "data-wrong"
    RISK_TOO_HIGH = "risk-too-high"
    OTHER = "other"


class OverrideReason(StrEnum):
    """Why a technician takes an order before older ones."""

    PATIENT_WAITING = "patient-waiting"
    MEDICINE_RUNS_OUT = "medicine-runs-out"
    CARRIER_LEAVES = "carrier-leaves"
    SAME_AS_AT_HAND = "same-as-at-hand"
    """The bench is set up for the very strength."""
    PHARMACIST_ASKED = "pharmacist-asked"
    OTHER = "other"


class TakeOverReason(StrEnum):
    """Why a pharmacist takes an order out of a colleague's hands."""

    COLLEAGUE_LEFT = "colleague-left"
    COLLEAGUE_ASKED = "colleague-asked"
    PATIENT_WAITING = "patient-waiting"
    LEFT_LYING = "left-lying"
    OTHER = "other"


class PartialReason(StrEnum):
    """Why a part of an order is handed over now, and the rest of it later."""

    STOCK_SHORT = "stock-short"
    PATIENT_ASKED = "patient-asked"
    COST = "cost"
    TOLERANCE_UNSURE = "tolerance-unsure"
    BEYOND_USE = "beyond-use"
    OTHER = "other"


class ReplaceReason(StrEnum):
    """Why vials that left are replaced."""

    LOST_IN_TRANSIT = "lost-in-transit"
    """The carrier lost it: the order's parcel ends as lost."""
    DAMAGED = "damaged"
    LOST_BY_PATIENT = "lost-by-patient"
    """The policy says whether such a replacement uses up an authorised fill."""
    STOLEN = "stolen"
    UNDELIVERABLE = "undeliverable"
    """The carrier brought it back: nothing of it reached the patient."""
    RECALLED = "recalled"
    OTHER = "other"


NEVER_ARRIVED: Final = frozenset({ReplaceReason.LOST_IN_TRANSIT, ReplaceReason.UNDELIVERABLE})
"""Nothing of the parcel reached the patient, so that no night of it was taken."""


class ReorderReason(StrEnum):
    """Why a fill is ordered again after its order ended."""

    PATIENT_WANTS_IT = "patient-wants-it"
    FINDING_SETTLED = "finding-settled"
    STOPPED_IN_ERROR = "stopped-in-error"
    CAN_BE_MADE = "can-be-made"
    OTHER = "other"


class Counselling(StrEnum):
    """What the patient said to the offer of a pharmacist's advice."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    WRITTEN_NOTICE = "written-notice"
    """With a parcel: the right to advice, its hours and the telephone (16 CCR 1707.2)."""


class ReasonUnknown(Invalid):
    """The reason is not one of the coded ones."""

    code = "reason-unknown"
    remedy = "Use one of the codes in the facts."


class ReasonWordsNeeded(Invalid):
    """The code alone does not say why."""

    code = "reason-words-needed"
    remedy = "Say why in words that a colleague understands tomorrow, or use another code."


def coded(kind: type[StrEnum], reason: str) -> str:
    """Return a coded reason as it is kept. Raises ReasonUnknown."""
    known = [member.value for member in kind]
    if reason not in known:
        raise ReasonUnknown("this reason is not a coded one", known=known)
    return reason


class Purpose(StrEnum):
    """What a reason is given for."""

    REJECT = "reject"
    CANCEL = "cancel"
    REALLOCATE = "reallocate"
    SEND_BACK = "send-back"
    RETURN = "return"
    HOLD = "hold"
    FINDING = "finding"
    OVERRIDE = "override"
    """A technician takes an order before older ones."""
    TAKE_OVER = "take-over"
    PARTIAL = "partial"
    REPLACE = "replace"
    REORDER = "reorder"


SEEDS: Final[dict[Purpose, type[StrEnum]]] = {
    Purpose.REJECT: RejectReason,
    Purpose.CANCEL: CancelReason,
    Purpose.REALLOCATE: ReallocateReason,
    Purpose.SEND_BACK: SendBackReason,
    Purpose.RETURN: ReturnReason,
    Purpose.HOLD: HoldReason,
    Purpose.FINDING: FindingReason,
    Purpose.OVERRIDE: OverrideReason,
    Purpose.TAKE_OVER: TakeOverReason,
    Purpose.PARTIAL: PartialReason,
    Purpose.REPLACE: ReplaceReason,
    Purpose.REORDER: ReorderReason,
}
"""The codes that a pharmacy begins with; the rows of `reason_codes` are what holds."""
FIXED: Final = frozenset(
    {
        (Purpose.CANCEL, CancelReason.REPLACED.value),
        (Purpose.RETURN, ReturnReason.UNDELIVERABLE.value),
        (Purpose.REPLACE, ReplaceReason.LOST_IN_TRANSIT.value),
        (Purpose.REPLACE, ReplaceReason.LOST_BY_PATIENT.value),
        (Purpose.REPLACE, ReplaceReason.UNDELIVERABLE.value),
        (Purpose.REPLACE, ReplaceReason.RECALLED.value),
    }
)
"""Given by the program itself, or known to it by their meaning; they stay in use."""


class ReasonFixed(Conflict):
    """The program itself gives this reason; it cannot be taken out of use."""

    code = "reason-fixed"
    remedy = "Change its words, if they are not clear."


def require_reason(known: Mapping[str, bool], reason: str, words: str) -> str:
    """
    Return a coded reason as it is kept.

    Args:
        known: The codes in use, and whether each one asks for words as well.

    Raises:
        ReasonUnknown: It is none of them.
        ReasonWordsNeeded: It asks for words, and there are none.
    """
    if reason not in known:
        raise ReasonUnknown("this reason is not a coded one", known=sorted(known))
    if known[reason] and not words.strip():
        raise ReasonWordsNeeded("say in words why")
    return reason
