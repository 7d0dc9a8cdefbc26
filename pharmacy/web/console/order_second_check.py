"""What the second check has on one screen: vials and labels, weights, pictures, signed text."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from pharmacy.compounding.models import Batch
from pharmacy.dispensing import queries as dispensing
from pharmacy.inventory.models import CapsuleLot
from pharmacy.orders import queries
from pharmacy.orders.models import Order, OrderPicture
from pharmacy.orders.rules import Status
from pharmacy.web.console.batch_page import Capsules, capsules_of


@dataclass(frozen=True, slots=True)
class Weighed:
    """A lot in the order's vials, with what its capsules weighed where it was made here."""

    lot: CapsuleLot
    batch: Batch | None
    capsules: Capsules | None
    verdicts: dict[str, str]
    """Of each test of the batch, by its name."""


@dataclass(frozen=True, slots=True)
class SecondCheck:
    """What the checker compares, beside the order's own page."""

    record_sha256: str
    """Of what is shown; the signature covers it. Empty before the order is packed."""
    lots: list[Weighed]
    pictures: Sequence[OrderPicture]


def second_check(session: Session, order: Order) -> SecondCheck:
    """Gather what the second check compares, once there is something to compare."""
    if order.status is Status.FINAL_CHECK:
        found = dispensing.second_check(session, order.id)
        lots = [_weighed(session, each) for each in found.lots]
        return SecondCheck(found.record_sha256().hex(), lots, found.pictures)
    if order.status in {Status.LABELING, Status.READY}:
        return SecondCheck("", [], queries.pictures(session, order.id))
    return SecondCheck("", [], [])


def _weighed(session: Session, made: dispensing.LotMade) -> Weighed:
    return Weighed(
        lot=made.lot,
        batch=made.batch,
        capsules=capsules_of(session, made.batch) if made.batch else None,
        verdicts={name: str(test.verdict) for name, test in made.tests.items()},
    )
