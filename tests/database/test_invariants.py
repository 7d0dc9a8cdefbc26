"""Every invariant holds for a pharmacy at work, and speaks when its records are spoilt."""

from datetime import timedelta
from typing import Any, Final

import pytest
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from pharmacy import invariants
from pharmacy.infra import audit
from pharmacy.infra.jobs import Job, JobState
from pharmacy.inventory.models import LotStatus
from pharmacy.kernel.jobs import JobKind
from pharmacy.labels import operations as labels
from pharmacy.orders import operations
from pharmacy.orders import queries as order_queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.recalls.operations import open_recall
from pharmacy.recalls.rules.timers import LotKind
from pharmacy.refills import operations as refills
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.factories.bundles import fresh_bundle, signed
from tests.factories.compounding import Laboratory
from tests.factories.inventory import make_shell_lot, store_certificate
from tests.factories.orders import Bench
from tests.factories.staff import make_actor
from tests.factories.titration import make_active_lot


class House(Bench):
    """A bench at which the worker's part is done as its jobs do it."""

    def receive(self, to: Status) -> Order:
        clinic = make_actor(self.session, Role.EHR_CLIENT)
        token = signed(fresh_bundle(), self.key)
        receipt = operations.receive(
            self.session, token, by=clinic, source_address="127.0.0.1", now=self.now
        )
        return self.walk(receipt.order, to)

    def check(self, order: Order) -> Order:
        super().check(order)
        return self.done(order, JobKind.CHECK_ORDER)

    def approve(self, order: Order, **arguments: Any) -> Order:
        super().approve(order, **arguments)
        refills.schedule(self.session, order.id, now=self.now)
        return self.done(order, JobKind.SCHEDULE_REFILL)

    def hand_over(self, order: Order, **arguments: Any) -> Order:
        super().hand_over(order, **arguments)
        refills.schedule(self.session, order.id, now=self.now)
        return self.done(order, JobKind.SCHEDULE_REFILL)

    def label(self, order: Order) -> Order:
        labels.render(self.session, order.id, now=self.now)
        return self.done(order, JobKind.RENDER_LABELS)

    def done(self, order: Order, kind: JobKind) -> Order:
        done = update(Job).where(Job.ref_id == order.id, Job.kind == kind)
        self.session.execute(done.values(state=JobState.DONE, done_at=NOW))
        return order


@pytest.fixture
def house(session: Session) -> House:
    """Orders at three points of their lives, and a sealed trail of what was done for them."""
    house = House(session)
    taken = house.receive(Status.HANDED_OVER)
    lose_a_vial(house, taken)
    divide(house, house.receive(Status.PLANNED))
    house.receive(Status.LABELING)
    house.receive(Status.RECEIVED)
    house.receive(Status.REVIEW)
    make_shell_lot(session)
    store_certificate(session, make_active_lot(session, status=LotStatus.QUARANTINED))
    recall_a_lot(house)
    refills.schedule(session, taken.id, now=NOW)
    house.done(taken, JobKind.SCHEDULE_REFILL)
    Laboratory.beside(session).released()
    audit.seal(session, now=NOW)
    session.flush()
    return house


def lose_a_vial(house: House, order: Order) -> None:
    """Replace the last vial of an order that left."""
    last = order_queries.containers(house.session, order.id)[-1]
    operations.replace(
        house.session,
        order.id,
        vials=[last.id],
        reason="damaged",
        by=house.pharmacist,
        now=NOW,
    )


def divide(house: House, order: Order) -> None:
    """Hand over four weeks of an order now, and the rest later."""
    assert order.first_dose_on is not None
    through = order.first_dose_on + timedelta(days=27)
    labels.split(
        house.session, order.id, through=through, reason="cost", by=house.pharmacist, now=NOW
    )


def recall_a_lot(house: House) -> None:
    """Open a recall of a lot of capsules that an open order and a patient have vials of."""
    open_recall(
        house.session,
        LotKind.CAPSULE,
        house.lots[1_500].id,
        reason="an example",
        serious=False,
        notice_at=NOW,
        by=house.pharmacist,
        now=NOW,
    )


TAKEN: Final = "(select id from orders where status = 'recalled')"
"""The order that was handed over, before the recall reached it."""
LEFT: Final = "update orders set status = 'handed-over' where status = 'recalled'"
DRAWN: Final = "(select id from orders where status = 'labeling')"
IN_REVIEW: Final = "(select id from orders where status = 'review')"
FIRST_STEP: Final = "(select min(id) from order_events)"

