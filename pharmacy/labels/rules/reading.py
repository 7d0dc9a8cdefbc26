"""
How hard a text is to read: Flesch-Kincaid for English, Fernández Huerta for Spanish.

Sources: Kincaid and others 1975 (grade); Fernández Huerta 1959 with the sign as corrected since
(206.84 - 60 syllables a word - 1.02 words a sentence; 60 to 70 is 8th grade); domain.md 5.2 asks
for 8th grade or below.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from pharmacy.kernel.refusals import Invalid

HARDEST_GRADE: Final = 8.0
LOWEST_EASE: Final = 60.0
SENTENCE: Final = re.compile(r"[.!?](?:\s|$)")
WORD: Final = re.compile(r"[^\W\d_]+")


class TextTooHard(Invalid):
    """A leaflet reads harder than 8th grade."""

    code = "label-text-too-hard"
    remedy = "Write shorter sentences and shorter words."


def english_syllables(word: str) -> int:
    """Count groups of vowels, less a silent e: the usual estimate."""
    groups = len(re.findall(r"[aeiouy]+", word))
    silent = word.endswith("e") and not word.endswith(("le", "ee")) and groups > 1
    return max(1, groups - silent)


HIATUS: Final = re.compile(r"(?<=[aeoáéó])(?=[aeoáéóíú])|(?<=[íú])(?=[aeo])")
"""Between two vowels of two syllables: two strong ones, or a weak one with its accent."""


def spanish_syllables(word: str) -> int:
    """Count groups of vowels, parted where two make two syllables; `qu` and `gu` are one letter."""
    spoken = re.sub(r"(?<=[qg])u(?=[eiéí])", "", word)
    spoken = re.sub(r"y\b", "i", spoken)
    return max(1, len(re.findall(r"[aeiouáéíóúü]+", HIATUS.sub("|", spoken))))


def grade(text: str) -> float:
    """Return the school grade of an English text (Flesch-Kincaid)."""
    a_sentence, a_word = _averages(text, english_syllables)
    return 0.39 * a_sentence + 11.8 * a_word - 15.59


def ease(text: str) -> float:
    """Return how easy a Spanish text is, about 0 to 100 (Fernández Huerta)."""
    a_sentence, a_word = _averages(text, spanish_syllables)
    return 206.84 - 60 * a_word - 1.02 * a_sentence


def _averages(text: str, syllables: Callable[[str], int]) -> tuple[float, float]:
    words = WORD.findall(unicodedata.normalize("NFC", text).lower())
    sentences = max(1, len(SENTENCE.findall(text)))
    return len(words) / sentences, sum(map(syllables, words)) / max(1, len(words))


def measured(language: str, text: str) -> str:
    """Return how hard a text is to read, in words; nothing for a language without a formula."""
    if language == "en":
        return f"Flesch-Kincaid grade {grade(text):.1f}"
    return f"Fernández Huerta {ease(text):.0f}" if language == "es" else ""


def require_easy(language: str, text: str) -> None:
    """Raise TextTooHard for what is harder than 8th grade. Other languages are not measured."""
    if (language == "en" and grade(text) > HARDEST_GRADE) or (
        language == "es" and ease(text) < LOWEST_EASE
    ):
        raise TextTooHard("the text reads harder than 8th grade", measured=measured(language, text))
