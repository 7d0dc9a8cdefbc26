"""Servers of the tests' own, with real settings: these tests crash them."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pharmacy.embedded.postgres import EmbeddedPostgres
from pharmacy.embedded.valkey import EmbeddedValkey
from tests.services import memory_or_disk


@pytest.fixture
def folder() -> Iterator[Path]:
    """
    A folder that an unprivileged account can reach; pytest's own is closed to it. In memory where
    there is room: processes are killed here, and no disk loses its power.
    """
    made = memory_or_disk()
    yield made
    shutil.rmtree(made)


@pytest.fixture
def disk() -> Iterator[Path]:
    """Such a folder from which programs may run."""
    made = Path(tempfile.mkdtemp(prefix="pharmacy-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def postgres(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(folder / "postgres", folder / "sockets")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def pristine() -> Iterator[Path]:
    """A cluster that was made, started and stopped: to make one takes longer than most tests."""
    folder = memory_or_disk()
    server = EmbeddedPostgres(folder / "postgres", folder / "sockets")
    server.start()
    server.stop()
    yield server.data
    shutil.rmtree(folder)


@pytest.fixture
def made(postgres: EmbeddedPostgres, pristine: Path) -> EmbeddedPostgres:
    """A server whose cluster is there, with the owner that it was made for."""
    subprocess.run(["cp", "-a", pristine, postgres.data], check=True)
    return postgres


@pytest.fixture
def valkey(folder: Path) -> Iterator[EmbeddedValkey]:
    server = EmbeddedValkey(folder / "valkey", folder / "sockets" / "valkey.sock")
    yield server
    server.stop()


def ask(server: EmbeddedPostgres, statement: str) -> list[tuple[object, ...]]:
    """Run one statement on a connection of its own."""
    with psycopg.connect(server.url()) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []
