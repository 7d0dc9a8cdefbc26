"""Which language a patient is written to in, and what languages are called."""

from typing import Final

NAMES: Final = {
    "en": "English",
    "es": "Spanish",
    "zh": "Chinese",
    "ko": "Korean",
    "ru": "Russian",
    "vi": "Vietnamese",
}
"""English names of the languages in which California's Board publishes directions, by ISO 639."""


def language_of(kept: str, signed: str | None, *, is_chosen: bool) -> str:
    """
    Return the code of the language that a patient reads.

    Args:
        kept: What stands with the patient.
        signed: What the signed prescription says, if it says anything.
        is_chosen: Somebody chose what is kept; that counts before the prescription.
    """
    return kept if is_chosen else signed or kept


def name_of(language: str) -> str:
    """Return a language's English name, or its code where we know none."""
    return NAMES.get(language, language)
