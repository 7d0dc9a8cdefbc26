"""Everything that the second check compares: signed text, plan, vials, lots, labels, pictures."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.compounding import queries as compounding
from pharmacy.compounding.models import Batch, BatchTest, WeightKind
from pharmacy.inventory.models import CapsuleLot
from pharmacy.kernel.quantities import Mass
from pharmacy.labels import queries as labels
from pharmacy.labels.models import Label
from pharmacy.orders import queries as orders
from pharmacy.orders.models import Container, Order, OrderPicture
from pharmacy.prescriptions import queries as prescriptions
from pharmacy.prescriptions.models import Evidence, Prescription


@dataclass(frozen=True, slots=True)
class LotMade:
    """A lot in the order's vials, with the batch that it was made in, where it was made here."""

    lot: CapsuleLot
    batch: Batch | None
    weights: tuple[Mass, ...]
    """Of single capsules, in the order of weighing, of the batch's last round."""
    tests: dict[str, BatchTest]


@dataclass(frozen=True, slots=True)
class SecondCheck:
    """A packed order as a pharmacist compares it."""

    order: Order
    prescription: Prescription
    evidence: Evidence
    containers: tuple[Container, ...]
    lots: tuple[LotMade, ...]
    labels: tuple[Label, ...]
    pictures: tuple[OrderPicture, ...]

    def record(self) -> dict[str, Any]:
        """
        Return what a release attests: which signed bytes, vials, lots, labels and pictures.

        Who works on the order, and its version, are no part of it; what a patient would receive is.
        """
        order = self.order
        return {
            "order": str(order.id),
            "number": order.number,
            "signed_sha256": self.evidence.payload_sha256.hex(),
            "plan": _text(order.plan_id),
            "packed_by": _text(order.packed_by),
            "packed_at": _text(order.packed_at and order.packed_at.isoformat()),
            "vials": [_vial(each) for each in self.containers],
            "lots": [_lot(each) for each in self.lots],
            "labels": [[each.content_sha256.hex(), each.pdf_sha256.hex()] for each in self.labels],
            "pictures": [each.sha256.hex() for each in self.pictures],
        }

    def record_sha256(self) -> bytes:
        """Return the hash of the record, as JSON with sorted names and without spaces."""
        text = json.dumps(self.record(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).digest()


def second_check(session: Session, order_id: UUID) -> SecondCheck:
    """Return everything about an order that the second check compares. Raises OrderNotFound."""
    order = orders.get(session, order_id)
    prescription = prescriptions.get(session, order.prescription_id)
    containers = orders.containers(session, order_id)
    lot_ids = sorted({each.lot_id for each in containers})
    return SecondCheck(
        order=order,
        prescription=prescription,
        evidence=prescriptions.evidence(session, prescription.evidence_id),
        containers=tuple(containers),
        lots=tuple(lots_made(session, lot_ids)),
        labels=tuple(labels.of_order(session, order_id)),
        pictures=tuple(orders.pictures(session, order_id)),
    )


def lots_made(session: Session, lot_ids: Sequence[UUID]) -> list[LotMade]:
    """Return lots, by number, with what was weighed and tested when they were made."""
    found = select(CapsuleLot).where(CapsuleLot.id.in_(lot_ids)).order_by(CapsuleLot.lot_number)
    made = select(Batch).where(Batch.capsule_lot_id.in_(lot_ids))
    batch_of = {batch.capsule_lot_id: batch for batch in session.scalars(made)}
    return [_made(session, lot, batch_of.get(lot.id)) for lot in session.scalars(found)]


def _made(session: Session, lot: CapsuleLot, batch: Batch | None) -> LotMade:
    if batch is None:
        return LotMade(lot, None, (), {})
    weights = compounding.weights(session, batch, WeightKind.CAPSULE)
    return LotMade(lot, batch, tuple(weights), compounding.last_tests(session, batch))


def _vial(vial: Container) -> list[Any]:
    dates = [vial.first_dose_on.isoformat(), vial.last_dose_on.isoformat()]
    what = [vial.strength_ug, vial.capsules_per_dose, vial.quantity, vial.directions]
    scanned = vial.scanned_at and vial.scanned_at.isoformat()
    return [str(vial.id), str(vial.lot_id), *what, *dates, _text(scanned), _text(vial.scanned_by)]


def _lot(made: LotMade) -> list[Any]:
    lot = made.lot
    verdicts = {name: test.verdict for name, test in made.tests.items()}
    return [lot.lot_number, lot.status, lot.beyond_use_on.isoformat(), verdicts]


def _text(value: object) -> str | None:
    return str(value) if value is not None else None
