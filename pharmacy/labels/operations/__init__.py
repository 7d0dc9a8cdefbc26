"""Drawing labels, and deciding in which words and for which eyes."""

from pharmacy.labels.operations.drawing import (
    NothingToLabel,
    date_anew,
    reallocate,
    render,
    split,
)
from pharmacy.labels.operations.reading import choose_reading, correct_contact, settle_contact
from pharmacy.labels.operations.texts import (
    EditionDecided,
    EditionWaiting,
    approve_texts,
    draft_texts,
    reject_texts,
)

__all__ = [
    "EditionDecided",
    "EditionWaiting",
    "NothingToLabel",
    "approve_texts",
    "choose_reading",
    "correct_contact",
    "date_anew",
    "draft_texts",
    "reallocate",
    "reject_texts",
    "render",
    "settle_contact",
    "split",
]
