"""The operators of one page. Text goes through the codes of a font set, never through markup."""

from itertools import groupby
from typing import Final

from pharmacy.labels.pdf.fonts import FontSet, width

ROUND: Final = 0.5523
"""How far a Bézier's handles reach to draw a quarter of a circle."""


def number(value: float) -> str:
    """Return a coordinate, to a thousandth of a point, without a trailing zero."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


class Pen:
    """Collects the operators of one page, in points from its lower left corner."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._texts: list[tuple[int, float, float, float, bool, str]] = []

    def text(self, x: float, y: float, text: str, size: float, *, bold: bool = False) -> None:
        """Write one line with its baseline at `y`."""
        self._texts.append((len(self._parts), x, y, size, bold, text))
        self._parts.append("")

    def text_right(self, x: float, y: float, text: str, size: float, *, bold: bool = False) -> None:
        """Write one line that ends at `x`."""
        self.text(x - width(text, size, bold=bold), y, text, size, bold=bold)

    def text_centred(
        self, x: float, y: float, text: str, size: float, *, bold: bool = False
    ) -> None:
        """Write one line with its middle at `x`."""
        self.text(x - width(text, size, bold=bold) / 2, y, text, size, bold=bold)

    def ink(self, red: float, green: float, blue: float) -> None:
        """Fill and stroke with this colour from here on, 0 to 1."""
        values = f"{number(red)} {number(green)} {number(blue)}"
        self._parts.append(f"{values} rg {values} RG")

    def line(self, x1: float, y1: float, x2: float, y2: float, *, weight: float) -> None:
        """Draw a straight line."""
        self._parts.append(
            f"{number(weight)} w {number(x1)} {number(y1)} m {number(x2)} {number(y2)} l S"
        )

    def box(self, x: float, y: float, wide: float, high: float) -> None:
        """Fill a rectangle."""
        self._parts.append(f"{number(x)} {number(y)} {number(wide)} {number(high)} re f")

    def frame(self, x: float, y: float, wide: float, high: float, *, weight: float) -> None:
        """Outline a rectangle."""
        self._parts.append(
            f"{number(weight)} w {number(x)} {number(y)} {number(wide)} {number(high)} re S"
        )

    def pill(
        self, x: float, y: float, wide: float, high: float, radius: float, *, outline: float = 0
    ) -> None:
        """Fill a rectangle with round corners, or outline it with a line of that weight."""
        k = radius * (1 - ROUND)
        right, top = x + wide, y + high
        n = number
        path = (
            f"{n(x + radius)} {n(y)} m {n(right - radius)} {n(y)} l "
            f"{n(right - k)} {n(y)} {n(right)} {n(y + k)} {n(right)} {n(y + radius)} c "
            f"{n(right)} {n(top - radius)} l "
            f"{n(right)} {n(top - k)} {n(right - k)} {n(top)} {n(right - radius)} {n(top)} c "
            f"{n(x + radius)} {n(top)} l "
            f"{n(x + k)} {n(top)} {n(x)} {n(top - k)} {n(x)} {n(top - radius)} c "
            f"{n(x)} {n(y + radius)} l "
            f"{n(x)} {n(y + k)} {n(x + k)} {n(y)} {n(x + radius)} {n(y)} c h"
        )
        self._parts.append(f"{n(outline)} w {path} S" if outline else f"{path} f")

    def operators(self, operators: str) -> None:
        """Place operators that were prepared elsewhere: a symbol, a template."""
        self._parts.append(operators)

    def letters(self) -> str:
        """Return every text of the page in one string, for choosing its fonts."""
        return "".join([text for *_, text in self._texts])

    def content(self, fonts: FontSet) -> bytes:
        """Return the page's content stream."""
        parts = self._parts.copy()
        for place, x, y, size, bold, text in self._texts:
            shown = _shown(text, size, bold=bold, fonts=fonts)
            parts[place] = f"BT {number(x)} {number(y)} Td {shown} ET"
        return "\n".join(parts).encode("ascii")


def _shown(text: str, size: float, *, bold: bool, fonts: FontSet) -> str:
    """Return the operators that show a text, with one font change for each subset it needs."""
    if fonts.whole:
        shown = text.translate(fonts.codes[bold]).encode("latin-1").hex()
        return f"/F{1 + bold}+0 {size:g} Tf <{shown}> Tj"
    runs = groupby((fonts.codes[bold][ord(letter)] for letter in text), key=lambda code: code >> 8)
    return " ".join(
        f"/F{1 + bold}+{subset} {size:g} Tf <{bytes(code & 0xFF for code in run).hex()}> Tj"
        for subset, run in runs
    )
