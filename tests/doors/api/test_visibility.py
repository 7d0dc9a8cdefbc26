"""Physicians and EHR clients see what is their prescribers': of the rest there is none."""

from dataclasses import replace
from typing import Any

import pytest
from litestar.serialization import encode_json
from sqlalchemy import text
from sqlalchemy.orm import Session

from pharmacy.kernel import ids
from pharmacy.orders import operations
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.clarifying import QuestionKind
from pharmacy.shipping import operations as shipping
from pharmacy.shipping.rules import Carrier
from pharmacy.staff.rules import GRANTS, Role
from tests.doors.api.conftest import AsRole, Client
from tests.doors.api.test_examples import examples
from tests.doors.api.test_permissions import ROUTES, Route, knock
from tests.factories.orders import Bench
from tests.factories.staff import NPI

OTHER_NPI = "1245319599"
"""Passes the check digit; nobody's here."""
OUTSIDERS = (Role.PHYSICIAN, Role.EHR_CLIENT)
EXAMPLES = examples()
NOT_OF_A_PATIENT = {"/api/v1/prescribers/{npi}", "/api/v1/prescribers/{npi}/checks"}
"""Who a prescriber is, anybody may know whose role lets them ask."""


PARCEL = "/api/v1/orders/{order_id}/parcel"
"""There only once an order was sent: looked at by itself."""


def seen_by_outsiders() -> list[tuple[Route, Role]]:
    return [
        (route, role)
        for route in ROUTES
        for role in OUTSIDERS
        if route.permission in GRANTS[role] and "{" in route.template and route.template != PARCEL
    ]


def filled(route: Route, known: dict[str, str]) -> str:
    """Return the path of something that exists."""
    parts = []
    for part in route.template.split("/"):
        name = part.strip("{}").partition(":")[0] if part.startswith("{") else ""
        parts.append(known[name] if name else part)
    return "/".join(parts)


@pytest.fixture
def known(bench: Bench, session: Session) -> dict[str, str]:
    """One order under review, with all that belongs to it."""
    order = bench.order(Status.REVIEW)
    asked = operations.ask(
        session,
        order.id,
        kind=QuestionKind.DOSE,
        words="An example?",
        by=bench.pharmacist,
        now=bench.now,
    )
    refill: Any = session.execute(REFILL, {"order": order.id}).scalar_one()
    prescription = ids.encode("rx", order.prescription_id)
    patient = ids.encode("pat", order.patient_id)
    return {
        "npi": NPI,
        "order_id": ids.encode("ord", order.id),
        "refill_id": ids.encode("rfl", refill),
        "prescription": prescription,
        "prescription_id": prescription,
        "pat": patient,
        "patient_id": patient,
        "clarification_id": ids.encode("clr", asked.id),
    }


REFILL = text(
    "insert into refills (id, after_order_id, patient_id, npi, state, earliest_on, due_on,"
    " run_out_on, remaining_fills, working, updated_at)"
    " select gen_random_uuid(), id, patient_id, npi, 'renewal-needed', '2026-05-01',"
    " '2026-05-10', '2026-05-25', 0, '[]', now() from orders where id = :order returning id"
)


@pytest.mark.parametrize(("route", "role"), seen_by_outsiders(), ids=str)
def test_what_is_anothers_does_not_exist(
    client: Client, as_role: AsRole, known: dict[str, str], route: Route, role: Role
) -> None:
    if route.template in NOT_OF_A_PATIENT:
        known["npi"] = OTHER_NPI
    there = replace(route, template=filled(route, known))

    body = encode_json(next((body for other, body in EXAMPLES if other == route), {}))

    own = knock(client, there, as_role(role), body=body)
    others = knock(client, there, as_role(role, npi=OTHER_NPI), body=body)

    if route.template not in NOT_OF_A_PATIENT:
        assert own not in {401, 403, 404, 500}
        assert others == 404


@pytest.mark.parametrize("role", OUTSIDERS)
def test_a_parcel_of_anothers_patient_does_not_exist(
    bench: Bench, client: Client, as_role: AsRole, role: Role
) -> None:
    order = bench.order(Status.READY)
    shipping.ship(
        bench.session,
        order.id,
        carrier=Carrier.UPS,
        number="1Z5R89390357567127",
        by=bench.technician,
        now=bench.now,
    )
    path = PARCEL.format(order_id=ids.encode("ord", order.id))

    own = client.get(path, headers=as_role(role))
    others = client.get(path, headers=as_role(role, npi=OTHER_NPI))

    assert (own.status_code, own.json()["tracking_number"]) == (200, "1Z5R89390357567127")
    assert others.status_code == 404
