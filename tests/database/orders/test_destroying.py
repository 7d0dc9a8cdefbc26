"""What came back is destroyed by one person before another; nobody does it alone."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Container, Order
from pharmacy.orders.rules import Action, Status
from pharmacy.orders.rules.life import MoveNotAllowed
from pharmacy.orders.rules.returning import VialsNotBack, WitnessNeeded
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.factories.orders import Bench
from tests.factories.staff import make_account

LATER = NOW + timedelta(hours=2)


def known(bench: Bench) -> UUID:
    assert bench.pharmacist.id is not None
    return bench.pharmacist.id


def bring_back(bench: Bench, order: Order, *vials: Container) -> None:
    operations.return_(
        bench.session,
        order.id,
        reason="stopped",
        vial_ids=[each.id for each in vials] or None,
        by=bench.technician,
        now=NOW,
    )


def destroy(bench: Bench, order: Order, *vials: Container, witness: UUID | None = None) -> Order:
    return operations.destroy(
        bench.session,
        order.id,
        witness=witness or known(bench),
        vial_ids=[each.id for each in vials] or None,
        by=bench.technician,
        now=LATER,
    )


def test_a_return_is_written_down_at_once_and_destroyed_before_a_witness(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.HANDED_OVER)
    bring_back(bench, order)
    vials = queries.containers(session, order.id)
    assert queries.came_back(session, limit=9) == [(order.id, NOW, len(vials))]
    assert queries.with_vials_back(session, [order.id]) == {order.id}

    destroy(bench, order)

    assert order.status is Status.RETURNED
    assert {(each.returned_at, each.destroyed_at) for each in vials} == {(NOW, LATER)}
    assert {each.destroyed_by for each in vials} == {bench.technician.id}
    assert {each.witnessed_by for each in vials} == {bench.pharmacist.id}
    assert queries.came_back(session, limit=9) == []
    event = queries.last_event(session, order.id, Action.DESTROY)
    assert event is not None
    assert (event.by_id, event.facts["witness"]) == (bench.technician.id, str(known(bench)))
    assert event.facts["vials"] == [str(each.id) for each in vials]
    written = select(AuditEntry.action).where(AuditEntry.subject_id == order.id)
    assert "order.vials-destroyed" in session.scalars(written).all()


def test_of_two_vials_that_came_back_one_is_destroyed_and_the_other_waits(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.HANDED_OVER)
    first, second, *_ = queries.containers(session, order.id)
    bring_back(bench, order, first, second)

    destroy(bench, order, first)

    assert order.status is Status.HANDED_OVER
    assert queries.came_back(session, limit=9) == [(order.id, NOW, 1)]
    with pytest.raises(VialsNotBack):
        destroy(bench, order, first)
    destroy(bench, order, second)
    assert queries.came_back(session, limit=9) == []


def test_only_what_came_back_is_destroyed(bench: Bench, session: Session) -> None:
    order, other = bench.order(Status.HANDED_OVER), bench.order(Status.READY)
    first, second, *_ = queries.containers(session, order.id)
    bring_back(bench, order, first)

    with pytest.raises(VialsNotBack):
        destroy(bench, order, second)
    with pytest.raises(VialsNotBack):
        destroy(bench, order, first, second)
    with pytest.raises(MoveNotAllowed):
        destroy(bench, other)


@pytest.mark.parametrize("who", ["oneself", "an administrator", "somebody who left"])
def test_the_witness_is_another_who_may_hand_over(bench: Bench, session: Session, who: str) -> None:
    order = bench.order(Status.HANDED_OVER)
    bring_back(bench, order)
    technician = bench.technician.id
    assert technician is not None
    witness = {
        "oneself": technician,
        "an administrator": make_account(session, Role.ADMINISTRATOR).id,
        "somebody who left": make_account(session, Role.PHARMACIST, disabled_at=NOW).id,
    }[who]

    with pytest.raises(WitnessNeeded):
        destroy(bench, order, witness=witness)
    assert queries.came_back(session, limit=9) != []


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ("destroyed_at = now()", "destroyed before a witness"),
        ("destroyed_at = now(), destroyed_by = gen_random_uuid()", "destroyed before a witness"),
        (
            "destroyed_at = now(), destroyed_by = id, witnessed_by = id",
            "ck_containers_witness_is_another",
        ),
        (
            "destroyed_at = '2026-03-01', destroyed_by = id, witnessed_by = order_id",
            "ck_containers_destroyed_after_it_came_back",
        ),
        (
            "returned_at = null, destroyed_at = now(), destroyed_by = id, witnessed_by = order_id",
            "ck_containers_destroyed_after_it_came_back",
        ),
        ("destroyed_by = id, witnessed_by = order_id", "ck_containers_destruction_whole"),
    ],
)
def test_the_database_too_wants_a_witness_who_is_another(
    bench: Bench, session: Session, columns: str, constraint: str
) -> None:
    order = bench.order(Status.HANDED_OVER)
    bring_back(bench, order)
    session.flush()

    with pytest.raises(IntegrityError, match=constraint):
        session.execute(
            text(f"update containers set {columns} where order_id = :order"), {"order": order.id}
        )


def test_what_was_destroyed_stays_destroyed_and_its_witness_stays_named(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.HANDED_OVER)
    bring_back(bench, order)
    destroy(bench, order)
    session.flush()
    other = make_account(session, Role.PHARMACIST)

    for values in ({"destroyed_at": None}, {"witnessed_by": other.id}):
        with (
            pytest.raises(IntegrityError, match="stays destroyed"),
            session.begin_nested(),
        ):
            session.execute(update(Container).values(values))


def test_what_was_destroyed_before_witnesses_were_asked_for_stays_as_it_is(
    bench: Bench, session: Session
) -> None:
    """As the migration leaves it: destroyed when it came back, and no witness is known."""
    order = bench.order(Status.HANDED_OVER)
    bring_back(bench, order)
    session.flush()
    session.execute(text("set local session_replication_role = replica"))
    session.execute(text("update containers set destroyed_at = returned_at"))
    session.execute(text("set local session_replication_role = origin"))

    session.execute(update(Container).values(recalled_at=NOW))

    assert queries.came_back(session, limit=9) == []
