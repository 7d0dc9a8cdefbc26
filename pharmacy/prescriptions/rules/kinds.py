"""What a request is for."""

from enum import StrEnum


class PrescriptionKind(StrEnum):
    """What a request is for."""

    TITRATION = "titration"
    """Two steps or more, each with an end."""
    MAINTENANCE = "maintenance"
    """One dose that goes on."""
