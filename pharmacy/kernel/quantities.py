"""Amounts: exact, with their unit in the type. No binary floating point anywhere."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import ClassVar, Final, Self

from pharmacy.kernel.refusals import Invalid

EXACT: Final = Context(prec=34, rounding=ROUND_HALF_UP)
"""34 digits: far below any balance. Results are rounded once, where a rule says so."""

MICROGRAMS_PER_MG: Final = 1000


class NotWholeMicrograms(Invalid):
    """A stored mass must be a whole number of micrograms."""

    code = "not-whole-micrograms"
    remedy = "Give the mass with at most three decimals of a milligram."


@dataclass(frozen=True, order=True, slots=True)
class Mass:
    """A mass in milligrams, exact to 34 significant digits."""

    mg: Decimal

    ZERO: ClassVar["Mass"]

    def __post_init__(self) -> None:
        if not isinstance(self.mg, Decimal) or not self.mg.is_finite():
            raise TypeError("a Mass is made of a finite Decimal, never of a float")

    @classmethod
    def of_micrograms(cls, micrograms: int) -> Self:
        return cls(EXACT.divide(Decimal(micrograms), Decimal(MICROGRAMS_PER_MG)))

    @property
    def micrograms(self) -> int:
        """The mass as a whole number of micrograms. Raises NotWholeMicrograms."""
        scaled = EXACT.multiply(self.mg, Decimal(MICROGRAMS_PER_MG))
        if scaled != scaled.to_integral_value():
            raise NotWholeMicrograms(f"{self} is not a whole number of micrograms")
        return int(scaled)

    def rounded_to(self, step: "Mass") -> "Mass":
        """Return the nearest whole number of `step`, halves away from zero."""
        steps = EXACT.divide(self.mg, step.mg).quantize(Decimal(1), rounding=ROUND_HALF_UP)
        return Mass(EXACT.multiply(steps, step.mg))

    def __add__(self, other: "Mass") -> "Mass":
        return Mass(EXACT.add(self.mg, other.mg))

    def __sub__(self, other: "Mass") -> "Mass":
        return Mass(EXACT.subtract(self.mg, other.mg))

    def __mul__(self, factor: Decimal | int) -> "Mass":
        return Mass(EXACT.multiply(self.mg, Decimal(factor)))

    __rmul__ = __mul__

    def __truediv__(self, divisor: Decimal | int) -> "Mass":
        return Mass(EXACT.divide(self.mg, Decimal(divisor)))

    def __str__(self) -> str:
        """ISMP style: a leading zero, no trailing zero, a space before the unit."""
        text = f"{self.mg:f}"
        if "." in text:
            text = text.rstrip("0").rstrip(".")
        return f"{text} mg"


Mass.ZERO = Mass(Decimal(0))


def mg(text: str | int) -> Mass:
    """Return a mass written in milligrams: `mg("4.5")`."""
    return Mass(Decimal(text))
