"""Coded reasons for what goes wrong with a batch, kept with its words: `spilt: half of the pan`."""

from typing import Final

REASONS: Final = (
    ("contamination", "Contamination or a foreign body"),
    ("mix-up", "Wrong or doubtful ingredient"),
    ("weighing", "Weighing in doubt"),
    ("spilt", "Powder or capsules spilt"),
    ("appearance", "Colour, shape or closure is not as described"),
    ("machine", "Machine or equipment failed"),
    ("environment", "Room, temperature or humidity"),
    ("complaint", "Reported after the release"),
    ("component-recalled", "A component was recalled"),
    ("other", "Something else"),
)
"""Why a batch is stopped or scrapped."""
CAUSES: Final = (
    ("uneven-fill", "Powder was spread unevenly"),
    ("blend", "Blend was not even"),
    ("shells", "Shells were off"),
    ("weighing", "Weighing or balance"),
    ("calculation", "Calculation or packing figure"),
    ("machine", "Machine or equipment"),
    ("handling", "Handling at the bench"),
    ("laboratory", "Error of the laboratory or the test"),
    ("none-found", "No cause was found"),
    ("other", "Something else"),
)
"""What an investigation found to be the cause."""


def told(code: str, words: str) -> str:
    """Return a reason as the record keeps it: its code, then what was written."""
    return f"{code}: {words.strip()}" if words.strip() else code