SPOILT: Final[dict[str, str]] = {
    "evidence-is-what-was-signed": "update evidence set jws = jws || 'x'::bytea",
    "prescription-was-verified": "delete from verifications",
    "accepted-became-an-order": f"delete from orders where id = {IN_REVIEW}",
    "fill-is-authorised": (
        "alter table orders drop constraint ck_orders_fill_authorised;"
        f"update orders set fill_no = 9 where id = {TAKEN}"
    ),
    "filled-while-valid": "update order_events set at = at + interval '3 years'",
    "steps-are-legal": f"update order_events set to_status = 'ready' where id = {FIRST_STEP}",
    "status-follows-from-steps": f"update orders set status = 'planned' where id = {DRAWN}",
    "done-once": (
        "insert into order_events (order_id, action, from_status, to_status, by_kind, by_id,"
        " facts, at) select order_id, action, from_status, to_status, by_kind, by_id, facts, at"
        " from order_events where action = 'released'"
    ),
    "second-person-released": (
        "update order_events r set by_id = p.by_id from order_events p"
        " where p.order_id = r.order_id and p.action = 'packed' and r.action = 'released'"
    ),
    "released-on-fresh-evidence": (
        "update prescriber_checks set answered_at = answered_at - interval '25 hours'"
        " where kind = 'license'"
    ),
    "capsules-make-the-ordered-dose": "update containers set quantity = quantity + 1",
    "every-dose-is-the-prescribers": "update containers set strength_ug = strength_ug * 10",
    "every-night-has-one-vial": (
        "update containers set first_dose_on = first_dose_on + 1 where part_no = 2"
    ),
    "nights-are-given-once": "update orders set first_night = 28 where kind = 'remainder'",
    "no-remainder-is-lost": "update orders set first_night = 30 where kind = 'remainder'",
    "replaced-no-more-than-lost": (
        "update containers set lost_at = null, lost_reason = null, replaced_by = null"
    ),
    "counted-replacements-are-authorised": (
        "update orders set uses_fill = true where kind = 'replacement'"
    ),
    "capsules-balance": "update capsule_lots set on_hand = on_hand - 1",
    "reserved-is-in-open-vials": "update capsule_lots set reserved = 0",
    "dispensed-once": "delete from capsule_moves where kind = 'dispensed'",
    "strength-is-the-lots": "update capsule_lots set beyond_use_on = '2026-03-04'",
    "nothing-leaves-a-withdrawn-lot": (
        "insert into audit_entries (at, action, by_kind, subject_kind, subject_id)"
        " select now() - interval '90 years', 'capsule-lot.recalled', 'staff', 'lot', id"
        " from capsule_lots"
    ),
    "powder-is-never-negative": (
        "alter table ingredient_lots drop constraint ck_ingredient_lots_never_negative;"
        "update ingredient_lots set on_hand_ug = -1"
    ),
    "weighed-left-its-lot": "delete from ingredient_moves where kind = 'weighed'",
    "filled-is-a-lot": "update batches set filled = filled + 1",
    "released-by-another": "update weighings set verified_by = null, verified_at = null",
    "quarantined-is-looked-into": "update batches set status = 'quarantined'",
    "stopped-is-not-offered": "update batches set status = 'filled'",
    "batch-powder-is-accounted-for": (
        "update weighings set shown_ug = shown_ug + 1000 where item = 'filler'"
    ),
    "capsules-hold-what-was-weighed": "update batches set filled = filled + 10",
    "powder-balances": "update ingredient_lots set on_hand_ug = on_hand_ug - 1",
    "powder-returns-were-weighed": (
        "insert into ingredient_moves (id, lot_id, kind, quantity_ug, cause_id)"
        " select gen_random_uuid(), id, 'returned', 1000, id from ingredient_lots"
    ),
    "triturations-balance": "update ingredient_lots set active_ug_per_g = 100000",
    "shells-balance": "update shell_lots set on_hand = on_hand - 1",
    "certificate-is-kept": (
        "alter table certificates drop constraint ck_certificates_digest_is_of_content;"
        "update certificates set content = content || 'x'::bytea"
    ),
    "recalled-vials-are-marked": LEFT,
    "vials-came-back-from-their-orders": (
        f"update containers set returned_at = now() where order_id = {DRAWN}"
    ),
    "recalled-batches-are-stopped": (
        "insert into recall_batches (recall_id, batch_id, status_before)"
        " select r.id, b.id, b.status from recalls r, batches b;"
        "update ingredient_lots set status = 'recalled'"
    ),
    "recalled-lots-are-blocked": "update capsule_lots set status = 'released'",
    "recalled-orders-are-held": (
        "update holds set lifted_at = now(), lift_reason = 'x' where code = 'lot-recalled'"
    ),
    "recall-letters-are-as-drafted": (
        "alter table recall_notices drop constraint ck_recall_notices_digest_is_of_letter;"
        "update recall_notices set pdf = pdf || ' '::bytea"
    ),
    "label-is-as-drawn": "update labels set pdf = pdf || ' '::bytea where kind = 'leaflet'",
    "labeled-once": "delete from labels where kind = 'leaflet'",
    "label-belongs-to-its-vial": (
        f"update labels set order_id = {IN_REVIEW} where kind = 'container'"
    ),
    "verified-before-drawn": "update verifications set decided_at = decided_at + interval '1 day'",
    "copies-follow-their-label": "update label_copies set asked_at = now() - interval '90 years'",
    "copies-are-counted": "update label_copies set copy_no = 3, reason = 'lost'",
    "copies-moved-as-they-say": "update label_copies set state = 'sent'",
    "labels-that-left-were-scanned": (
        "update label_copies set state = 'void';"
        f"update label_copy_events set to_state = 'void';{LEFT}"
    ),
    "no-lease-is-forgotten": (
        "update jobs set state = 'running', lease_until = now() - interval '2 minutes'"
    ),
    "checked-once-for-each-job": (
        "insert into jobs (kind, ref_id, dedupe_key, state)"
        f" values ('orders.check', {IN_REVIEW}, 'again', 'done')"
    ),
    "labeled-by-a-job": "delete from jobs where kind = 'labels.render'",
    "received-will-be-checked": "update jobs set state = 'done' where kind = 'orders.check'",
    "labels-will-be-drawn": f"update orders set labeled_at = null where id = {DRAWN}",
    "letters-will-be-drawn": (
        "update recall_notices set pdf = null, pdf_sha256 = null, drawn_at = null"
    ),
    "next-fill-is-known": f"delete from refills where after_order_id = {TAKEN};{LEFT}",
    "seals-are-linked": "update audit_seals set previous_sha256 = sha256('')",
    "sealed-by-a-seal-that-exists": "delete from audit_seals",
    "steps-are-audited": "delete from audit_entries where action = 'order.released'",
    "keys-are-answered": (
        "insert into idempotency_keys (caller_id, key, request_sha256, created_at)"
        " values (gen_random_uuid(), 'k', '', now() - interval '5 minutes')"
    ),
}
"""For each invariant, how to break it behind the back of constraints and triggers."""


