"""The worksheet of a batch: what to weigh, how each quantity was worked out, what was recorded."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from pharmacy.labels.pdf.document import document
from pharmacy.labels.pdf.fonts import width
from pharmacy.labels.pdf.pen import Pen
from pharmacy.labels.rules.fitting import wrapped

WIDE: Final = 612.0
HIGH: Final = 792.0
MARGIN: Final = 54.0
SIZE: Final = 9.5
LEAD: Final = 13.0
TITLE: Final = 16.0


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the lines below it."""

    heading: str
    lines: tuple[str, ...]


def draw(title: str, sections: Iterable[Section]) -> bytes:
    """Return the worksheet as a PDF of letter pages, as many as it takes."""
    pages: list[Pen] = []
    y = 0.0
    for text, bold in _lines(sections):
        if y < MARGIN + LEAD:
            pages.append(Pen())
            pages[-1].text(MARGIN, HIGH - MARGIN - TITLE, title, TITLE, bold=True)
            y = HIGH - MARGIN - 3 * TITLE
        pages[-1].text(MARGIN, y, text, SIZE, bold=bold)
        y -= LEAD
    for place, page in enumerate(pages, start=1):
        page.text_right(WIDE - MARGIN, MARGIN / 2, f"Page {place} of {len(pages)}", SIZE)
    return document(pages, size=(WIDE, HIGH), title="Compounding worksheet")


def _lines(sections: Iterable[Section]) -> Iterator[tuple[str, bool]]:
    """Yield every line, and whether it is a heading."""
    for section in sections:
        yield section.heading, True
        for line in section.lines or ("None.",):
            measure = partial(width, size=SIZE)
            for part in wrapped(line, room=WIDE - 2 * MARGIN, width=measure):
                yield part, False
        yield "", False
