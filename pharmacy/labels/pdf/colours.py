"""The colours of the leaflet; every one stays readable when it is printed in black and white."""

from typing import Final

Colour = tuple[float, float, float]

INK: Final = (0.11, 0.13, 0.16)
QUIET: Final = (0.36, 0.40, 0.44)
ACCENT: Final = (0.05, 0.34, 0.42)
PALE: Final = (0.93, 0.96, 0.96)
LINE: Final = (0.80, 0.84, 0.86)
WHITE: Final = (1.0, 1.0, 1.0)
LIGHTEST: Final = (0.66, 0.81, 0.84)
"""Of the first step. The last one has the accent colour."""


def share(place: int, steps: int) -> float:
    """Return how far up a step stands, 0 to 1."""
    return 1.0 if steps == 1 else place / (steps - 1)


def shade(place: int, steps: int) -> Colour:
    """Return the colour of a step, the deeper the higher it is."""
    red, green, blue = (
        light + (deep - light) * share(place, steps)
        for light, deep in zip(LIGHTEST, ACCENT, strict=True)
    )
    return red, green, blue
