"""
JPEG: segments before and between the scans (ITU-T T.81, annex B).

Of the segments that applications write, three change how the picture looks and stay: JFIF, Adobe's
transform and, written anew, the orientation out of Exif. Whatever else there is (place, time,
maker, a smaller picture, colour profiles) is left out, as is what comes after the picture's end.
"""

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from pharmacy.infra.pictures.picture import MediaType, Picture, PictureDamaged

MAGIC: Final = b"\xff\xd8\xff"
START: Final = b"\xff\xd8"
MARK: Final = 0xFF
STUFFED: Final = 0x00
"""After a `MARK` that is no marker but a coded byte."""
END: Final = 0xD9
SCAN: Final = 0xDA
COMMENT: Final = 0xFE
JFIF: Final = 0xE0
EXIF: Final = 0xE1
ADOBE: Final = 0xEE
APPLICATIONS: Final = range(0xE0, 0xF0)
FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Start of a frame: it tells the size."""
FRAME_LEAST: Final = 6
LENGTH: Final = 2
"""Of a segment's own length, which counts itself."""
TIFF_HEADER: Final = 8
RESTARTS: Final = range(0xD0, 0xD8)
ORIENTATION: Final = 0x0112
TURNED: Final = range(2, 9)


class Segment(NamedTuple):
    """A marker with what follows it; of a scan, also its coded data."""

    marker: int
    body: bytes
    coded: bytes = b""

    @property
    def raw(self) -> bytes:
        return (
            struct.pack(">BBH", MARK, self.marker, len(self.body) + LENGTH) + self.body + self.coded
        )


def stripped(data: bytes) -> Picture:
    """Return the picture without what a camera wrote beside it. Raises PictureDamaged."""
    width = height = 0
    turned = 1
    jfif: list[bytes] = []
    kept: list[bytes] = []
    scans = 0
    for segment in _segments(data):
        if segment.marker in FRAMES and len(segment.body) >= FRAME_LEAST:
            height, width = struct.unpack_from(">HH", segment.body, 1)
        if segment.marker == EXIF and segment.body.startswith(b"Exif\0\0"):
            turned = _orientation(segment.body[6:])
        if segment.marker == JFIF and segment.body.startswith(b"JFIF\0"):
            # Its smaller picture is not copied: 14 bytes are the header, the last two say "none".
            jfif = [segment._replace(body=segment.body[:12].ljust(12, b"\0") + b"\0\0").raw]
        elif segment.marker not in APPLICATIONS or segment.marker == ADOBE:
            kept.append(b"" if segment.marker == COMMENT else segment.raw)
        scans += segment.marker == SCAN
    if not scans:
        raise PictureDamaged("the JPEG has no scan")
    whole = [START, *jfif, _exif(turned), *kept, bytes((MARK, END))]
    return Picture(MediaType.JPEG, width, height, b"".join(whole))


def _segments(data: bytes) -> Iterator[Segment]:
    """Yield every segment up to the end of the picture. Raises PictureDamaged."""
    at = len(START)
    while True:
        while data[at : at + 2] == b"\xff\xff":  # fill bytes
            at += 1
        if len(data) < at + 2 or data[at] != MARK:
            raise PictureDamaged("the JPEG breaks off, or a marker is missing")
        marker = data[at + 1]
        if marker == END:
            return
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        end = at + 2 + length
        if length < LENGTH or end > len(data):
            raise PictureDamaged("a segment of the JPEG breaks off")
        body, after = data[at + 4 : end], end
        if marker == SCAN:
            after = _end_of_scan(data, end)
        yield Segment(marker, body, data[end:after])
        at = after


def _end_of_scan(data: bytes, at: int) -> int:
    """Return where the marker after the coded data stands: neither stuffed nor a restart."""
    while (at := data.find(b"\xff", at)) >= 0 and at + 1 < len(data):
        follows = data[at + 1]
        if follows not in {STUFFED, MARK} and follows not in RESTARTS:
            return at
        at += 1 if follows == MARK else 2
    raise PictureDamaged("the JPEG breaks off in its scan")


def _orientation(tiff: bytes) -> int:
    """Return how a viewer turns the picture (1: not at all); senseless Exif turns nothing."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < TIFF_HEADER:
        return 1
    try:
        (first,) = struct.unpack_from(f"{order}I", tiff, 4)
        (count,) = struct.unpack_from(f"{order}H", tiff, first)
        for index in range(count):
            tag, _, _, value = struct.unpack_from(f"{order}HHIH", tiff, first + 2 + 12 * index)
            if tag == ORIENTATION:
                return value if value in TURNED else 1
    except struct.error:
        return 1
    return 1


def _exif(turned: int) -> bytes:
    """Return an Exif segment that says how to turn the picture and nothing else."""
    if turned not in TURNED:
        return b""
    tiff = struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, ORIENTATION, 3, 1, turned, 0, 0)
    return Segment(EXIF, b"Exif\0\0" + tiff).raw
