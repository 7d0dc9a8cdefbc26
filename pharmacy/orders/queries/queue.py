"""
The queue: who waits, the first due first, in pages that never shift.

Statuses are written into the statement rather than bound, so that the database sees that a page of
open orders needs only the small index of those, however many million are over. Filters that give
the same values share one statement, which is made once, whatever the values are.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import Session

from pharmacy.infra.db import among, plan_anew, written
from pharmacy.inventory.models import CapsuleLot, LotStatus
from pharmacy.orders.models import BatchRequest, Container, Hold, Order
from pharmacy.orders.queries.lines import QueueRow, with_context
from pharmacy.orders.rules import OPEN, Owner, Status
from pharmacy.patients.models import Patient
from pharmacy.staff.rules import Actor

Place = tuple[datetime, UUID]
"""Where an order stands in the queue: when it is due, and its id."""

LAST_LETTER: Final = "\U0010ffff"
"""Sorts behind whatever may follow a prefix."""


def lock_next(
    session: Session, statuses: Collection[Status], *, by: Actor, now: datetime
) -> Order | None:
    """Return the order due first that this person can work on, locked, passing others' locks."""
    found = _in_line(frozenset(statuses)).with_for_update(of=Order, skip_locked=True)
    found = found.execution_options(populate_existing=True)
    return session.scalars(found, {"by": by.id, "now": now}).one_or_none()


def peek_next(
    session: Session, statuses: Collection[Status], *, by: Actor, now: datetime
) -> Order | None:
    """Return the order that `lock_next` would give this person if they asked now."""
    found = _in_line(frozenset(statuses))
    return session.scalars(found, {"by": by.id, "now": now}).one_or_none()


@lru_cache
def _in_line(statuses: frozenset[Status]) -> Select[Order]:
    labeling, final_check = written(Status.LABELING), written(Status.FINAL_CHECK)
    return (
        select(Order)
        .where(
            in_statuses(sorted(statuses)),
            or_(Order.claimed_until.is_(None), Order.claimed_until <= bindparam("now")),
            ~_held(),
            or_(Order.status != labeling, Order.labeled_at.is_not(None)),
            or_(Order.status != final_check, Order.packed_by != bindparam("by")),
            or_(Order.status != written(Status.COMPOUNDING), ~_waits_for_capsules()),
        )
        .order_by(Order.due_at, Order.id)
        .limit(1)
    )


def _waits_for_capsules() -> ColumnElement[bool]:
    """A strength that the order asked for is still not there in that number."""
    free = (
        select(func.coalesce(func.sum(CapsuleLot.on_hand - CapsuleLot.reserved), 0))
        .where(
            CapsuleLot.strength_ug == BatchRequest.strength_ug,
            CapsuleLot.status == written(LotStatus.RELEASED),
            CapsuleLot.beyond_use_on >= Order.last_dose_on,
        )
        .correlate(BatchRequest, Order)
        .scalar_subquery()
    )
    return exists().where(
        BatchRequest.order_id == Order.id,
        BatchRequest.met_at.is_(None),
        BatchRequest.quantity > free,
    )


