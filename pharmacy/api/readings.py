"""Weights as they come in: from a balance's wire, or typed by two people."""

from typing import Annotated

import msgspec
from msgspec import Meta

from pharmacy.compounding.models import Captured, WeightKind
from pharmacy.compounding.operations import Reading
from pharmacy.http.weights import captured
from pharmacy.infra.db import Database
from pharmacy.kernel import ids
from pharmacy.kernel.quantities import mg

Weight = Annotated[str, Meta(pattern=r"^[0-9]{1,9}(\.[0-9]{1,3})?$", examples=["469"])]


class ReadingBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which balance. Without a weight it is asked itself; a typed weight names a second reader."""

    balance: Annotated[str, Meta(examples=["bal_06b7k2m3n4p5q6r7s8t9v0w1x2"])]
    shown_mg: Weight | None = None
    second_reader: str | None = None


class WeightsBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Shells or capsules, each weighed by itself. Without weights the balance is asked for one."""

    kind: WeightKind
    balance: str
    shown_mg: Annotated[list[Weight], Meta(max_length=100)] = msgspec.field(default_factory=list)
    second_reader: str | None = None


def one_reading(db: Database, body: ReadingBody) -> Reading:
    """
    Return a typed weight, or ask the balance; no transaction is open while it settles.

    Raises:
        BalanceSilent, BalanceUnsteady, BalanceOutOfRange, BalanceNotUnderstood: See `balances`.
    """
    if body.shown_mg is not None:
        return _typed(body.balance, body.shown_mg, body.second_reader)
    return captured(db, ids.decode("bal", body.balance))


def readings(db: Database, body: WeightsBody) -> list[Reading]:
    """Return typed weights, or the one that the balance shows now. Raises as `one_reading`."""
    if body.shown_mg:
        return [_typed(body.balance, shown, body.second_reader) for shown in body.shown_mg]
    return [captured(db, ids.decode("bal", body.balance))]


def _typed(balance: str, shown: str, second: str | None) -> Reading:
    return Reading(
        balance_id=ids.decode("bal", balance),
        shown=mg(shown),
        captured=Captured.TYPED,
        second_by=ids.decode("acc", second) if second else None,
    )
