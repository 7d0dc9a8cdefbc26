"""A recall finds everybody who holds something of a lot, blocks it at once, and is followed up."""

from collections.abc import Sequence
from datetime import date, timedelta
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import text
from sqlalchemy.orm import Session

from pharmacy import invariants
from pharmacy.invariants import materials, stock
from pharmacy.inventory import operations as inventory
from pharmacy.inventory.models import CapsuleLot, IngredientLot, LotStatus
from pharmacy.inventory.rules.lots import LotNotUsable, TriturationFacts
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.quantities import mg
from pharmacy.labels import operations as labels
from pharmacy.labels.rules.text_checks import GlyphMissing
from pharmacy.orders import operations as orders
from pharmacy.orders import queries as order_queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.holds import HoldNotLiftable
from pharmacy.orders.rules.life import OrderHeld
from pharmacy.patients.models import Patient
from pharmacy.recalls import operations, queries
from pharmacy.recalls.models import Recall
from pharmacy.recalls.operations.following import NoticeNotSent, RecallClosed, TimerNotRunning
from pharmacy.recalls.rules.timers import (
    Answer,
    LotKind,
    NoticeTo,
    RecallReasonNeeded,
    RecallTimeImpossible,
    RecallUnfinished,
    TimerKind,
)
from pharmacy.staff.rules import PermissionMissing
from tests.conftest import NOW
from tests.factories.inventory import make_capsule_lot, make_shell_lot
from tests.factories.orders import Bench
from tests.factories.patients import move
from tests.factories.titration import make_active_lot, make_filler_lot

REASON = "The supplier found less naltrexone than the certificate says."


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


def recall(
    bench: Bench,
    lot: IngredientLot | CapsuleLot,
    *,
    serious: bool = False,
    reason: str = REASON,
) -> Recall:
    kind = LotKind.CAPSULE if isinstance(lot, CapsuleLot) else LotKind.INGREDIENT
    return operations.open_recall(
        bench.session,
        kind,
        lot.id,
        reason=reason,
        serious=serious,
        notice_at=NOW - timedelta(hours=1),
        by=bench.pharmacist,
        now=NOW,
    )


def powder_of(bench: Bench) -> IngredientLot:
    return bench.session.get_one(IngredientLot, bench.lots[1_500].active_lot_id)


def vials(bench: Bench, *made: Order) -> set[object]:
    return {each.id for one in made for each in order_queries.containers(bench.session, one.id)}


def broken_balances(bench: Bench) -> set[str]:
    names = {each.name for each in (*stock.INVARIANTS, *materials.INVARIANTS)}
    return names & {each.invariant.name for each in invariants.violations(bench.session)}


def letters(bench: Bench, opened: Recall) -> Sequence[tuple[str, str]]:
    return [
        (each.recipient, "".join(p.extract_text() for p in PdfReader(BytesIO(each.pdf)).pages))
        for each in queries.notices(bench.session, opened.id)
    ]


def test_a_trace_finds_every_vial_of_a_powder_and_whose_it_is(bench: Bench) -> None:
    given, packed = bench.order(Status.HANDED_OVER), bench.order(Status.FINAL_CHECK)
    bench.order(Status.PLANNED)
    elsewhere = make_capsule_lot(bench.session, 1_500, active=make_active_lot(bench.session))

    trace = queries.forward(bench.session, LotKind.INGREDIENT, powder_of(bench).id)

    assert {vial.container_id for vial in trace.vials} == vials(bench, given, packed)
    assert {vial.patient_id for vial in trace.vials} == {given.patient_id, packed.patient_id}
    assert {vial.npi for vial in trace.vials} == {given.npi}
    capsules = trace.of_kind(LotKind.CAPSULE)
    assert capsules == sorted(lot.id for lot in bench.lots.values())
    assert elsewhere.id not in capsules


def triturate(bench: Bench, active: IngredientLot, number: str) -> IngredientLot:
    facts = TriturationFacts(
        lot_number=number,
        active_lot_id=active.id,
        diluent_lot_id=make_filler_lot(bench.session).id,
        active=mg(1_000),
        diluent=mg(9_000),
        labelled=mg("988.032"),
        made_on=date(2026, 3, 2),
        beyond_use_on=date(2026, 8, 1),
    )
    made = inventory.make_trituration(
        bench.session, facts, latest=date(2026, 8, 1), by=bench.technician, now=NOW
    )
    made.status, made.released_by = LotStatus.RELEASED, bench.pharmacist.id
    return made


