import os
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from pharmacy.cli import main
from pharmacy.local.stack import HOST, free_port
from pharmacy.local.state import StateFolder, running_stack


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path / "state")
    folder.make()
    return folder


def test_the_secret_is_made_once_and_for_its_owner_alone(state: StateFolder) -> None:
    secret = state.secret()

    assert len(secret) > 40
    assert state.secret() == secret
    assert (state.path / "secret").stat().st_mode & 0o777 == 0o600


def test_a_running_stack_tells_where_it_is(state: StateFolder) -> None:
    state.tell({"REDIS_URL": "unix:///somewhere"})

    assert running_stack(state.path) == {"REDIS_URL": "unix:///somewhere"}
    assert (state.path / "running.json").stat().st_mode & 0o777 == 0o600


def test_a_stack_that_is_gone_tells_nothing(state: StateFolder) -> None:
    state.tell({"REDIS_URL": "unix:///somewhere"})
    told = state.path / "running.json"
    told.write_text(told.read_text().replace(str(os.getpid()), str(2**22 + 1)))

    assert running_stack(state.path) == {}
    assert state.was_interrupted()


def test_a_log_that_has_grown_large_is_begun_anew(state: StateFolder) -> None:
    log = state.path / "logs" / "api.log"
    log.write_bytes(b"." * 5_000_001)

    assert not state.log("api").exists()
    assert (state.path / "logs" / "api.log.1").exists()


def test_a_taken_port_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert free_port(first=port) > port


@pytest.mark.parametrize(
    ("alone", "url"), [("DATABASE_URL", "postgresql://h/d"), ("REDIS_URL", "redis://h:6379/0")]
)
def test_one_server_of_two_is_refused(
    alone: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(alone, url)

    result = CliRunner().invoke(main, ["up"])

    assert result.exit_code == 2
    assert "is not set" in result.output


def test_a_command_without_a_database_says_what_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("PHARMACY_STATE_DIR", str(tmp_path))

    result = CliRunner().invoke(main, ["migrate"])

    assert result.exit_code == 2
    assert result.output.startswith("setting-missing: DATABASE_URL is not set")
