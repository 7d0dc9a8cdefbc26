"""
The words of labels and leaflets: data that a pharmacist reviews, by language, part and key.

What this program brings along is English, in force as it stands, and Spanish, a draft. A pharmacist
may write other versions, and other languages; only an approved version reaches paper.
"""

from collections.abc import Mapping
from typing import Final

from pharmacy.labels.rules.texts import english, spanish
from pharmacy.labels.rules.texts.catalog import (
    ENGLISH,
    LANGUAGE,
    Part,
    Shipped,
    TextMissing,
    Texts,
    TextUnknown,
    TextUnlike,
    Words,
    filled,
    require_like,
    require_whole,
)
from pharmacy.labels.rules.texts.passages import COUNSEL, Outline, passages, told

__all__ = [
    "COUNSEL",
    "ENGLISH",
    "KEYS",
    "LANGUAGE",
    "SHIPPED",
    "SHIPPED_ENGLISH",
    "Outline",
    "Part",
    "TextMissing",
    "TextUnknown",
    "TextUnlike",
    "Texts",
    "Words",
    "filled",
    "passages",
    "require_like",
    "require_whole",
    "shipped",
    "told",
]

SHIPPED: Final[Mapping[str, Shipped]] = {ENGLISH: english.SHIPPED, "es": spanish.SHIPPED}
KEYS: Final = {part: tuple(words) for part, words in english.SHIPPED.items()}
"""What a language must have, by part."""


def shipped(language: str, part: Part) -> dict[str, str]:
    """Return the words that this program brings along: empty ones for a language it has not."""
    known = SHIPPED.get(language, {}).get(part, {})
    return {key: known[key].text if key in known else "" for key in KEYS[part]}


SHIPPED_ENGLISH: Final = Texts(
    language=ENGLISH,
    by_key={key: text for part in Part for key, text in shipped(ENGLISH, part).items()},
    versions=", ".join(f"{part} shipped" for part in Part),
)
