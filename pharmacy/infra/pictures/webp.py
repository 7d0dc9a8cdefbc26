"""
WebP: a RIFF file of chunks (RFC 9649). Kept are those that draw a still picture; Exif, XMP and
whatever nobody knows are left out, as is everything after the end. A moving picture is refused.
"""

import struct
from collections.abc import Iterator
from typing import Final

from pharmacy.infra.pictures.picture import MediaType, Picture, PictureDamaged

MAGIC: Final = b"RIFF"
FORM: Final = b"WEBP"
KEPT: Final = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH"})
ALPHA: Final = 0x10
"""The one flag of VP8X whose chunk is kept."""
KEY_FRAME: Final = b"\x9d\x01\x2a"
LOSSLESS: Final = 0x2F
LOSSY_HEADER: Final = 10
LOSSLESS_HEADER: Final = 5


def stripped(data: bytes) -> Picture:
    """Return the picture without what a camera wrote beside it. Raises PictureDamaged."""
    width = height = 0
    kept: list[bytes] = []
    for kind, body in _chunks(data):
        if kind in {b"ANIM", b"ANMF"}:
            raise PictureDamaged("the WebP is a moving picture")
        if kind not in KEPT:
            continue
        if kind == b"VP8X":
            kept.append(_chunk(kind, bytes((body[0] & ALPHA if body else 0, 0, 0, 0)) + body[4:10]))
            continue
        if kind != b"ALPH":
            width, height = _size(kind, body)
        kept.append(_chunk(kind, body))
    whole = FORM + b"".join(kept)
    return Picture(MediaType.WEBP, width, height, MAGIC + struct.pack("<I", len(whole)) + whole)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def _size(kind: bytes, body: bytes) -> tuple[int, int]:
    """Return width and height in pixels, from the coded picture itself. Raises PictureDamaged."""
    if kind == b"VP8 " and len(body) >= LOSSY_HEADER and body[3:6] == KEY_FRAME:
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    if kind == b"VP8L" and len(body) >= LOSSLESS_HEADER and body[0] == LOSSLESS:
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    raise PictureDamaged("the WebP's picture has no header")


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and body of every chunk that the file says it has. Raises PictureDamaged."""
    end = 8 + int.from_bytes(data[4:8], "little")
    at = 12
    if end > len(data) or end < at:
        raise PictureDamaged("the WebP breaks off")
    while at + 8 <= end:
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + length > end:
            raise PictureDamaged("a chunk of the WebP breaks off")
        yield data[at : at + 4], data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
