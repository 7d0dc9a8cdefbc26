"""
PNG: chunks (ISO/IEC 15948). Kept are those that draw the picture; text, time, Exif, animation and
whatever nobody knows are left out, as is everything after the end.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import Final, NamedTuple

from pharmacy.infra.pictures.picture import MediaType, Picture, PictureDamaged

MAGIC: Final = b"\x89PNG\r\n\x1a\n"
HEADER: Final = 13
KEPT: Final = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD"}
    | {b"pHYs"}
)


class Chunk(NamedTuple):
    """A chunk, as it stands in the file."""

    kind: bytes
    body: bytes
    raw: bytes


def stripped(data: bytes) -> Picture:
    """Return the picture without what a camera wrote beside it. Raises PictureDamaged."""
    chunks = list(_chunks(data))
    kinds = [chunk.kind for chunk in chunks]
    if kinds[0] != b"IHDR" or len(chunks[0].body) != HEADER or b"IDAT" not in kinds:
        raise PictureDamaged("the PNG has no header or no picture")
    width, height = struct.unpack_from(">II", chunks[0].body)
    kept = b"".join(chunk.raw for chunk in chunks if chunk.kind in KEPT)
    return Picture(MediaType.PNG, width, height, MAGIC + kept)


def _chunks(data: bytes) -> Iterator[Chunk]:
    """Yield every chunk up to the end of the picture. Raises PictureDamaged."""
    at, kind = len(MAGIC), b""
    while kind != b"IEND":
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if len(data) < end:
            raise PictureDamaged("the PNG breaks off")
        kind, body = data[at + 4 : at + 8], data[at + 8 : end - 4]
        if zlib.crc32(kind + body) != int.from_bytes(data[end - 4 : end], "big"):
            raise PictureDamaged("a chunk of the PNG is not what was written")
        yield Chunk(kind, body, data[at:end])
        at = end
