"""
Symbols as rectangles of modules, on the dots of a print head.

A module is a whole number of dots, so that no edge is blurred. Code 128 is encoded by ReportLab and
Data Matrix by zxing-cpp; tests read both back from the picture of a label.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import zxingcpp
from reportlab.graphics.barcode.code128 import Code128

DOT: Final = 72 / 203
"""One dot of a 203-dpi print head, in points."""
NARROW: Final = 2
"""Dots of the narrowest bar: 9.85 mil."""
MODULE: Final = 3
"""Dots of a Data Matrix module: 14.8 mil."""
DOTS_AT: Final = {203: (NARROW, MODULE), 300: (3, 4)}
"""Dots of a bar's and of a square's module: at 300 dpi 10 and 13.3 mil."""

Rectangle = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Symbol:
    """A symbol: its dark rectangles in modules from its lower left corner."""

    rectangles: tuple[Rectangle, ...]
    """Each x, y, width and height. Bars are one unit high."""
    modules: int
    """How many modules it is wide; a square one is as many high."""
    is_linear: bool
    shapes: str = field(compare=False)
    """The rectangles as operators of a PDF."""

    @property
    def wide(self) -> float:
        """How wide it is on a 203-dpi label, in points."""
        return self.modules * (NARROW if self.is_linear else MODULE) * DOT

    def placed(self, x: float, y: float, *, high: float, dot: float = DOT) -> str:
        """Return the operators that draw it with its corner on the dot nearest to x, y."""
        across = (NARROW if self.is_linear else MODULE) * dot
        up = round(high / dot) * dot if self.is_linear else across
        corner = f"{round(x / dot) * dot:.4f} {round(y / dot) * dot:.4f}"
        return f"q {across:.6f} 0 0 {up:.6f} {corner} cm {self.shapes} Q"


def _symbol(rectangles: list[Rectangle], modules: int, *, is_linear: bool) -> Symbol:
    shapes = " ".join(["%d %d %d %d re" % each for each in rectangles]) + " f"  # noqa: UP031
    return Symbol(tuple(rectangles), modules, is_linear, shapes)


@lru_cache(maxsize=512)
def bars(text: str) -> Symbol:
    """Return a Code 128."""
    symbol: Any = Code128(text, barWidth=1, quiet=0)  # its methods carry no types
    for step in (symbol.validate, symbol.encode, symbol.decompose):
        step()
    found: list[Rectangle] = []
    x = 0
    for place, letter in enumerate(symbol.decomposed):
        wide = ord(letter.lower()) - ord("a") + 1
        if place % 2 == 0:
            found.append((x, 0, wide, 1))
        x += wide
    return _symbol(found, x, is_linear=True)


def matrix(text: str) -> Symbol:
    """Return a Data Matrix, square whatever the text: no label has a place for an oblong one."""
    symbol: Any = zxingcpp.create_barcode(
        text, zxingcpp.BarcodeFormat.DataMatrix, force_square=True
    )
    image: Any = zxingcpp.write_barcode_to_image(symbol, scale=1, add_quiet_zones=False)
    rows: Any = memoryview(image).tolist()
    runs: list[Rectangle] = []
    for y, row in enumerate(reversed(rows)):
        start = None
        for x, shade in enumerate([*row, 255]):
            if shade == 0 and start is None:
                start = x
            elif shade and start is not None:
                runs.append((start, y, x - start, 1))
                start = None
    return _symbol(runs, len(rows), is_linear=False)
