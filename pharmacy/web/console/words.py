"""Codes that other rooms keep, in the words of the people who read them on a page."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from pharmacy.web.rendering import born, milligrams, words_of

REGISTRIES: Final = {
    "leie": "Excluded individuals (LEIE)",
    "nppes": "Prescribers' identities (NPPES)",
}
SOURCES: Final = {"nppes-api": "NPPES, asked online", "register": "our register of keys"}
PLACES: Final = {
    "medication": "Medicine",
    "reasonCode": "Reason",
    "note": "Note",
    "dosageInstruction": "Direction",
    "dispenseRequest": "Supply",
    "substitution": "Substitution",
}
"""Parts of a signed prescription, by the member that holds them."""
PARTICULARS: Final = {
    "answer": "The patient's answer",
    "topic": "About",
    "state": "The answer",
    "to": "To",
    "kinds": "Named",
    "age_years": "Years old",
    "surgery_on": "Procedure on",
    "last_dose_before": "Last dose before",
    "in_reason": "The prescription's reason names it",
    "says_yes": "The patient says so",
    "fillers": "Filler",
    "profiles": "Other records of this person",
    "dose_ug_by_step": "Ordered in",
    "limit_ug": "Limit",
    "ten_times_a_usual_dose": "Ten times a usual dose in step",
    "start_dose_ug": "First dose",
    "steep_steps": "Steep rise in step",
    "short_steps": "Short step",
    "signs_by_step": "Written in",
    "words_by_step": "Written in",
    "sure": "Certain",
    "elsewhere": "Naltrexone from elsewhere",
    "earliest_first_dose": "No dose before",
    "unlisted": "On none of our lists",
}
"""What a finding saw, by the name under which screening keeps it."""
CODED: Final = frozenset({"topic", "state", "kinds", "to", "liver", "fillers", "signs_by_step"})
"""Particulars whose values are codes of ours."""
DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
DIRECTION: Final = re.compile(r"(?P<part>[A-Za-z]+)(\[(?P<at>\d+)\])?(?P<rest>\..*)?")


def registry_words(kind: str) -> str:
    """Return what a registry is called: `licenses:OK` is `Licenses of OK`."""
    name, _, state = kind.partition(":")
    return REGISTRIES.get(kind) or f"{words_of(name)}{f' of {state}' if state else ''}"


def source_words(source: str) -> str:
    """Return who answered about a prescriber: `import:leie` is the file of the exclusion list."""
    kind = source.removeprefix("import:")
    if kind != source:
        return registry_words(kind)
    return SOURCES.get(source, words_of(source))


def place_words(place: str) -> str:
    """
    Return which part of a prescription a signed sentence stands in.

    `dosageInstruction[1].patientInstruction` is `Direction 2, to the patient`. A part without a
    word of ours keeps its own name.
    """
    found = DIRECTION.fullmatch(place)
    if found is None or found["part"] not in PLACES:
        return place
    name, at, rest = PLACES[found["part"]], found["at"], found["rest"] or ""
    numbered = at is not None and (found["part"] == "dosageInstruction" or int(at) > 0)
    number = f" {int(at) + 1}" if numbered else ""
    return f"{name}{number}{', to the patient' if rest.endswith('patientInstruction') else ''}"


def particulars(inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a finding saw, as pairs of words; what it looked for in vain is left out."""
    return [
        (PARTICULARS.get(name, words_of(name)), told)
        for name, value in inputs.items()
        if (told := _told(name, value))
    ]


def _told(name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"step {step}: {_told(name, each)}" for step, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_told(name, each) for each in value)
    return _one(name, value) if value else ""


def _one(name: str, value: Any) -> str:
    if value is True:
        return "yes"
    if isinstance(value, int) and "_ug" in name:
        return milligrams(value)
    if isinstance(value, str) and DAY.fullmatch(value):
        return born(date.fromisoformat(value))
    if isinstance(value, str) and name in CODED:
        return words_of(value).lower()
    return str(value)
