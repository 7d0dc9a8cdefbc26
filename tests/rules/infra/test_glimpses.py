"""A look at a balance's display: also while the weight moves, and below zero."""

import pytest

from pharmacy.infra.balances import (
    BalanceNotUnderstood,
    BalanceOutOfRange,
    BalanceUnsteady,
    Glimpse,
    Network,
    glimpse_continuous,
    glimpse_of_continuous,
    glimpse_of_sics,
    glimpse_sics,
)
from pharmacy.kernel.quantities import mg
from pharmacy.local.balance import BalanceSimulator


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("S S     0.4690 g", Glimpse(mg("469"), is_steady=True)),
        ("S D     0.4512 g", Glimpse(mg("451.2"), is_steady=False)),
        ("S D    -0.0120 g", Glimpse(mg("-12"), is_steady=False)),
    ],
)
def test_mt_sics_shows_a_weight_while_it_moves(line: str, shown: Glimpse) -> None:
    assert glimpse_of_sics(line) == shown


@pytest.mark.parametrize(
    ("line", "refusal"),
    [("S I", BalanceUnsteady), ("S +", BalanceOutOfRange), ("ES", BalanceNotUnderstood)],
)
def test_mt_sics_that_shows_no_weight_is_said(line: str, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        glimpse_of_sics(line)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("ST,NT,+   0.4690 g", Glimpse(mg("469"), is_steady=True)),
        ("US,NT,+   0.4512 g", Glimpse(mg("451.2"), is_steady=False)),
    ],
)
def test_continuous_output_shows_a_weight_while_it_moves(line: str, shown: Glimpse) -> None:
    assert glimpse_of_continuous(line) == shown


def test_a_balance_is_looked_at_in_both_languages() -> None:
    for continuous, look in ((False, glimpse_sics), (True, glimpse_continuous)):
        with BalanceSimulator(continuous=continuous) as simulator:
            simulator.put(mg("48"))
            assert look(Network("127.0.0.1", simulator.port)).mass == mg("48")
