"""Identifiers: time-ordered UUIDs inside, short prefixed text outside (`ord_06b7…`)."""

import os
import time
from typing import Final
from uuid import UUID

from pharmacy.kernel.refusals import NotFound

ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: no i, l, o or u to misread
LENGTH: Final = 26
VALUE_OF: Final = {letter: value for value, letter in enumerate(ALPHABET)}


def new_id() -> UUID:
    """Return a UUID of version 7: it sorts by the millisecond in which it was made (RFC 9562)."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10))
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return UUID(int=value)


def encode(prefix: str, value: UUID) -> str:
    """Return the public form of an identifier: `prefix_` and 26 characters."""
    number = value.int
    letters = [ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5)]
    return f"{prefix}_{''.join(letters)}"


def decode(prefix: str, text: str) -> UUID:
    """
    Return the UUID behind a public identifier.

    Raises:
        NotFound: It is not of this form; what cannot exist is answered like what does not.
    """
    head, _, tail = text.partition("_")
    if head != prefix or len(tail) != LENGTH:
        raise NotFound(f"there is no {prefix}_ identifier of this form")
    number = 0
    for letter in tail:
        if letter not in VALUE_OF:
            raise NotFound(f"there is no {prefix}_ identifier of this form")
        number = (number << 5) | VALUE_OF[letter]
    if number >> 128:
        raise NotFound(f"there is no {prefix}_ identifier of this form")
    return UUID(int=number)
