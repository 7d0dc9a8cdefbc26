"""Letters on paper: letter size, one column, in the fonts of the labels."""

from functools import partial
from typing import Final

from pharmacy.labels.pdf.document import document
from pharmacy.labels.pdf.fonts import width
from pharmacy.labels.pdf.pen import Pen
from pharmacy.labels.rules.fitting import wrapped
from pharmacy.recalls.rules.letters import Letter

SIZE: Final = (612.0, 792.0)
LEFT: Final = 72.0
ROOM: Final = SIZE[0] - 2 * LEFT
TOP: Final = 720.0
BOTTOM: Final = 72.0
BODY: Final = 11.0
LEAD: Final = 15.0
GAP: Final = 8.0


def letter_pdf(letter: Letter, *, shared: str = "") -> bytes:
    """
    Return a letter's PDF; it goes on over as many pages as it needs.

    Args:
        shared: What the letters of one recall are written with; their fonts are made once.

    Raises:
        TextTooLong: A word is wider than a line.
    """
    pages = [Pen()]
    y = TOP
    blocks: list[tuple[tuple[str, ...], bool]] = [
        ((letter.sender.name, *letter.sender.address, letter.sender.phone), False),
        (letter.to, False),
        ((f"{letter.on:%B} {letter.on.day}, {letter.on.year}",), False),
        ((letter.subject,), True),
        *(((paragraph,), False) for paragraph in letter.paragraphs),
    ]
    for texts, bold in blocks:
        measure = partial(width, size=BODY, bold=bold)
        for line in [line for text in texts for line in wrapped(text, room=ROOM, width=measure)]:
            if y < BOTTOM:
                pages.append(Pen())
                y = TOP
            pages[-1].text(LEFT, y, line, BODY, bold=bold)
            y -= LEAD
        y -= GAP
    return document(pages, size=SIZE, title="Recall letter", shared=shared)
