"""
A dilution in filler, where the active powder alone is too little to weigh.

Weigh a multiple of what is needed, dilute it with filler, and weigh the part that holds the need.
All three weighings are at or above the balance's minimum. The diluent in that part is filler, so
it counts towards the filler, not on top of it. Source: domain.md 2.7, V15.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from pharmacy.compounding.rules.weighing import Balance
from pharmacy.compounding.rules.working import Notebook, Quantity, milligrams
from pharmacy.kernel.quantities import EXACT, Mass
from pharmacy.kernel.refusals import Invalid

HUNDRED: Final = Decimal(100)


class TriturationNotNeeded(Invalid):
    """The balance weighs so much directly."""

    code = "trituration-not-needed"
    remedy = "Weigh the powder directly."


class TriturationTooLarge(Invalid):
    """The part to weigh is more than the whole batch holds."""

    code = "trituration-too-large"
    remedy = "Make a larger batch, a stock trituration, or use a finer balance."


@dataclass(frozen=True, slots=True, kw_only=True)
class Trituration:
    """What to weigh, one after another, and how far the result may be off."""

    need: Mass
    """Active powder that the part must hold; unrounded."""
    multiple: int
    active: Mass
    """Weigh this much active powder."""
    diluent: Mass
    """Add this much filler, geometrically."""
    aliquot: Mass
    """Weigh this part of the mixture into the batch."""
    delivered_percent: Decimal
    """Of the need, after the weighings were rounded to the balance."""
    error_low_percent: Decimal
    error_high_percent: Decimal
    """The worst that three weighings at the edge of the balance's uncertainty can do."""

    @property
    def total(self) -> Mass:
        return self.active + self.diluent

    @property
    def error_bound_percent(self) -> Decimal:
        """How far from the need the part may be, either way."""
        return max(abs(self.error_low_percent), abs(self.error_high_percent))

    def to_data(self) -> dict[str, Any]:
        return {
            "multiple": self.multiple,
            "active_mg": str(self.active).removesuffix(" mg"),
            "diluent_mg": str(self.diluent).removesuffix(" mg"),
            "total_mg": str(self.total).removesuffix(" mg"),
            "aliquot_mg": str(self.aliquot).removesuffix(" mg"),
            "delivered_percent": f"{_to_thousandth(self.delivered_percent):f}",
            "error_bound_percent": f"{_to_thousandth(self.error_bound_percent):f}",
        }


def propose(
    need: Mass, *, balance: Balance, book: Notebook, room: Mass | None = None
) -> Trituration:
    """
    Return the smallest trituration that the balance can weigh.

    Args:
        need: Corrected active powder, above zero and below the balance's minimum.
        room: What the whole batch weighs; the part must fit in. None: not known yet.

    Raises:
        TriturationNotNeeded: `need` can be weighed directly.
        TriturationTooLarge: The part would be more than `room`.
    """
    if not Mass.ZERO < need < balance.minimum:
        raise TriturationNotNeeded(f"{need} needs no trituration on this balance")
    minimum, wanted = milligrams(balance.minimum.mg), milligrams(need.mg)
    multiple = book.work(
        "trituration: multiple", "ceil(minimum / need)", minimum=minimum, need=wanted
    )
    step = balance.step.mg
    active = book.work(
        "trituration: active to weigh",
        "multiple * need",
        unit="mg",
        step=step,
        multiple=Quantity(multiple),
        need=wanted,
    )
    aliquot = book.work(
        "trituration: part to weigh",
        "max(minimum, ceil((minimum + active) / multiple / division) * division)",
        unit="mg",
        step=step,
        minimum=minimum,
        active=milligrams(active),
        multiple=Quantity(multiple),
        division=milligrams(step),
    )
    diluent = book.work(
        "trituration: diluent to weigh",
        "multiple * aliquot - active",
        unit="mg",
        step=step,
        multiple=Quantity(multiple),
        aliquot=milligrams(aliquot),
        active=milligrams(active),
    )
    if room is not None and aliquot > room.mg:
        raise TriturationTooLarge(f"{aliquot} mg is more than the batch of {room} holds")
    weighings = _Weighings(milligrams(active), milligrams(diluent), milligrams(aliquot), wanted)
    return Trituration(
        need=need,
        multiple=int(multiple),
        active=Mass(active),
        diluent=Mass(diluent),
        aliquot=Mass(aliquot),
        delivered_percent=_delivered(weighings, book),
        error_low_percent=_worst("low", "-", weighings, balance, book),
        error_high_percent=_worst("high", "+", weighings, balance, book),
    )


@dataclass(frozen=True, slots=True)
class _Weighings:
    active: Quantity
    diluent: Quantity
    aliquot: Quantity
    need: Quantity


def _delivered(weighings: _Weighings, book: Notebook) -> Decimal:
    return book.work(
        "trituration: delivered of the need",
        "100 * part * active / (active + diluent) / need",
        unit="%",
        part=weighings.aliquot,
        active=weighings.active,
        diluent=weighings.diluent,
        need=weighings.need,
    )


def _worst(
    name: str, sign: str, weighings: _Weighings, balance: Balance, book: Notebook
) -> Decimal:
    """
    Active powder and part are both off one way. The diluent is off the other way, by as much, so
    that the mixture weighs what it should and is as wrong as it can be.
    """
    return book.work(
        f"trituration: worst error, {name}",
        f"100 * (part {sign} off) * (active {sign} off) / (active + diluent) / need - 100",
        unit="%",
        part=weighings.aliquot,
        active=weighings.active,
        diluent=weighings.diluent,
        need=weighings.need,
        off=milligrams(balance.uncertainty.mg),
    )


def _to_thousandth(percent: Decimal) -> Decimal:
    return EXACT.quantize(percent, Decimal("0.001"))
