"""
Drawing labels and leaflets: content in, the bytes of a PDF out.

ReportLab reads, measures and embeds the fonts. The pages are operator strings of our own: its
canvas and barcode widgets cost 20 to 60 times as much (docs/adr/0013).
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Final, TypeVar

from pharmacy.kernel.refusals import Conflict
from pharmacy.labels.pdf import label, large_leaflet, leaflet, test_label
from pharmacy.labels.pdf.document import document
from pharmacy.labels.pdf.fonts import COVERED, needed_for
from pharmacy.labels.pdf.pen import Pen
from pharmacy.labels.rules.content import ContainerLabel
from pharmacy.labels.rules.leaflet import Leaflet

__all__ = [
    "COVERED",
    "VERSION",
    "FacesDiffer",
    "container_labels",
    "leaflet_pages",
    "leaflet_sheets",
    "require_faces",
    "test_page",
    "with_faces",
]

VERSION: Final = "1"
"""Changes with every change that a person could see on paper."""
Content = TypeVar("Content", ContainerLabel, Leaflet)


class FacesDiffer(Conflict):
    """A document was measured with font files that this process does not have."""

    code = "label-faces-differ"
    remedy = (
        "Name the same files in PHARMACY_FALLBACK_FONTS of every process (`pharmacy labels fonts` "
        "tells their digests), or have the order's labels drawn again."
    )


def with_faces(content: Content) -> Content:
    """Write down which font files draw the content, besides ours."""
    return replace(content, faces=_faces(content))


def require_faces(content: ContainerLabel | Leaflet) -> None:
    """Raise FacesDiffer unless the content is drawn with the files that it was measured with."""
    if content.faces and content.faces != _faces(content):
        raise FacesDiffer("this was drawn with other font files", faces=content.faces)


def _faces(content: ContainerLabel | Leaflet) -> str:
    return needed_for(json.dumps(asdict(content), ensure_ascii=False))


def container_labels(labels: Sequence[ContainerLabel]) -> bytes:
    """
    Return a PDF of one label a page, in the order given.

    Raises:
        TextTooLong: A text does not fit its place.
        FacesDiffer: A label was measured with other font files.
    """
    for content in labels:
        require_faces(content)
    pages = [page for content in labels for page in label.draw(content)]
    return document(pages, size=label.SIZE, title="Container labels")


def leaflet_pages(content: Leaflet) -> bytes:
    """
    Return the leaflet's PDF, in large print where the patient asked for it.

    Raises:
        TextTooLong: A text does not fit its place.
        FacesDiffer: It was measured with other font files.
    """
    return document(leaflet_sheets(content), size=leaflet.SIZE, title="Medicine leaflet")


def leaflet_sheets(content: Leaflet) -> list[Pen]:
    """Return the layout of the leaflet's pages. Raises as `leaflet_pages`."""
    require_faces(content)
    draw = large_leaflet.draw if content.large_print else leaflet.draw
    return draw(content)


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
