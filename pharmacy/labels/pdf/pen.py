"""
The layout of one page: what stands where, in points from its lower left corner.

A page is a list of shapes: text runs, lines, boxes, symbols. Two things draw it: `content` as the
operators of a PDF, and `labels.dots` as the dots of a print head. Text goes through the codes of a
font set, never through markup.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Final, NamedTuple

from pharmacy.labels.pdf.barcode import DOT, Symbol
from pharmacy.labels.pdf.fonts import STAND_IN, FontSet, renewed, width

ROUND: Final = 0.5523
"""How far a Bézier's handles reach to draw a quarter of a circle."""

THICKENED: Final = 0.03
"""By how much of its size bold type without a face of its own is thicker than regular."""


def number(value: float) -> str:
    """Return a coordinate, to a thousandth of a point, without a trailing zero."""
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


class Text(NamedTuple):
    """One line of text with its baseline at `y`."""

    x: float
    y: float
    text: str
    size: float
    bold: bool
    own: bool = False
    """Hardly any other page has it: a patient's name, a number."""


class Ink(NamedTuple):
    """The colour from here on, 0 to 1."""

    red: float
    green: float
    blue: float


class Line(NamedTuple):
    """A straight line."""

    x1: float
    y1: float
    x2: float
    y2: float
    weight: float


class Box(NamedTuple):
    """A rectangle: filled, or outlined with a line of that weight; its corners may be round."""

    x: float
    y: float
    wide: float
    high: float
    outline: float = 0
    radius: float = 0


class Placed(NamedTuple):
    """A symbol with its lower left corner on the dot nearest to x, y."""

    symbol: Symbol
    x: float
    y: float
    high: float
    """How high bars are, in points. Of no meaning for a square symbol."""
    dot: float
    """How large a dot of the symbol is, in points."""


class Operators(NamedTuple):
    """Operators of a PDF that were prepared elsewhere. Only a PDF can show them."""

    operators: str


Shape = Text | Ink | Line | Box | Placed | Operators


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """
    Shapes that stand together on page after page, drawn once and kept.

    One is the same as another only if it is the very same: who makes forms keeps them, too.
    """

    shapes: tuple[Shape, ...]


class Pen:
    """Collects the shapes of one page."""

    def __init__(self) -> None:
        self.parts: list[Shape | Form] = []

    @property
    def shapes(self) -> list[Shape]:
        """Every shape of the page, those of its forms too."""
        return [
            shape
            for part in self.parts
            for shape in (part.shapes if isinstance(part, Form) else (part,))
        ]

    def form(self, form: Form) -> None:
        """Place shapes that were put together before; black ink goes on after them."""
        self.parts.append(form)

    def as_form(self) -> Form:
        """Return what was drawn so far, for pages to come."""
        return Form(tuple(self.shapes))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        own: bool = False,
    ) -> None:
        """
        Write one line with its baseline at `y`, if there is anything to write.

        Args:
            own: Hardly any other page has it, so that to keep it in dots would not help.
        """
        if text:
            self.parts.append(Text(x, y, text, size, bold, own))

    def text_right(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        *,
        bold: bool = False,
        own: bool = False,
    ) -> None:
        """Write one line that ends at `x`."""
        self.text(x - width(text, size, bold=bold), y, text, size, bold=bold, own=own)

    def text_centred(
        self, x: float, y: float, text: str, size: float, *, bold: bool = False
    ) -> None:
        """Write one line with its middle at `x`."""
        self.text(x - width(text, size, bold=bold) / 2, y, text, size, bold=bold)

    def ink(self, red: float, green: float, blue: float) -> None:
        """Fill and stroke with this colour from here on, 0 to 1."""
        self.parts.append(Ink(red, green, blue))

    def line(self, x1: float, y1: float, x2: float, y2: float, *, weight: float) -> None:
        """Draw a straight line."""
        self.parts.append(Line(x1, y1, x2, y2, weight))

    def box(self, x: float, y: float, wide: float, high: float) -> None:
        """Fill a rectangle."""
        self.parts.append(Box(x, y, wide, high))

    def frame(self, x: float, y: float, wide: float, high: float, *, weight: float) -> None:
        """Outline a rectangle."""
        self.parts.append(Box(x, y, wide, high, outline=weight))

    def pill(
        self, x: float, y: float, wide: float, high: float, radius: float, *, outline: float = 0
    ) -> None:
        """Fill a rectangle with round corners, or outline it with a line of that weight."""
        self.parts.append(Box(x, y, wide, high, outline=outline, radius=radius))

    def symbol(
        self, symbol: Symbol, x: float, y: float, *, high: float = 0, dot: float = DOT
    ) -> None:
        """Place a symbol; `high` is how high its bars are, in points."""
        self.parts.append(Placed(symbol, x, y, high, dot))

    def operators(self, operators: str) -> None:
        """Place operators of a PDF that were prepared elsewhere."""
        self.parts.append(Operators(operators))

    def letters(self) -> str:
        """Return every text of the page in one string, for choosing its fonts."""
        return "".join([shape.text for shape in self.shapes if type(shape) is Text])

    def content(self, fonts: FontSet) -> bytes:
        """Return the page's content stream."""
        form = _kept if fonts.is_usual else _of_form
        parts = [
            form(part, fonts) if isinstance(part, Form) else _operators(part, fonts)
            for part in self.parts
        ]
        return "\n".join(parts).encode("ascii")


