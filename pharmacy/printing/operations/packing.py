"""Packing: the scan of a container's code is the proof that its label is on paper."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.kernel import ids
from pharmacy.kernel.refusals import Conflict
from pharmacy.labels.models import Label, LabelKind
from pharmacy.orders import operations as orders
from pharmacy.orders.models import Order
from pharmacy.orders.rules.gates import LabelsMissing
from pharmacy.printing import queries
from pharmacy.printing.models import LabelCopy
from pharmacy.printing.operations.steps import take
from pharmacy.printing.rules import CopyState, CopyStep, ScannedCode
from pharmacy.staff.rules import Actor


class CopyVoid(Conflict):
    """The scanned label was replaced by a later copy."""

    code = "label-copy-void"
    remedy = "Take this label off and destroy it; use the newest copy and scan that."


class CopyUnknown(Conflict):
    """The code is of a copy that was never asked for, or is just being printed."""

    code = "label-copy-unknown"
    remedy = "Wait until it is printed; if it is on paper already, tell a pharmacist."


class LabelsUnconfirmed(Conflict):
    """A container's newest label was not scanned."""

    code = "labels-unconfirmed"
    remedy = "Scan the newest label of each container that is named."


class LeafletUnprinted(Conflict):
    """The leaflet was sent to a printer, and nobody knows that it came out."""

    code = "leaflet-not-printed"
    remedy = (
        "Look at the printer. If the leaflet is there, say on the page of its copy that you have it"
        " in hand; else have it printed again."
    )


class Scan(NamedTuple):
    """A copy whose code was scanned."""

    copy: LabelCopy
    before: datetime | None
    """When the same code was last scanned. None: never."""


def confirm(session: Session, scanned: str, *, by: Actor, now: datetime) -> Scan:
    """
    Confirm one copy by its code: after a reprint, or as labels come out. A copy may be scanned
    again; that it was scanned before is said, since a printer may have made two of it.

    Raises:
        CodeUnreadable, CopyVoid, CopyUnknown.
    """
    code = ScannedCode.read(scanned)
    label = session.scalars(
        select(Label).where(
            Label.container_id == ids.decode("ctr", code.container), Label.voided_at.is_(None)
        )
    ).one_or_none()
    if label is None:
        raise CopyUnknown("this label is of no present container", copy_no=code.copy_no)
    found = _confirm(session, label, code.copy_no, by=by, now=now)
    session.flush()
    return found


def require_confirmed(session: Session, order_id: UUID) -> None:
    """Raise LabelsUnconfirmed unless the newest label of every container was scanned."""
    open_ones = session.scalars(
        select(Label.container_id)
        .outerjoin(
            LabelCopy, (LabelCopy.label_id == Label.id) & (LabelCopy.state == CopyState.CONFIRMED)
        )
        .where(
            Label.order_id == order_id,
            Label.kind == LabelKind.CONTAINER,
            Label.voided_at.is_(None),
            LabelCopy.id.is_(None),
        )
    ).all()
    if open_ones:
        codes = [ids.encode("ctr", each) for each in open_ones if each is not None]
        raise LabelsUnconfirmed("a container's newest label was not scanned", containers=codes)


def require_leaflet_printed(session: Session, order_id: UUID) -> None:
    """
    Raise LeafletUnprinted where a copy of the leaflet was asked for and is not known to be out.

    Its printer says so, or somebody who has it in hand. A workplace without a page printer prints
    it from the order's page, of which the ledger knows nothing.
    """
    open_one = session.scalars(
        select(LabelCopy)
        .join(Label, Label.id == LabelCopy.label_id)
        .where(
            LabelCopy.order_id == order_id,
            Label.kind == LabelKind.LEAFLET,
            Label.voided_at.is_(None),
            LabelCopy.state.not_in([CopyState.PRINTED, CopyState.CONFIRMED, CopyState.VOID]),
        )
    ).one_or_none()
    if open_one is not None:
        copy = ids.encode("cpy", open_one.id)
        raise LeafletUnprinted("the leaflet is not known to be printed", copy=copy)


def pack(
    session: Session, order_id: UUID, *, scanned: Sequence[str], by: Actor, now: datetime
) -> Order:
    """
    Confirm the scanned copies, and record that every container of the order is packed.

    A label that was printed by hand from the stored document has no copy in the ledger yet: its
    scan enters it.

    Raises:
        CodeUnreadable, CopyVoid, CopyUnknown: Of a single code.
        Else as `orders.operations.pack`.
    """
    codes = [ScannedCode.read(each) for each in scanned]
    order = orders.pack(
        session, order_id, scanned=[each.container for each in codes], by=by, now=now
    )
    labels = {label.container_id: label for label in _labels(session, order_id)}
    for code in codes:
        label = labels.get(ids.decode("ctr", code.container))
        if label is None:
            raise LabelsMissing("the labels of this order are not drawn yet")
        _confirm(session, label, code.copy_no, by=by, now=now)
    session.flush()
    return order


def _labels(session: Session, order_id: UUID) -> Sequence[Label]:
    return session.scalars(
        select(Label).where(
            Label.order_id == order_id,
            Label.kind == LabelKind.CONTAINER,
            Label.voided_at.is_(None),
        )
    ).all()


def _confirm(session: Session, label: Label, copy_no: int, *, by: Actor, now: datetime) -> Scan:
    copy = queries.living_copy(session, label.id)
    if copy is None and copy_no == label.newest_copy_no:
        copy = LabelCopy(
            id=ids.new_id(),
            label_id=label.id,
            order_id=label.order_id,
            copy_no=copy_no,
            state=CopyState.QUEUED,
            asked_by=by.id,
            asked_at=now,
            tries=0,
        )
        session.add(copy)
        session.flush()
    if copy_no < label.newest_copy_no:
        newest = label.newest_copy_no
        raise CopyVoid("this copy of the label is void", copy_no=copy_no, newest=newest)
    if copy is None or copy_no > copy.copy_no or copy.state is CopyState.SENDING:
        raise CopyUnknown("this copy of the label was not printed", copy_no=copy_no)
    before = copy.confirmed_at if copy.state is CopyState.CONFIRMED else None
    copy.confirmed_at, copy.confirmed_by = now, by.id
    take(session, copy, CopyStep.CONFIRM, by=by, now=now)
    return Scan(copy, before)