def test_a_trace_goes_through_triturations_both_ways(bench: Bench) -> None:
    active, shells = make_active_lot(bench.session), make_shell_lot(bench.session)
    stock = triturate(bench, active, "T-1")
    capsules = make_capsule_lot(bench.session, 500, active=stock)
    inventory.record_components(
        bench.session,
        capsule_lot_id=capsules.id,
        ingredient_lot_ids=[stock.id],
        shell_lot_id=shells.id,
        now=NOW,
    )

    down = queries.forward(bench.session, LotKind.INGREDIENT, active.id)
    of_shells = queries.forward(bench.session, LotKind.SHELL, shells.id)
    up = queries.back(bench.session, capsules.id)

    assert down.of_kind(LotKind.CAPSULE) == [capsules.id]
    assert down.of_kind(LotKind.INGREDIENT) == sorted([active.id, stock.id])
    assert of_shells.of_kind(LotKind.CAPSULE) == [capsules.id]
    assert [(part.depth, part.kind) for part in up] == [
        (1, "ingredient"),
        (1, "shell"),
        (2, "ingredient"),
        (2, "ingredient"),
    ]
    assert {part.lot_id for part in up} >= {stock.id, active.id, shells.id}


def test_a_recall_blocks_stock_and_open_orders_at_once(bench: Bench) -> None:
    given, ready = bench.order(Status.HANDED_OVER), bench.order(Status.READY)
    planned = bench.order(Status.PLANNED)

    opened = recall(bench, powder_of(bench))

    assert powder_of(bench).status is LotStatus.RECALLED
    assert {lot.status for lot in bench.lots.values()} == {LotStatus.RECALLED}
    assert [hold.code for hold in order_queries.open_holds(bench.session, ready.id)] == [
        "lot-recalled"
    ]
    assert order_queries.open_holds(bench.session, given.id) == []
    with pytest.raises(OrderHeld):
        bench.hand_over(ready)
    with pytest.raises(LotNotUsable):
        inventory.draw_powder(
            bench.session, powder_of(bench).id, mg(1), cause_id=new_id(), by=bench.technician,
            now=NOW,
        )  # fmt: skip
    orders.allocate(bench.session, planned.id, by=bench.technician, now=NOW)
    assert planned.status is Status.COMPOUNDING
    assert len(queries.lots(bench.session, opened.id)) == 5
    bench.session.flush()
    assert broken_balances(bench) == set()


def test_a_recall_of_one_capsule_lot_leaves_the_others(bench: Bench) -> None:
    order = bench.order(Status.HANDED_OVER)

    opened = recall(bench, bench.lots[3_000])

    assert bench.lots[1_500].status is LotStatus.RELEASED
    assert [lot.lot_id for lot in queries.lots(bench.session, opened.id)] == [bench.lots[3_000].id]
    trace = queries.forward(bench.session, LotKind.CAPSULE, bench.lots[3_000].id)
    assert {vial.order_id for vial in trace.vials} == {order.id}


def test_a_held_order_is_not_set_free_by_decision(bench: Bench) -> None:
    ready = bench.order(Status.READY)
    recall(bench, powder_of(bench))
    [hold] = order_queries.open_holds(bench.session, ready.id)

    with pytest.raises(HoldNotLiftable):
        orders.lift_hold(
            bench.session, ready.id, hold.id, reason="looks fine", by=bench.pharmacist, now=NOW
        )


@pytest.mark.parametrize("status", [Status.LABELING, Status.FINAL_CHECK, Status.READY])
def test_vials_of_a_recalled_lot_are_taken_back_and_made_good(bench: Bench, status: Status) -> None:
    order = bench.order(status)
    recall(bench, bench.lots[1_500])
    fresh = make_capsule_lot(bench.session, 1_500)

    labels.reallocate(bench.session, order.id, reason="lot-withdrawn", by=bench.pharmacist, now=NOW)

    assert order.status is Status.PLANNED
    assert order_queries.containers(bench.session, order.id) == []
    assert order_queries.open_holds(bench.session, order.id) == []
    bench.walk(order, Status.HANDED_OVER)
    used = {each.lot_id for each in order_queries.containers(bench.session, order.id)}
    assert bench.lots[1_500].id not in used
    assert fresh.id in used
    assert broken_balances(bench) == set()


def test_letters_go_to_patients_prescribers_and_where_harm_is_serious_to_the_board(
    bench: Bench,
) -> None:
    bench.order(Status.HANDED_OVER)
    bench.order(Status.READY)

    opened = recall(bench, powder_of(bench), serious=True)

    drafted = dict(letters(bench, opened))
    assert sorted(drafted) == ["board", "patient", "prescriber"]
    assert "Please stop taking them today" in drafted["patient"]
    assert bench.lots[1_500].lot_number in drafted["patient"]
    assert "Testpatient-" in drafted["prescriber"]
    assert "Testpatient-" not in drafted["board"]
    assert "Vials stopped before hand-over: 3" in drafted["board"]


def test_serious_harm_starts_twelve_hours_from_the_notice(bench: Bench) -> None:
    quiet = recall(bench, bench.lots[500])
    serious = recall(bench, powder_of(bench), serious=True)

    assert queries.timers(bench.session, quiet.id) == []
    [timer] = queries.timers(bench.session, serious.id)
    assert (timer.kind, timer.due_at) == (TimerKind.NOTIFY, NOW + timedelta(hours=11))


