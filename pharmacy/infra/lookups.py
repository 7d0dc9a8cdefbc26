"""What a service outside may say of one NPI, whichever service it is."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What came of asking."""

    FOUND = "found"
    UNKNOWN = "unknown"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Reply:
    """What the service said of one NPI."""

    outcome: Outcome
    reason: str = ""
    """Why it is an error: a constant, for holds and metrics."""
    record: Mapping[str, Any] = field(default_factory=dict)
    sha256: bytes = hashlib.sha256(b"").digest()
    """Of the body as it came."""
