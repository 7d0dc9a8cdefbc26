"""
Which text may be drawn. Text is drawn whole or refused; it is never cut, replaced or guessed.

Libraries print black boxes for what a font lacks, and invisible characters can turn the order of
letters around. Source: domain.md 5.3.
"""

import unicodedata
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final, TypeVar, cast

from pharmacy.kernel.refusals import Invalid

FORBIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, invisible format characters (bidirectional ones among them), surrogates, private and
unassigned code points, line and paragraph separators."""
MARKS: Final = frozenset({"Mn", "Mc", "Me"})

Content = TypeVar("Content")


class TextForbidden(Invalid):
    """A text holds an invisible character: a control, a change of direction, an unassigned one."""

    code = "label-text-forbidden"
    remedy = "Correct the text at its source; ask for a new signature if it was signed."


class GlyphMissing(Invalid):
    """Our fonts cannot draw a character of a text."""

    code = "label-glyph-missing"
    remedy = (
        "Ask how the name is written in Latin, Greek or Cyrillic letters, or label by hand. "
        "Chinese, Japanese and Korean are drawn when an administrator names a font that has them, "
        "such as Debian's fonts-wqy-microhei, in PHARMACY_FALLBACK_FONTS; then have the labels "
        "drawn again."
    )


def drawable(text: str, *, name: str, covered: AbstractSet[int]) -> str:
    """
    Return the text as it will be drawn: the same characters, composed (Unicode NFC).

    Args:
        name: What the text is, for the refusal; the text itself is never in it.
        covered: The characters that our fonts have.

    Raises:
        TextForbidden: It holds a character that nobody can see.
        GlyphMissing: A character is not in our fonts, or is a mark that cannot be composed.
    """
    composed = unicodedata.normalize("NFC", text)
    unseen = {letter for letter in composed if unicodedata.category(letter) in FORBIDDEN}
    if unseen:
        raise TextForbidden(
            f"{name} holds an invisible character", field=name, characters=_points(unseen)
        )
    missing = {
        letter
        for letter in composed
        if ord(letter) not in covered or unicodedata.category(letter) in MARKS
    }
    if missing:
        raise GlyphMissing(
            f"{name} holds a character that our fonts lack",
            field=name,
            characters=_points(missing),
        )
    return composed.strip()


def drawn(content: Content, *, covered: AbstractSet[int]) -> Content:
    """Return content with every text in it checked and composed. Raises as `drawable` does."""
    return cast("Content", _checked(content, name="content", covered=covered))


def _checked(value: Any, *, name: str, covered: AbstractSet[int]) -> Any:
    if isinstance(value, str):
        return drawable(value, name=name, covered=covered)
    if isinstance(value, tuple):
        return tuple(_checked(part, name=name, covered=covered) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        changes = {
            field.name: _checked(getattr(value, field.name), name=field.name, covered=covered)
            for field in fields(value)
        }
        return replace(value, **changes)
    return value


def _points(letters: set[str]) -> str:
    return " ".join(f"U+{ord(letter):04X}" for letter in sorted(letters))
