"""The second check: pictures kept as evidence, one record of it all, and a signature under it."""

import io
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.dispensing import operations as dispensing
from pharmacy.dispensing import queries as checks
from pharmacy.dispensing.operations import RecordChanged
from pharmacy.infra.audit import AuditEntry
from pharmacy.infra.pictures import NotAPicture
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order, OrderPicture
from pharmacy.orders.rules import Action, Status
from pharmacy.orders.rules.gates import PictureMissing
from pharmacy.orders.rules.life import MoveNotAllowed
from pharmacy.practice import operations as practice
from pharmacy.staff.models import Approval
from pharmacy.staff.rules import OPERATOR, Attestation, ProofMethod, Role
from tests.factories.orders import Bench


def photograph(colour: str = "white") -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (32, 24), colour).save(kept, "JPEG", comment=b"Houston")
    return kept.getvalue()


def picture_of(bench: Bench, order: Order, data: bytes | None = None) -> OrderPicture:
    return operations.photograph(
        bench.session, order.id, data=data or photograph(), by=bench.technician, now=bench.now
    )


def ask_for_pictures(bench: Bench) -> None:
    practice.change_policy(
        bench.session, "picture_needed", True, reason="agreed", by=OPERATOR, now=bench.now
    )


def test_a_picture_is_kept_without_what_the_camera_wrote(bench: Bench, session: Session) -> None:
    order = bench.order(Status.LABELING)

    kept = picture_of(bench, order)

    session.expire_all()
    assert b"Houston" not in kept.data
    assert (kept.width, kept.height, kept.size) == (32, 24, len(kept.data))
    event = queries.last_event(session, order.id, Action.PHOTOGRAPH)
    assert event is not None
    assert event.facts == {"picture": str(kept.id), "sha256": kept.sha256.hex()}


def test_what_is_no_picture_leaves_no_trace(bench: Bench, session: Session) -> None:
    order = bench.order(Status.LABELING)

    with pytest.raises(NotAPicture):
        picture_of(bench, order, b"<svg onload='alert(1)'/>")
    with pytest.raises(MoveNotAllowed):
        picture_of(bench, bench.order(Status.PLANNED))
    assert session.scalars(select(OrderPicture)).all() == []


def test_the_database_keeps_pictures_as_they_were_taken(bench: Bench, session: Session) -> None:
    kept = picture_of(bench, bench.order(Status.LABELING))

    with pytest.raises(IntegrityError, match="append-only"), session.begin_nested():
        session.execute(text("delete from order_pictures"))
    row = {"order_id": kept.order_id, "taken_by": kept.taken_by, "taken_at": kept.taken_at}
    forged = OrderPicture(
        **row, media_type="image/png", width=1, height=1, size=3, sha256=bytes(32), data=b"abc"
    )
    session.add(forged)
    with pytest.raises(IntegrityError, match="ck_order_pictures_digest_true"):
        session.flush()


def test_where_the_policy_asks_for_a_picture_nothing_is_packed_or_released_without(
    bench: Bench, session: Session
) -> None:
    packed_before = bench.order(Status.FINAL_CHECK)
    order = bench.order(Status.LABELING)
    ask_for_pictures(bench)

    for step in (lambda: bench.pack(order), lambda: bench.release(packed_before)):
        with pytest.raises(PictureMissing):
            step()
    picture_of(bench, order)
    bench.pack(order)
    assert bench.release(order).status is Status.READY


def test_a_picture_of_an_earlier_packing_does_not_count(bench: Bench, session: Session) -> None:
    order = bench.order(Status.LABELING)
    ask_for_pictures(bench)
    picture_of(bench, order)
    bench.pack(order)
    bench.now += timedelta(minutes=5)
    operations.send_back(
        session, order.id, reason="wrong-count", by=bench.pharmacist, now=bench.now
    )
    bench.now += timedelta(minutes=5)

    with pytest.raises(PictureMissing):
        bench.pack(order)


def test_a_release_is_signed_under_what_was_seen(bench: Bench, session: Session) -> None:
    order = bench.order(Status.FINAL_CHECK)
    seen = checks.second_check(session, order.id)

    bench.release(order)

    signed = session.scalars(select(Approval).where(Approval.subject_id == order.id)).one()
    assert (signed.account_id, signed.at) == (bench.pharmacist.id, bench.now)
    assert (signed.meaning, signed.method) == ("released", ProofMethod.PIN)
    assert signed.record_sha256 == seen.record_sha256()
    event = queries.last_event(session, order.id, Action.RELEASE)
    assert event is not None
    assert event.facts["approval"] == str(signed.id)


def test_the_record_holds_everything_that_is_compared(bench: Bench, session: Session) -> None:
    order = bench.order(Status.LABELING)
    kept = picture_of(bench, order)
    bench.pack(order)

    check = checks.second_check(session, order.id)

    record = check.record()
    assert record["signed_sha256"] == check.evidence.payload_sha256.hex()
    assert [vial[0] for vial in record["vials"]] == [str(each.id) for each in check.containers]
    assert {lot[0] for lot in record["lots"]} == {made.lot.lot_number for made in check.lots}
    assert record["pictures"] == [kept.sha256.hex()]
    assert record["packed_by"] == str(bench.technician.id)


def test_a_signature_under_what_has_changed_since_releases_nothing(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.FINAL_CHECK)
    word = bench.word(order)
    picture_of(bench, order)

    with pytest.raises(RecordChanged):
        dispensing.release(session, order.id, attestation=word, by=bench.pharmacist, now=bench.now)


def test_looking_at_an_order_or_claiming_it_changes_no_record(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.FINAL_CHECK)
    word = bench.word(order)
    operations.claim(session, order.id, by=bench.pharmacist, now=bench.now)

    assert bench.word(order) == word


def test_the_database_too_wants_a_pharmacists_signature(bench: Bench, session: Session) -> None:
    order = bench.order(Status.FINAL_CHECK)
    second_technician = bench.person(Role.TECHNICIAN)

    def make_ready(by: object) -> None:
        session.execute(
            update(Order)
            .where(Order.id == order.id)
            .values(status=Status.READY, checked_by=by, checked_at=bench.now)
        )

    with pytest.raises(IntegrityError, match="only a pharmacist"), session.begin_nested():
        make_ready(second_technician.id)
    with pytest.raises(IntegrityError, match="by signature"), session.begin_nested():
        make_ready(bench.pharmacist.id)


def test_an_old_proof_releases_nothing(bench: Bench, session: Session) -> None:
    order = bench.order(Status.FINAL_CHECK)
    word = bench.word(order)
    old = Attestation(word.record_sha256, bench.now - timedelta(minutes=6), ProofMethod.PASSWORD)

    with pytest.raises(IntegrityError, match="ck_approvals_proof_fresh"):
        dispensing.release(session, order.id, attestation=old, by=bench.pharmacist, now=bench.now)


def test_a_release_is_in_the_audit(bench: Bench, session: Session) -> None:
    order = bench.order(Status.READY)

    entries = session.scalars(
        select(AuditEntry.action).where(AuditEntry.subject_id == order.id)
    ).all()
    assert "order.released" in entries
