"""
Labels for the pharmacy's own hands: of batches, of lots, and of capsules on a shelf.

They name nobody. Each says in words whether it may be used, as of the day on which it was printed,
and carries the code that a scan at the bench asks for.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from pharmacy.labels.rules.texts import SHIPPED_ENGLISH
from pharmacy.labels.rules.wording import day

USABLE: Final = "released"
STANDING: Final = {
    "quarantined": "In quarantine: do not use",
    "released": "Released for use",
    "recalled": "Recalled: do not use",
    "rejected": "Rejected: do not use",
}
"""By the status of a lot, or of a batch that is decided about."""
IN_WORK: Final = "In work: not released"
EXPIRED: Final = "Past its date: do not use"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """Every text of one label."""

    name: tuple[str, ...]
    """A line each, so that no strength is parted from its unit where it need not be."""
    number: str
    standing: str
    is_usable: bool
    facts: tuple[tuple[str, str], ...]
    code: str
    """What the Data Matrix says."""


def tag(
    *,
    name: tuple[str, ...],
    number: str,
    status: str,
    code: str,
    facts: tuple[tuple[str, str | date | None], ...],
    good_until: date | None,
    printed_on: date,
) -> Tag:
    """
    Word a label. Facts that are not known are left out; what is used by a date says when.

    Args:
        status: Of the lot or batch, as its table says it.
        good_until: The last day on which it may be used; none where none is known yet.
    """
    is_past = status == USABLE and good_until is not None and good_until < printed_on
    known: list[tuple[str, str]] = []
    for title, value in (*facts, ("Printed", printed_on)):
        text = day(value, SHIPPED_ENGLISH) if isinstance(value, date) else (value or "").strip()
        if text:
            known.append((title, text))
    return Tag(
        name=name,
        number=number,
        standing=EXPIRED if is_past else STANDING.get(status, IN_WORK),
        is_usable=status == USABLE and not is_past,
        facts=tuple(known),
        code=code,
    )


@dataclass(frozen=True, slots=True)
class ActionCode:
    """A barcode for the bench: scanned, it presses the button of that name."""

    name: str
    words: str

    @property
    def code(self) -> str:
        return f"ACT-{self.name}"


ACTIONS: Final = (
    ActionCode("NEXT", "Take the next"),
    ActionCode("ACCEPT", "Accept the batch"),
    ActionCode("SAVE", "Save what is shown"),
    ActionCode("TIME", "Start or end the timer"),
    ActionCode("DONE", "This step is done"),
    ActionCode("BLENDED", "It is blended"),
    ActionCode("FILLED", "The capsules are filled"),
    ActionCode("JUDGE", "Judge the weights"),
    ActionCode("VERIFY", "Verify, as the second person"),
    ActionCode("RELEASE", "Release"),
)
"""The action barcodes that pages of the console answer to."""
