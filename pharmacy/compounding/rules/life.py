"""The life of a batch: which step leads where, and what a release asks for."""

from collections.abc import Collection
from dataclasses import dataclass
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
    A.QUARANTINE: frozenset({S.WEIGHED, S.BLENDED, S.FILLED, S.RELEASED}),
    A.CLEAR: frozenset({S.QUARANTINED}),
    A.REWORK: frozenset({S.QUARANTINED}),
    A.SCRAP: IN_PRODUCTION | {S.QUARANTINED},
}
"""From which statuses each action is legal. What is not here does not happen to a batch."""


class BatchMoveNotAllowed(Conflict):
    """The batch's status does not allow this."""

    code = "batch-move-not-allowed"
    remedy = "Read the batch: its status says what is owed."


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
