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
    rb"\^FO(\d+),(\d+)\^GFA,(\d+),(\d+),(\d+),"
    rb"(?::Z64:([A-Za-z0-9+/=]*):([0-9A-F]{4})|([0-9A-F:]+))\^FS"
)
"""Dots are deflated, in base 64 with a checksum; or hexadecimal, with a colon for a row again."""


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
    for x, y, *told, packed, check, digits in FIELD.findall(fields):
        dots = _spelt_out(digits, int(told[2])) if digits else _inflated(packed, check)
        sent, whole, row = map(int, told)
        assert sent == whole == len(dots)
        assert int(x) + 8 * (row - 1) < wide
        assert int(y) + len(dots) // row <= high
        field = Image.new("1", (wide, high), 0)
        field.paste(Image.frombytes("1", (row * 8, len(dots) // row), dots), (int(x), int(y)))
        page = ImageChops.logical_or(page, field)
    return page


def _inflated(packed: bytes, check: bytes) -> bytes:
    assert binascii.crc_hqx(packed, 0) == int(check, 16)
    return zlib.decompress(base64.b64decode(packed, validate=True))


def _spelt_out(digits: bytes, row: int) -> bytes:
    rows: list[bytes] = []
    at = 0
    while at < len(digits):
        again = digits[at : at + 1] == b":"
        rows.append(rows[-1] if again else bytes.fromhex(digits[at : at + 2 * row].decode("ascii")))
        at += 1 if again else 2 * row
    return b"".join(rows)
