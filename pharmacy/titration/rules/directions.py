"""Standard directions. Only one, two or three capsules at one time of day have a phrase."""

from typing import Final

from pharmacy.kernel.refusals import Invalid
from pharmacy.prescriptions.rules.regimen import TimeOfDay

MOST_CAPSULES: Final = 3
"""16 CCR 1707.5(a)(4): phrases A to C (bedtime) and D to F (morning); domain.md 3.6."""


class NoStandardDirection(Invalid):
    """So many capsules at once have no standard phrase, in no language."""

    code = "no-standard-direction"
    remedy = "Choose a strategy with at most three capsules a dose."


def has_standard(capsules: int) -> bool:
    """Say whether a dose of so many capsules has a standard phrase."""
    return 1 <= capsules <= MOST_CAPSULES


def key(capsules: int, time_of_day: TimeOfDay) -> str:
    """
    Return the key of the standard phrase, such as `take-2-bedtime`. Wording belongs to labels.

    Raises:
        NoStandardDirection: None, or more than three, capsules at once.
    """
    if not has_standard(capsules):
        raise NoStandardDirection(
            f"no standard direction says {capsules} capsules at once", capsules=capsules
        )
    return f"take-{capsules}-{time_of_day.value}"


KEYS: Final = tuple(
    key(capsules, time) for time in TimeOfDay for capsules in range(1, MOST_CAPSULES + 1)
)
"""Every key that a plan can hold, for whoever must have words for all of them."""
