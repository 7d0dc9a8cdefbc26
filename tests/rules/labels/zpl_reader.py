"""
Reading ZPL back, as a printer does: fields of dots, each laid over those before it.

It knows the few commands that a label may consist of and fails at any other.
"""

import base64
import binascii
import re
import zlib

from PIL import Image, ImageChops

LABEL = re.compile(rb"\^XA\^PW(\d+)\^LL(\d+)\^LH0,0((?:\^FO.*?\^FS)*)\^XZ\n", re.DOTALL)
FIELD = re.compile(
    rb"\^FO(\d+),(\d+)\^GFA,(\d+),(\d+),(\d+),:Z64:([A-Za-z0-9+/=]*):([0-9A-F]{4})\^FS"
)


def printed(sent: bytes) -> list[Image.Image]:
    """Return what comes out of the printer: a picture for each label, in which black is 1."""
    labels = LABEL.findall(sent)
    assert b"".join(LABEL.sub(b"", sent).split()) == b"", "nothing stands between the labels"
    return [_label(int(wide), int(high), fields) for wide, high, fields in labels]


def commands(sent: bytes) -> set[bytes]:
    """Return the commands that are sent, each by its two letters."""
    return set(re.findall(rb"[\^~]..", sent))


def _label(wide: int, high: int, fields: bytes) -> Image.Image:
    page = Image.new("1", (wide, high), 0)
    assert FIELD.sub(b"", fields) == b"", "a label is made of fields of dots alone"
    for x, y, *told, packed, check in FIELD.findall(fields):
        assert binascii.crc_hqx(packed, 0) == int(check, 16)
        dots = zlib.decompress(base64.b64decode(packed, validate=True))
        sent, whole, row = map(int, told)
        assert sent == whole == len(dots)
        assert int(x) + 8 * (row - 1) < wide
        assert int(y) + len(dots) // row <= high
        field = Image.new("1", (wide, high), 0)
        field.paste(Image.frombytes("1", (row * 8, len(dots) // row), dots), (int(x), int(y)))
        page = ImageChops.logical_or(page, field)
    return page
