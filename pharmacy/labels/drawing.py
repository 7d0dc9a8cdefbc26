"""
A container's label for a printer: on its paper, in its language, as the copy that is wanted.

One layout is drawn twice: as a PDF, or as dots for a label printer and for the screen.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from pharmacy.kernel.refusals import NotFound
from pharmacy.labels.dots import Dots, pictured, rastered, zpl
from pharmacy.labels.pdf import action_sheet as actions
from pharmacy.labels.pdf import label as flat
from pharmacy.labels.pdf import (
    leaflet,
    leaflet_sheets,
    require_faces,
    stacked,
    test_label,
    test_page,
)
from pharmacy.labels.pdf import tag as tags
from pharmacy.labels.pdf.document import document
from pharmacy.labels.pdf.fonts import COVERED
from pharmacy.labels.pdf.pen import Pen
from pharmacy.labels.rules.content import ContainerLabel
from pharmacy.labels.rules.copies import FIRST, Copy, content_of_copy
from pharmacy.labels.rules.leaflet import Leaflet
from pharmacy.labels.rules.tags import ACTIONS, Tag
from pharmacy.labels.rules.text_checks import drawn


class NoSuchSheet(NotFound):
    """A leaflet has no page of this number."""

    code = "leaflet-page-not-found"


class Language(StrEnum):
    """What a printer understands."""

    PDF = "pdf"
    ZPL = "zpl"


class Stock(StrEnum):
    """The labels in a printer: width by height, in inches."""

    FLAT = "4x2"
    LARGE = "4x6"
    SMALL = "2.25x4"


UPRIGHT: Final = {Stock.LARGE: stacked.FOUR_BY_SIX, Stock.SMALL: stacked.TWO_BY_FOUR}
RESOLUTIONS: Final = (203, 300)


def drawn_copy(
    label: ContainerLabel,
    *,
    language: Language = Language.PDF,
    stock: Stock = Stock.FLAT,
    dpi: int = 203,
    copy: Copy = FIRST,
) -> bytes:
    """
    Return one copy of a container's label, and its continuation if it has one.

    Raises:
        TextTooLong: Something does not fit where the rules want it.
    """
    content = content_of_copy(label, copy)
    if language is Language.ZPL:
        return zpl(dots(content, stock=stock, dpi=dpi))
    return document(pages(content, stock), size=_size(stock), title="Container labels")


def drawn_test(
    name: str, *, on: str, inches: tuple[float, float], language: Language, dpi: int
) -> bytes:
    """
    Return a label that tries a printer out, in its language.

    Args:
        name: The printer's.
        on: Today, in words.
        inches: Width and height of its paper.

    Raises:
        TextTooLong: The name does not fit on it.
    """
    if language is Language.PDF:
        return test_page(name, on=on, inches=inches)
    wide, high = (side * test_label.INCH for side in inches)
    page = test_label.draw(name, on=on, inches=inches)
    return zpl([rastered(page, size=(wide, high), dpi=dpi)])


def dots(label: ContainerLabel, *, stock: Stock = Stock.FLAT, dpi: int = 203) -> Sequence[Dots]:
    """
    Return the dots that a label printer puts on paper, a page for each label.

    Raises:
        TextTooLong: Something does not fit where the rules want it.
    """
    return [rastered(page, size=_size(stock), dpi=dpi) for page in pages(label, stock)]


def pages(label: ContainerLabel, stock: Stock) -> list[Pen]:
    """Return the layout of a label, and of its continuation. Raises TextTooLong, FacesDiffer."""
    require_faces(label)
    upright = UPRIGHT.get(stock)
    return stacked.draw(label, upright) if upright else flat.draw(label)


def leaflet_picture(content: Leaflet, sheet: int) -> bytes:
    """
    Return a page of a leaflet as a picture for a screen, from the layout that the PDF draws.

    Raises:
        NoSuchSheet: The leaflet has fewer pages.
        FacesDiffer: It was drawn with other font files.
    """
    sheets = leaflet_sheets(content)
    if not 1 <= sheet <= len(sheets):
        raise NoSuchSheet("this leaflet has no such page", pages=len(sheets))
    return pictured(sheets[sheet - 1], size=leaflet.SIZE)


def drawn_tag(
    tag: Tag, *, language: Language = Language.PDF, stock: Stock = Stock.FLAT, dpi: int = 203
) -> bytes:
    """
    Return the label of a batch or lot.

    Raises:
        TextTooLong, GlyphMissing, TextForbidden: Something cannot be printed whole.
    """
    page = tags.draw(drawn(tag, covered=COVERED), _size(stock))
    if language is Language.ZPL:
        return zpl([rastered(page, size=_size(stock), dpi=dpi)])
    return document([page], size=_size(stock), title="Stock label")


def action_sheet() -> bytes:
    """Return the sheet of action barcodes, letter size."""
    return document(actions.draw(ACTIONS), size=actions.SIZE, title="Action barcodes")


def _size(stock: Stock) -> tuple[float, float]:
    upright = UPRIGHT.get(stock)
    return upright.size if upright else flat.SIZE
