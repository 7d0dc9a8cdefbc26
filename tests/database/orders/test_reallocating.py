"""An order whose capsules cannot be given gets other ones, under the same number."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pharmacy.invariants import violations
from pharmacy.inventory import operations as inventory
from pharmacy.inventory.models import CapsuleMove, LotStatus, MoveKind
from pharmacy.labels import operations as labels
from pharmacy.labels import queries as drawn
from pharmacy.labels.models import Label
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Container, Order
from pharmacy.orders.rules import Action, Origin, Status
from pharmacy.orders.rules.gates import LabelsMissing, LotsOut, PackMismatch
from pharmacy.orders.rules.life import MoveNotAllowed
from pharmacy.orders.rules.reasons import ReasonWordsNeeded
from pharmacy.staff.rules import WORKER, PermissionMissing
from tests.conftest import NOW
from tests.factories.inventory import make_capsule_lot
from tests.factories.orders import Bench


def moved(session: Session, kind: MoveKind) -> int:
    found = select(func.sum(CapsuleMove.quantity)).where(CapsuleMove.kind == kind)
    return int(session.scalar(found) or 0)


def withdraw(bench: Bench, strength_ug: int) -> None:
    inventory.withdraw_capsule_lot(
        bench.session,
        bench.lots[strength_ug].id,
        status=LotStatus.RECALLED,
        reason="potency",
        by=bench.pharmacist,
        now=NOW,
    )


def reallocate(bench: Bench, order: Order, reason: str = "lot-withdrawn", words: str = "") -> Order:
    return labels.reallocate(
        bench.session, order.id, reason=reason, words=words, by=bench.pharmacist, now=NOW
    )


def with_labels(bench: Bench, order: Order) -> Order:
    """Allocate, and have the labels truly drawn."""
    operations.allocate(bench.session, order.id, by=bench.technician, now=NOW)
    labels.render(bench.session, order.id, now=NOW)
    return order


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        (Status.LABELING, "back-in-stock"),
        (Status.FINAL_CHECK, "destroyed"),
        (Status.READY, "destroyed"),
    ],
)
def test_what_was_packed_is_destroyed_and_what_was_not_goes_back(
    bench: Bench, session: Session, status: Status, fate: str
) -> None:
    back, wasted = (84, 0) if fate == "back-in-stock" else (0, 84)
    order = bench.order(status)

    reallocate(bench, order)

    event = queries.last_event(session, order.id, Action.REALLOCATE)
    assert event is not None
    assert (event.from_status, event.to_status) == (status, Status.PLANNED)
    assert (event.facts["code"], event.facts["capsules"]) == ("lot-withdrawn", fate)
    assert sum(each["capsules"] for each in event.facts["made"]) == 84
    assert moved(session, MoveKind.UNRESERVED) == back
    assert moved(session, MoveKind.WASTED) == wasted
    assert sum(lot.reserved for lot in bench.lots.values()) == 0
    assert sum(lot.on_hand for lot in bench.lots.values()) == 400 - wasted


@pytest.mark.parametrize("end", ["reallocate", "cancel"])
def test_what_was_packed_before_it_was_sent_back_never_goes_back_either(
    bench: Bench, session: Session, end: str
) -> None:
    order = bench.order(Status.FINAL_CHECK)
    operations.send_back(session, order.id, reason="wrong-count", by=bench.pharmacist, now=NOW)

    if end == "reallocate":
        reallocate(bench, order)
    else:
        operations.cancel(session, order.id, reason="patient-asked", by=bench.pharmacist, now=NOW)

    assert (moved(session, MoveKind.WASTED), moved(session, MoveKind.UNRESERVED)) == (84, 0)


def test_packed_once_and_allocated_anew_the_new_capsules_are_not_taken_for_packed(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.FINAL_CHECK)
    bench.allocate(reallocate(bench, order))

    reallocate(bench, order, "other", "The wrong order was chosen.")

    assert (moved(session, MoveKind.WASTED), moved(session, MoveKind.UNRESERVED)) == (84, 84)


def test_nothing_that_was_said_of_the_old_vials_holds_for_the_new(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.READY)
    plan, number, first_dose_on = order.plan_id, order.number, order.first_dose_on

    reallocate(bench, order)

    session.flush()
    session.refresh(order)
    assert order.status is Status.PLANNED
    assert (order.labeled_at, order.packed_by, order.packed_at) == (None, None, None)
    assert (order.checked_by, order.checked_at) == (None, None)
    assert queries.containers(session, order.id) == []
    assert (order.plan_id, order.number, order.first_dose_on) == (plan, number, first_dose_on)
    operations.allocate(session, order.id, by=bench.technician, now=NOW)
    with pytest.raises(LabelsMissing):
        operations.pack(session, order.id, scanned=bench.codes(order), by=bench.technician, now=NOW)


def test_old_labels_are_void_and_their_codes_are_foreign(bench: Bench, session: Session) -> None:
    order = with_labels(bench, bench.order(Status.PLANNED))
    old = bench.codes(order)
    bench.pack(order)

    reallocate(bench, order)

    assert drawn.of_order(session, order.id) == []
    assert session.scalars(select(Label.id).where(Label.voided_at.is_(None))).all() == []
    assert session.scalars(select(Container.id).where(Container.voided_at.is_(None))).all() == []

    with_labels(bench, order)
    assert len(drawn.of_order(session, order.id)) == 4
    with pytest.raises(PackMismatch) as refused:
        operations.pack(session, order.id, scanned=old, by=bench.technician, now=NOW)
    assert refused.value.facts["foreign"] == sorted(old)


def test_an_order_whose_lot_was_withdrawn_leaves_with_capsules_of_another(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.READY)
    withdraw(bench, 3_000)
    with pytest.raises(LotsOut):
        bench.hand_over(order)
    other = make_capsule_lot(session, 3_000, 40)

    reallocate(bench, order)
    bench.walk(order, Status.HANDED_OVER)

    lots = {each.strength_ug: each.lot_id for each in queries.containers(session, order.id)}
    assert lots[3_000] == other.id
    assert (other.on_hand, other.reserved) == (12, 0)
    assert (moved(session, MoveKind.WASTED), moved(session, MoveKind.DISPENSED)) == (84, 84)
    assert bench.lots[3_000].on_hand == 72


def test_released_again_after_it_was_allocated_anew_is_no_contradiction(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.READY)

    bench.walk(reallocate(bench, order), Status.READY)

    session.flush()
    assert "done-once" not in {found.invariant.name for found in violations(session)}


def test_holds_do_not_keep_vials_that_cannot_be_given(bench: Bench, session: Session) -> None:
    """The hold over labels that nobody draws any more ends; what a person asked for stays."""
    order = bench.order(Status.LABELING)
    for code, origin, by in (
        ("does-not-fit", Origin.LABELS, WORKER),
        ("patient-called", Origin.PERSON, bench.technician),
    ):
        operations.place_hold(
            session, order.id, code=code, words="Look.", origin=origin, by=by, now=NOW
        )

    reallocate(bench, order)

    assert [hold.code for hold in queries.open_holds(session, order.id)] == ["patient-called"]


def test_whoever_claimed_the_order_does_not_keep_it(bench: Bench, session: Session) -> None:
    order = bench.order(Status.LABELING)
    operations.claim(session, order.id, reason="patient-waiting", by=bench.technician, now=NOW)

    reallocate(bench, order)

    assert order.claimed_by is None


@pytest.mark.parametrize("status", [Status.REVIEW, Status.PLANNED, Status.HANDED_OVER])
def test_only_vials_that_are_still_here_are_given_up(bench: Bench, status: Status) -> None:
    order = bench.order(status)

    with pytest.raises(MoveNotAllowed):
        reallocate(bench, order)


def test_a_technician_destroys_no_checked_medicine(bench: Bench, session: Session) -> None:
    order = bench.order(Status.READY)

    with pytest.raises(PermissionMissing):
        operations.reallocate(session, order.id, reason="damaged", by=bench.technician, now=NOW)


def test_another_reason_is_said_in_words_before_anything_is_given_up(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.READY)

    with pytest.raises(ReasonWordsNeeded):
        reallocate(bench, order, "other", " ")

    assert order.status is Status.READY
    assert len(bench.codes(order)) == 3
    assert moved(session, MoveKind.WASTED) == 0


def test_the_queue_knows_which_orders_have_a_lot_that_is_out(
    bench: Bench, session: Session
) -> None:
    early, out = bench.order(Status.PLANNED), bench.order(Status.READY)
    every = [early.id, out.id]
    assert queries.with_lots_out(session, every) == set()
    withdraw(bench, 4_500)

    assert queries.with_lots_out(session, every) == {out.id}
    reallocate(bench, out)
    assert queries.with_lots_out(session, every) == set()
