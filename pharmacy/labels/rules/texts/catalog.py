"""
What reviewed words are: which keys a language must have, and words in force by their keys.

Words come in three parts, each reviewed as a whole, since a sentence is right or wrong among its
neighbours. English says which keys there are and what each may fill in.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pharmacy.kernel.refusals import Invalid

ENGLISH: Final = "en"
LANGUAGE: Final = re.compile(r"[a-z]{2,3}")
"""A language as ISO 639 writes it; dialects share their words."""
HOLE: Final = re.compile(r"\{([a-z]+)\}")
LONGEST: Final = 400


class Part(StrEnum):
    """A set of words that is reviewed as one."""

    DIRECTIONS = "directions"
    LABEL = "label"
    LEAFLET = "leaflet"


@dataclass(frozen=True, slots=True)
class Words:
    """Some words that this program brings along, and where they come from."""

    text: str
    source: str


Shipped = Mapping[Part, Mapping[str, Words]]
"""The words of one language that this program brings along."""


class TextUnknown(Invalid):
    """There is no text of this key."""

    code = "label-text-unknown"
    remedy = "Take the keys of the English texts."


class TextMissing(Invalid):
    """A set of words lacks one."""

    code = "label-text-missing"
    remedy = "Write the text that is named, then have the set approved."


class TextUnlike(Invalid):
    """A text fills in other values than the English one, is too long, or has too few words."""

    code = "label-text-unlike"
    remedy = "Fill in the same values, in braces, as the English text does."


@dataclass(frozen=True, slots=True)
class Texts:
    """Words in force in one language, by their keys."""

    language: str
    by_key: Mapping[str, str]
    versions: str
    """Which versions they are: `directions 2, label 1, leaflet shipped`."""

    def __getitem__(self, key: str) -> str:
        return self.by_key[key]

    def filled(self, key: str, **values: object) -> str:
        """Return a text with values in its holes."""
        return filled(self.by_key[key], **values)

    def listed(self, key: str) -> list[str]:
        """Return the words of a list, such as the weekdays."""
        return self.by_key[key].split()


def filled(text: str, **values: object) -> str:
    """Return a text with values in its holes. What a value says is never read as a hole."""
    return HOLE.sub(lambda hole: str(values[hole[1]]), text)


LISTS: Final = {"date.weekdays": 7, "date.months": 12, "date.month-names": 12, "date.initials": 7}
"""Texts that are lists of words, Monday first but for `date.initials`, and how many they have."""


def require_like(english: Mapping[str, str], texts: Mapping[str, str]) -> None:
    """
    Make sure that each text, empty ones aside, can stand where the English one stands.

    Raises:
        TextUnknown: English has no such key.
        TextUnlike: It fills in something else, is too long, or is a list of another length.
    """
    for key, text in texts.items():
        if key not in english:
            raise TextUnknown("there is no text of this key", key=key)
        if not text.strip():
            continue
        if len(text) > LONGEST:
            raise TextUnlike("the text is too long", key=key, most=LONGEST)
        if set(HOLE.findall(text)) != set(HOLE.findall(english[key])):
            holes = " ".join(f"{{{name}}}" for name in HOLE.findall(english[key])) or "nothing"
            raise TextUnlike("the text fills in something else", key=key, fills_in=holes)
        if (words := LISTS.get(key)) and len(text.split()) != words:
            raise TextUnlike("the list is not of its length", key=key, words=words)


def require_whole(keys: Collection[str], texts: Mapping[str, str]) -> None:
    """Raise TextMissing unless every key has a text."""
    for key in keys:
        if not texts.get(key, "").strip():
            raise TextMissing("a text is missing", key=key)
