"""Keeping, naming, ordering and removing one's own views of the queue."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.orders import queries
from pharmacy.orders.models import QueueView
from pharmacy.orders.rules.own_views import (
    QueueViewNameTaken,
    QueueViewNotFound,
    first_free,
)
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import Actor


def keep_view(
    session: Session, name: str, filters: Mapping[str, str], *, by: Actor, now: datetime
) -> QueueView:
    """
    Keep a view of the queue under a name, after the person's others.

    Raises:
        QueueViewsFull, QueueViewNameTaken.
    """
    mine = _mine(session, by)
    place = first_free([each.place for each in mine])
    _require_new(mine, name)
    view = QueueView(account_id=by.id, place=place, name=name, filters=dict(filters))
    session.add(view)
    session.flush()
    _record(session, "queue-view.kept", view, by=by, now=now)
    return view


def rename_view(
    session: Session, view_id: UUID, name: str, *, by: Actor, now: datetime
) -> QueueView:
    """Give one's view another name. Raises QueueViewNotFound, QueueViewNameTaken."""
    mine = _mine(session, by)
    view = _one(mine, view_id)
    _require_new([each for each in mine if each is not view], name)
    view.name = name
    session.flush()
    _record(session, "queue-view.renamed", view, by=by, now=now)
    return view


def move_view(session: Session, view_id: UUID, *, by: Actor, now: datetime) -> None:
    """Let one's view change places with the one before it. Raises QueueViewNotFound."""
    mine = _mine(session, by)
    view = _one(mine, view_id)
    at = mine.index(view)
    if at > 0:
        before = mine[at - 1]
        before.place, view.place = view.place, before.place
        session.flush()
        _record(session, "queue-view.moved", view, by=by, now=now)


def remove_view(session: Session, view_id: UUID, *, by: Actor, now: datetime) -> None:
    """Forget one's view; those after it move up. Raises QueueViewNotFound."""
    mine = _mine(session, by)
    view = _one(mine, view_id)
    _record(session, "queue-view.removed", view, by=by, now=now)
    session.delete(view)
    for each in mine:
        if each.place > view.place:
            each.place -= 1
    session.flush()


def _mine(session: Session, by: Actor) -> list[QueueView]:
    """Return a person's views in order; one at a time may change them."""
    assert by.id is not None, "only people have views"
    staff.lock(session, by.id)
    return queries.own_views(session, by.id)


def _one(mine: list[QueueView], view_id: UUID) -> QueueView:
    for each in mine:
        if each.id == view_id:
            return each
    raise QueueViewNotFound("you keep no such view")


def _require_new(others: list[QueueView], name: str) -> None:
    if name.lower() in {each.name.lower() for each in others}:
        raise QueueViewNameTaken("you call another view so", field="name")


def _record(session: Session, action: str, view: QueueView, *, by: Actor, now: datetime) -> None:
    audit.record(
        session,
        action,
        by=by,
        at=now,
        subject_kind="queue-view",
        subject_id=view.id,
        detail={"place": view.place},
    )
