"""
Symbols as one operator string each, on the dots of a 203-dpi printer.

A symbol is a grid of modules, each a whole number of dots. Code 128 is encoded by ReportLab and
Data Matrix by zxing-cpp; tests read both back from the picture of a label.
"""

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


def on_dot(points: float) -> int:
    """Return the nearest dot."""
    return round(points / DOT)


@lru_cache(maxsize=512)
def code128(text: str) -> tuple[str, int]:
    """Return the bars of a Code 128 as rectangles one unit high, and how many dots it is wide."""
    symbol: Any = Code128(text, barWidth=1, quiet=0)  # its methods carry no types
    for step in (symbol.validate, symbol.encode, symbol.decompose):
        step()
    bars = []
    x = 0
    for place, letter in enumerate(symbol.decomposed):
        wide = (ord(letter.lower()) - ord("a") + 1) * NARROW
        if place % 2 == 0:
            bars.append(f"{x} 0 {wide} 1 re")
        x += wide
    return " ".join(bars) + " f", x


def data_matrix(text: str) -> tuple[str, int]:
    """Return the dark modules of a Data Matrix as rectangles, and how many dots it is wide."""
    symbol: Any = zxingcpp.create_barcode(
        text, zxingcpp.BarcodeFormat.DataMatrix, force_square=True
    )
    image: Any = zxingcpp.write_barcode_to_image(symbol, scale=1, add_quiet_zones=False)
    rows: Any = memoryview(image).tolist()
    runs = []
    for y, row in enumerate(reversed(rows)):
        start = None
        for x, shade in enumerate([*row, 255]):
            if shade == 0 and start is None:
                start = x
            elif shade and start is not None:
                runs.append(f"{start * MODULE} {y * MODULE} {(x - start) * MODULE} {MODULE} re")
                start = None
    return " ".join(runs) + " f", len(rows) * MODULE


def placed(shapes: str, x: float, y: float, *, high: int = 1, dot: float = DOT) -> str:
    """
    Return the operators that draw a symbol's shapes with its corner on the dot nearest x, y.

    Args:
        high: How many dots high one unit of the shapes is.
        dot: The size of a dot, in points.
    """
    corner = f"{round(x / dot) * dot:.4f} {round(y / dot) * dot:.4f}"
    return f"q {dot:.6f} 0 0 {dot * high:.6f} {corner} cm {shapes} Q"
