"""
Drawing labels and leaflets: content in, the bytes of a PDF out.

ReportLab reads, measures and embeds the fonts and encodes Code 128. The pages are operator strings
of our own: its canvas and barcode widgets cost 20 to 60 times as much (docs/adr/0013).
"""

from collections.abc import Sequence
from typing import Final

from pharmacy.labels.pdf import label, large_leaflet, leaflet, test_label
from pharmacy.labels.pdf.document import document
from pharmacy.labels.pdf.fonts import COVERED
from pharmacy.labels.rules.content import ContainerLabel
from pharmacy.labels.rules.leaflet import Leaflet

__all__ = ["COVERED", "VERSION", "container_labels", "leaflet_pages", "test_page"]

VERSION: Final = "1"
"""Changes with every change that a person could see on paper."""


def container_labels(labels: Sequence[ContainerLabel]) -> bytes:
    """
    Return a PDF of one label a page, in the order given.

    Raises:
        TextTooLong: A text does not fit its place.
    """
    pages = [page for content in labels for page in label.draw(content)]
    return document(pages, size=label.SIZE, title="Container labels")


def leaflet_pages(content: Leaflet) -> bytes:
    """
    Return the leaflet's PDF, in large print where the patient asked for it.

    Raises:
        TextTooLong: A text does not fit its place.
    """
    draw = large_leaflet.draw if content.large_print else leaflet.draw
    return document(draw(content), size=leaflet.SIZE, title="Medicine leaflet")


def test_page(name: str, *, on: str, inches: tuple[float, float]) -> bytes:
    """
    Return the PDF of a label that tries a printer out.

    Args:
        name: The printer's.
        on: Today, in words.
        inches: Width and height of its labels.
    """
    wide, high = inches
    page = test_label.draw(name, on=on, inches=inches)
    return document([page], size=(wide * test_label.INCH, high * test_label.INCH), title="Test")
