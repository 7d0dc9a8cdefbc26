"""What is owed next for an order, and by whom. No status is without a person or a clock."""

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

from pharmacy.kernel.jobs import JobKind
from pharmacy.orders.rules.holds import Owner
from pharmacy.orders.rules.life import ALLOCATED, Status


class NextStep(NamedTuple):
    """One next action and its owner."""

    owner: Owner
    action: str
    """A code for programs."""
    words: str


OF_STATUS: Final[dict[Status, NextStep]] = {
    Status.RECEIVED: NextStep(
        Owner.WORKER, "check", "Prescriber, screening and strength plan are being checked."
    ),
    Status.REVIEW: NextStep(
        Owner.PHARMACIST, "approve", "Read prescription, findings and plan; approve or reject."
    ),
    Status.PLANNED: NextStep(Owner.TECHNICIAN, "allocate", "Allocate released capsules."),
    Status.COMPOUNDING: NextStep(
        Owner.TECHNICIAN, "compound", "Compound what is missing, then allocate again."
    ),
    Status.LABELING: NextStep(
        Owner.TECHNICIAN, "pack", "Print the labels, fill the vials, scan each one and pack."
    ),
    Status.FINAL_CHECK: NextStep(
        Owner.PHARMACIST, "release", "Check the packed order; release it or send it back."
    ),
    Status.READY: NextStep(
        Owner.TECHNICIAN, "hand-over", "Hand over: two identifiers, counselling offered."
    ),
}
NOTHING: Final = NextStep(Owner.CLOCK, "none", "Nothing is owed; the record is kept.")
DESTROY: Final = NextStep(
    Owner.TECHNICIAN, "destroy", "Destroy what came back, before a colleague who watches."
)
LABELS: Final = NextStep(Owner.WORKER, "draw-labels", "Labels and leaflet are being drawn.")
OTHER_CAPSULES: Final = NextStep(
    Owner.PHARMACIST,
    "allocate-anew",
    "A lot in this order is withdrawn, or its date comes before the last dose: allocate the order"
    " anew from other lots, or cancel it.",
)
NEW_DATES: Final = NextStep(
    Owner.TECHNICIAN,
    "date-anew",
    "The day of its first dose is over: date it anew, so that its labels are right when it leaves.",
)
GAVE_UP: Final = NextStep(
    Owner.ADMINISTRATOR,
    "retry-job",
    "The system could not go on with this order: an administrator sees to it (Jobs, given up).",
)


def next_step(
    status: Status,
    *,
    labeled: bool,
    lots_out: bool = False,
    dates_over: bool = False,
    came_back: bool = False,
    held: Sequence[tuple[str, str, Owner]] = (),
    given_up: Collection[JobKind] = (),
) -> NextStep:
    """
    Return what is owed next.

    Args:
        labeled: The labels of the present containers are drawn.
        lots_out: A lot in the order's vials may not be given out for their days.
        dates_over: The first day on the order's labels is over, and it is still here.
        came_back: Vials came back and are not destroyed yet.
        held: Code, words and owner of each open hold, the oldest first.
        given_up: What the worker owed the order and could not do. A next fill that could not be
            worked out keeps nobody from this one.
    """
    if status not in OF_STATUS:
        return DESTROY if came_back else NOTHING
    waits_for_labels = status is Status.LABELING and not labeled
    if JobKind.CHECK_ORDER in given_up or (JobKind.RENDER_LABELS in given_up and waits_for_labels):
        return GAVE_UP
    if held and status is not Status.RECEIVED:
        code, words, owner = held[0]
        return NextStep(owner, f"settle:{code}", words)
    if status in ALLOCATED and (lots_out or dates_over):
        return OTHER_CAPSULES if lots_out else NEW_DATES
    if waits_for_labels:
        return LABELS
    return OF_STATUS[status]
