"""Reading drawn labels and leaflets."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, defer

from pharmacy.kernel.refusals import NotFound
from pharmacy.labels.models import Label
from pharmacy.orders.models import Container


class LabelNotFound(NotFound):
    """There is no such label, or none that the caller may see."""

    code = "label-not-found"


def get(session: Session, label_id: UUID) -> Label:
    """Return a drawn document, void ones too. Raises LabelNotFound."""
    if (label := session.get(Label, label_id)) is None:
        raise LabelNotFound("there is no such label")
    return label


def of_order(session: Session, order_id: UUID) -> Sequence[Label]:
    """
    Return an order's documents that are not void, without their bytes: part 1 to leaflet.

    A label whose container was given up is not among them, even before the new ones are drawn.
    """
    return session.scalars(
        select(Label)
        .outerjoin(Container, Container.id == Label.container_id)
        .where(
            Label.order_id == order_id,
            Label.voided_at.is_(None),
            Container.voided_at.is_(None),
        )
        .options(defer(Label.pdf))
        .order_by(Container.part_no.nulls_last())
    ).all()


def next_copy_no(session: Session, container_id: UUID) -> int:
    """Return the number of a container's next piece of paper: 1 while it had no label."""
    newest = select(func.max(Label.newest_copy_no)).where(Label.container_id == container_id)
    return (session.scalar(newest) or 0) + 1
