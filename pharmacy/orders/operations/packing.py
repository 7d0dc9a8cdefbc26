"""From drawn labels to a checked parcel."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.inventory.models import CapsuleLot
from pharmacy.kernel.ids import encode
from pharmacy.orders import queries
from pharmacy.orders.models import Container, Order
from pharmacy.orders.operations.checking import (
    ask_about_prescriber,
    reasons_of,
    screen_again,
    unsettled,
)
from pharmacy.orders.operations.holding import lift_what_no_longer_applies
from pharmacy.orders.operations.picturing import require_picture
from pharmacy.orders.operations.reasons import because
from pharmacy.orders.operations.reviewing import require_findings_decided, require_prescription
from pharmacy.orders.operations.steps import lock_for, look_ahead, take
from pharmacy.orders.rules import MOVES, Action, Origin
from pharmacy.orders.rules.gates import (
    GateClosed,
    LabelsMissing,
    LotsOut,
    PackedLot,
    lots_out,
    require_exactly,
)
from pharmacy.orders.rules.reasons import Purpose
from pharmacy.practice import queries as practice
from pharmacy.practice.rules import Policy
from pharmacy.prescriptions.models import Prescription
from pharmacy.staff.operations import unlocking
from pharmacy.staff.rules import WORKER, Actor, Attestation, require_second_person


def labeled(session: Session, order_id: UUID, *, now: datetime) -> Order:
    """
    Record that every label and the leaflet of the present containers are drawn.

    An order that was cancelled meanwhile stays as it is.
    """
    order = queries.lock(session, order_id)
    if order.status not in MOVES[Action.LABEL].paths:
        return order
    lift_what_no_longer_applies(session, order, Origin.LABELS, still=frozenset(), now=now)
    session.flush()
    take(session, order, Action.LABEL, by=WORKER, now=now)
    order.labeled_at = now
    return order


def pack(
    session: Session, order_id: UUID, *, scanned: Sequence[str], by: Actor, now: datetime
) -> Order:
    """
    Record that this person filled and labelled every container of the order, and no other.

    Args:
        scanned: The codes from the containers' labels, each once: `ctr_…`.

    Raises:
        LabelsMissing: The labels are not drawn yet.
        PictureMissing: The policy asks for a picture of the finished product first.
        PackMismatch: A container is missing, foreign or scanned twice.
    """
    order = lock_for(session, order_id, by)
    look_ahead(session, order, Action.PACK, by=by, now=now)
    if order.labeled_at is None:
        raise LabelsMissing("the labels of this order are not drawn yet")
    containers = queries.containers(session, order_id)
    require_picture(session, order, practice.policy(session))
    require_exactly(scanned, {encode("ctr", each.id) for each in containers})
    for each in containers:
        each.scanned_at, each.scanned_by = now, by.id
    order.packed_by, order.packed_at = by.id, now
    facts = {"containers": [str(each.id) for each in containers]}
    take(session, order, Action.PACK, by=by, now=now, facts=facts)
    return order


def release(
    session: Session, order_id: UUID, *, attestation: Attestation, by: Actor, now: datetime
) -> Order:
    """
    Record the final check: by a pharmacist who did not pack it, on evidence of today.

    Prescriber, licence, exclusion list and key are asked again unless the answers are younger than
    the policy; the fill is screened again and findings must be decided; every lot must be released
    and in date. The evidence is kept with the event, and the pharmacist's signature beside it; the
    database lets no order become ready without one.

    Args:
        attestation: Of the record of the second check, as `dispensing.operations.release` found it
            to be the present one.

    Raises:
        PictureMissing: The policy asks for a picture, and there is none of this packing.
        SecondPersonNeeded: Who packed it may not check it.
        GateClosed: What held at review holds no more. Ask for a re-check, which holds the order.
        LotsOut: Of these capsules it cannot leave: it is allocated anew, or cancelled.
        FindingsUndecided, PrescriptionOver: As at approval.
    """
    order = lock_for(session, order_id, by)
    look_ahead(session, order, Action.RELEASE, by=by, now=now)
    require_second_person(maker=order.packed_by, checker=by.id)
    require_picture(session, order, practice.policy(session))
    checks = require_still_true(session, order, now=now)
    lots = require_lots_usable(session, order)
    approval = unlocking.approve(
        session,
        meaning=Action.RELEASE,
        subject_kind="order",
        subject_id=order.id,
        attestation=attestation,
        by=by,
        now=now,
    )
    order.checked_by, order.checked_at = by.id, now
    facts = {"checks": checks, "lots": lots, "approval": str(approval.id)}
    take(session, order, Action.RELEASE, by=by, now=now, facts=facts)
    return order


def send_back(
    session: Session, order_id: UUID, *, reason: str, words: str = "", by: Actor, now: datetime
) -> Order:
    """
    Send a packed order back to the bench: it is packed, and scanned, again.

    Args:
        reason: A code in use; see `reasons.because`.
    """
    order = lock_for(session, order_id, by)
    facts = {
        "code": because(session, Purpose.SEND_BACK, reason, words),
        "packed_by": str(order.packed_by),
    }
    take(session, order, Action.SEND_BACK, by=by, now=now, reason=words or None, facts=facts)
    order.packed_by = order.packed_at = None
    for each in queries.containers(session, order_id):
        each.scanned_at = each.scanned_by = None
    return order


def require_still_true(session: Session, order: Order, *, now: datetime) -> list[str]:
    """
    Ask again what was true at the approval, and return the evidence about the prescriber.

    Asked as it is released and as it leaves, which may be weeks apart.

    Raises:
        PrescriptionOver, FindingsUndecided, GateClosed.
    """
    site, policy = practice.site_and_policy(session)
    prescription = require_prescription(session, order, site, now)
    screen_again(session, order, prescription, policy=policy, now=now)
    require_findings_decided(session, order)
    return _require_prescriber(session, order, prescription, policy=policy, now=now)


def require_lots_usable(session: Session, order: Order) -> list[str]:
    """Return the numbers of the order's lots. Raises LotsOut unless each may be given out."""
    packed = [_packed_lot(session, each) for each in queries.containers(session, order.id)]
    if out := lots_out(packed):
        raise LotsOut("a lot in this order may not be given out", lots=out)
    return sorted({lot.lot_number for lot in packed})


def _packed_lot(session: Session, container: Container) -> PackedLot:
    lot = session.get_one(CapsuleLot, container.lot_id, populate_existing=True)
    return PackedLot(lot.lot_number, lot.status, lot.beyond_use_on, container.last_dose_on)


def _require_prescriber(
    session: Session, order: Order, prescription: Prescription, *, policy: Policy, now: datetime
) -> list[str]:
    """Return the identifiers of today's evidence. Raises GateClosed."""
    verdict = ask_about_prescriber(session, prescription, policy=policy, now=now)
    if closed := unsettled(session, order, reasons_of(verdict)):
        raise GateClosed(
            "the prescriber's evidence does not allow this today",
            codes=sorted(reason.code for reason in closed),
        )
    return [str(row.id) for row in verdict.checks]
