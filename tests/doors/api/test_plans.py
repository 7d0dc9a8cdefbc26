"""What only the door of strength plans does: shapes, versions, who comes in."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from pharmacy.kernel.ids import encode, new_id
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.staff.rules import Role
from pharmacy.titration import queries
from tests.doors.api.conftest import AsRole, Client
from tests.factories.orders import Bench
from tests.factories.titration import make_filler_lot


@pytest.fixture
def bench(session: Session) -> Bench:
    found = Bench(session)
    make_filler_lot(session)
    return found


@pytest.fixture
def order(bench: Bench) -> Order:
    return bench.order(Status.REVIEW)


def path(order: Order, rest: str = "") -> str:
    return f"/api/v1/orders/{encode('ord', order.id)}/plan{rest}"


def texts(data: Any) -> Iterator[Any]:
    """Every value of an answer, however deep."""
    if isinstance(data, dict):
        data = list(data.values())
    if isinstance(data, list):
        for each in data:
            yield from texts(each)
    else:
        yield data


def test_a_plan_shows_its_options_side_by_side(
    client: Client, as_role: AsRole, order: Order
) -> None:
    response = client.get(path(order), headers=as_role(Role.TECHNICIAN))

    plan = response.json()
    assert response.status_code == 200
    assert response.headers["etag"] == f'"{order.version}"'
    assert (plan["strategy"], plan["state"], plan["version"]) == ("A", "proposed", 1)
    assert [option["strategy"] for option in plan["options"]] == ["A", "B", "D"]
    assert [option["capsules"] for option in plan["options"]] == [84, 168, 112]
    assert [step["dose_mg"] for step in plan["steps"]] == ["1.5", "3", "4.5"]
    assert plan["options"][0]["holds"][1]["wasted_mg"] == "126"
    assert plan["options"][1]["batches"][0]["sheet"]["loads"] == [84, 84]


def test_masses_are_decimal_text_and_never_floats(
    client: Client, as_role: AsRole, order: Order
) -> None:
    plan = client.get(path(order), headers=as_role(Role.PHARMACIST)).json()

    assert plan["working"]
    assert not any(isinstance(value, float) for value in texts(plan))
    assert all(Decimal(line["value"]).is_finite() for line in plan["working"])


def test_an_approved_plan_has_dates(
    client: Client, as_role: AsRole, bench: Bench, order: Order
) -> None:
    bench.approve(order)

    plan = client.get(path(order), headers=as_role(Role.PHARMACIST)).json()

    assert plan["state"] == "approved"
    assert [(step["first_on"], step["last_on"]) for step in plan["steps"]] == [
        ("2026-03-05", "2026-04-01"),
        ("2026-04-02", "2026-04-29"),
        ("2026-04-30", "2026-05-27"),
    ]
    assert plan["run_out_on"] == "2026-05-28"


def test_a_pharmacist_chooses_another_strategy(
    client: Client, as_role: AsRole, session: Session, order: Order
) -> None:
    headers = as_role(Role.PHARMACIST)
    version = order.version

    response = client.post(
        path(order, "/strategy"),
        headers=headers | {"If-Match": f'"{version}"'},
        json={"strategy": "B", "reason": "May have to stay at a step."},
    )

    plan = response.json()
    assert response.status_code == 200
    assert response.headers["etag"] == f'"{version + 1}"'
    assert (plan["strategy"], plan["version"]) == ("B", 2)
    assert plan["choice_reason"] == "May have to stay at a step."
    assert [step["directions"] for step in plan["steps"]] == [
        "take-1-bedtime",
        "take-2-bedtime",
        "take-3-bedtime",
    ]
    session.refresh(order)
    current = queries.current(session, order.prescription_id, order.fill_no)
    assert current is not None
    assert order.plan_id == current.id


@pytest.mark.parametrize(
    ("if_match", "expected"),
    [({}, (428, "version-not-given")), ({"If-Match": '"99"'}, (412, "stale-version"))],
)
def test_a_choice_names_the_version_that_was_looked_at(
    client: Client,
    as_role: AsRole,
    order: Order,
    if_match: dict[str, str],
    expected: tuple[int, str],
) -> None:
    headers = as_role(Role.PHARMACIST) | if_match

    response = client.post(
        path(order, "/strategy"), headers=headers, json={"strategy": "B", "reason": "why"}
    )

    assert (response.status_code, response.json()["code"]) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"strategy": "C", "reason": "why"}, (422, "unknown-strategy")),
        ({"strategy": "B", "reason": " "}, (422, "reason-missing")),
        ({"strategy": "B"}, (400, "request-invalid")),
        ({"strategy": "B", "reason": "why", "force": True}, (400, "request-invalid")),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(
    client: Client, as_role: AsRole, order: Order, body: dict[str, Any], expected: tuple[int, str]
) -> None:
    headers = as_role(Role.PHARMACIST) | {"If-Match": f'"{order.version}"'}

    response = client.post(path(order, "/strategy"), headers=headers, json=body)

    assert (response.status_code, response.json()["code"]) == expected


def test_after_approval_the_strategy_is_settled(
    client: Client, as_role: AsRole, bench: Bench, order: Order
) -> None:
    bench.approve(order)
    headers = as_role(Role.PHARMACIST) | {"If-Match": f'"{order.version}"'}

    response = client.post(
        path(order, "/strategy"), headers=headers, json={"strategy": "B", "reason": "why"}
    )

    assert (response.status_code, response.json()["code"]) == (409, "order-move-not-allowed")


def test_an_order_without_a_plan_says_so(client: Client, as_role: AsRole, bench: Bench) -> None:
    order = bench.order(Status.RECEIVED)

    response = client.get(path(order), headers=as_role(Role.PHARMACIST))

    assert (response.status_code, response.json()["code"]) == (404, "plan-not-found")


def test_another_clinics_plan_is_not_to_be_seen(
    client: Client, as_role: AsRole, order: Order
) -> None:
    headers = as_role(Role.EHR_CLIENT, npi="1992000008")
    unknown = f"/api/v1/orders/{encode('ord', new_id())}/plan"

    assert client.get(path(order), headers=headers).json()["code"] == "order-not-found"
    assert client.get(unknown, headers=headers).json()["code"] == "order-not-found"
