"""What an open page of an order hears, without anybody sitting there."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.kernel.ids import encode
from pharmacy.orders import operations
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.staff.models import SignInSession
from pharmacy.staff.rules import Role
from pharmacy.web.view import RESERVED, Action
from tests.doors.api.conftest import AsRole, Client, Clock, Headers
from tests.factories.orders import Bench


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


def news(client: Client, order: Order, seen: int, headers: Headers) -> str:
    path = f"/orders/{encode('ord', order.id)}/news?seen={seen}"
    answer = client.get(path, headers={"HX-Request": "true"} | headers)
    assert answer.status_code == 200
    return answer.text


def test_an_open_page_says_that_the_order_changed_elsewhere_and_nothing_of_it(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    order = bench.order(Status.PLANNED)
    seen, technician = order.version, as_role(Role.TECHNICIAN, browser=True)
    assert "changed" not in news(client, order, seen, technician)

    operations.claim(bench.session, order.id, by=bench.pharmacist, now=bench.now)

    told = news(client, order, seen, technician)
    assert "This order changed since you opened it." in told
    assert "Testpatient" not in told


def test_news_is_no_look_at_the_patient_and_keeps_no_session_awake(
    client: Client, as_role: AsRole, session: Session, bench: Bench, clock: Clock
) -> None:
    order = bench.order(Status.PLANNED)
    technician = as_role(Role.TECHNICIAN, browser=True)
    entries = session.scalar(select(func.count()).select_from(AuditEntry))
    seen_at = session.scalars(select(SignInSession.last_seen_at)).all()
    clock.now += timedelta(minutes=4)

    news(client, order, order.version, technician)

    session.expire_all()
    assert session.scalar(select(func.count()).select_from(AuditEntry)) == entries
    assert session.scalars(select(SignInSession.last_seen_at)).all() == seen_at
    client.get("/queue", headers=technician)  # which somebody looks at
    session.expire_all()
    assert session.scalars(select(SignInSession.last_seen_at)).all() != seen_at


def test_key_b_gives_an_order_back(client: Client, as_role: AsRole, bench: Bench) -> None:
    order = bench.order(Status.REVIEW)
    path = f"/orders/{encode('ord', order.id)}"
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    client.post(f"{path}/claim", headers={"HX-Request": "true"} | pharmacist, data={"_": "1"})

    page = client.get(path, headers=pharmacist).text

    assert f'hx-post="{path}/unclaim" hx-swap="none" hx-disabled-elt="this" data-key="b"' in page


@pytest.mark.parametrize("key", sorted(RESERVED))
def test_no_verb_takes_a_key_that_every_page_hears(key: str) -> None:
    with pytest.raises(AssertionError, match="every page hears"):
        Action(key, "Give back", post="/orders/unclaim")
