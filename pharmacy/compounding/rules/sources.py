"""
What naltrexone is weighed from: one lot, several of one salt form, or a stock trituration.

Each lot is corrected by its own certificate; the batch's factor is what all of them together weigh
for a milligram of label. A stock trituration was corrected when it was made, and never again.
Sources: domain.md 2.2, 2.7 (stock triturations), 2.11 (lot change in a batch), E7.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal
from typing import Final

from pharmacy.compounding.rules import correction
from pharmacy.compounding.rules.correction import Certificate, LotOnHand, share_out
from pharmacy.compounding.rules.weighing import Balance, mass_to_weigh
from pharmacy.compounding.rules.working import Notebook, Quantity, milligrams
from pharmacy.kernel.quantities import EXACT, Mass
from pharmacy.kernel.refusals import Conflict, Invalid

MICROGRAMS_IN_GRAM: Final = 1_000_000


class ConcentrationImpossible(Invalid):
    """A trituration holds some active and some diluent."""

    code = "concentration-impossible"
    remedy = "Compare the concentration with the record of the trituration."


class TriturationAlone(Conflict):
    """A stock trituration is a batch's only source of naltrexone."""

    code = "stock-trituration-alone"
    remedy = "Weigh from the trituration alone, or from lots of powder alone."


@dataclass(frozen=True, slots=True)
class Stock:
    """A stock trituration: labelled naltrexone hydrochloride in a gram of it, micrograms."""

    active_ug_per_g: int

    def __post_init__(self) -> None:
        if not 0 < self.active_ug_per_g < MICROGRAMS_IN_GRAM:
            raise ConcentrationImpossible("a gram holds less than a gram, and more than nothing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A lot that naltrexone is weighed from."""

    number: str
    holds: Certificate | Stock
    packing_mg: Decimal
    """How much of it fills one capsule of the formulation's size."""
    available: Mass


@dataclass(frozen=True, slots=True)
class Share:
    """What one lot gives to a batch."""

    number: str
    weigh: Mass
    """What the balance is to show."""
    label: Mass
    """The label amount that the plan takes from it."""


@dataclass(frozen=True, slots=True)
class Together:
    """Several lots as one powder."""

    correction: Decimal
    packing_mg: Decimal
    shares: tuple[Share, ...]


def factor(holds: Certificate | Stock, book: Notebook, *, correct: bool) -> Decimal:
    """
    Return the milligrams of powder for one milligram of label.

    Raises:
        CorrectionNeeded: As `correction.factor`.
    """
    if isinstance(holds, Certificate):
        return correction.factor(holds, book, correct=correct)
    return book.work(
        "correction factor",
        f"{MICROGRAMS_IN_GRAM} / concentration",
        concentration=Quantity(Decimal(holds.active_ug_per_g), "µg/g"),
    )


def together(
    label: Mass, sources: Sequence[Source], *, balance: Balance, correct: bool, book: Notebook
) -> Together:
    """
    Share a label amount out over lots in the order given; the last gives what is left.

    Every lot but the last is used up, down to the balance's last whole step.

    Raises:
        TriturationAlone: One of several lots is a stock trituration.
        SaltFormsMixed: The lots are of more than one salt form.
        NotEnoughPowder: They do not hold enough.
        BelowMinimumWeighable: A share is too little for the balance.
    """
    on_hand = [_on_hand(source, balance, correct, book) for source in sources]
    shares = share_out(label, on_hand)
    weighed: list[Share] = []
    for source, lot, share in zip(sources, on_hand, shares, strict=False):
        powder = book.work(
            f"lot {source.number}: powder",
            "label * correction",
            unit="mg",
            label=milligrams(share.label.mg),
            correction=Quantity(lot.correction),
        )
        shown = mass_to_weigh(
            Mass(powder), balance=balance, book=book, name=f"lot {source.number}: mass to weigh"
        )
        weighed.append(Share(source.number, shown, share.label))
    powder = _sum([share.powder.mg for share in shares])
    room = _sum(
        [
            EXACT.divide(share.powder.mg, source.packing_mg)
            for source, share in zip(sources, shares, strict=False)
        ]
    )
    return Together(
        correction=book.work(
            "correction factor of all lots",
            "powder / label",
            powder=milligrams(powder),
            label=milligrams(label.mg),
        ),
        packing_mg=book.work(
            "packing of all lots together",
            "powder / capsules_filled_by_it",
            unit="mg",
            powder=milligrams(powder),
            capsules_filled_by_it=Quantity(room),
        ),
        shares=tuple(weighed),
    )


def _on_hand(source: Source, balance: Balance, correct: bool, book: Notebook) -> LotOnHand:
    if isinstance(source.holds, Stock) or source.holds.salt_form is None:
        raise TriturationAlone(f"lot {source.number} is a stock trituration")
    own = Notebook()
    corrected = factor(source.holds, own, correct=correct)
    book.lines += [replace(line, name=f"lot {source.number}: {line.name}") for line in own.lines]
    steps = EXACT.divide(source.available.mg, balance.step.mg).to_integral_value(ROUND_FLOOR)
    return LotOnHand(balance.step * steps, corrected, source.holds.salt_form)


def _sum(values: Sequence[Decimal]) -> Decimal:
    return sum(values, start=Decimal(0))
