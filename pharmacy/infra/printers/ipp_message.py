"""
IPP messages as bytes (RFC 8010): the few attributes that printing a label needs.

A message is a version, an operation or a status, a number, groups of attributes, and then data.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

VERSION: Final = (2, 0)
END: Final = 0x03
OPERATION_GROUP: Final = 0x01
JOB_GROUP: Final = 0x02
PRINTER_GROUP: Final = 0x04
LARGEST_GROUP_TAG: Final = 0x0F

INTEGER: Final = 0x21
BOOLEAN: Final = 0x22
ENUM: Final = 0x23
TEXT: Final = 0x41
NAME: Final = 0x42
KEYWORD: Final = 0x44
URI: Final = 0x45
CHARSET: Final = 0x47
LANGUAGE: Final = 0x48
MEDIA_TYPE: Final = 0x49
NUMBERS: Final = (INTEGER, ENUM)

Value = int | bool | str | bytes
Attribute = tuple[int, str, Sequence[Value]]
"""A tag, a name, and one or more values."""


class NotIpp(ValueError):
    """The bytes are no IPP message."""


@dataclass(frozen=True, slots=True)
class Message:
    """A request or an answer. `code` is the operation of one and the status of the other."""

    code: int
    request_id: int
    groups: tuple[tuple[int, dict[str, list[Value]]], ...] = ()
    data: bytes = field(default=b"", repr=False)

    def first(self, group: int) -> dict[str, list[Value]]:
        """Return the first group of a kind; an empty one when there is none."""
        return next((found for tag, found in self.groups if tag == group), {})

    def all(self, group: int) -> list[dict[str, list[Value]]]:
        """Return every group of a kind: one for each job of a list."""
        return [found for tag, found in self.groups if tag == group]


def encoded(
    code: int,
    request_id: int,
    groups: Iterable[tuple[int, Iterable[Attribute]]],
    data: bytes = b"",
) -> bytes:
    """Return a message as bytes."""
    parts = [struct.pack(">BBHI", *VERSION, code, request_id)]
    for group, attributes in groups:
        parts.append(bytes([group]))
        for tag, name, values in attributes:
            for place, value in enumerate(values):
                parts.append(_attribute(tag, name if place == 0 else "", value))
    parts += [bytes([END]), data]
    return b"".join(parts)


def decoded(message: bytes) -> Message:
    """
    Return the message that bytes are.

    Raises:
        NotIpp: They are none, or break off.
    """
    try:
        return _decoded(message)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise NotIpp("the bytes are no IPP message") from error


def _decoded(message: bytes) -> Message:
    _, _, code, request_id = struct.unpack_from(">BBHI", message, 0)
    place = 8
    groups: list[tuple[int, dict[str, list[Value]]]] = []
    name = ""
    while (tag := message[place]) != END:
        place += 1
        if tag <= LARGEST_GROUP_TAG:
            groups.append((tag, {}))
            continue
        own_name, place = _string(message, place)
        raw, place = _string(message, place)
        name = own_name.decode() or name
        if not groups:
            raise NotIpp("an attribute outside of every group")
        groups[-1][1].setdefault(name, []).append(_value(tag, raw))
    return Message(code, request_id, tuple(groups), message[place + 1 :])


def _attribute(tag: int, name: str, value: Value) -> bytes:
    if tag == BOOLEAN:
        raw = bytes([bool(value)])
    elif tag in NUMBERS:
        raw = struct.pack(">i", value)
    else:
        raw = value if isinstance(value, bytes) else str(value).encode()
    label = name.encode()
    head = struct.pack(">BH", tag, len(label)) + label
    return head + struct.pack(">H", len(raw)) + raw


def _string(message: bytes, place: int) -> tuple[bytes, int]:
    (length,) = struct.unpack_from(">H", message, place)
    place += 2
    if place + length > len(message):
        raise NotIpp("the message breaks off")
    return message[place : place + length], place + length


def _value(tag: int, raw: bytes) -> Value:
    if tag in NUMBERS:
        return int(struct.unpack(">i", raw)[0])
    if tag == BOOLEAN:
        return raw == b"\x01"
    if tag in {TEXT, NAME, KEYWORD, URI, CHARSET, LANGUAGE, MEDIA_TYPE}:
        return raw.decode("utf-8", "replace")
    return raw