def test_answers_are_tracked_and_harm_starts_seventy_two_hours(bench: Bench) -> None:
    bench.order(Status.HANDED_OVER)
    opened = recall(bench, powder_of(bench))
    patient, prescriber = queries.notices(bench.session, opened.id)
    assert (patient.recipient, prescriber.recipient) == (NoticeTo.PATIENT, NoticeTo.PRESCRIBER)
    people = {"by": bench.pharmacist, "now": NOW}
    session = bench.session

    with pytest.raises(NoticeNotSent):
        operations.record_answer(session, patient.id, answer=Answer.RETURNED, note="", **people)
    for notice in (patient, prescriber):
        operations.record_sent(session, notice.id, means="letter", **people)
    operations.record_answer(session, prescriber.id, answer=Answer.UNREACHABLE, note="", **people)
    operations.record_answer(
        session, patient.id, answer=Answer.HARM_REPORTED, note="nausea", **people
    )

    counted = queries.progress(session, opened.id)
    assert (counted.drafted, counted.sent, counted.answered) == (2, 2, 1)
    assert counted.answered_percent == 50
    [timer] = queries.timers(session, opened.id)
    assert (timer.kind, timer.due_at) == (TimerKind.MEDWATCH, NOW + timedelta(hours=72))


def test_a_recall_ends_when_everybody_was_told_and_every_deadline_met(bench: Bench) -> None:
    bench.order(Status.HANDED_OVER)
    opened = recall(bench, powder_of(bench), serious=True)
    session, people = bench.session, {"by": bench.pharmacist, "now": NOW}

    with pytest.raises(RecallUnfinished):
        operations.close(session, opened.id, note="done", **people)
    for notice in queries.notices(session, opened.id):
        operations.record_sent(session, notice.id, means="phone", **people)
    with pytest.raises(RecallUnfinished):
        operations.close(session, opened.id, note="done", **people)
    operations.meet_timer(session, opened.id, TimerKind.NOTIFY, **people)
    operations.close(session, opened.id, note="all vials came back", **people)

    assert opened.closed_by == bench.pharmacist.id
    assert powder_of(bench).status is LotStatus.RECALLED
    with pytest.raises(RecallClosed):
        operations.close(session, opened.id, note="again", **people)
    with pytest.raises(TimerNotRunning):
        operations.meet_timer(session, opened.id, TimerKind.MEDWATCH, **people)


def test_a_recall_has_a_reason_a_past_and_a_pharmacist(bench: Bench) -> None:
    def attempt(**changes: object) -> None:
        values = {"reason": REASON, "notice_at": NOW, "by": bench.pharmacist} | changes
        operations.open_recall(
            bench.session, LotKind.CAPSULE, bench.lots[500].id, serious=False, now=NOW, **values
        )

    with pytest.raises(RecallReasonNeeded):
        attempt(reason=" ")
    with pytest.raises(RecallTimeImpossible):
        attempt(notice_at=NOW + timedelta(minutes=1))
    with pytest.raises(PermissionMissing):
        attempt(by=bench.technician)


def test_harm_that_was_told_by_phone_starts_the_report_too(bench: Bench) -> None:
    opened = recall(bench, bench.lots[500])
    advised = NOW - timedelta(hours=2)

    operations.advise_of_harm(
        bench.session, opened.id, advised_at=advised, by=bench.pharmacist, now=NOW
    )

    [timer] = queries.timers(bench.session, opened.id)
    assert timer.due_at == advised + timedelta(hours=72)


def test_traces_use_indexes_at_every_step(bench: Bench) -> None:
    """With few rows the planner prefers whole tables; told not to, it finds an index for each."""
    bench.session.execute(text("set local enable_seqscan = off"))
    plan = "\n".join(
        bench.session.scalars(
            text(f"explain {queries.FORWARD.text}"),
            {"kind": "ingredient", "lot": powder_of(bench).id},
        )
    )

    assert "Seq Scan" not in plan


def test_a_letter_says_what_is_written_by_hand_and_replaces_nothing(bench: Bench) -> None:
    given = bench.order(Status.HANDED_OVER)
    patient = bench.session.get_one(Patient, given.patient_id)
    move(bench.session, patient, address_line="4 \N{CJK UNIFIED IDEOGRAPH-4E2D} Street")

    opened = recall(bench, powder_of(bench))

    written = dict(letters(bench, opened))
    assert "U+4E2D cannot be printed" in written["patient"]


def test_a_reason_that_cannot_be_printed_is_worded_anew(bench: Bench) -> None:
    with pytest.raises(GlyphMissing):
        recall(bench, powder_of(bench), reason="\N{CJK UNIFIED IDEOGRAPH-4E2D}")
