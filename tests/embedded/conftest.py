"""Servers of the tests' own, with real settings on a real disk: these tests crash them."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pharmacy.embedded.postgres import EmbeddedPostgres
from pharmacy.embedded.valkey import EmbeddedValkey


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that an unprivileged account can reach; pytest's own is closed to it."""
    made = Path(tempfile.mkdtemp(prefix="pharmacy-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


@pytest.fixture
def postgres(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(folder / "postgres", folder / "sockets")
    yield server
    server.stop()


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
