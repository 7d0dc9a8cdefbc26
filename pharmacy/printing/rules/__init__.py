"""What may become of a printed copy, and which code is which copy's."""

from pharmacy.printing.rules.copies import (
    CopyState,
    CopyStep,
    MoveNotAllowed,
    ReprintReason,
    Resolution,
    next_state,
    state_after,
)
from pharmacy.printing.rules.scans import CodeUnreadable, ScannedCode

__all__ = [
    "CodeUnreadable",
    "CopyState",
    "CopyStep",
    "MoveNotAllowed",
    "ReprintReason",
    "Resolution",
    "ScannedCode",
    "next_state",
    "state_after",
]
