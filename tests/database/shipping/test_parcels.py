"""Orders by carrier: only where the pharmacy is licensed, and never back onto the shelf."""

from datetime import date, timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.inventory.models import CapsuleLot
from pharmacy.orders import operations as orders
from pharmacy.orders import queries as order_queries
from pharmacy.orders.models import HandOver, Order
from pharmacy.orders.rules import Action, Status
from pharmacy.orders.rules.handing_over import CounsellorNeeded, HandingOver
from pharmacy.patients.models import Patient
from pharmacy.practice import operations as practice
from pharmacy.practice.models import StateLicense
from pharmacy.practice.rules import LicenseScope
from pharmacy.shipping import operations, queries
from pharmacy.shipping.models import Parcel
from pharmacy.shipping.rules import (
    Carrier,
    NotLicensedThere,
    ParcelEnded,
    ParcelStatus,
    TrackingNumberWrong,
)
from pharmacy.staff.rules import OPERATOR, PermissionMissing, Role
from tests.factories.orders import Bench
from tests.factories.patients import move

NUMBER = "1Z5R89390357567127"


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


def ship(bench: Bench, order: Order, number: str = NUMBER) -> Parcel:
    return operations.ship(
        bench.session,
        order.id,
        carrier=Carrier.UPS,
        number=number,
        by=bench.technician,
        now=bench.now,
    )


def license_oklahoma(
    bench: Bench, *, until: date = date(2027, 1, 1), scope: LicenseScope = LicenseScope.SHIP
) -> None:
    practice.license_state(
        bench.session,
        "OK",
        number="99-1234",
        expires_on=until,
        scope=scope,
        by=OPERATOR,
        now=bench.now,
    )


def in_oklahoma(bench: Bench) -> Order:
    """An order that was ready before its patient moved to another State."""
    order = bench.order(Status.READY)
    move(bench.session, bench.session.get_one(Patient, order.patient_id), state="OK")
    bench.session.flush()
    return order


def test_a_shipped_order_is_handed_over_with_a_written_notice(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.READY)

    parcel = ship(bench, order, "1z5r 8939 0357 5671 27")

    assert (order.status, parcel.status) == (Status.HANDED_OVER, ParcelStatus.SHIPPED)
    assert queries.orders_under(session, NUMBER) == (order.id,)
    kept = order_queries.hand_over(session, order.id)
    assert kept is not None
    assert (kept.collector, kept.counselling) == ("carrier", "written-notice")


def test_a_mistyped_number_sends_nothing(bench: Bench) -> None:
    order = bench.order(Status.READY)

    with pytest.raises(TrackingNumberWrong):
        ship(bench, order, "1Z5R89390357567128")
    assert order.status is Status.READY


@pytest.mark.parametrize(
    ("until", "scope"),
    [(date(2026, 3, 1), LicenseScope.SHIP), (date(2027, 1, 1), LicenseScope.COLLECT)],
)
def test_nothing_is_sent_into_a_state_without_a_licence_to_ship(
    bench: Bench, until: date, scope: LicenseScope
) -> None:
    """It is 2 March 2026 in Houston."""
    order = in_oklahoma(bench)
    with pytest.raises(NotLicensedThere):
        ship(bench, order)

    license_oklahoma(bench, until=until, scope=scope)
    with pytest.raises(NotLicensedThere):
        ship(bench, order)

    license_oklahoma(bench, until=date(2026, 3, 2))
    assert ship(bench, order).state == "OK"


def test_the_database_too_sends_nothing_without_a_licence(bench: Bench, session: Session) -> None:
    order = in_oklahoma(bench)
    license_oklahoma(bench)
    ship(bench, order)
    session.execute(delete(Parcel))
    session.execute(update(StateLicense).values(expires_on=date(2026, 3, 1)))
    forged = Parcel(
        order_id=order.id,
        carrier=Carrier.UPS,
        tracking_number=NUMBER,
        state="OK",
        shipped_by=bench.technician.id,
        shipped_at=bench.now,
    )
    session.add(forged)

    with pytest.raises(IntegrityError, match="no licence to ship"):
        session.flush()


def test_a_number_is_used_for_one_parcel(bench: Bench) -> None:
    ship(bench, bench.order(Status.READY))

    with pytest.raises(IntegrityError, match="uq_parcels_carrier_tracking_number"):
        ship(bench, bench.order(Status.READY))


def test_what_comes_back_is_destroyed(bench: Bench, session: Session) -> None:
    order = bench.order(Status.READY)
    ship(bench, order)
    on_hand = session.scalars(select(CapsuleLot.on_hand).order_by(CapsuleLot.id)).all()

    operations.end(
        session, order.id, status=ParcelStatus.RETURNED, by=bench.technician, now=bench.now
    )

    assert order.status is Status.RETURNED
    assert session.scalars(select(CapsuleLot.on_hand).order_by(CapsuleLot.id)).all() == on_hand
    event = order_queries.last_event(session, order.id, Action.RETURN)
    assert event is not None
    assert event.facts["code"] == "undeliverable"


@pytest.mark.parametrize("end", [ParcelStatus.DELIVERED, ParcelStatus.LOST])
def test_a_parcel_ends_once(bench: Bench, session: Session, end: ParcelStatus) -> None:
    order = bench.order(Status.READY)
    ship(bench, order)
    later = bench.now + timedelta(days=2)

    operations.end(session, order.id, status=end, by=bench.technician, now=later)

    assert order.status is Status.HANDED_OVER
    assert queries.on_their_way(session, limit=5) == []
    with pytest.raises(ParcelEnded):
        operations.end(
            session, order.id, status=ParcelStatus.RETURNED, by=bench.technician, now=later
        )


def test_who_may_not_hand_over_may_not_say_what_became_of_a_parcel(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.READY)
    ship(bench, order)

    with pytest.raises(PermissionMissing):
        operations.end(
            session,
            order.id,
            status=ParcelStatus.LOST,
            by=bench.person(Role.AUDITOR),
            now=bench.now,
        )


def test_the_audit_knows_the_carrier_and_the_state_but_not_the_number(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.READY)
    ship(bench, order)

    detail = session.scalars(
        select(AuditEntry.detail).where(AuditEntry.action == "parcel.shipped")
    ).one()
    assert detail == {"carrier": "ups", "state": "TX", "order": str(order.id)}


def test_advice_is_a_pharmacists_in_the_operation_and_in_the_database(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.READY)
    given = HandingOver(
        identifiers=["name", "phone"], counselling="accepted", counselled_by=bench.technician.id
    )

    with pytest.raises(CounsellorNeeded):
        orders.hand_over(session, order.id, given=given, by=bench.technician, now=bench.now)
    forged = HandOver(
        order_id=order.id,
        identifiers=["name", "phone"],
        collector="patient",
        collector_name="",
        counselling="accepted",
        counselled_by=bench.technician.id,
        counselling_needed_for=[],
        by_id=bench.technician.id,
        at=bench.now,
    )
    session.add(forged)
    with pytest.raises(IntegrityError, match="advice is a pharmacist's"):
        session.flush()


def test_the_first_fill_of_a_patient_needs_advice(bench: Bench, session: Session) -> None:
    order = bench.order(Status.HANDED_OVER)

    kept = order_queries.hand_over(session, order.id)
    assert kept is not None
    assert kept.counselling_needed_for == ["first-fill"]
    assert kept.counselled_by == bench.pharmacist.id
