"""Why an order is rejected, cancelled, sent back or returned: coded, so that it can be counted."""

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
    ENTERED_IN_ERROR = "entered-in-error"


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


class Counselling(StrEnum):
    """What the patient said to the offer of a pharmacist's advice."""

    ACCEPTED = "accepted"
    DECLINED = "declined"


class ReasonUnknown(Invalid):
    """The reason is not one of the coded ones."""

    code = "reason-unknown"
    remedy = "Use one of the codes in the facts."


def coded(kind: type[StrEnum], reason: str) -> str:
    """Return a coded reason as it is kept. Raises ReasonUnknown."""
    known = [member.value for member in kind]
    if reason not in known:
        raise ReasonUnknown("this reason is not a coded one", known=known)
    return reason
