"""Whose turn it is: technicians take the next order, pharmacists pick, a lease ends by itself."""

from datetime import datetime
from typing import Final
from uuid import UUID

from pharmacy.kernel.ids import encode
from pharmacy.kernel.refusals import Conflict, Invalid, NotFound
from pharmacy.orders.rules.life import Status
from pharmacy.staff.rules import Actor, Role

TURN_OF: Final[dict[Role, frozenset[Status]]] = {
    Role.PHARMACIST: frozenset({Status.REVIEW, Status.FINAL_CHECK}),
    Role.TECHNICIAN: frozenset({Status.PLANNED, Status.COMPOUNDING, Status.LABELING}),
}
"""What "the next order" may be. An order that is ready waits for the patient, not in a queue."""


class ClaimedByAnother(Conflict):
    """Somebody else is working on the order until their lease ends."""

    code = "order-claimed"
    remedy = "Ask them to give it back, or wait until their claim ends."


class OverrideReasonNeeded(Invalid):
    """Technicians take the oldest order; another one only for a reason that is kept."""

    code = "claim-reason-needed"
    remedy = "Take the next order, or say why this one cannot wait."


class TakeOverReasonNeeded(Invalid):
    """Work is taken out of a colleague's hands only for a reason that is kept."""

    code = "take-over-reason-needed"
    remedy = "Say why it cannot wait until they give it back."


class NothingToClaim(NotFound):
    """No order waits for this person."""

    code = "queue-empty"
    remedy = "Held orders, and orders that wait for capsules, are in the queue's list."


def turns_of(by: Actor) -> frozenset[Status]:
    """Return the statuses from which this person takes the next order."""
    return frozenset().union(*(TURN_OF.get(role, frozenset()) for role in by.roles))


def require_unclaimed_by_another(
    claimed_by: UUID | None, until: datetime | None, *, by: Actor, now: datetime
) -> None:
    """Raise ClaimedByAnother while another's lease runs."""
    if claimed_by is None or until is None or claimed_by == by.id or until <= now:
        return
    raise ClaimedByAnother(
        "somebody else is working on this order",
        claimed_by=encode("acc", claimed_by),
        claimed_until=until.isoformat(),
    )


def require_may_take_over(reason: str) -> None:
    """Raise TakeOverReasonNeeded without a reason."""
    if not reason.strip():
        raise TakeOverReasonNeeded("say why this order is taken over", field="reason")


def require_may_pick(by: Actor, reason: str) -> None:
    """Raise OverrideReasonNeeded unless a pharmacist picks, or a reason is given."""
    if Role.PHARMACIST not in by.roles and not reason.strip():
        raise OverrideReasonNeeded("say why this order is taken before older ones")
