"""How a capsule strength is made, and what no formulation may say."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any, Final, Self

from pharmacy.formulary.rules.capsules import SIZES
from pharmacy.formulary.rules.fillers import require_filler
from pharmacy.kernel.quantities import Mass
from pharmacy.kernel.refusals import Invalid

MOST_STRENGTH_UG: Final = 6_000
"""No LDN capsule holds more; 45 mg is a slip of the pen for 4.5 mg (domain.md 1.2, E14)."""
MOST_OVERAGE: Final = Decimal("0.25")
"""A quarter more is no longer for powder lost on the way. (policy)"""
MOST_BEYOND_USE_DAYS: Final = 180
"""USP <795> (2023): capsules, and a study extends no further (domain.md 3.2, 3.3). *unconfirmed*"""


class StrengthTooHigh(Invalid):
    """No low-dose capsule is so strong; most likely a decimal point slipped."""

    code = "strength-too-high"
    remedy = "Compare the strength with the prescription; 45 mg is not 4.5 mg."


class FormulationImpossible(Invalid):
    """A formulation needs a strength, a known capsule size, a small overage and a legal limit."""

    code = "formulation-impossible"
    remedy = "Correct the field that the message names."


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """
    What a formulation fixes for every batch of its strength. A blocked filler makes none.

    Raises:
        StrengthTooHigh: A ten-fold error, most likely.
        FormulationImpossible: A field makes no sense; the facts name it.
        UnknownFiller, BlockedFiller: The filler is not to be used.
    """

    strength_ug: int
    size: str
    filler: str
    description: str
    """Colour and shape, as the label words it."""
    overage: Decimal
    """A fraction of every powder, for what is lost on the way; potency is unchanged."""
    beyond_use_days: int

    def __post_init__(self) -> None:
        if self.strength_ug > MOST_STRENGTH_UG:
            raise StrengthTooHigh(
                f"{Mass.of_micrograms(self.strength_ug)} in one capsule is no low dose",
                strength_ug=self.strength_ug,
            )
        sound = {
            "strength_ug": self.strength_ug > 0,
            "size": self.size in SIZES,
            "description": bool(self.description.strip()),
            "overage": 0 <= self.overage <= MOST_OVERAGE,
            "beyond_use_days": 1 <= self.beyond_use_days <= MOST_BEYOND_USE_DAYS,
        }
        if wrong := [name for name, is_sound in sound.items() if not is_sound]:
            raise FormulationImpossible(f"these make no sense: {', '.join(wrong)}", fields=wrong)
        require_filler(self.filler)

    def to_data(self) -> dict[str, Any]:
        """Return it as JSON holds it: the overage as decimal text."""
        return asdict(self) | {"overage": str(self.overage)}

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> Self:
        """Return the formula that `to_data` wrote."""
        return cls(**{**data, "overage": Decimal(data["overage"])})
