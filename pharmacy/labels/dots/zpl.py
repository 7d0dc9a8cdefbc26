"""
Dots in ZPL II, the language of label printers.

Every spot of a page is a graphic field of its own, and the printer puts black over black: the union
of the fields is the page, dot for dot what the preview shows. A patch is packed once, however often
and wherever it is printed. No text of a label is ever part of a command, so none can become one.
Source: ZPL II programming guide.
"""

from collections.abc import Sequence

from pharmacy.labels.dots.raster import Dots


def zpl(pages: Sequence[Dots]) -> bytes:
    """Return pages, a label each, in the order given."""
    return b"".join([_label(page) for page in pages])


def _label(page: Dots) -> bytes:
    fields = b"".join([spot.field for spot in page.spots])
    return b"^XA^PW%d^LL%d^LH0,0%b^XZ\n" % (page.sheet.wide, page.sheet.high, fields)
