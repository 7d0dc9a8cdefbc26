"""One key, one verb, whatever else an order's page shows besides its actions."""

import re

import pytest

from pharmacy.kernel.ids import encode
from pharmacy.orders import operations
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.clarifying import QuestionKind
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client
from tests.factories.orders import Bench


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.PHARMACIST])
@pytest.mark.parametrize(
    "status", [Status.REVIEW, Status.PLANNED, Status.LABELING, Status.FINAL_CHECK, Status.READY]
)
def test_no_two_verbs_of_an_orders_page_share_a_key(
    client: Client, as_role: AsRole, bench: Bench, status: Status, role: Role
) -> None:
    order = bench.order(status)
    operations.ask(
        bench.session,
        order.id,
        kind=QuestionKind.DIRECTIONS,
        words="May the patient stay at 3 mg?",
        field=None,
        by=bench.pharmacist,
        now=bench.now,
    )

    page = client.get(
        f"/orders/{encode('ord', order.id)}", headers=as_role(role, browser=True)
    ).text

    main = re.sub(r"<dialog.*?</dialog>", "", page.split('<main id="main"')[1], flags=re.DOTALL)
    keys = re.findall(r'data-key="([^"]+)"', main)
    assert keys
    assert sorted(keys) == sorted(set(keys))
