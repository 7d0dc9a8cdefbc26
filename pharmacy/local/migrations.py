"""Bringing a database to the newest schema, with the migrations and nothing else."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, inspect, text

from pharmacy.infra.db import Database
from pharmacy.kernel.refusals import Conflict

CONFIGURATION: Final = Path(__file__).parent.parent.parent / "pyproject.toml"
LOCK: Final = 7_246_001
"""The advisory lock of whoever migrates, so that two who start at once take turns."""


class NotOurDatabase(Conflict):
    """The database holds tables, and none of them says that it is a pharmacy's."""

    code = "not-our-database"
    remedy = "Name an empty database in DATABASE_URL; nothing was changed in this one."


def migrate(url: str) -> None:
    """Bring the database to the newest schema. Raises NotOurDatabase."""
    database = Database(url, pool_size=1)
    try:
        with database.connection() as connection:
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            tables = inspect(connection).get_table_names()
            if tables and "alembic_version" not in tables:
                raise NotOurDatabase("the database holds tables of something else")
            _upgrade(connection)
    finally:
        database.close()


def is_empty(url: str) -> bool:
    """Whether the database holds no table at all."""
    database = Database(url, pool_size=1)
    try:
        with database.connection() as connection:
            return not inspect(connection).get_table_names()
    finally:
        database.close()


def _upgrade(connection: Connection) -> None:
    config = Config(toml_file=CONFIGURATION)
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
