"""
Where a batch's powder went: what was weighed, what is in its capsules, and what is not.

Capsules hold what their single weights say, on the average; the rest stayed in the mortar, in the
machine and on the gloves. Source: domain.md 7.4 (reconciliation of the yield).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pharmacy.kernel.quantities import EXACT, Mass


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The powder of one batch, in whole micrograms; what is not measured yet is None."""

    drawn_ug: int
    """Out of lots, for this batch, whatever became of it."""
    voided_ug: int
    """Of weighings that count no longer: waste."""
    trituration_left_ug: int
    """Of the batch's own trituration, beside the part that was weighed into it: waste."""
    blend_ug: int
    in_capsules_ug: int | None
    lost_ug: int | None
    """Blend that is in no capsule. Below zero, capsules hold more than was weighed."""
    lost_percent: Decimal | None


@dataclass(frozen=True, slots=True)
class Weighed:
    """One weighing that was within its limits."""

    shown_ug: int
    is_from_lot: bool
    """False: a part of the batch's own trituration."""
    is_mixed: bool
    """It went into that trituration, not into the blend."""
    is_void: bool


def state(weighed: Iterable[Weighed], *, nets: Sequence[Decimal], filled: int | None) -> Statement:
    """
    Account for a batch's powder.

    Args:
        nets: What single capsules hold, in milligrams.
        filled: Capsules that were filled; None before.
    """
    found = list(weighed)
    drawn = sum(each.shown_ug for each in found if each.is_from_lot)
    voided = sum(each.shown_ug for each in found if each.is_from_lot and each.is_void)
    counting = [each for each in found if not each.is_void]
    mixed = sum(each.shown_ug for each in counting if each.is_mixed)
    part = sum(each.shown_ug for each in counting if not each.is_from_lot)
    left = mixed - part if mixed else 0
    blend = drawn - voided - left
    if filled is None or not nets or blend <= 0:
        return Statement(
            drawn_ug=drawn,
            voided_ug=voided,
            trituration_left_ug=left,
            blend_ug=blend,
            in_capsules_ug=None,
            lost_ug=None,
            lost_percent=None,
        )
    mean = EXACT.divide(sum(nets, start=Decimal(0)), Decimal(len(nets)))
    held = Mass(EXACT.multiply(mean, Decimal(filled))).rounded_to(Mass.of_micrograms(1)).micrograms
    return Statement(
        drawn_ug=drawn,
        voided_ug=voided,
        trituration_left_ug=left,
        blend_ug=blend,
        in_capsules_ug=held,
        lost_ug=blend - held,
        lost_percent=EXACT.divide(Decimal(100 * (blend - held)), Decimal(blend)),
    )
