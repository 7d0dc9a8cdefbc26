"""Ordering a fill again whose order was cancelled or rejected."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.kernel.ids import encode
from pharmacy.kernel.jobs import JobKind
from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.orders.operations.intake import (
    RECEIVED,
    FillAlreadyOrdered,
    FillNotAuthorised,
    received,
)
from pharmacy.orders.operations.reasons import because, reason_of_end
from pharmacy.orders.operations.reviewing import require_prescription
from pharmacy.orders.operations.steps import lock_for, look_ahead, remember, take
from pharmacy.orders.rules import Action
from pharmacy.orders.rules.parts import OrderKind
from pharmacy.orders.rules.reasons import Purpose
from pharmacy.orders.rules.reordering import FillDivided, NotTheFillItself, require_not_voided
from pharmacy.practice import queries as practice
from pharmacy.staff.rules import Actor
from pharmacy.titration import operations as titration


def reorder(
    session: Session, order_id: UUID, *, reason: str, words: str = "", by: Actor, now: datetime
) -> Order:
    """
    Order a fill again whose order was cancelled or rejected. Returns the order that it has now.

    It is the same fill of the same prescription, whole and from its first night, under a number of
    its own; nothing that was checked, approved or made before counts for it. The ended order stays
    on record as it ended.

    Args:
        reason: A code in use; see `reasons.because`.

    Raises:
        MoveNotAllowed: The order was neither cancelled nor rejected.
        PrescriptionOver: It was cancelled, or is not valid today.
        NotTheFillItself, PrescriptionVoided, FillAlreadyOrdered, FillDivided, FillNotAuthorised:
            See `require_reorderable`.
    """
    ended = lock_for(session, order_id, by)
    look_ahead(session, ended, Action.REORDER, by=by, now=now)
    code = because(session, Purpose.REORDER, reason, words)
    queries.lock_fill(session, ended)
    require_reorderable(session, ended, now=now)
    titration.withdraw(session, ended.prescription_id, ended.fill_no, by=by, now=now)
    opened = _open_again(session, ended, by=by, now=now)
    facts = {"code": code, "ordered_again": str(opened.id)}
    take(session, ended, Action.REORDER, by=by, now=now, reason=words or None, facts=facts)
    return opened


def require_reorderable(session: Session, ended: Order, *, now: datetime) -> None:
    """
    Raise unless the fill of an order that was cancelled or rejected can be ordered again.

    Raises:
        PrescriptionOver: It was cancelled, or is not valid today.
        NotTheFillItself: It was a part of the fill, or a replacement.
        PrescriptionVoided: The reason of its end was that of the prescription's too.
        FillAlreadyOrdered: The fill has another order.
        FillDivided: A part of it stands.
        FillNotAuthorised: A replacement was counted as this fill meanwhile.
    """
    require_prescription(session, ended, practice.site(session), now)
    if ended.kind is not OrderKind.FILL:
        of = ended.of_order_id
        raise NotTheFillItself(f"this was a {ended.kind}", order=encode("ord", of) if of else None)
    require_not_voided(ended.status, reason_of_end(session, ended))
    for each in queries.parts(session, ended):
        facts = {"order": encode("ord", each.id), "number": each.number}
        if each.kind is OrderKind.FILL:
            raise FillAlreadyOrdered(f"this fill has the order Rx {each.number}", **facts)
        raise FillDivided(f"Rx {each.number} is for a part of this fill", **facts)
    counted = queries.fills_counted(session, ended.prescription_id)
    if ended.fill_no + counted > ended.authorised_fills:
        raise FillNotAuthorised(
            "replacements were counted as the fills that were left",
            fill_no=ended.fill_no,
            authorised=ended.authorised_fills,
        )


def _open_again(session: Session, ended: Order, *, by: Actor, now: datetime) -> Order:
    opened = Order(
        **received(
            session,
            ended.prescription_id,
            fill_no=ended.fill_no,
            authorised_fills=ended.authorised_fills,
            patient_id=ended.patient_id,
            npi=ended.npi,
            policy=practice.policy(session),
            now=now,
        ),
        kind=OrderKind.FILL,
        supplement_no=queries.family(session, ended)[-1].supplement_no + 1,
        of_order_id=ended.id,
    )
    session.add(opened)
    session.flush()
    facts = {"fill_no": ended.fill_no, "kind": OrderKind.FILL, "of": str(ended.id)}
    remember(session, opened, RECEIVED, None, by=by, now=now, facts=facts)
    jobs.add(session, JobKind.CHECK_ORDER, ref_id=opened.id)
    return opened
