"""Looking for orders over HTTP: what names a patient stays out of addresses and audit."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.kernel.ids import encode
from pharmacy.orders.rules import Status
from pharmacy.patients.models import Patient
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client
from tests.factories.orders import Bench


def test_orders_are_found_by_patient_also_when_they_are_over(
    bench: Bench, client: Client, session: Session, as_role: AsRole
) -> None:
    over, other = bench.order(Status.HANDED_OVER), bench.order()
    patient = session.get_one(Patient, over.patient_id)
    technician = as_role(Role.TECHNICIAN)

    def shown(**body: object) -> list[str]:
        response = client.post("/api/v1/orders/search", headers=technician, json=body)
        return [line["id"] for line in response.json()["items"]]

    named = {"family": patient.family.upper(), "birth_date": patient.birth_date.isoformat()}
    assert shown(**named) == [encode("ord", over.id)]
    assert shown(**named, status=["received"]) == []
    assert shown(number=other.number) == [encode("ord", other.id)]
    details = session.scalars(
        select(AuditEntry.detail).where(AuditEntry.action == "queue.read").order_by(AuditEntry.id)
    ).all()
    assert details[0] == {"orders": [encode("ord", over.id)]}


def test_age_counts_the_hours_in_which_the_pharmacy_works(
    bench: Bench, client: Client, session: Session, as_role: AsRole
) -> None:
    """Now it is Monday, 16:30; open 9 to 17, not at weekends: 7 h 30, then 1 h."""
    order = bench.order()
    order.received_at = NOW - timedelta(days=2, hours=1)
    order.status_since = NOW - timedelta(hours=1)
    session.flush()

    line = client.get("/api/v1/orders", headers=as_role(Role.TECHNICIAN)).json()["items"][0]

    assert (line["working_minutes"], line["working_minutes_in_status"]) == (450, 60)
