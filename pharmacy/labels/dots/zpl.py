"""
Dots in ZPL II, the language of label printers.

Every patch of a page is a graphic field of its own, and the printer puts black over black: the
union of the fields is the page, dot for dot what the preview shows. A patch that a label before had
too is not packed again. No text of a label is ever part of a command, so none can become one.
Source: ZPL II programming guide, `^FO` and `^GF`.
"""

import binascii
import zlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from pharmacy.labels.dots.patches import KEPT
from pharmacy.labels.dots.raster import Dots, Spot

LEVEL: Final = 1
"""A patch is small: more effort saves little."""


def zpl(pages: Sequence[Dots]) -> bytes:
    """Return pages, a label each, in the order given."""
    return b"".join([_label(page) for page in pages])


def _label(page: Dots) -> bytes:
    fields = b"".join([_field(spot) for spot in page.spots])
    return b"^XA^PW%d^LL%d^LH0,0%b^XZ\n" % (page.sheet.wide, page.sheet.high, fields)


@lru_cache(maxsize=KEPT)
def _field(spot: Spot) -> bytes:
    """Return the graphic field of a spot: deflated, in base 64, with its checksum."""
    dots = spot.patch.dots
    packed = binascii.b2a_base64(zlib.compress(dots, LEVEL), newline=False)
    return b"^FO%d,%d^GFA,%d,%d,%d,:Z64:%b:%04X^FS" % (
        *(spot.x, spot.y),
        *(len(dots), len(dots), len(dots) // spot.patch.high),
        *(packed, binascii.crc_hqx(packed, 0)),
    )
