"""The life of an order in one table: which move is legal, from where, and who may make it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from pharmacy.kernel.refusals import Conflict
from pharmacy.staff.rules import Actor, Permission, PermissionMissing, Role


class Status(StrEnum):
    """Where an order stands. Each status has one owner and one next action."""

    RECEIVED = "received"
    REVIEW = "review"
    PLANNED = "planned"
    COMPOUNDING = "compounding"
    LABELING = "labeling"
    FINAL_CHECK = "final-check"
    READY = "ready"
    HANDED_OVER = "handed-over"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    RECALLED = "recalled"


class Action(StrEnum):
    """What somebody does to an order. The value is also the name of its event."""

    CHECK = "checked"
    RECHECK = "recheck-asked"
    CHOOSE_STRATEGY = "strategy-chosen"
    APPROVE = "approved"
    REJECT = "rejected"
    CLAIM = "claimed"
    TAKE_OVER = "taken-over"
    UNCLAIM = "unclaimed"
    ALLOCATE = "allocated"
    AWAIT_CAPSULES = "awaits-capsules"
    LABEL = "labeled"
    PHOTOGRAPH = "photographed"
    PACK = "packed"
    RELEASE = "released"
    SEND_BACK = "sent-back"
    DATE_ANEW = "dated-anew"
    HAND_OVER = "handed-over"
    REALLOCATE = "allocated-anew"
    CANCEL = "cancelled"
    RETURN = "returned"
    RETURN_VIALS = "vials-returned"
    DESTROY = "vials-destroyed"
    RECALL = "recalled"
    SPLIT = "split"
    ORDER_REST = "rest-ordered"
    REPLACE = "vials-replaced"
    REORDER = "ordered-again"
    PLACE_HOLD = "hold-placed"
    LIFT_HOLD = "hold-lifted"
    ASK = "clarification-asked"
    ANSWER = "clarification-answered"
    NOTE_ANSWER = "clarification-noted"
    WITHDRAW = "clarification-withdrawn"
    REMIND = "clarification-reminded"
    REMIND_PRESCRIBER = "prescriber-reminded"
    ESCALATE = "clarification-escalated"
    SETTLE_CONTACT = "contact-settled"


S = Status
OPEN: Final = (S.RECEIVED, S.REVIEW, S.PLANNED, S.COMPOUNDING, S.LABELING, S.FINAL_CHECK, S.READY)
"""Somebody owes these orders something."""
CLAIMABLE: Final = (S.REVIEW, S.PLANNED, S.COMPOUNDING, S.LABELING, S.FINAL_CHECK, S.READY)
ALLOCATED: Final = (S.LABELING, S.FINAL_CHECK, S.READY)
"""Vials of these hold capsules that are the order's and still in the house."""
PACKED: Final = (S.FINAL_CHECK, S.READY, S.HANDED_OVER)
"""Capsules of these left the lots' bottles; they never go back."""
NEVER_GIVEN: Final = (S.REJECTED, S.CANCELLED)
"""The nights of these stay on the prescription."""
CAME_BACK: Final = (S.RETURNED, S.RECALLED)
"""Of these the patient has nothing, or is told to take nothing."""


class Move(NamedTuple):
    """One row of the table."""

    paths: Mapping[Status, Status]
    """From each status that allows the action to the one that it leads to."""
    needs: Permission | None
    """None: only the worker does it."""
    while_held: bool = False
    """Legal while holds are open."""
    respects_claim: bool = True
    """Refused while somebody else has claimed the order."""


def _to(end: Status, *starts: Status) -> dict[Status, Status]:
    return dict.fromkeys(starts, end)


def _stay(*statuses: Status) -> dict[Status, Status]:
    return {status: status for status in statuses}


def _beside(needs: Permission | None) -> Move:
    """What happens beside the order's way, held or claimed or neither."""
    return Move(_stay(*OPEN), needs, while_held=True, respects_claim=False)


