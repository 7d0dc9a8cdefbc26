"""A pharmacy that asks the registry's service, and imports none of its files, releases orders."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import delete
from sqlalchemy.orm import Session

from pharmacy.infra.nppes import NppesApi
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Action, Status
from pharmacy.orders.rules.gates import GateClosed
from pharmacy.prescribers.models import PrescriberCheck, RegistryImport, RegistryProvider
from tests.conftest import NOW
from tests.factories.orders import Bench
from tests.factories.prescribers import JORDAN, KNOWN_TO_NPPES

LATER = timedelta(hours=25)
"""More than the 24 hours that the policy allows at a release."""


class Nppes:
    """The registry's service, as it is today."""

    def __init__(self) -> None:
        self.status = 200
        self.record = dict(KNOWN_TO_NPPES.record)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url.params["number"] == JORDAN
        return httpx.Response(self.status, json={"result_count": 1, "results": [self.record]})


@pytest.fixture
def nppes() -> Nppes:
    return Nppes()


@pytest.fixture
def bench(session: Session, nppes: Nppes) -> Iterator[Bench]:
    """A pharmacy without the provider registry's file."""
    bench = Bench(session)
    session.execute(delete(RegistryProvider))
    session.execute(delete(RegistryImport).where(RegistryImport.kind == "nppes"))
    with NppesApi("https://nppes.example/api/", transport=httpx.MockTransport(nppes)) as service:
        bench.nppes = service
        yield bench


def check_again(bench: Bench, order: Order) -> None:
    """What the refused release of a door owes, and its job does."""
    operations.recheck(bench.session, order.id, by=bench.pharmacist, now=bench.now)
    operations.check(bench.session, order.id, now=bench.now, nppes=bench.nppes)


def refused_codes(bench: Bench, order: Order) -> Any:
    with pytest.raises(GateClosed) as refused:
        bench.release(order)
    assert "being checked again" in refused.value.remedy
    return refused.value.facts["codes"]


def test_an_order_is_released_on_the_services_answer_alone(bench: Bench, session: Session) -> None:
    order = bench.order(Status.READY)

    event = queries.last_event(session, order.id, Action.RELEASE)
    assert event is not None
    evidence = [session.get_one(PrescriberCheck, check) for check in event.facts["checks"]]
    assert ("nppes-api", "identity-verified") in [(row.source, row.code) for row in evidence]
    assert not queries.open_holds(session, order.id)


def test_a_day_later_a_recheck_asks_the_service_and_the_order_is_released(bench: Bench) -> None:
    order = bench.order(Status.FINAL_CHECK)
    bench.now = NOW + LATER

    assert refused_codes(bench, order) == ["identity-answer-too-old"]
    check_again(bench, order)
    bench.release(order)

    assert order.status is Status.READY


def test_a_file_that_grew_too_old_stops_nobody_who_uses_the_service(
    bench: Bench, session: Session
) -> None:
    session.add(
        RegistryImport(
            kind="nppes",
            file_name="nppes.csv",
            file_sha256=b"\0" * 32,
            file_date=(NOW - timedelta(days=60)).date(),
            rows_read=1,
            rows_kept=1,
            imported_at=NOW,
        )
    )
    session.flush()

    assert bench.order(Status.READY).status is Status.READY


def test_while_the_service_is_silent_nothing_is_released_on_an_old_answer(
    bench: Bench, nppes: Nppes
) -> None:
    order = bench.order(Status.FINAL_CHECK)
    bench.now = NOW + LATER
    nppes.status = 503
    check_again(bench, order)

    assert refused_codes(bench, order) == ["identity-answer-too-old"]
    nppes.status = 200
    check_again(bench, order)
    bench.release(order)

    assert order.status is Status.READY


def test_what_the_service_says_against_the_prescriber_by_now_holds_the_order(
    bench: Bench, nppes: Nppes, session: Session
) -> None:
    order = bench.order(Status.FINAL_CHECK)
    nppes.record = {**KNOWN_TO_NPPES.record, "enumeration_type": "NPI-2"}
    bench.now = NOW + LATER

    refused_codes(bench, order)
    check_again(bench, order)

    held = {hold.code for hold in queries.open_holds(session, order.id)}
    assert "identity-organisation" in held
