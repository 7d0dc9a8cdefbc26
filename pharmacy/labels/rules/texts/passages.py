"""Which passages a leaflet has, and of which sentences. Their words are found by these keys."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Outline:
    """One passage: the key of its title, and those of its sentences."""

    key: str
    sentences: tuple[str, ...]


def _outline(key: str, *sentences: str) -> Outline:
    return Outline(key, tuple(f"{key}.{name}" for name in sentences))


BEDTIME: Final = _outline("how", "bedtime", "why", "acts")
MORNING: Final = _outline("how", "morning")
BY_STEP: Final = _outline("how", "once", "label", "never")
STEPS: Final = _outline("next", "start", "wait", "late", "unwell", "one")
MISSED: Final = _outline("missed", "night", "never")
MISSED_MORNING: Final = _outline("missed", "day", "never")
SLEEP: Final = _outline("sleep", "dreams", "morning")
SLEEP_MORNING: Final = _outline("sleep", "dreams", "call")
ALWAYS: Final = (
    _outline("stomach", "stay", "best"),
    _outline("time", "months"),
    _outline("opioids", "which", "why", "tell", "after"),
    _outline("surgery", "tell", "stop", "again"),
    _outline("alcohol", "limit", "call"),
    _outline("pregnancy", "known", "tell"),
    _outline("keeping", "where", "until", "away"),
    _outline("about", "made", "compounded", "use"),
    _outline("help", "emergency", "poison", "talk"),
)
COUNSEL: Final = ("R13", "R15", "R17")
"""Screening rules that are said to the patient, by their ids (domain.md 4.1)."""


def told(rules: Collection[str]) -> tuple[Outline, ...]:
    """Return the passage about what this patient told us, if anything is to be said to it."""
    found = [rule for rule in COUNSEL if rule in rules]
    return (_outline("told", *found),) if found else ()


def passages(*, bedtime: bool, morning: bool, several_steps: bool) -> tuple[Outline, ...]:
    """
    Return the passages that a fill's leaflet has, in reading order.

    Args:
        bedtime: At least one step is taken at bedtime.
        morning: At least one step is taken in the morning.
    """
    how = (BY_STEP if morning else BEDTIME) if bedtime else MORNING
    return (
        how,
        *((STEPS,) if several_steps else ()),
        MISSED_MORNING if morning else MISSED,
        SLEEP_MORNING if morning else SLEEP,
        *ALWAYS,
    )
