"""One's own views of the queue: nine at most, in one's own order, nobody else's business."""

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.orders import operations, queries
from pharmacy.orders.models import QueueView
from pharmacy.orders.rules.own_views import (
    QueueViewNameTaken,
    QueueViewNotFound,
    QueueViewsFull,
)
from pharmacy.staff.rules import Actor, Role
from tests.conftest import NOW
from tests.factories.staff import make_actor

LATE = {"view": "all", "due": "late"}


@pytest.fixture
def kim(session: Session) -> Actor:
    return make_actor(session, Role.TECHNICIAN)


def keep(session: Session, by: Actor, *names: str) -> list[QueueView]:
    return [operations.keep_view(session, name, LATE, by=by, now=NOW) for name in names]


def names(session: Session, by: Actor) -> list[tuple[int, str]]:
    assert by.id is not None
    return [(each.place, each.name) for each in queries.own_views(session, by.id)]


def test_views_stand_as_they_are_put(session: Session, kim: Actor) -> None:
    _, _, third = keep(session, kim, "Late", "Mine today", "Held")

    operations.move_view(session, third.id, by=kim, now=NOW)
    operations.move_view(session, third.id, by=kim, now=NOW)
    operations.move_view(session, third.id, by=kim, now=NOW)  # it is the first already

    assert names(session, kim) == [(1, "Held"), (2, "Late"), (3, "Mine today")]


def test_a_removed_view_leaves_no_gap(session: Session, kim: Actor) -> None:
    first, _, _ = keep(session, kim, "Late", "Mine today", "Held")

    operations.remove_view(session, first.id, by=kim, now=NOW)

    assert names(session, kim) == [(1, "Mine today"), (2, "Held")]


def test_there_are_as_many_as_keys(session: Session, kim: Actor) -> None:
    keep(session, kim, *"abcdefghi")

    with pytest.raises(QueueViewsFull):
        keep(session, kim, "j")
    other = make_actor(session, Role.TECHNICIAN)
    keep(session, other, "a")
    session.add(QueueView(account_id=kim.id, place=10, name="j", filters={}))
    with pytest.raises(IntegrityError, match="ck_queue_views_place_known"):
        session.flush()


def test_two_views_of_one_person_have_two_names(session: Session, kim: Actor) -> None:
    _, second = keep(session, kim, "Late", "Held")

    with pytest.raises(QueueViewNameTaken):
        keep(session, kim, "LATE")
    with pytest.raises(QueueViewNameTaken):
        operations.rename_view(session, second.id, "late", by=kim, now=NOW)
    operations.rename_view(session, second.id, "HELD", by=kim, now=NOW)
    assert names(session, kim)[1] == (2, "HELD")


def test_nobody_touches_anothers_view(session: Session, kim: Actor) -> None:
    [mine] = keep(session, kim, "Late")
    other = make_actor(session, Role.PHARMACIST)

    with pytest.raises(QueueViewNotFound):
        operations.rename_view(session, mine.id, "Ours", by=other, now=NOW)
    with pytest.raises(QueueViewNotFound):
        operations.move_view(session, mine.id, by=other, now=NOW)
    with pytest.raises(QueueViewNotFound):
        operations.remove_view(session, mine.id, by=other, now=NOW)
