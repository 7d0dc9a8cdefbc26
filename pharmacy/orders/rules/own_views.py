"""Views of the queue that a person named for themselves."""

from typing import Final

from pharmacy.kernel.refusals import Conflict, NotFound

MOST: Final = 9
"""One for each key of 1 to 9."""


class QueueViewNotFound(NotFound):
    """The person has no such view."""

    code = "queue-view-not-found"


class QueueViewsFull(Conflict):
    """A person keeps as many views as there are keys for them."""

    code = "queue-views-full"
    remedy = "Remove one under `My views`, then keep this one."


class QueueViewNameTaken(Conflict):
    """The person calls another view so."""

    code = "queue-view-name-taken"
    remedy = "Give this view another name."


def first_free(taken: list[int]) -> int:
    """Return the place after the last one. Raises QueueViewsFull."""
    if len(taken) >= MOST:
        raise QueueViewsFull("you keep nine views already", field="name")
    return max(taken, default=0) + 1
