"""Who gets which order next, one by one and all at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from pharmacy.infra.db import Database
from pharmacy.kernel.ids import encode
from pharmacy.kernel.refusals import Refusal
from pharmacy.orders import operations, queries
from pharmacy.orders.rules import Action, Status
from pharmacy.orders.rules.claims import (
    ClaimedByAnother,
    NothingToClaim,
    OverrideReasonNeeded,
    TakeOverReasonNeeded,
)
from pharmacy.orders.rules.life import MoveNotAllowed, OrderHeld
from pharmacy.orders.rules.reasons import ReasonUnknown, ReasonWordsNeeded
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import WORKER, PermissionMissing, Role
from tests.conftest import NOW
from tests.factories.inventory import make_capsule_lot
from tests.factories.orders import Bench

LEASE = timedelta(minutes=20)


def at_once(count: int, work: Callable[[int], object]) -> list[object]:
    """Run `work` in as many threads, started together; a refusal is an answer too."""
    start = threading.Barrier(count)

    def run(number: int) -> object:
        start.wait()
        try:
            return work(number)
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_a_technician_takes_the_order_that_is_due_first(bench: Bench, session: Session) -> None:
    later, sooner = bench.order(Status.PLANNED), bench.order(Status.LABELING)
    sooner.due_at = later.due_at - timedelta(hours=1)
    session.flush()

    taken = operations.claim_next(session, by=bench.technician, now=NOW)

    assert taken.id == sooner.id
    assert (taken.claimed_by, taken.claimed_until) == (bench.technician.id, NOW + LEASE)


def test_everybody_is_given_what_their_role_can_do(bench: Bench, session: Session) -> None:
    to_review, to_allocate = bench.order(Status.REVIEW), bench.order(Status.PLANNED)
    technician, pharmacist = bench.technician, bench.pharmacist

    assert operations.claim_next(session, by=pharmacist, now=NOW).id == to_review.id
    assert operations.claim_next(session, by=technician, now=NOW).id == to_allocate.id
    with pytest.raises(NothingToClaim):
        operations.claim_next(session, by=bench.second_pharmacist, now=NOW)


def test_the_next_order_is_one_that_can_be_worked_on(bench: Bench, session: Session) -> None:
    held = bench.order(Status.PLANNED)
    operations.place_hold(session, held.id, code="a-code", words="W.", by=WORKER, now=NOW)
    unlabeled = bench.order(Status.PLANNED)
    operations.allocate(session, unlabeled.id, by=bench.technician, now=NOW)
    packed = bench.order(Status.FINAL_CHECK)
    packed.packed_by = bench.pharmacist.id
    session.flush()

    for person in (bench.technician, bench.pharmacist):
        with pytest.raises(NothingToClaim):
            operations.claim_next(session, by=person, now=NOW)
    assert operations.claim_next(session, by=bench.second_pharmacist, now=NOW).id == packed.id


def test_an_order_that_waits_for_capsules_comes_up_when_they_are_there(
    session: Session,
) -> None:
    bench = Bench(session, stock=False)
    for strength in (1_500, 3_000):
        make_capsule_lot(session, strength)
    order = bench.order(Status.PLANNED)
    operations.allocate(session, order.id, by=bench.technician, now=NOW)

    with pytest.raises(NothingToClaim):
        operations.claim_next(session, by=bench.technician, now=NOW)
    make_capsule_lot(session, 4_500)
    assert operations.claim_next(session, by=bench.technician, now=NOW).id == order.id


def test_a_claim_keeps_others_off_until_its_lease_ends(bench: Bench, session: Session) -> None:
    order = bench.order(Status.LABELING)
    operations.claim_next(session, by=bench.technician, now=NOW)
    colleague = bench.person(Role.TECHNICIAN)

    with pytest.raises(ClaimedByAnother) as refused:
        operations.pack(session, order.id, scanned=bench.codes(order), by=colleague, now=NOW)
    with pytest.raises(ClaimedByAnother):
        operations.claim(session, order.id, reason="patient-waiting", by=colleague, now=NOW)
    with pytest.raises(ClaimedByAnother):
        operations.unclaim(session, order.id, by=colleague, now=NOW)

    assert refused.value.facts["claimed_by"] == encode("acc", bench.technician.id)
    taken = operations.claim_next(session, by=colleague, now=NOW + LEASE)
    event = queries.last_event(session, order.id, Action.CLAIM)
    assert taken.claimed_by == colleague.id
    assert event is not None
    assert event.facts == {"taken_over_from": str(bench.technician.id)}


def test_a_technician_jumps_the_queue_only_for_a_reason_that_is_kept(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.PLANNED)

    with pytest.raises(OverrideReasonNeeded):
        operations.claim(session, order.id, by=bench.technician, now=NOW)
    operations.claim(session, order.id, reason="patient-waiting", by=bench.technician, now=NOW)

    event = queries.last_event(session, order.id, Action.CLAIM)
    assert event is not None
    assert (event.facts, event.reason) == ({"code": "patient-waiting"}, None)


def test_another_reason_to_jump_the_queue_is_said_in_words(bench: Bench, session: Session) -> None:
    order = bench.order(Status.PLANNED)

    def claim(reason: str, words: str = "") -> None:
        person = bench.technician
        operations.claim(session, order.id, reason=reason, words=words, by=person, now=NOW)

    with pytest.raises(ReasonUnknown):
        claim("I feel like it")
    with pytest.raises(ReasonWordsNeeded):
        claim("other")
    claim("other", "The courier comes only today.")

    event = queries.last_event(session, order.id, Action.CLAIM)
    assert event is not None
    assert (event.facts, event.reason) == ({"code": "other"}, "The courier comes only today.")


def test_a_claim_is_kept_longer_and_given_back(bench: Bench, session: Session) -> None:
    order = bench.order(Status.REVIEW)
    later = NOW + timedelta(minutes=10)

    operations.claim(session, order.id, by=bench.pharmacist, now=NOW)
    operations.claim(session, order.id, by=bench.pharmacist, now=later)
    assert order.claimed_until == later + LEASE

    operations.unclaim(session, order.id, by=bench.pharmacist, now=later)
    assert (order.claimed_by, order.claimed_until) == (None, None)


def test_the_next_step_frees_the_order_for_the_next_person(bench: Bench, session: Session) -> None:
    order = bench.order(Status.LABELING)
    operations.claim_next(session, by=bench.technician, now=NOW)

    bench.pack(order)

    assert order.claimed_by is None


def test_of_fifty_technicians_one_gets_the_order(database: Database) -> None:
    with database.transaction() as session:
        bench = Bench(session)
        order_id = bench.order(Status.PLANNED).id
        people = [bench.person(Role.TECHNICIAN) for _ in range(50)]

    def claim(number: int) -> UUID | None:
        with database.transaction() as session:
            return operations.claim_next(session, by=people[number], now=NOW).claimed_by

    answers = at_once(50, claim)

    won = [answer for answer in answers if isinstance(answer, UUID)]
    assert len(won) == 1
    assert sum(isinstance(answer, NothingToClaim) for answer in answers) == 49
    with database.transaction() as session:
        assert queries.get(session, order_id).claimed_by == won[0]


def test_people_who_ask_at_once_get_different_orders(database: Database) -> None:
    with database.transaction() as session:
        bench = Bench(session)
        for _ in range(3):
            bench.order(Status.PLANNED)
        people = [bench.person(Role.TECHNICIAN) for _ in range(8)]

    def claim(number: int) -> UUID:
        with database.transaction() as session:
            return operations.claim_next(session, by=people[number], now=NOW).id

    taken = [answer for answer in at_once(8, claim) if isinstance(answer, UUID)]

    assert len(taken) == len(set(taken)) <= 3


def test_a_pharmacist_takes_work_out_of_a_colleagues_hands_only_for_a_reason(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.LABELING)
    operations.claim_next(session, by=bench.technician, now=NOW)

    with pytest.raises(TakeOverReasonNeeded):
        operations.take_over(session, order.id, reason=" ", by=bench.pharmacist, now=NOW)
    with pytest.raises(PermissionMissing):
        operations.take_over(
            session, order.id, reason="left-lying", by=bench.person(Role.TECHNICIAN), now=NOW
        )
    operations.take_over(session, order.id, reason="colleague-left", by=bench.pharmacist, now=NOW)

    event = queries.last_event(session, order.id, Action.TAKE_OVER)
    assert event is not None
    assert event.facts == {
        "code": "colleague-left",
        "taken_over_from": str(bench.technician.id),
    }
    assert (order.claimed_by, order.claimed_until) == (bench.pharmacist.id, NOW + LEASE)


def test_nobody_takes_what_is_on_hold(bench: Bench, session: Session) -> None:
    order = bench.order(Status.REVIEW)
    operations.place_hold(session, order.id, code="a-code", words="W.", by=WORKER, now=NOW)

    with pytest.raises(OrderHeld):
        operations.claim(session, order.id, by=bench.pharmacist, now=NOW)


def test_who_comes_too_late_is_told_who_has_it(bench: Bench, session: Session) -> None:
    order = bench.order(Status.PLANNED)
    operations.claim_next(session, by=bench.technician, now=NOW)
    colleague = bench.person(Role.TECHNICIAN)
    name = staff.names(session, {bench.technician.id})[bench.technician.id]

    with pytest.raises(ClaimedByAnother) as refused:
        operations.allocate(session, order.id, by=colleague, now=NOW + timedelta(minutes=2))

    assert f"{name} took it at " in str(refused.value)
    assert refused.value.facts["changes"][0]["action"] == Action.CLAIM


def test_who_does_it_again_is_told_who_did_it(bench: Bench, session: Session) -> None:
    order = bench.order(Status.FINAL_CHECK)
    name = staff.names(session, {order.packed_by})[order.packed_by]

    with pytest.raises(MoveNotAllowed, match=f"{name} packed it at "):
        operations.pack(session, order.id, scanned=[], by=bench.person(Role.TECHNICIAN), now=NOW)
