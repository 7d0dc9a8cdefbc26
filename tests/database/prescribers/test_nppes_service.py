"""The NPPES service is believed only when it plainly answers. Source: domain.md 3.10."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from pharmacy.infra.lookups import Outcome, Reply
from pharmacy.infra.nppes import MAX_BYTES, NppesApi
from tests.factories.prescribers import JORDAN

RECORD = {"number": JORDAN, "enumeration_type": "NPI-1", "basic": {"status": "A"}}
FOUND = {"result_count": 1, "results": [RECORD]}


def ask(answer: Callable[[httpx.Request], httpx.Response]) -> Reply:
    with NppesApi("https://nppes.example/api/", transport=httpx.MockTransport(answer)) as service:
        return service.look_up(JORDAN)


def test_one_result_is_an_answer_and_the_question_is_of_version_2_1() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json=FOUND)

    reply = ask(answer)

    assert (reply.outcome, reply.record) == (Outcome.FOUND, RECORD)
    assert str(asked[0].url) == f"https://nppes.example/api/?version=2.1&number={JORDAN}"
    assert len(reply.sha256) == 32


def test_a_number_may_come_as_a_number() -> None:
    results = [{**RECORD, "number": int(JORDAN)}]

    reply = ask(lambda _: httpx.Response(200, json={"result_count": 1, "results": results}))

    assert reply.outcome is Outcome.FOUND


@pytest.mark.parametrize("count", [0, "0"])
def test_no_result_means_that_nobody_has_this_npi(count: Any) -> None:
    reply = ask(lambda _: httpx.Response(200, json={"result_count": count, "results": []}))

    assert reply.outcome is Outcome.UNKNOWN


ERRORS = {
    "Errors": [{"field": "generic", "number": "04", "description": "No valid search criteria"}]
}


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (httpx.Response(200, json=ERRORS), "errors-with-200"),
        (httpx.Response(200, json={**FOUND, **ERRORS}), "errors-with-200"),
        (httpx.Response(200, html="<html>Sorry</html>"), "not-json"),
        (httpx.Response(200, content=b""), "not-json"),
        (httpx.Response(200, content=b"\xff\xfe"), "not-json"),
        (httpx.Response(200, content=b"[" * 100_000), "not-json"),
        (httpx.Response(200, json=[FOUND]), "not-an-object"),
        (httpx.Response(200, json={}), "no-results"),
        (httpx.Response(200, json={"results": {}}), "no-results"),
        (httpx.Response(200, json={"result_count": 1, "results": []}), "count-differs"),
        (httpx.Response(200, json={"results": []}), "count-differs"),
        (httpx.Response(200, json={"results": [RECORD, RECORD]}), "not-one-result"),
        (httpx.Response(200, json={"results": ["1234567893"]}), "not-one-result"),
        (
            httpx.Response(200, json={"results": [{**RECORD, "number": "1999999984"}]}),
            "another-npi",
        ),
        (httpx.Response(200, content=b" " * (MAX_BYTES + 1)), "too-large"),
        (httpx.Response(429), "status-429"),
        (httpx.Response(500, json=FOUND), "status-500"),
        (httpx.Response(302, headers={"Location": "https://evil.example"}), "status-302"),
    ],
)
def test_anything_else_is_an_error(response: httpx.Response, reason: str) -> None:
    reply = ask(lambda _: response)

    assert (reply.outcome, reply.reason) == (Outcome.ERROR, reason)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (httpx.ConnectTimeout("slow"), "timeout"),
        (httpx.ReadTimeout("slow"), "timeout"),
        (httpx.ConnectError("nobody"), "no-connection"),
        (httpx.RemoteProtocolError("garbage"), "no-connection"),
    ],
)
def test_a_service_that_is_not_there_is_an_error(error: Exception, reason: str) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise error

    reply = ask(answer)

    assert (reply.outcome, reply.reason) == (Outcome.ERROR, reason)
