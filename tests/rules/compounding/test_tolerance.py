"""Verdicts of weighings: limits inclusive, a word and a sign."""

from decimal import Decimal

import pytest

from pharmacy.compounding.rules.tolerance import (
    WeighingVerdict,
    WeightNotShown,
    judge,
    require_shown,
    tolerance,
)
from pharmacy.compounding.rules.weighing import CLASS_III
from pharmacy.kernel.quantities import mg


def test_the_tolerance_is_one_per_cent_or_one_step() -> None:
    """domain.md 7.4: +-1 % or +-d."""
    assert tolerance(mg(469), balance=CLASS_III, percent=Decimal(1)) == mg("4.69")
    assert tolerance(mg(50), balance=CLASS_III, percent=Decimal(1)) == mg(1)


@pytest.mark.parametrize(
    ("shown", "verdict", "words"),
    [
        ("464.31", WeighingVerdict.WITHIN, "\N{CHECK MARK} within"),
        ("473.69", WeighingVerdict.WITHIN, "\N{CHECK MARK} within"),
        ("464.3", WeighingVerdict.TOO_LITTLE, "\N{BLACK DOWN-POINTING TRIANGLE} too little"),
        ("473.7", WeighingVerdict.TOO_MUCH, "\N{BLACK UP-POINTING TRIANGLE} too much"),
    ],
)
def test_limits_are_within(shown: str, verdict: WeighingVerdict, words: str) -> None:
    judged = judge(mg(shown), target=mg(469), within=mg("4.69"))

    assert (judged.verdict, judged.words) == (verdict, words)


@pytest.mark.parametrize("shown", ["0", "-1", "469.5"])
def test_a_balance_shows_whole_steps_above_zero(shown: str) -> None:
    with pytest.raises(WeightNotShown):
        require_shown(mg(shown), balance=CLASS_III)
