"""When two ways of writing a person's name are one name, and when a person must look."""

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

GENERATIONS: Final = frozenset({"jr", "sr", "ii", "iii", "iv"})
TITLES: Final = frozenset({"dr", "md", "do", "mbbs", "phd", "mph", "facp", "faap", "esq"})
APOSTROPHES: Final = re.compile(r"['\u2018\u2019`.]")
SEPARATORS: Final = re.compile(r"[^0-9a-z]+")
LETTERS_WITHOUT_PARTS: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"}
)
"""Letters that Unicode does not take apart into a letter and a mark."""


class Likeness(IntEnum):
    """How much two names are alike."""

    OTHER = 0
    CLOSE = 1
    """A part is missing, an initial stands for a name, or the generations differ: look."""
    SAME = 2


@dataclass(frozen=True, slots=True)
class PersonName:
    """A name in two parts, as registries keep them."""

    family: str
    given: str

    def __str__(self) -> str:
        return f"{self.given} {self.family}".strip()


def words(text: str) -> tuple[str, ...]:
    """Return the words of a name in small letters, without marks, points and apostrophes."""
    text = APOSTROPHES.sub("", text.casefold().translate(LETTERS_WITHOUT_PARTS))
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return tuple(word for word in SEPARATORS.split(bare) if word)


def key(family: str) -> str:
    """Return a family name as registries are searched by: `Smith-Jones Jr.` is `smithjones`."""
    return "".join(word for word in words(family) if word not in GENERATIONS | TITLES)


def search_keys(*names: PersonName) -> frozenset[str]:
    """Return the keys under which a person may stand: each family name, and each part of it."""
    whole = {key(name.family) for name in names}
    parts = {key(word) for name in names for word in words(name.family) if len(word) > 2}  # noqa: PLR2004
    return frozenset((whole | parts) - {""})


def likeness(one: PersonName, other: PersonName) -> Likeness:
    """
    Compare two names; case, marks, hyphens, titles and middle names do not tell people apart.

    Source: domain.md 3.10, E11 (a differing part is for a person).
    """
    family = _family_likeness(_plain(one.family), _plain(other.family))
    given = _given_likeness(_plain(one.given), _plain(other.given))
    alike = min(family, given)
    if alike is Likeness.SAME and _generations_differ(one, other):
        return Likeness.CLOSE
    return alike


def best_likeness(one: PersonName, others: tuple[PersonName, ...]) -> Likeness:
    """Return how alike a name is to whichever of a person's names is nearest."""
    return max((likeness(one, other) for other in others), default=Likeness.OTHER)


def likeness_of_text(text: str, person: PersonName) -> Likeness:
    """Compare a name written in one piece, in either order, with a person's."""
    if "," in text:
        head, _, tail = text.partition(",")
        if _plain(tail):
            return likeness(PersonName(family=head, given=tail), person)
    parts = text.split()  # a hyphen joins: `Ann Smith-Jones` has no middle name
    splits = (
        PersonName(family=" ".join(parts[at:]), given=" ".join(parts[:at]))
        for at in range(1, len(parts))
    )
    return best_likeness(person, tuple(splits))


def _plain(text: str) -> tuple[str, ...]:
    return tuple(word for word in words(text) if word not in GENERATIONS | TITLES)


def _family_likeness(one: tuple[str, ...], other: tuple[str, ...]) -> Likeness:
    if not one or not other:
        return Likeness.OTHER
    if "".join(one) == "".join(other):
        return Likeness.SAME
    return Likeness.CLOSE if set(one) <= set(other) or set(other) <= set(one) else Likeness.OTHER


def _given_likeness(one: tuple[str, ...], other: tuple[str, ...]) -> Likeness:
    if not one or not other:
        return Likeness.OTHER
    if "".join(one) == "".join(other):
        return Likeness.SAME
    first, second = one[0], other[0]
    if first == second:
        return Likeness.CLOSE if _middles_differ(one[1:], other[1:]) else Likeness.SAME
    if first.startswith(second) and len(second) == 1:
        return Likeness.CLOSE
    if second.startswith(first) and len(first) == 1:
        return Likeness.CLOSE
    return Likeness.CLOSE if first in other or second in one else Likeness.OTHER


def _middles_differ(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """A middle name may be missing or an initial; two whole ones must not contradict."""
    return bool(one and other) and not (one[0].startswith(other[0]) or other[0].startswith(one[0]))


def _generations_differ(one: PersonName, other: PersonName) -> bool:
    generations = [
        {word for word in words(str(name)) if word in GENERATIONS} for name in (one, other)
    ]
    return all(generations) and generations[0] != generations[1]
