"""What may follow an order that is over: the fill is ordered again, or its vials are replaced."""

from collections.abc import Mapping
from typing import Final

from pharmacy.kernel.refusals import Conflict
from pharmacy.orders.rules.holds import Owner
from pharmacy.orders.rules.life import Status
from pharmacy.orders.rules.next_step import NextStep
from pharmacy.orders.rules.reasons import CancelReason, RejectReason, ReturnReason

VOIDING: Final[Mapping[Status, frozenset[str]]] = {
    Status.CANCELLED: frozenset(
        {
            CancelReason.PRESCRIBER_ASKED,
            CancelReason.DOSE_CHANGED,
            CancelReason.KEY_COMPROMISED,
            CancelReason.REPLACED,
        }
    ),
    Status.REJECTED: frozenset({RejectReason.DUPLICATE}),
    Status.RETURNED: frozenset({ReturnReason.DOSE_CHANGED}),
}
"""
Reasons that speak of the prescription and not of this order: nothing more is filled from it.

A reason that the pharmacy added itself is none of them: a pharmacist orders again, and both checks
are made again.
"""


class PrescriptionVoided(Conflict):
    """The order ended for a reason after which nothing more is filled from the prescription."""

    code = "fill-not-ordered-again"
    remedy = "Ask the prescriber for a new prescription."


class FillDivided(Conflict):
    """A part of the fill stands, so that the fill is not ordered again as a whole."""

    code = "fill-divided"
    remedy = (
        "Cancel the order in the facts, then order the whole fill again; where that part was handed"
        " over, ask the prescriber for a new prescription."
    )


class NotTheFillItself(Conflict):
    """The order was for a part of a fill, or for vials that were lost."""

    code = "order-not-the-fill"
    remedy = "Open the order in the facts: the rest is ordered, and vials are replaced, from there."


ORDER_AGAIN: Final = NextStep(
    Owner.PHARMACIST,
    "order-again",
    "This fill has no order now. Where the patient still needs it, a pharmacist orders it again.",
)

REPLACE_IT: Final = NextStep(
    Owner.PHARMACIST,
    "replace",
    "The patient has nothing, or is to take nothing, of what came back or was recalled. Where it is"
    " still needed, a pharmacist replaces it.",
)


def require_not_voided(status: Status, code: str | None) -> None:
    """
    Raise PrescriptionVoided where an order ended for a reason that ends its prescription too.

    Args:
        code: The coded reason of its rejection, cancellation or return.
    """
    if code in VOIDING.get(status, ()):
        raise PrescriptionVoided(f"the order was {status} as {code}", status=status, reason=code)
