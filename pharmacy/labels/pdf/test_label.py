"""A label that tries a printer out: it names the printer and nobody else."""

from pharmacy.labels.pdf import barcode
from pharmacy.labels.pdf.fonts import width
from pharmacy.labels.pdf.pen import Pen
from pharmacy.labels.rules.fitting import TextTooLong

INCH = 72.0
MARGIN = 10.0


def draw(name: str, *, on: str, inches: tuple[float, float]) -> Pen:
    """
    Draw a frame at the edges, the printer's name, and both kinds of symbol.

    Raises:
        TextTooLong: The name does not fit.
    """
    wide, high = (side * INCH for side in inches)
    pen = Pen()
    pen.frame(4, 4, wide - 8, high - 8, weight=1)
    size = next((each for each in (18, 14, 11, 9) if width(name, each, bold=True) < wide - 24), 0)
    if not size:
        raise TextTooLong("the printer's name does not fit on its labels", letters=len(name))
    pen.text(MARGIN + 2, high - 30, name, size, bold=True)
    pen.text(MARGIN + 2, high - 48, f"Test label, {on}", 12)
    pen.text(MARGIN + 2, high - 62, "Not for a patient. Throw it away.", 9)
    matrix = barcode.matrix("TEST-LABEL")
    pen.symbol(barcode.bars("TEST-LABEL"), MARGIN + 2, 14, high=28)
    pen.symbol(matrix, wide - MARGIN - matrix.wide, 14)
    return pen
