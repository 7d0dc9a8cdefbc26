"""
Capsule shells, by maker. Their volumes differ from table to table, so none is mixed with another.

Source: domain.md 2.4.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from pharmacy.kernel.quantities import EXACT
from pharmacy.kernel.refusals import Invalid

SIZES: Final = ("5", "4", "3", "2", "1", "0", "00", "000")
"""Smallest first."""


class UnknownShell(Invalid):
    """No table of this maker, or no such size in it."""

    code = "unknown-shell"
    remedy = "Choose a maker and a size from the table of capsule shells."


class NoSizeHolds(Invalid):
    """Not even the largest shell holds so much powder."""

    code = "no-size-holds"
    remedy = "Split the dose over more capsules."


@dataclass(frozen=True, slots=True)
class Shell:
    """One size of one maker. What the maker does not publish is None, never guessed."""

    size: str
    volume_ml: Decimal
    shell_mg: Decimal | None = None
    locked_length_mm: Decimal | None = None


def _table(rows: str) -> dict[str, Shell]:
    shells = {}
    for row in rows.strip().splitlines():
        size, *figures = row.split()
        shells[size] = Shell(size, *(Decimal(figure) for figure in figures))
    return {size: shells[size] for size in SIZES}


SHELLS: Final = {
    "icapsulepack": _table("""
        000  1.37  163  26.1
        00   0.95  123  23.5
        0    0.68   96  21.7
        1    0.50   76  19.4
        2    0.37   61  18.0
        3    0.30   48  15.9
        4    0.21   38  14.3
        5    0.13   28  11.1
        """),
    "unc": _table("""
        000  1.37
        00   0.95
        0    0.68
        1    0.50
        2    0.37
        3    0.30
        4    0.20
        5    0.13
        """),
    "capsuline": _table("""
        000  1.37
        00   0.90
        0    0.68
        1    0.48
        2    0.36
        3    0.27
        4    0.20
        5    0.13
        """),
}
"""Volume in mL, then shell in mg and locked length in mm where the maker gives them."""


def shells_of(maker: str) -> dict[str, Shell]:
    """Return a maker's sizes, smallest first. Raises UnknownShell."""
    if maker not in SHELLS:
        raise UnknownShell(f"there is no table of {maker!r} shells", maker=maker)
    return SHELLS[maker]


def shell(maker: str, size: str) -> Shell:
    """Return one shell. Raises UnknownShell."""
    shells = shells_of(maker)
    if size not in shells:
        raise UnknownShell(f"{maker} has no size {size!r}", maker=maker, size=size)
    return shells[size]


def smallest_that_holds(fill_mg: Decimal, *, density: Decimal, maker: str) -> Shell:
    """
    Return the smallest shell whose volume holds a fill.

    Args:
        density: Of the blend as it is packed, g/mL, which is mg/µL.

    Raises:
        NoSizeHolds: None does.
    """
    volume = EXACT.divide(fill_mg, density * 1000)
    for each in shells_of(maker).values():
        if volume <= each.volume_ml:
            return each
    raise NoSizeHolds(f"no size of {maker} holds {fill_mg} mg at {density} g/mL")


def rule_of_seven(fill_mg: Decimal) -> str:
    """
    Return the size that the old rule of thumb names, as a second opinion.

    Grains are mg / 65; seven less the whole grains is the size, and below zero the larger ones.

    Raises:
        NoSizeHolds: The rule ends at size 000.
    """
    grains = EXACT.divide(fill_mg, Decimal(65)).quantize(Decimal(1), rounding=ROUND_HALF_UP)
    index = min(7 - int(grains), 5)
    larger = {0: "0", -1: "0", -2: "00", -3: "000"}
    if index in larger:
        return larger[index]
    if index < min(larger):
        raise NoSizeHolds(f"the rule of seven knows no size for {fill_mg} mg")
    return str(index)
