"""What is sent, and what is known of it afterwards."""

from dataclasses import dataclass, field
from enum import StrEnum


class Certainty(StrEnum):
    """What a sender knows about the paper."""

    NOT_SENT = "not-sent"
    """Provably nothing can come out: it may be sent again."""
    SENT = "sent"
    """The printer has all of it; whether it is on paper, a person sees."""
    PRINTED = "printed"
    """The printer says that it put at least one sheet out."""
    UNKNOWN = "unknown"
    """Something may come out, or not. Only a person can tell."""


@dataclass(frozen=True, slots=True)
class Document:
    """Bytes for a printer."""

    name: str
    """The attempt's identifier: the printer's job is called so, and can be asked for."""
    content: bytes = field(repr=False)
    media_type: str
    """`application/pdf` or `application/vnd.zebra-zpl`."""
    size: tuple[float, float]
    """Width and height of the paper, in inches."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a document."""

    certainty: Certainty
    reasons: tuple[str, ...] = ()
    """Why, in the words of RFC 8011 where it has some: `media-empty`, `cover-open`, `offline`, …"""
    facts: dict[str, str] = field(default_factory=dict)
