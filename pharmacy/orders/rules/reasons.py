"""Why an order is rejected, cancelled, sent back, …: coded, so that it can be counted."""

from enum import StrEnum

from pharmacy.kernel.refusals import Invalid


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


def coded_anew(reason: str, words: str) -> str:
    """Return why capsules are replaced, as it is kept. Raises ReasonUnknown, ReasonWordsNeeded."""
    code = coded(ReallocateReason, reason)
    if code == ReallocateReason.OTHER and not words.strip():
        raise ReasonWordsNeeded("say in words why the order is allocated anew")
    return code
