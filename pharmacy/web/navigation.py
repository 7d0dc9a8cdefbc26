"""Where the console's areas are. The first that a person may enter is their home."""

from typing import Final, NamedTuple

from pharmacy.staff.rules import Actor, Permission


class Area(NamedTuple):
    """One entry of the top bar."""

    url: str
    name: str
    key: str
    """After `g`: `g q` goes to the queue from anywhere."""
    permission: Permission


AREAS: Final = (
    Area("/queue", "Queue", "q", Permission.READ_QUEUE),
    Area("/bench", "Bench", "b", Permission.READ_BATCH),
    Area("/labels", "Labels", "l", Permission.PRINT_LABEL),
    Area("/shipping", "Shipping", "s", Permission.HAND_OVER),
    Area("/refills", "Refills", "r", Permission.READ_REFILL),
    Area("/questions", "Questions", "u", Permission.ASK_PRESCRIBER),
    Area("/admin", "Administration", "m", Permission.READ_JOBS),
    Area("/audit", "Audit", "a", Permission.READ_AUDIT),
    Area("/flow", "Flow", "f", Permission.READ_FIGURES),
)
"""In the order in which they are shown."""
ACCOUNT: Final = "/account"


def areas_of(actor: Actor) -> list[Area]:
    """Return what a person may enter."""
    return [area for area in AREAS if area.permission in actor.permissions]


def home_of(actor: Actor) -> str:
    """Return where a person starts."""
    found = areas_of(actor)
    return found[0].url if found else ACCOUNT
