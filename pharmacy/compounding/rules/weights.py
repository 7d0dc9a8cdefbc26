"""
Acceptance of a batch by the weights and contents of its capsules.

Capsules are weighed one by one and judged by their net fill: a gross limit hides what a heavy
shell makes up for, and ten weighed together hide each other. Source: domain.md 2.10, rule 5.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import reduce
from typing import Final

from pharmacy.kernel.quantities import EXACT
from pharmacy.kernel.refusals import Invalid

SHELLS_TO_TARE: Final = 10
"""Empty shells of the lot in use, weighed the same day; shells differ with the weather."""
RELEASE_SAMPLE: Final = 10
HUNDRED: Final = Decimal(100)

EACH: Final = Decimal(10)
"""Per cent that one capsule may be from the theoretical weight, in most of the tests."""
MEAN: Final = Decimal(3)
"""Per cent that the mean may be from it."""
WIDE_SPREAD: Final = Decimal(4)

USP_SAMPLES: Final = {20: 2, 60: 6}
"""<2091>: the sample, and how many of it may be beyond 10 % of the mean."""
USP_MOST_FOR_MORE: Final = 6
USP_FAR: Final = Decimal(25)

IP_SAMPLE: Final = 20
IP_LIMITS: Final = (Decimal(10), Decimal("7.5"))
"""Below 300 mg of fill, and from there on."""
IP_LIGHT_FILL: Final = Decimal(300)
IP_MOST_BEYOND: Final = 2


class SampleTooSmall(Invalid):
    """The test needs more capsules or shells, each weighed by itself."""

    code = "sample-too-small"
    remedy = "Weigh the missing ones one by one; never several together."


class WeightImpossible(Invalid):
    """A weight is above zero, and a capsule is heavier than its empty shell."""

    code = "weight-impossible"
    remedy = "Weigh that capsule again."


class Verdict(StrEnum):
    """What a test says."""

    PASSED = "passed"
    FAILED = "failed"
    MORE = "more"
    """Take the larger sample of the next stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A sample's figures; deviations are in per cent of its mean."""

    count: int
    mean: Decimal
    deviation: Decimal
    """Standard deviation of the sample (n - 1)."""
    relative_percent: Decimal


def spread(values: Sequence[Decimal]) -> Spread:
    """Return mean and standard deviation of two values or more. Raises SampleTooSmall."""
    _require_sample(values, 2)
    mean = _mean(values)
    squares = [EXACT.power(EXACT.subtract(value, mean), Decimal(2)) for value in values]
    variance = EXACT.divide(reduce(EXACT.add, squares), Decimal(len(values) - 1))
    deviation = EXACT.sqrt(variance)
    relative = EXACT.divide(EXACT.multiply(HUNDRED, deviation), mean)
    return Spread(count=len(values), mean=mean, deviation=deviation, relative_percent=relative)


def net_weights(gross: Sequence[Decimal], shells: Sequence[Decimal]) -> tuple[Decimal, ...]:
    """
    Return each capsule's fill: its weight less the mean of ten or more empty shells.

    Raises:
        SampleTooSmall: Fewer shells than that.
        WeightImpossible: A capsule weighs no more than a shell.
    """
    _require_sample(shells, SHELLS_TO_TARE)
    tare = _mean(shells)
    nets = tuple(EXACT.subtract(weight, tare) for weight in gross)
    _require_positive(nets)
    return nets


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What the pharmacy's own release test found."""

    verdict: Verdict
    spread: Spread
    lowest_percent: Decimal
    """Of the theoretical net fill."""
    highest_percent: Decimal
    mean_percent: Decimal
    outside: tuple[int, ...]
    """Which capsules are outside the limits, counted from 0; they are not dispensed."""
    is_spread_wide: bool
    """An alert, not a failure: the relative standard deviation is above 4 %."""


def default_release(nets: Sequence[Decimal], *, theoretical: Decimal, batch_size: int) -> Release:
    """
    Judge a batch: every net fill 90 to 110 % of theoretical, the mean 97 to 103 %. (policy)

    Raises:
        SampleTooSmall: Fewer than ten capsules, or than all where the batch is smaller.
    """
    _require_sample(nets, min(RELEASE_SAMPLE, batch_size))
    _require_positive((*nets, theoretical))
    percents = [_percent_of(net, theoretical) for net in nets]
    outside = tuple(i for i, percent in enumerate(percents) if abs(percent - HUNDRED) > EACH)
    found = spread(nets)
    mean = _percent_of(found.mean, theoretical)
    passed = not outside and abs(mean - HUNDRED) <= MEAN
    return Release(
        verdict=Verdict.PASSED if passed else Verdict.FAILED,
        spread=found,
        lowest_percent=min(percents),
        highest_percent=max(percents),
        mean_percent=mean,
        outside=outside,
        is_spread_wide=found.relative_percent > WIDE_SPREAD,
    )


