"""What supervisors, Prometheus and browsers get."""

import re

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.jobs import JobKind
from pharmacy.web.pages import STATIC
from tests.doors.api.conftest import SETTINGS, Client

FROM_HERE = {"Authorization": f"Bearer {SETTINGS.metrics_token}"}
REMOTE = re.compile(r"""(?:src|href)=["']?(?:https?:)?//|@import|url\(["']?(?:https?:)?//""")


def test_the_process_lives(client: Client) -> None:
    assert client.get("/health/live").json() == {"status": "live"}


def test_it_is_ready_with_the_newest_schema(client: Client) -> None:
    response = client.get("/health/ready")

    assert response.status_code == 200
    assert response.json() == {"status": "ready", "oldest_job_seconds": 0}


def test_it_is_not_ready_with_another_schema(client: Client, session: Session) -> None:
    session.execute(text("update alembic_version set version_num = '0000'"))

    response = client.get("/health/ready")

    assert response.status_code == 503
    assert response.json()["code"] == "schema-not-newest"
    assert client.get("/health/live").status_code == 200


def test_metrics_count_requests_by_route_and_jobs_by_kind(client: Client, session: Session) -> None:
    jobs.add(session, JobKind.CHECK_ORDER, ref_id=new_id())
    session.flush()
    client.get("/health/live")
    client.get("/api/v1/no-such-thing-0b1c2d")

    page = client.get("/metrics", headers=FROM_HERE).text

    assert 'pharmacy_requests_total{method="GET",route="/health/live",status="200"}' in page
    assert 'pharmacy_requests_total{method="(any)",route="(none)",status="404"}' in page
    assert 'pharmacy_jobs{kind="orders.check",state="ready"} 1.0' in page
    assert "pharmacy_audit_unsealed 0.0" in page
    assert "no-such-thing" not in page


@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer guessed", "Basic Zm9v"])
def test_figures_are_for_who_has_the_token_that_is_set(client: Client, shown: str) -> None:
    answer = client.get("/metrics", headers={"Authorization": shown} if shown else {})

    assert answer.status_code == 403
    assert answer.json()["code"] == "metrics-forbidden"
    assert "pharmacy_" not in answer.text


@pytest.mark.parametrize("path", ["/", "/docs", "/api/v1/me", "/nothing", "/health/live"])
def test_every_answer_carries_the_headers_that_protect_it(client: Client, path: str) -> None:
    headers = client.get(path).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == ("same-origin" if path == "/" else "no-referrer")
    assert headers["x-frame-options"] == "DENY"
    assert headers["cache-control"] == "no-store"
    assert headers["strict-transport-security"].startswith("max-age=")
    assert headers["x-request-id"].startswith("req_")
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    script = re.search(r"script-src ([^;]*)", headers["content-security-policy"])
    assert script is None or script[1] == "'self'"


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_pages_take_everything_from_this_server(client: Client, path: str) -> None:
    page = client.get(path).text
    ours = re.findall(r'(?:src|href)="(/[^"]*)"', page)

    assert not REMOTE.search(page)
    assert "<script>" not in page
    assert ours
    for each in ours:
        assert client.get(each).status_code == 200, each


def test_styles_load_nothing_from_elsewhere() -> None:
    for sheet in STATIC.rglob("*.css"):
        assert not REMOTE.search(sheet.read_text()), sheet


def test_a_path_leads_to_no_other_file(client: Client) -> None:
    for path in ("/static/../pages.py", "/static/%2e%2e/pages.py", "/static/..%2fpages.py"):
        assert client.get(path).status_code in {400, 404}


def test_every_operation_is_described_with_who_may_use_it(client: Client) -> None:
    description = client.get("/docs/openapi.json").json()

    assert description["openapi"].startswith("3.1")
    for path, item in description["paths"].items():
        for method, operation in item.items():
            name = f"{method} {path}"
            assert operation.get("description"), name
            assert operation.get("tags"), name
            assert "400" in operation["responses"], name
            if "security" in operation:
                assert "403" in operation["responses"], name


def test_pages_have_names_that_a_generator_can_use(client: Client) -> None:
    schemas = client.get("/docs/openapi.json").json()["components"]["schemas"]

    assert "MemberViewPage" in schemas
    assert all(name.isidentifier() for name in schemas)


def test_no_two_operations_share_a_name(client: Client) -> None:
    paths = client.get("/docs/openapi.json").json()["paths"]
    names = [operation["operationId"] for item in paths.values() for operation in item.values()]

    assert len(names) == len(set(names))
