"""The migrations build the whole schema, match the models, and can be undone."""

import os
from collections.abc import Iterator
from contextlib import closing

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from pharmacy.infra.db import Database
from pharmacy.local.migrations import NotOurDatabase, is_empty, migrate
from tests.services import ROOT, run_sql, url_of

# Alembic cannot compare an index on an expression with an operator class, and says so.
pytestmark = pytest.mark.filterwarnings("ignore:Expression #1 .*operator clause:UserWarning")


def empty_name() -> str:
    return f"empty_{os.getpid()}"


@pytest.fixture
def empty() -> Iterator[str]:
    """The URL of an empty database."""
    name = empty_name()
    run_sql(f"create database {name}")
    yield url_of(name)
    run_sql(f"drop database {name} with (force)")


def alembic(url: str, task: str, *words: str) -> None:
    config = Config(toml_file=ROOT / "pyproject.toml")
    with closing(Database(url, pool_size=1)) as database, database.connection() as connection:
        config.attributes["connection"] = connection
        getattr(command, task)(config, *words)


def leftovers(url: str) -> set[str]:
    """Return what a schema is made of: tables, functions, sequences, types."""
    catalogs = """
        select relname from pg_class where relnamespace = 'public'::regnamespace
        union all select proname from pg_proc where pronamespace = 'public'::regnamespace
        union all select typname from pg_type where typnamespace = 'public'::regnamespace
    """
    with closing(Database(url, pool_size=1)) as database, database.connection() as connection:
        return set(connection.scalars(text(catalogs)))


def test_the_migrations_build_what_the_models_say(empty: str) -> None:
    migrate(empty)

    alembic(empty, "check")


def test_what_is_built_can_be_taken_down_and_built_again(empty: str) -> None:
    migrate(empty)
    alembic(empty, "downgrade", "base")

    assert leftovers(empty) == {"alembic_version", "alembic_version_pkc", "_alembic_version"}

    migrate(empty)
    alembic(empty, "check")


def test_migrating_twice_changes_nothing(empty: str) -> None:
    migrate(empty)
    before = leftovers(empty)

    migrate(empty)

    assert leftovers(empty) == before


def test_a_database_of_something_else_is_refused_and_left_alone(empty: str) -> None:
    run_sql("create table recipes (id int)", database=empty_name())
    assert not is_empty(empty)

    with pytest.raises(NotOurDatabase):
        migrate(empty)

    assert {"recipes"} == leftovers(empty) - {"_recipes"}
