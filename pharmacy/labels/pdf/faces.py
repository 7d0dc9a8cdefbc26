"""Font files: what is read of them, and what a file that stands in for ours may draw."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont, TTFontFace

from pharmacy.kernel.refusals import Invalid

NOT_EMBEDDED: Final = frozenset({"name", "OS/2", "prep"})
"""Tables of a font that a PDF has no use for (ISO 32000-1, 9.9): a fifth of a subset."""
COLLECTION: Final = b"ttcf"

UNSHAPED: Final = {
    "Latin": ((0x00A1, 0x02AF), (0x1E00, 0x1EFF), (0x2C60, 0x2C7F), (0xA720, 0xA7FF)),
    "Greek": ((0x0370, 0x03FF), (0x1F00, 0x1FFF)),
    "Cyrillic": ((0x0400, 0x052F),),
    "Armenian": ((0x0531, 0x058A),),
    "Georgian": ((0x10A0, 0x10FF), (0x1C90, 0x1CBF)),
    "Ethiopic": ((0x1200, 0x139F),),
    "Han": ((0x3005, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF)),
    "Kana": ((0x3041, 0x30FF), (0x31F0, 0x31FF), (0xFF66, 0xFF9F)),
    "Hangul": ((0xAC00, 0xD7A3),),
    "Bopomofo": ((0x3105, 0x312F), (0x31A0, 0x31BF)),
    "signs and full-width letters": ((0x3000, 0x3004), (0x3008, 0x3020), (0xFF01, 0xFF65)),
}
"""Scripts that are written from left to right, a glyph for each character, as we draw them. What
joins or turns letters (Arabic, Hebrew, Devanagari, Thai, old Hangul) is drawn by no font."""


class FontUnusable(Invalid):
    """A font file that a setting names is none that we can embed."""

    code = "font-unusable"
    remedy = "Name a .ttf file, or a .ttc whose first face has TrueType outlines (not .otf)."


class LeanFace(TTFontFace):
    """A face whose subsets hold what a PDF needs and nothing else."""

    def get_table(self, tag: str) -> bytes:
        """Return a table; the ones that are not embedded are answered like ones that lack."""
        if tag in NOT_EMBEDDED:
            raise KeyError(tag)
        table: bytes = super().get_table(tag)  # type: ignore[no-untyped-call]
        return table


@dataclass(frozen=True, eq=False)
class StandIn:
    """One font file that draws what the ones before it lack."""

    path: Path
    font: TTFont
    sha256: str

    @property
    def name(self) -> str:
        """What the file calls itself, with the beginning of its digest: for the record."""
        return f"{self.font.face.name.decode('ascii', 'replace')} {self.sha256[:12]}"


def face(name: str, path: Path) -> TTFont:
    """Read a font file, for measuring and for subsets; once under each name."""
    if name in pdfmetrics.getRegisteredFontNames():
        return cast("TTFont", pdfmetrics.getFont(name))
    font = TTFont(name, str(path))
    font.face = LeanFace(str(path))
    pdfmetrics.registerFont(font)
    return font


def stand_in(path: Path) -> StandIn:
    """
    Read a font file that an operator named.

    Raises:
        FontUnusable: It is no font, or one with outlines that we cannot embed.
    """
    try:
        sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        return StandIn(path, face(f"StandIn-{sha256[:12]}", path), sha256)
    except (OSError, TTFError) as error:
        raise FontUnusable(f"the font {path.name} cannot be read", file=str(path)) from error


def may_stand_in(code: int) -> bool:
    """Say whether a character is of a script that needs no shaping."""
    return any(first <= code <= last for each in UNSHAPED.values() for first, last in each)


def added_by(found: StandIn, already: Iterable[int]) -> dict[str, float]:
    """Return the characters that a file adds to those that are drawn already, and their widths."""
    face = found.font.face
    wanted = sorted(set(face.charToGlyph).difference(already))
    return {
        chr(code): face.charWidths[code]
        for code in wanted
        if may_stand_in(code) and _is_drawn(face, code)
    }


def _is_drawn(face: TTFontFace, code: int) -> bool:
    """Say whether a font has an outline for a character, and not the one for what it lacks."""
    glyph = face.charToGlyph[code]
    return chr(code).isspace() or (glyph > 0 and face.glyphPos[glyph + 1] > face.glyphPos[glyph])