def broken(session: Session) -> dict[str, list[str]]:
    return {found.invariant.name: found.lines() for found in invariants.violations(session)}


def test_all_of_them_hold_for_a_pharmacy_at_work(house: House, session: Session) -> None:
    assert broken(session) == {}


def test_each_of_them_has_a_way_to_break_it_and_a_name_of_its_own() -> None:
    assert [each.name for each in invariants.ALL] == list(dict.fromkeys(SPOILT))


def test_each_speaks_when_its_records_are_spoilt(house: House, session: Session) -> None:
    session.execute(text("set local session_replication_role = replica"))
    silent = []

    for name, statements in SPOILT.items():
        spoilt = session.begin_nested()
        for statement in statements.split(";"):
            session.execute(text(statement))
        lines = broken(session).get(name)
        spoilt.rollback()
        if not lines:
            silent.append(name)

    assert silent == []
    assert broken(session) == {}


def test_evidence_that_a_pharmacist_settled_by_decision_allows_a_release(
    house: House, session: Session
) -> None:
    session.execute(text("set local session_replication_role = replica"))
    session.execute(
        text("update prescriber_checks set outcome = 'undecided', code = 'name-alike'"
             " where kind = 'identity'")
    )  # fmt: skip
    assert "released-on-fresh-evidence" in broken(session)
    session.execute(
        text(
            "insert into holds (id, order_id, code, words, owner, origin, facts, placed_at,"
            " deadline_at, lifted_at, lifted_by, lift_reason) select gen_random_uuid(), id,"
            " 'name-alike', 'w', 'pharmacist', 'check', '{}', received_at, due_at, received_at,"
            " gen_random_uuid(), 'compared' from orders"
        )
    )

    assert "released-on-fresh-evidence" not in broken(session)
