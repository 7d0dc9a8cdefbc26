"""What a balance can weigh. Source: domain.md 2.7."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pharmacy.compounding.rules.working import Notebook, milligrams
from pharmacy.kernel.quantities import EXACT, Mass, mg
from pharmacy.kernel.refusals import Invalid

ACCURATE_WEIGHING_DIVISIONS: Final = 820
"""USP <41>: twice 0.41 divisions at 0.10 %; for an assay, not asked of compounding."""


class BelowMinimumWeighable(Invalid):
    """The balance cannot weigh so little within its error limit: make a trituration."""

    code = "below-minimum-weighable"
    remedy = "Make a trituration, a larger batch, or use a finer balance."


class BalanceImpossible(Invalid):
    """A balance has a step above zero, a minimum of at least one step and an error limit."""

    code = "balance-impossible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """What will weigh a powder."""

    step: Mass
    """Its readability; every weighing is a whole number of it."""
    minimum: Mass
    """The least that it weighs within its error limit."""
    error_percent: Decimal = Decimal(5)
    """The error limit at the minimum."""

    def __post_init__(self) -> None:
        if not Mass.ZERO < self.step <= self.minimum or not 0 < self.error_percent < 100:  # noqa: PLR2004 - per cent
            raise BalanceImpossible("step, minimum or error limit of the balance make no sense")

    @property
    def uncertainty(self) -> Mass:
        """How far any reading may be off: the error limit at the minimum."""
        return self.minimum * EXACT.divide(self.error_percent, Decimal(100))


def minimum_weighable(sensitivity: Mass, *, error_percent: Decimal = Decimal(5)) -> Mass:
    """Return the least that a balance weighs within an error, from its sensitivity requirement."""
    return sensitivity * 100 / error_percent


def minimum_accurate_weight(step: Mass) -> Mass:
    """Return the smallest minimum weight that USP <41> can give a balance of this readability."""
    return step * ACCURATE_WEIGHING_DIVISIONS


CLASS_III: Final = Balance(step=mg(1), minimum=minimum_weighable(mg(6)))
"""Sensitivity requirement 6 mg at 5 %: 120 mg."""


def mass_to_weigh(
    powder: Mass, *, balance: Balance, book: Notebook, name: str = "mass to weigh"
) -> Mass:
    """
    Return what the balance is to show for a corrected mass: a whole number of its steps.

    Raises:
        BelowMinimumWeighable: The mass is less than `balance.minimum`.
    """
    if powder < balance.minimum:
        raise BelowMinimumWeighable(
            f"{powder.rounded_to(balance.step)} is too little to weigh", minimum=balance.minimum
        )
    return Mass(
        book.work(name, "powder", unit="mg", step=balance.step.mg, powder=milligrams(powder.mg))
    )
