"""Real PostgreSQL, built by the migrations. Most tests roll back; a few get their own."""

import itertools
import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings
from sqlalchemy.orm import Session

from pharmacy.infra import credentials
from pharmacy.infra.db import Database
from pharmacy.infra.printers import ipp
from tests.services import TEMPLATE, VALKEY_VARIABLE, Services, run_sql, url_of

NOW = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)
"""Monday 2 March 2026, 16:30 in Houston: nine minutes after the sample prescription was signed."""

settings.register_profile(  # a busy machine is no fault
    "pharmacy", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("pharmacy")
counter = itertools.count()
services: Services | None = None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", metavar="DIR", help="Keep a picture of every page there.")
    parser.addoption(
        "--screen", metavar="SIZE", default="1366x768", help="Of the pages: a tablet is 1024x768."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers in the process that controls the run; pytest's workers inherit them."""
    global services  # noqa: PLW0603
    if not hasattr(config, "workerinput") and not config.option.collectonly:
        services = Services()
        services.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    if services is not None and not hasattr(config, "workerinput"):
        services.stop()


@pytest.fixture(scope="session", autouse=True)
def real_hasher() -> Iterator[PasswordHasher]:
    """
    What hashes passwords for the pharmacy. In tests the same algorithm does as little as it may.

    Processes that a test starts hash with the real one, and read what either made.
    """
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        real = credentials.HASHER
        patch.setattr(credentials, "HASHER", quick)
        yield real


@pytest.fixture(scope="session")
def worker_database() -> Iterator[Database]:
    """Give a pytest worker its own copy of the migrated database."""
    name = f"worker_{os.getpid()}"
    run_sql(f"create database {name} template {TEMPLATE} strategy file_copy")
    database = Database(url_of(name))
    yield database
    database.close()
    run_sql(f"drop database {name} with (force)")


@pytest.fixture
def session(worker_database: Database) -> Iterator[Session]:
    """A session whose every write is rolled back after the test."""
    with worker_database.engine.connect() as connection:
        transaction = connection.begin()
        with Session(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            yield session
        transaction.rollback()


@pytest.fixture
def database() -> Iterator[Database]:
    """A database of the test's own, for several connections, commits, workers and LISTEN."""
    name = f"own_{os.getpid()}_{next(counter)}"
    run_sql(f"create database {name} template {TEMPLATE} strategy file_copy")
    database = Database(url_of(name), pool_size=20)
    yield database
    database.close()
    run_sql(f"drop database {name} with (force)")


@pytest.fixture
def valkey_url() -> str:
    """The run's Valkey; use a key prefix of the test's own."""
    return os.environ[VALKEY_VARIABLE]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for an IPP printer to say that a sheet is out."""
    monkeypatch.setattr(ipp, "WATCH_SECONDS", 0)


@pytest.fixture
def now() -> datetime:
    return NOW
