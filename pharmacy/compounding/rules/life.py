"""The life of a batch: which step leads where, and what a release asks for."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from pharmacy.kernel.refusals import Conflict


class BatchStatus(StrEnum):
    """Where a batch stands."""

    PLANNED = "planned"
    WEIGHING = "weighing"
    WEIGHED = "weighed"
    BLENDED = "blended"
    FILLED = "filled"
    RELEASED = "released"
    QUARANTINED = "quarantined"
    REJECTED = "rejected"


class BatchAction(StrEnum):
    """What somebody does to a batch. The value is also the name of its event."""

    PLAN = "planned"
    SCAN = "lots-scanned"
    WEIGH = "weighed"
    VOID = "weighing-voided"
    VERIFY = "weighing-verified"
    BLEND = "blended"
    FILL = "filled"
    WEIGH_CAPSULES = "capsules-weighed"
    TEST = "tested"
    RELEASE = "released"
    QUARANTINE = "quarantined"
    CLEAR = "cleared"
    REWORK = "reworked"
    SCRAP = "scrapped"
    TICK = "step-ticked"
    START_TIMER = "timer-started"
    FINISH_TIMER = "timer-finished"
    KEEP_PHOTO = "photo-kept"
    FINISH_STEP = "step-done"
    CALL = "pharmacist-called"
    ANSWER = "pharmacist-answered"
    SEND_SAMPLE = "sample-sent"
    RECORD_RESULT = "laboratory-answered"


S = BatchStatus
A = BatchAction
AT_THE_BALANCE: Final = frozenset({S.PLANNED, S.WEIGHING})
IN_PRODUCTION: Final = frozenset({S.PLANNED, S.WEIGHING, S.WEIGHED, S.BLENDED, S.FILLED})
"""Capsules of these are still to come; planning counts on them."""

MOVES: Final[dict[BatchAction, frozenset[BatchStatus]]] = {
    A.SCAN: AT_THE_BALANCE,
    A.WEIGH: AT_THE_BALANCE,
    A.VOID: AT_THE_BALANCE | {S.WEIGHED},
    A.VERIFY: AT_THE_BALANCE,
    A.BLEND: frozenset({S.WEIGHED}),
    A.FILL: frozenset({S.BLENDED}),
    A.WEIGH_CAPSULES: frozenset({S.FILLED}),
    A.TEST: frozenset({S.FILLED}),
    A.RELEASE: frozenset({S.FILLED}),
    A.QUARANTINE: IN_PRODUCTION | {S.RELEASED},
    A.CLEAR: frozenset({S.QUARANTINED}),
    A.REWORK: frozenset({S.QUARANTINED}),
    A.SCRAP: IN_PRODUCTION | {S.QUARANTINED},
    A.TICK: IN_PRODUCTION,
    A.START_TIMER: IN_PRODUCTION,
    A.FINISH_TIMER: IN_PRODUCTION,
    A.KEEP_PHOTO: IN_PRODUCTION | {S.QUARANTINED},
    A.FINISH_STEP: IN_PRODUCTION,
    A.CALL: IN_PRODUCTION,
    A.ANSWER: frozenset(S),
    A.SEND_SAMPLE: frozenset({S.FILLED, S.RELEASED, S.QUARANTINED}),
    A.RECORD_RESULT: frozenset({S.FILLED, S.RELEASED, S.QUARANTINED, S.REJECTED}),
}
"""From which statuses each action is legal. What is not here does not happen to a batch."""


class BatchMoveNotAllowed(Conflict):
    """The batch's status does not allow this."""

    code = "batch-move-not-allowed"
    remedy = "Read the batch: its status says what is owed."


class BatchWaits(Conflict):
    """Somebody called a pharmacist, and nothing goes on before the answer."""

    code = "batch-waits-for-pharmacist"
    remedy = "A pharmacist answers the question first; the batch names it."


class ComponentUnsound(Conflict):
    """A lot in the batch is quarantined, recalled, rejected or past its date."""

    code = "batch-component-unsound"
    remedy = (
        "Void its weighings and scan other lots; once the powders are blended, scrap the batch."
    )


class BatchNotReleasable(Conflict):
    """A gate before the release is not green."""

    code = "batch-not-releasable"
    remedy = "Settle every gate that the facts name; each says what is missing."


def require_move(status: BatchStatus, action: BatchAction) -> None:
    """Raise BatchMoveNotAllowed unless an action is legal in a status."""
    if status not in MOVES[action]:
        raise BatchMoveNotAllowed(
            f"a batch that is {status} cannot be {action}", status=status, action=action
        )


WHILE_CALLED: Final = frozenset(
    {A.ANSWER, A.KEEP_PHOTO, A.VOID, A.QUARANTINE, A.SCRAP, A.RECORD_RESULT}
)
"""What may be done to a batch that waits: showing what is wrong, and stopping it for good."""


def require_uncalled(called_at: datetime | None, action: BatchAction) -> None:
    """Raise BatchWaits for what goes on with a batch that waits for a pharmacist's answer."""
    if called_at is not None and action not in WHILE_CALLED:
        raise BatchWaits("the batch waits for a pharmacist", action=action)


@dataclass(frozen=True, slots=True)
class Gate:
    """One thing that must be so before capsules may be dispensed."""

    code: str
    words: str
    is_green: bool


def require_green(gates: Collection[Gate]) -> None:
    """Raise BatchNotReleasable naming every gate that is not green."""
    if red := [gate for gate in gates if not gate.is_green]:
        raise BatchNotReleasable(
            "; ".join(gate.words for gate in red), gates=[gate.code for gate in red]
        )
