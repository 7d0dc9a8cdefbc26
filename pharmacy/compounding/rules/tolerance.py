"""Whether a weighing is near enough to its target, in a word and a sign that need no colour."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from pharmacy.compounding.rules.weighing import Balance
from pharmacy.kernel.quantities import EXACT, Mass
from pharmacy.kernel.refusals import Invalid


class WeightNotShown(Invalid):
    """A balance shows whole steps above zero, up to what it can carry."""

    code = "weight-not-shown"
    remedy = "Read the display again; this balance cannot show such a weight."


class WeighingVerdict(StrEnum):
    """What is said of a weighing."""

    WITHIN = "within"
    TOO_LITTLE = "too-little"
    TOO_MUCH = "too-much"


WORDS: Final = {
    WeighingVerdict.WITHIN: ("within", "\N{CHECK MARK}"),
    WeighingVerdict.TOO_LITTLE: ("too little", "\N{BLACK DOWN-POINTING TRIANGLE}"),
    WeighingVerdict.TOO_MUCH: ("too much", "\N{BLACK UP-POINTING TRIANGLE}"),
}
"""Word and sign of each verdict: colour alone says nothing to some, and nothing on paper."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A weighing against its target."""

    verdict: WeighingVerdict
    off: Mass
    """Shown less target."""

    @property
    def words(self) -> str:
        word, sign = WORDS[self.verdict]
        return f"{sign} {word}"


def tolerance(target: Mass, *, balance: Balance, percent: Decimal) -> Mass:
    """
    Return how far a weighing may be off either way: a share of the target, at least one step.

    Source: domain.md 7.4 (policy: 1 % or one division of the balance).
    """
    share = target * EXACT.divide(percent, Decimal(100))
    return max(Mass(share.mg), balance.step)


def judge(shown: Mass, *, target: Mass, within: Mass) -> Judged:
    """Compare a weight with its target; the limits themselves are within."""
    off = shown - target
    if abs(off.mg) <= within.mg:
        return Judged(WeighingVerdict.WITHIN, off)
    verdict = WeighingVerdict.TOO_LITTLE if off < Mass.ZERO else WeighingVerdict.TOO_MUCH
    return Judged(verdict, off)


def require_shown(shown: Mass, *, balance: Balance) -> None:
    """Raise WeightNotShown unless the balance can show a weight: whole steps above zero."""
    if shown <= Mass.ZERO or shown.rounded_to(balance.step) != shown:
        raise WeightNotShown(
            f"a balance with steps of {balance.step} does not show {shown}", step=balance.step
        )
