"""What balances of the pharmacy show: a weight for the record, or a look at the display."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from pharmacy.compounding import queries
from pharmacy.compounding.models import Balance, Captured, Protocol
from pharmacy.compounding.operations import Reading
from pharmacy.infra import balances
from pharmacy.infra.balances import Address, BalanceSilent, Glimpse, Network, SerialPort, Shown
from pharmacy.infra.db import Database


@dataclass(frozen=True, slots=True)
class Speech:
    """How a protocol is spoken."""

    read: Callable[[Address], Shown]
    glimpse: Callable[[Address], Glimpse]


SPOKEN: Final = {
    Protocol.MT_SICS: Speech(balances.read_sics, balances.glimpse_sics),
    Protocol.CONTINUOUS: Speech(balances.read_continuous, balances.glimpse_continuous),
}


def wire_of(balance: Balance) -> Address | None:
    """Return where a balance answers; None for one without a wire."""
    if balance.host is not None and balance.port is not None:
        return Network(balance.host, balance.port)
    if balance.device is not None and balance.baud is not None:
        return SerialPort(balance.device, balance.baud)
    return None


def captured(db: Database, balance_id: UUID) -> Reading:
    """
    Ask a balance for its next stable weight; no transaction is open while it settles.

    Raises:
        BalanceSilent, BalanceUnsteady, BalanceOutOfRange, BalanceNotUnderstood: See `balances`.
    """
    with db.transaction() as session:
        balance = queries.get_balance(session, balance_id)
        wire = wire_of(balance)
    if wire is None:
        raise BalanceSilent("this balance has no wire")
    shown = SPOKEN[balance.protocol].read(wire)
    return Reading(
        balance_id=balance.id, shown=shown.mass, captured=Captured.BALANCE, raw=shown.raw
    )


def glimpsed(balance: Balance) -> Glimpse:
    """Look at a balance's display, with no transaction open. Raises as `captured`."""
    wire = wire_of(balance)
    if wire is None:
        raise BalanceSilent("this balance has no wire")
    return SPOKEN[balance.protocol].glimpse(wire)