def _of_form(form: Form, fonts: FontSet) -> str:
    return "\n".join([_operators(shape, fonts) for shape in form.shapes])


_kept: Final = renewed(lru_cache(maxsize=512)(_of_form))
"""With the usual fonts: others are seldom the same, and large."""


def _operators(shape: Shape, fonts: FontSet) -> str:
    n = number
    match shape:
        case Text(x, y, text, size, bold):
            return f"BT {n(x)} {n(y)} Td {_shown(text, size, bold=bold, fonts=fonts)} ET"
        case Ink(red, green, blue):
            values = f"{n(red)} {n(green)} {n(blue)}"
            return f"{values} rg {values} RG"
        case Line(x1, y1, x2, y2, weight):
            return f"{n(weight)} w {n(x1)} {n(y1)} m {n(x2)} {n(y2)} l S"
        case Placed(symbol, x, y, high, dot):
            return symbol.placed(x, y, high=high, dot=dot)
        case Operators(operators):
            return operators
        case Box(x, y, wide, high, outline, 0):
            path = f"{n(x)} {n(y)} {n(wide)} {n(high)} re"
        case Box():
            path, outline = _rounded(shape), shape.outline
    return f"{n(outline)} w {path} S" if outline else f"{path} f"


def _rounded(box: Box) -> str:
    """Return the path round a box whose corners are round."""
    x, y, radius = box.x, box.y, box.radius
    k = radius * (1 - ROUND)
    right, top = x + box.wide, y + box.high
    n = number
    return (
        f"{n(x + radius)} {n(y)} m {n(right - radius)} {n(y)} l "
        f"{n(right - k)} {n(y)} {n(right)} {n(y + k)} {n(right)} {n(y + radius)} c "
        f"{n(right)} {n(top - radius)} l "
        f"{n(right)} {n(top - k)} {n(right - k)} {n(top)} {n(right - radius)} {n(top)} c "
        f"{n(x + radius)} {n(top)} l "
        f"{n(x + k)} {n(top)} {n(x)} {n(top - k)} {n(x)} {n(top - radius)} c "
        f"{n(x)} {n(y + radius)} l "
        f"{n(x)} {n(y + k)} {n(x + k)} {n(y)} {n(x + radius)} {n(y)} c h"
    )


def _shown(text: str, size: float, *, bold: bool, fonts: FontSet) -> str:
    """Return the operators that show a text, with one font change for each subset it needs."""
    if fonts.whole:
        shown = text.translate(fonts.codes[bold]).encode("latin-1").hex()
        return f"/F{1 + bold}+0 {size:g} Tf <{shown}> Tj"
    runs = groupby((fonts.codes[bold][ord(letter)] for letter in text), key=lambda code: code >> 8)
    return " ".join(_run(key, run, size, bold=bold) for key, run in runs)


def _run(key: int, codes: Iterable[int], size: float, *, bold: bool) -> str:
    """Show a run of one subset. What stands in has no bold face: its strokes are thickened."""
    font, subset = key >> STAND_IN - 8, key & 0xFF
    codes_hex = bytes(code & 0xFF for code in codes).hex()
    shown = f"/F{font or 1 + bold}+{subset} {size:g} Tf <{codes_hex}> Tj"
    return f"2 Tr {number(size * THICKENED)} w {shown} 0 Tr" if font and bold else shown
