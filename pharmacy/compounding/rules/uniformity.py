"""
Uniformity of dosage units, USP <905>: the acceptance value of 10, then 30, capsules.

LDN capsules are about 2 % drug, so their contents must be assayed: their weights prove little
(domain.md rule 4). Weight variation is here for batches in which every fill is one blend.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from pharmacy.compounding.rules.weights import SampleTooSmall, Spread, Verdict, spread
from pharmacy.kernel.quantities import EXACT
from pharmacy.kernel.refusals import Invalid

FIRST_SAMPLE: Final = 10
WHOLE_SAMPLE: Final = 30
FACTORS: Final = {FIRST_SAMPLE: Decimal("2.4"), WHOLE_SAMPLE: Decimal("2.0")}
L1: Final = Decimal("15.0")
L2: Final = Decimal("25.0")
LOWEST_REFERENCE: Final = Decimal("98.5")
HIGHEST_REFERENCE: Final = Decimal("101.5")
POTENCY: Final = (Decimal("90.0"), Decimal("110.0"))
"""Per cent of the label that a composite assay must be within."""


class ContentImpossible(Invalid):
    """A content is a per cent of the label, not below zero."""

    code = "content-impossible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """The acceptance value, how it came about, and what follows."""

    verdict: Verdict
    spread: Spread
    reference: Decimal
    """M: the mean, drawn into 98.5 to 101.5 %."""
    value: Decimal
    outside: int
    """Of 30: contents more than 25 % from the reference. None is allowed."""


def acceptance(contents: Sequence[Decimal], *, target: Decimal = Decimal(100)) -> Acceptance:
    """
    Return the acceptance value of 10 or 30 contents, in per cent of the label.

    Args:
        target: T, the mean of the monograph's limits, per cent.

    Raises:
        SampleTooSmall: Neither 10 nor 30.
        ContentImpossible: A content is below zero.

    Source: domain.md 2.10, V23 and V24.
    """
    if len(contents) not in FACTORS:
        raise SampleTooSmall("this test takes 10 capsules, then 30", count=len(contents))
    if any(content < 0 for content in contents):
        raise ContentImpossible("a content is not below zero")
    found = spread(contents)
    reference = min(max(found.mean, LOWEST_REFERENCE), max(HIGHEST_REFERENCE, target))
    value = EXACT.add(
        abs(EXACT.subtract(reference, found.mean)),
        EXACT.multiply(FACTORS[len(contents)], found.deviation),
    )
    furthest = EXACT.divide(EXACT.multiply(L2, reference), Decimal(100))
    outside = sum(1 for each in contents if abs(EXACT.subtract(each, reference)) > furthest)
    if len(contents) == FIRST_SAMPLE:
        verdict = Verdict.PASSED if value <= L1 else Verdict.MORE
    else:
        verdict = Verdict.PASSED if value <= L1 and outside == 0 else Verdict.FAILED
    return Acceptance(
        verdict=verdict, spread=found, reference=reference, value=value, outside=outside
    )


def contents_by_weight(nets: Sequence[Decimal], *, assay_percent: Decimal) -> tuple[Decimal, ...]:
    """Return what each capsule would hold if its share of the blend were all that differs."""
    mean = spread(nets).mean
    return tuple(EXACT.divide(EXACT.multiply(assay_percent, net), mean) for net in nets)


def potency(assay_percent: Decimal) -> Verdict:
    """Judge a composite assay: 90.0 to 110.0 % of the label."""
    low, high = POTENCY
    return Verdict.PASSED if low <= assay_percent <= high else Verdict.FAILED