P = Permission
MOVES: Final[dict[Action, Move]] = {
    Action.CHECK: Move(
        _to(S.REVIEW, S.RECEIVED) | _stay(*CLAIMABLE), None, while_held=True, respects_claim=False
    ),
    Action.RECHECK: Move(
        _to(S.RECEIVED, S.REVIEW) | _stay(S.RECEIVED, *CLAIMABLE[1:]),
        P.APPROVE_ORDER,
        while_held=True,
    ),
    Action.CHOOSE_STRATEGY: Move(_stay(S.REVIEW), P.CHOOSE_STRATEGY, while_held=True),
    Action.APPROVE: Move(_to(S.PLANNED, S.REVIEW), P.APPROVE_ORDER),
    Action.REJECT: Move(_to(S.REJECTED, S.RECEIVED, S.REVIEW), P.APPROVE_ORDER, while_held=True),
    Action.CLAIM: Move(_stay(*CLAIMABLE), P.CLAIM_ORDER),
    Action.TAKE_OVER: Move(_stay(*CLAIMABLE), P.TAKE_OVER_ORDER, respects_claim=False),
    Action.UNCLAIM: Move(_stay(*CLAIMABLE), P.CLAIM_ORDER, while_held=True),
    Action.ALLOCATE: Move(_to(S.LABELING, S.PLANNED, S.COMPOUNDING), P.ALLOCATE),
    Action.AWAIT_CAPSULES: Move(_to(S.COMPOUNDING, S.PLANNED, S.COMPOUNDING), P.ALLOCATE),
    Action.LABEL: Move(_stay(S.LABELING), None, while_held=True, respects_claim=False),
    Action.PHOTOGRAPH: Move(_stay(S.LABELING, S.FINAL_CHECK), P.PACK, while_held=True),
    Action.PACK: Move(_to(S.FINAL_CHECK, S.LABELING), P.PACK),
    Action.RELEASE: Move(_to(S.READY, S.FINAL_CHECK), P.RELEASE),
    Action.SEND_BACK: Move(_to(S.LABELING, S.FINAL_CHECK), P.RELEASE, while_held=True),
    Action.DATE_ANEW: Move(_to(S.LABELING, *ALLOCATED), P.ALLOCATE, while_held=True),
    Action.HAND_OVER: Move(_to(S.HANDED_OVER, S.READY), P.HAND_OVER),
    Action.REALLOCATE: Move(
        _to(S.PLANNED, *ALLOCATED), P.RELEASE, while_held=True, respects_claim=False
    ),
    Action.CANCEL: Move(
        _to(S.CANCELLED, *OPEN), P.CANCEL_ORDER, while_held=True, respects_claim=False
    ),
    Action.RETURN: Move(_to(S.RETURNED, S.HANDED_OVER, S.RECALLED), P.HAND_OVER, while_held=True),
    Action.RETURN_VIALS: Move(_stay(S.HANDED_OVER, S.RECALLED), P.HAND_OVER, while_held=True),
    Action.DESTROY: Move(
        _stay(S.HANDED_OVER, S.RECALLED, S.RETURNED), P.HAND_OVER, while_held=True
    ),
    Action.RECALL: Move(
        _to(S.RECALLED, S.HANDED_OVER, S.RECALLED), None, while_held=True, respects_claim=False
    ),
    Action.SPLIT: Move(
        _to(S.PLANNED, S.PLANNED, S.COMPOUNDING) | _to(S.LABELING, *ALLOCATED),
        P.SPLIT_ORDER,
        respects_claim=False,
    ),
    Action.ORDER_REST: Move(
        _stay(S.PLANNED, S.COMPOUNDING, *ALLOCATED, S.HANDED_OVER),
        P.SPLIT_ORDER,
        respects_claim=False,
    ),
    Action.REPLACE: Move(_stay(S.HANDED_OVER, *CAME_BACK), P.SPLIT_ORDER, respects_claim=False),
    Action.REORDER: Move(
        _stay(*NEVER_GIVEN), P.APPROVE_ORDER, while_held=True, respects_claim=False
    ),
    Action.PLACE_HOLD: Move(_stay(*OPEN), P.PLACE_HOLD, while_held=True, respects_claim=False),
    Action.LIFT_HOLD: Move(_stay(*OPEN), P.LIFT_HOLD, while_held=True, respects_claim=False),
    Action.ASK: _beside(P.ASK_PRESCRIBER),
    Action.ANSWER: _beside(P.ANSWER_QUESTION),
    Action.NOTE_ANSWER: _beside(P.ASK_PRESCRIBER),
    Action.WITHDRAW: _beside(P.ASK_PRESCRIBER),
    Action.REMIND: _beside(None),
    Action.REMIND_PRESCRIBER: _beside(P.ASK_PRESCRIBER),
    Action.ESCALATE: _beside(None),
    Action.SETTLE_CONTACT: _beside(P.CORRECT_CONTACT),
}
"""What is not in this table does not happen to an order."""


class MoveNotAllowed(Conflict):
    """The order's status does not allow this."""

    code = "order-move-not-allowed"
    remedy = (
        "Read the order: its next action says what is owed, and by whom. Of one that is over, a"
        " pharmacist orders the fill again, or replaces vials that left."
    )


class OrderHeld(Conflict):
    """Open holds keep the order where it is."""

    code = "order-held"
    remedy = "Settle each open hold first; each says who must act."


def next_status(
    current: Status, action: Action, *, by: Actor, held_by: tuple[str, ...] = ()
) -> Status:
    """
    Return the status that an action leads to.

    Args:
        held_by: The codes of the order's open holds.

    Raises:
        PermissionMissing: The actor's roles do not grant it.
        MoveNotAllowed: Not from this status.
        OrderHeld: Holds are open, and the action does not go round them.
    """
    move = MOVES[action]
    _require(by, move.needs)
    if current not in move.paths:
        raise MoveNotAllowed(
            f"an order that is {current} cannot be {action}", status=current, action=action
        )
    if held_by and not move.while_held:
        raise OrderHeld("the order is on hold", holds=list(held_by))
    return move.paths[current]


def _require(by: Actor, needs: Permission | None) -> None:
    if needs is not None and Role.WORKER not in by.roles:
        by.require(needs)
    elif needs is None and Role.WORKER not in by.roles:
        raise PermissionMissing("only the pharmacy's own worker does this", needs="worker")
    elif needs is not None and needs is not Permission.PLACE_HOLD:
        raise PermissionMissing(f"a worker does not {needs}", needs=needs)
