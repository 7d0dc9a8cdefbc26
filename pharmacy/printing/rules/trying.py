"""What may become of a test label."""

from enum import StrEnum
from typing import Final


class TrialState(StrEnum):
    """What is known of a test label. The last four are the ends, as a sender says them."""

    QUEUED = "queued"
    SENDING = "sending"
    PRINTED = "printed"
    SENT = "sent"
    NOT_SENT = "not-sent"
    UNKNOWN = "unknown"

    @property
    def is_over(self) -> bool:
        return self not in UNDER_WAY

    @property
    def words(self) -> str:
        """For a person, with what to do."""
        return WORDS[self]


UNDER_WAY: Final = frozenset({TrialState.QUEUED, TrialState.SENDING})
WORDS: Final = {
    TrialState.QUEUED: "The test label is about to be sent.",
    TrialState.SENDING: "The test label is being sent.",
    TrialState.PRINTED: "The test label is out.",
    TrialState.SENT: "The test label was sent: look whether it is there.",
    TrialState.NOT_SENT: "Nothing was printed.",
    TrialState.UNKNOWN: "Nobody knows whether the test label came out: look.",
}
