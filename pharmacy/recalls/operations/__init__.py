"""Opening a recall, and following it to its end."""

from pharmacy.recalls.operations.drawing import draw_letters
from pharmacy.recalls.operations.following import (
    advise_of_harm,
    close,
    meet_timer,
    record_answer,
    record_sent,
)
from pharmacy.recalls.operations.opening import open_recall

__all__ = [
    "advise_of_harm",
    "close",
    "draw_letters",
    "meet_timer",
    "open_recall",
    "record_answer",
    "record_sent",
]
