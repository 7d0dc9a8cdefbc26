"""
Dots in ZPL II, the language of label printers.

A page is one graphic field. No text of a label is ever part of a command, so none can become one,
and what comes out is dot for dot what the preview shows. Source: ZPL II programming guide, `^GF`.
"""

import base64
import binascii
import zlib
from collections.abc import Sequence
from typing import Final

from PIL import Image

from pharmacy.labels.dots.raster import Dots

LEVEL: Final = 1
"""A label is mostly white: more effort saves little."""
BITS: Final = 8


def zpl(pages: Sequence[Dots]) -> bytes:
    """Return pages, a label each, in the order given."""
    return b"".join([_label(page.image) for page in pages])


def _label(image: Image.Image) -> bytes:
    wide, high = image.size
    row = (wide + BITS - 1) // BITS
    dots = image.tobytes()
    packed = base64.b64encode(zlib.compress(dots, LEVEL))
    check = binascii.crc_hqx(packed, 0)
    return b"^XA^PW%d^LL%d^LH0,0^FO0,0^GFA,%d,%d,%d,:Z64:%b:%04X^FS^XZ\n" % (
        *(wide, high),
        *(len(dots), len(dots), row),
        *(packed, check),
    )
