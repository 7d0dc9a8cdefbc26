"""
Symbols as rectangles of modules, on the dots of a print head.

A module is a whole number of dots, so that no edge is blurred. Tests read every kind of symbol back
from the picture of a label.
"""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import cycle
from typing import Any, Final

import zxingcpp

from pharmacy.labels.pdf import code128

DOT: Final = 72 / 203
"""One dot of a 203-dpi print head, in points."""
NARROW: Final = 2
"""Dots of the narrowest bar: 9.85 mil."""
MODULE: Final = 3
"""Dots of a Data Matrix module: 14.8 mil."""
DOTS_AT: Final = {203: (NARROW, MODULE), 300: (3, 4)}
"""Dots of a bar's and of a square's module: at 300 dpi 10 and 13.3 mil."""

Rectangle = tuple[int, int, int, int]

DARK: Final = b"\x00"
LIGHT: Final = b"\xff"


@dataclass(frozen=True)
class Symbol:
    """A symbol as its modules."""

    cells: bytes
    """Rows from the top, a byte for each module. Bars are one row."""
    modules: int
    """How many modules it is wide; a square one is as many high."""
    is_linear: bool

    @cached_property
    def rectangles(self) -> tuple[Rectangle, ...]:
        """The dark modules as rectangles from the lower left corner: x, y, width and height."""
        top = len(self.cells) // self.modules - 1
        return tuple(
            (start, top - row, end - start, 1)
            for row in range(top + 1)
            for start, end in _dark(self.cells[row * self.modules : (row + 1) * self.modules])
        )

    @cached_property
    def shapes(self) -> str:
        """The rectangles as operators of a PDF."""
        return " ".join(["%d %d %d %d re" % each for each in self.rectangles]) + " f"  # noqa: UP031

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


def _dark(row: bytes) -> list[tuple[int, int]]:
    """Return from where to where a row is dark."""
    return [found.span() for found in DARKS.finditer(row)]


DARKS: Final = re.compile(DARK + b"+")


STRIPES: Final = [
    b"".join([cell * int(wide) for cell, wide in zip(cycle((DARK, LIGHT)), widths)])
    for widths in code128.WIDTHS.split()
]
"""Of each value of a Code 128: its modules."""


@lru_cache(maxsize=512)
def bars(text: str) -> Symbol:
    """Return a Code 128. Raises ValueError unless the text is printable ASCII."""
    cells = b"".join([STRIPES[value] for value in code128.values(text)])
    return Symbol(cells, len(cells), is_linear=True)


def matrix(text: str) -> Symbol:
    """Return a Data Matrix, square whatever the text: no label has a place for an oblong one."""
    symbol: Any = zxingcpp.create_barcode(
        text, zxingcpp.BarcodeFormat.DataMatrix, force_square=True
    )
    image: Any = zxingcpp.write_barcode_to_image(symbol, scale=1, add_quiet_zones=False)
    cells: Any = memoryview(image)  # its shape may be None, but not that of a picture
    return Symbol(cells.tobytes(), cells.shape[1], is_linear=False)
