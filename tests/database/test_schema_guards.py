"""What the database itself refuses, whatever Python says."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.labels import operations as labels
from pharmacy.orders import operations as orders
from pharmacy.orders.rules import Status
from pharmacy.staff.rules import WORKER
from tests.conftest import NOW
from tests.factories.orders import Bench


def test_an_audit_entry_is_never_changed(session: Session) -> None:
    audit.record(session, "order.read", by=WORKER, at=NOW, subject_kind="order", subject_id=None)

    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(text("update audit_entries set action = 'nothing.happened'"))


@pytest.mark.parametrize(
    "statement",
    [
        "update prescriptions set regimen = jsonb_set(regimen, '{steps,0,dose_ug}', '45000')",
        'update prescriptions set facts = facts || \'{"reason": "another"}\'',
        "update prescriptions set authorised_fills = 12",
        "update strength_plans set steps = '[]'",
        "update labels set pdf = 'another'",
        "update labels set content = '{}'",
        "delete from labels",
    ],
)
def test_what_was_signed_planned_or_printed_is_never_rewritten(
    session: Session, statement: str
) -> None:
    bench = Bench(session)
    order = bench.order(Status.PLANNED)
    orders.allocate(session, order.id, by=bench.technician, now=NOW)
    labels.render(session, order.id, now=NOW)

    with pytest.raises(IntegrityError, match="is not rewritten"):
        session.execute(text(statement))


@pytest.mark.parametrize(
    ("at", "statement", "constraint"),
    [
        (Status.REVIEW, "status = 'final-check'", "packed_with_labels"),
        (Status.LABELING, "status = 'ready'", "packed_with_labels|left_checked"),
        (Status.FINAL_CHECK, "labeled_at = null", "packed_with_labels"),
        (Status.FINAL_CHECK, "status = 'ready'", "left_checked"),
        (
            Status.FINAL_CHECK,
            "status = 'ready', checked_by = packed_by, checked_at = now()",
            "second_person",
        ),
        (Status.READY, "checked_by = null", "left_checked"),
        (Status.READY, "status = 'handed-over'", "hand_over_dated"),
        (Status.REVIEW, "fill_no = 2", "fill_authorised"),
        (Status.REVIEW, "authorised_fills = 9, fill_no = 9", "fk_orders_prescription_id"),
    ],
)
def test_no_order_skips_labels_packing_or_the_second_person(
    session: Session, at: Status, statement: str, constraint: str
) -> None:
    order = Bench(session).order(at)
    session.flush()

    with pytest.raises(IntegrityError, match=constraint):
        session.execute(
            text(f"update orders set {statement} where id = :order"), {"order": order.id}
        )


@pytest.mark.parametrize(
    "statement",
    [
        "update capsule_lots set reserved = on_hand + 1",
        "update capsule_lots set on_hand = -1, reserved = 0",
        "update capsule_lots set on_hand = made + 1",
        "update capsule_lots set released_by = made_by",
        (
            "insert into orders (id, prescription_id, fill_no, authorised_fills, patient_id, npi,"
            " received_at, due_at, status_since) select gen_random_uuid(), prescription_id,"
            " fill_no, authorised_fills, patient_id, npi, now(), now(), now() from orders"
        ),
    ],
)
def test_stock_and_fills_balance_whoever_writes(session: Session, statement: str) -> None:
    Bench(session).order(Status.LABELING)
    session.flush()

    with pytest.raises(IntegrityError, match=r"ck_capsule_lots|uq_orders"):
        session.execute(text(statement))
