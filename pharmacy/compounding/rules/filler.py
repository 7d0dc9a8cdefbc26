"""
How much filler makes up a capsule, from what the pharmacy measured for its lots.

A packing statistic is how many milligrams of one lot, alone, fill one capsule of a size. The active
powder takes the room of some filler; the rest of the capsule is filler. Source: domain.md 2.5.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from pharmacy.compounding.rules.working import Notebook, Quantity, milligrams
from pharmacy.formulary.rules.capsules import SIZES, Shell
from pharmacy.kernel.quantities import EXACT, Mass
from pharmacy.kernel.refusals import Invalid

PLAUSIBLE_DENSITY: Final = (Decimal("0.1"), Decimal("2.0"))
"""g/mL of any powder packed in a capsule: a figure outside is a slip of a unit or a digit. (policy)

Cellulose is 0.28 loose to 0.45 tapped, lactose about 0.98; one published LDN fill implies 0.75.
"""
NET_TOLERANCE_PERCENT: Final = 10
"""A capsule's net fill may be so far from the theoretical one (domain.md 2.10)."""


class CapsuleTooSmall(Invalid):
    """The active powder alone takes more than the capsule's room: less than no filler is left."""

    code = "capsule-too-small"
    remedy = "Choose a larger capsule."


class PackingImplausible(Invalid):
    """The packing statistic gives the powder a density that powders do not have."""

    code = "packing-statistic-implausible"
    remedy = "Measure again how many milligrams of the lot fill one capsule of this size."


@dataclass(frozen=True, slots=True)
class Packing:
    """Milligrams of filler and of active powder that, each alone, fill one capsule of a size."""

    size: str
    filler_mg: Decimal
    active_mg: Decimal

    def __post_init__(self) -> None:
        if self.filler_mg <= 0 or self.active_mg <= 0:
            raise PackingImplausible("a packing statistic is above zero", size=self.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """What goes into one capsule."""

    active: Mass
    displaced: Mass
    """Filler whose room the active powder takes."""
    filler: Mass
    net: Mass
    lowest_net: Mass
    highest_net: Mass
    active_percent: Decimal


def fill(active: Mass, packing: Packing, book: Notebook) -> Fill:
    """
    Return the fill of one capsule.

    Args:
        active: Powder as it is weighed, corrected for its certificate.

    Raises:
        CapsuleTooSmall: The active powder alone does not fit.
    """
    active_mg = milligrams(active.mg)
    displaced = book.work(
        "filler displaced in a capsule",
        "active * filler_packing / active_packing",
        unit="mg",
        active=active_mg,
        filler_packing=milligrams(packing.filler_mg),
        active_packing=milligrams(packing.active_mg),
    )
    if displaced > packing.filler_mg:
        raise CapsuleTooSmall(
            f"{active.rounded_to(Mass(Decimal('0.001')))} of powder does not fit into size "
            f"{packing.size}",
            size=packing.size,
        )
    filler = book.work(
        "filler in a capsule",
        "filler_packing - displaced",
        unit="mg",
        filler_packing=milligrams(packing.filler_mg),
        displaced=milligrams(displaced),
    )
    net = book.work(
        "net fill of a capsule",
        "filler + active",
        unit="mg",
        filler=milligrams(filler),
        active=active_mg,
    )
    return Fill(
        active=active,
        displaced=Mass(displaced),
        filler=Mass(filler),
        net=Mass(net),
        lowest_net=_limit("lowest net fill that passes", "-", net, book),
        highest_net=_limit("highest net fill that passes", "+", net, book),
        active_percent=book.work(
            "active powder in the fill",
            "100 * active / net",
            unit="%",
            active=active_mg,
            net=milligrams(net),
        ),
    )


def filler_by_density(
    active: Mass, *, volume_ml: Decimal, active_density: Decimal, filler_density: Decimal
) -> Mass:
    """
    Return the filler of one capsule from densities in g/mL: the other way to the same number.

    Raises:
        CapsuleTooSmall: The active powder alone takes more than the volume.
    """
    volume = EXACT.multiply(volume_ml, Decimal(1000))
    left = EXACT.subtract(volume, EXACT.divide(active.mg, active_density))
    if left < 0:
        raise CapsuleTooSmall(
            f"{active} at {active_density} g/mL does not fit", volume_ml=volume_ml
        )
    return Mass(EXACT.multiply(left, filler_density))


def check_density(packing: Packing, shell: Shell, book: Notebook) -> Decimal:
    """
    Compare a packing statistic with the shell's volume; return the filler's density, g/mL.

    Raises:
        PackingImplausible: No powder has such a density: a unit or a digit slipped.
    """
    low, high = PLAUSIBLE_DENSITY
    densities = [
        book.work(
            f"density of the {what} as packed",
            "packing / (volume * 1000)",
            unit="g/mL",
            packing=milligrams(packing_mg),
            volume=Quantity(shell.volume_ml, "mL"),
        )
        for what, packing_mg in (
            ("filler", packing.filler_mg),
            ("active powder", packing.active_mg),
        )
    ]
    if not all(low <= density <= high for density in densities):
        raise PackingImplausible(
            f"size {packing.size} would hold powder of {densities[0]:.3f} and "
            f"{densities[1]:.3f} g/mL",
            size=packing.size,
        )
    return densities[0]


@dataclass(frozen=True, slots=True)
class SizeChoice:
    """One capsule size for a dose: whether the powder fits, and how much of the room it takes."""

    size: str
    fits: bool
    active_share_percent: Decimal

    def to_data(self) -> dict[str, Any]:
        share = EXACT.quantize(self.active_share_percent, Decimal("0.001"))
        return {"size": self.size, "fits": self.fits, "active_share_percent": f"{share:f}"}


def sizes(active: Mass, packings: Iterable[Packing]) -> tuple[SizeChoice, ...]:
    """
    Return every measured size, smallest first, and whether the active powder fits.

    LDN is mostly filler, so nearly every size fits and the size is a choice (domain.md 2.4).
    """
    choices = []
    for packing in sorted(packings, key=lambda each: SIZES.index(each.size)):
        share = EXACT.divide(active.mg * 100, packing.active_mg)
        choices.append(SizeChoice(packing.size, share <= 100, share))  # noqa: PLR2004 - per cent
    return tuple(choices)


def _limit(name: str, sign: str, net: Decimal, book: Notebook) -> Mass:
    value = book.work(
        name,
        f"net * (1 {sign} tolerance / 100)",
        unit="mg",
        net=milligrams(net),
        tolerance=Quantity(Decimal(NET_TOLERANCE_PERCENT), "%"),
    )
    return Mass(value)