def each_within_ten_percent(values: Sequence[Decimal], *, theoretical: Decimal) -> Verdict:
    """
    Judge by the older USP <795>, and by the release test that hospitals use: each unit within
    10 % of the theoretical weight.
    """
    _require_positive((*values, theoretical))
    within = all(_deviation_percent(value, theoretical) <= EACH for value in values)
    return Verdict.PASSED if within else Verdict.FAILED


def hospital_sample_size(batch_size: int) -> int:
    """Return 5 % of the batch or 10 capsules, whichever is less, and at least one."""
    return max(1, min(RELEASE_SAMPLE, -(-batch_size * 5 // 100)))


def maker_specification(nets: Sequence[Decimal], *, target: Decimal) -> Verdict:
    """Judge by the machine's maker: each within 10 % of the target fill, the mean within 3 %."""
    _require_positive((*nets, target))
    mean = _mean(nets)
    mean_ok = _deviation_percent(mean, target) <= MEAN
    each = each_within_ten_percent(nets, theoretical=target)
    return Verdict.PASSED if mean_ok and each is Verdict.PASSED else Verdict.FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """What USP <2091> says, at which of its stages."""

    verdict: Verdict
    stage: int
    over_ten: int = 0
    over_twenty_five: int = 0


def usp_2091(gross: Sequence[Decimal], nets: Sequence[Decimal]) -> Stages:
    """
    Judge 20 hard capsules, or 60 after the verdict MORE, by USP <2091>.

    Stage 1 asks every gross weight to be within 10 % of the mean. Stage 2 asks the net fills: at
    most 2 of 20 (6 of 60) beyond 10 % of their mean, and none beyond 25 %.

    Raises:
        SampleTooSmall: Neither 20 nor 60 of both.
    """
    if len(gross) not in USP_SAMPLES or len(nets) != len(gross):
        raise SampleTooSmall("this test takes 20 capsules, or 60", count=len(gross))
    _require_positive((*gross, *nets))
    first, whole = USP_SAMPLES
    if len(gross) == first and _beyond(gross, EACH) == 0:
        return Stages(verdict=Verdict.PASSED, stage=1)
    over_ten, over_far = _beyond(nets, EACH), _beyond(nets, USP_FAR)
    if over_far or over_ten > USP_MOST_FOR_MORE:
        verdict = Verdict.FAILED
    elif over_ten <= USP_SAMPLES[len(nets)]:
        verdict = Verdict.PASSED
    else:
        verdict = Verdict.MORE
    stage = 3 if len(nets) == whole else 2
    return Stages(verdict=verdict, stage=stage, over_ten=over_ten, over_twenty_five=over_far)


def ip_bp(nets: Sequence[Decimal]) -> Verdict:
    """
    Judge 20 capsules by IP and BP: at most 2 beyond the limit of their mean, none beyond twice it.

    The limit is 10 % for fills below 300 mg, and 7.5 % from there on.
    """
    _require_sample(nets, IP_SAMPLE)
    _require_positive(nets)
    light, heavy = IP_LIMITS
    limit = light if _mean(nets) < IP_LIGHT_FILL else heavy
    passed = _beyond(nets, limit) <= IP_MOST_BEYOND and _beyond(nets, limit * 2) == 0
    return Verdict.PASSED if passed else Verdict.FAILED


def _mean(values: Sequence[Decimal]) -> Decimal:
    return EXACT.divide(reduce(EXACT.add, values), Decimal(len(values)))


def _percent_of(value: Decimal, reference: Decimal) -> Decimal:
    return EXACT.divide(EXACT.multiply(HUNDRED, value), reference)


def _beyond(values: Sequence[Decimal], percent: Decimal) -> int:
    mean = _mean(values)
    return sum(1 for value in values if _deviation_percent(value, mean) > percent)


def _deviation_percent(value: Decimal, reference: Decimal) -> Decimal:
    return _percent_of(abs(EXACT.subtract(value, reference)), reference)


def _require_sample(values: Sequence[Decimal], least: int) -> None:
    if len(values) < least:
        raise SampleTooSmall(f"{len(values)} are fewer than {least}", least=least)


def _require_positive(values: Sequence[Decimal]) -> None:
    if not values or any(value <= 0 for value in values):
        raise WeightImpossible("every weight and fill is above zero")