def _held(*of_kind: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Hold.order_id == Order.id, Hold.lifted_at.is_(None), *of_kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFilter:
    """Which part of the orders is shown. Every given value narrows it."""

    statuses: tuple[Status, ...] = OPEN
    held: bool | None = None
    hold_owner: Owner | None = None
    """Held, and this one must act: `prescriber` is the clarification queue."""
    hold_code: str | None = None
    claimed_by: UUID | None = None
    claimed_at: datetime | None = None
    """With a lease that still runs at this instant."""
    unclaimed_at: datetime | None = None
    not_packed_by: UUID | None = None
    """Without what this person packed, and so may not check."""
    due_before: datetime | None = None
    number: int | None = None
    """The Rx number, exactly."""
    family_prefix: str | None = None
    """The beginning of the patient's family name, in any case."""
    given_prefix: str | None = None
    birth_date: date | None = None
    lot_number: str | None = None
    """Of the capsules in a present vial, exactly."""
    order_ids: tuple[UUID, ...] | None = None
    """Of these only: what another room knows the order by, such as a tracking number."""
    newest_first: bool = False
    """The latest due first; for looking back rather than working on."""


class Shape(NamedTuple):
    """Which values a filter gives, whatever they are."""

    statuses: tuple[Status, ...]
    held: bool | None
    given: frozenset[str]


def _begins(column: Any, name: str) -> ColumnElement[bool]:
    """Compare beginnings as the index on names does: by character, in lower case."""
    prefix, whole = bindparam(name, type_=Text), func.lower(column)
    before = whole.op("~<~", precedence=9)  # binds as closely as `||` does
    return and_(whole.op("~>=~")(prefix), before(prefix + LAST_LETTER))


IN_VIAL: Final = (
    select(Container.order_id)
    .join(CapsuleLot, CapsuleLot.id == Container.lot_id)
    .where(CapsuleLot.lot_number == bindparam("lot_number"), Container.voided_at.is_(None))
)
OF_HOLD: Final = {
    "hold_owner": _held(Hold.owner == bindparam("hold_owner")),
    "hold_code": _held(Hold.code == bindparam("hold_code")),
}
OF_PATIENT: Final = {
    "family_prefix": _begins(Patient.family, "family_prefix"),
    "given_prefix": _begins(Patient.given, "given_prefix"),
    "birth_date": Patient.birth_date == bindparam("birth_date"),
}
SOUGHT: Final = {
    "number": Order.number == bindparam("number"),
    "lot_number": Order.id.in_(IN_VIAL),
}
"""What somebody looks for. Each begins at an index of its own."""
NARROWED_BY: Final = {
    "claimed_by": Order.claimed_by == bindparam("claimed_by"),
    "claimed_at": Order.claimed_until > bindparam("claimed_at"),
    "unclaimed_at": or_(
        Order.claimed_until.is_(None), Order.claimed_until <= bindparam("unclaimed_at")
    ),
    "not_packed_by": Order.packed_by.is_distinct_from(bindparam("not_packed_by")),
    "due_before": Order.due_at < bindparam("due_before"),
    **SOUGHT,
    "order_ids": among(Order.id, "order_ids"),
}
"""What each value of a filter asks of an order, beside what `OF_HOLD` and `OF_PATIENT` ask."""


def queue(
    session: Session, only: QueueFilter, *, after: Place | None = None, limit: int
) -> list[QueueRow]:
    """
    Return orders, the one due first first; `limit` and one more where there are more.

    Args:
        after: Due time and id of the last row of the page before, of the same filter.
    """
    return with_context(session, orders_in(session, only, after=after, limit=limit))


def orders_in(
    session: Session, only: QueueFilter, *, after: Place | None = None, limit: int
) -> Sequence[Order]:
    """Return the orders of a page without what `with_context` adds. Arguments as of `queue`."""
    values = _values(only)
    if not values.keys().isdisjoint({**SOUGHT, **OF_PATIENT}):
        plan_anew(session)
    found = _page(_shape(only, values), only.newest_first, after is not None)
    return session.scalars(found, values | _at("after", after) | {"most": limit + 1}).all()


def members(
    session: Session,
    only: QueueFilter,
    *,
    after: Place | None = None,
    until: Place | None = None,
    limit: int,
) -> set[UUID]:
    """
    Return which orders are part of a page now, `limit` at most.

    Args:
        after: As of `queue`.
        until: Due time and id of the last row of the page; None for a page that is the last one.
    """
    values = _values(only)
    found = _members(_shape(only, values), after is not None, until is not None)
    places = _at("after", after) | _at("until", until)
    return set(session.scalars(found, values | places | {"most": limit}))


def came_before(
    session: Session,
    only: QueueFilter,
    place: Place,
    *,
    since: datetime,
    limit: int,
) -> int:
    """
    Count the orders that came to their status since an instant and stand before a page, `limit` at
    most. What stands after a page is met on the way there.

    Args:
        place: After which row the page begins.
    """
    values = _values(only)
    key = tuple_(Order.due_at, Order.id)
    sooner = select(Order.id).where(key <= place, Order.status_since > since)
    found = sooner.where(*_conditions(_shape(only, values))).limit(limit).subquery()
    return session.scalar(select(func.count()).select_from(found), values) or 0


def versions(session: Session, order_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how often each of these orders was changed."""
    found = session.execute(select(Order.id, Order.version).where(among(Order.id, order_ids)))
    return {row.id: row.version for row in found}


def in_statuses(statuses: Collection[Status]) -> ColumnElement[bool]:
    """Return the condition on the status, its values as constants of the statement."""
    return Order.status.in_([written(each) for each in statuses])


def _values(only: QueueFilter) -> dict[str, Any]:
    """Return what a filter gives, as its statement takes it."""
    values = {name: getattr(only, name) for name in (*NARROWED_BY, *OF_HOLD, *OF_PATIENT)}
    for name in ("family_prefix", "given_prefix"):
        if values[name] is not None:
            values[name] = values[name].strip().lower()
    if only.order_ids is not None:
        values["order_ids"] = [*only.order_ids]
    return {name: value for name, value in values.items() if value is not None}


def _shape(only: QueueFilter, values: dict[str, Any]) -> Shape:
    return Shape(only.statuses, only.held, frozenset(values))


def _at(name: str, place: Place | None) -> dict[str, Any]:
    """Return a place as `_place` takes it."""
    return {f"{name}_due": place[0], f"{name}_id": place[1]} if place else {}


def _place(name: str) -> ColumnElement[Any]:
    return tuple_(
        bindparam(f"{name}_due", type_=Order.due_at.type),
        bindparam(f"{name}_id", type_=Order.id.type),
    )


@lru_cache
def _page(shape: Shape, newest_first: bool, goes_on: bool) -> Select[Order]:
    """Return the statement that reads a page of orders."""
    found = select(Order).where(*_conditions(shape)).limit(bindparam("most", type_=Integer))
    if newest_first:
        found = found.order_by(Order.due_at.desc(), Order.id.desc())
    else:
        found = found.order_by(Order.due_at, Order.id)
    if goes_on:
        place, after = tuple_(Order.due_at, Order.id), _place("after")
        found = found.where(place < after if newest_first else place > after)
    return found


@lru_cache
def _members(shape: Shape, begins: bool, ends: bool) -> Select[UUID]:
    """Return the statement that reads which orders are part of a page."""
    place = tuple_(Order.due_at, Order.id)
    found = select(Order.id).where(*_conditions(shape)).order_by(Order.due_at, Order.id)
    if begins:
        found = found.where(place > _place("after"))
    if ends:
        found = found.where(place <= _place("until"))
    return found.limit(bindparam("most", type_=Integer))


def _conditions(shape: Shape) -> list[ColumnElement[bool]]:
    conditions = [in_statuses(shape.statuses), *_of_holds(shape)]
    conditions += [asks for name, asks in NARROWED_BY.items() if name in shape.given]
    patient = [asks for name, asks in OF_PATIENT.items() if name in shape.given]
    if patient:
        conditions.append(Order.patient_id.in_(select(Patient.id).where(*patient)))
    return conditions


def _of_holds(shape: Shape) -> list[ColumnElement[bool]]:
    """
    Return the conditions on an order's holds.

    "is true" keeps the database from beginning at the holds where an index of open orders gives
    the page in its order: it takes held orders for rare, read a thousand and sorted them.
    """
    asked = [asks for name, asks in OF_HOLD.items() if name in shape.given]
    if shape.held is False:
        return [~_held(), *asked]
    if shape.held and not asked:
        asked = [_held()]
    return [each.is_(True) for each in asked] if {*shape.statuses} <= {*OPEN} else asked
