"""Registry files that arrive through the console: read in stretches, one after the other."""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from pharmacy.kernel.refusals import Conflict, Invalid, NotFound
from pharmacy.prescribers.rules.registry_files import Headings, Layout, Row, RowUnreadable

MOST_BYTES: Final = 64 * 1024 * 1024
"""The exclusion list has some 15 MB, a week of NPPES 40, most boards' extracts less. As much as is
taken over in one transaction well within the time that a job has."""
LONGEST_LINE: Final = 1024 * 1024
NAMED: Final = 20
"""Damaged rows that are named; the others are counted."""
ENCODINGS: Final = ("utf-8", "cp1252")
ZIP: Final = b"PK\x03\x04"


class UploadState(StrEnum):
    """Where an uploaded file stands."""

    READING = "reading"
    IMPORTED = "imported"
    REFUSED = "refused"
    GIVEN_UP = "given-up"
    """Its job died, and somebody sent another file."""


class UploadUnderWay(Conflict):
    """One file is taken over at a time."""

    code = "registry-upload-under-way"
    remedy = "Wait until the file before is taken over; this page shows how far it is."


class UploadTooLarge(Invalid):
    """The file is larger than the console takes."""

    code = "registry-upload-too-large"
    remedy = "Import it on the server: `pharmacy registry import`, which reads files of any size."


class UploadPacked(Invalid):
    """The file is an archive, not the list itself."""

    code = "registry-upload-packed"
    remedy = "Unpack it, and send the CSV file that is inside."


class UploadEmpty(Invalid):
    """There is nothing in the file."""

    code = "registry-upload-empty"
    remedy = "Fetch the file again from its source."


class UploadNotFound(NotFound):
    """No such file was sent."""

    code = "registry-upload-not-found"


@dataclass(slots=True)
class Position:
    """How far a file is read: always at the beginning of a row."""

    at: int = 0
    """In bytes."""
    line: int = 0
    """Lines that were read."""


@dataclass(slots=True)
class Stretch:
    """What one stretch of a file held."""

    rows: list[tuple[int, Row]] = field(default_factory=list)
    """Readable rows, each with the line that it ends on."""
    refused: list[tuple[int, str]] = field(default_factory=list)
    headings: list[str] | None = None
    newest: date | None = None
    is_broken_off: bool = False
    """A quotation that never ends: nothing after it can be told apart."""

    def add(self, line: int, row: Row, layout: Layout) -> None:
        """Keep a readable row, and how new it is."""
        self.rows.append((line, row))
        day = layout.newest(row)
        if day is not None and (self.newest is None or day > self.newest):
            self.newest = day


def read_stretch(
    lines: Iterator[bytes],
    position: Position,
    *,
    layout: Layout,
    headings: Sequence[str] | None,
    columns: Mapping[str, str],
    encoding: str,
    most: int,
) -> Stretch:
    """
    Read rows until `most` bytes are read, and move `position` behind the last of them.

    Args:
        lines: The file's lines from `position` on, with their ends.
        headings: The file's, once its first line was read.

    Raises:
        HeadingMissing, RowUnreadable, UnicodeDecodeError.
    """
    found, begin = Stretch(), position.at
    reader = csv.reader(_decoded(lines, position, encoding), strict=True)
    try:
        if headings is None:
            headings = found.headings = next(reader, [])
        known = Headings(headings, columns)
        known.require(layout.headings)
        read = layout.reader(known)
        for row in reader:
            try:
                if row:
                    found.add(position.line, _values(row, known.width, read), layout)
            except RowUnreadable as error:
                found.refused.append((position.line, str(error)))
            if position.at - begin >= most:
                break
    except csv.Error as error:
        found.refused.append((position.line, str(error)))
        found.is_broken_off = True
    return found


def _values(row: list[str], width: int, read: Callable[[Sequence[str]], Row]) -> Row:
    if len(row) != width:
        raise RowUnreadable("it has another number of fields than the heading")
    return read(row)


def _decoded(lines: Iterator[bytes], position: Position, encoding: str) -> Iterator[str]:
    for raw in lines:
        if b"\0" in raw:
            raise RowUnreadable(f"line {position.line + 1} holds bytes that no text has")
        text = raw.decode("utf-8-sig" if encoding == "utf-8" and not position.at else encoding)
        position.at += len(raw)
        position.line += 1
        yield text
