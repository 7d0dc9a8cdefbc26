"""Bringing a database to the newest schema, with the migrations and nothing else."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from pharmacy.infra.db import Database
from pharmacy.kernel.refusals import Conflict, Invalid

CONFIGURATION: Final = Path(__file__).parent.parent.parent / "pyproject.toml"
LOCK: Final = 7_246_001
"""The advisory lock of whoever migrates, so that two who start at once take turns."""
OLDEST_SERVER: Final = 15
"""The oldest major version of PostgreSQL that the whole path was walked on."""
TABLES: Final = text(
    "select relname from pg_class join pg_namespace on pg_namespace.oid = relnamespace"
    " where relkind in ('r', 'p', 'v', 'm', 'f') and nspname <> 'information_schema'"
    " and nspname not like 'pg\\_%' and not exists (select 1 from pg_depend"
    " where classid = 'pg_class'::regclass and objid = pg_class.oid and deptype = 'e')"
)
"""In every schema, but without what extensions brought."""


class NotOurDatabase(Conflict):
    """The database holds tables, and none of them says that it is a pharmacy's."""

    code = "not-our-database"
    remedy = "Name an empty database in DATABASE_URL; nothing was changed in this one."


class UnknownSchema(Conflict):
    """The database says that a migration was run that this version does not have."""

    code = "unknown-schema"
    remedy = (
        "Run the version of the pharmacy that migrated it, or a newer one; if it is the database "
        "of something else, name an empty one. Nothing was changed."
    )


class UnfitServer(Invalid):
    """The server or the database cannot hold a pharmacy's records."""

    code = "unfit-server"


def migrate(url: str) -> None:
    """
    Bring the database to the newest schema.

    Raises:
        NotOurDatabase, UnknownSchema, UnfitServer: Nothing was changed.
    """
    database = Database(url, pool_size=1)
    config = Config(toml_file=CONFIGURATION)
    try:
        with database.connection() as connection:
            _require_fitness(connection)
            connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            _require_ours(connection, config)
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        database.close()


def is_empty(url: str) -> bool:
    """Whether no schema of the database holds a table or a view."""
    database = Database(url, pool_size=1)
    try:
        with database.connection() as connection:
            return not connection.scalars(TABLES).all()
    finally:
        database.close()


def _require_fitness(connection: Connection) -> None:
    version = int(connection.scalar(text("show server_version_num"))) // 10_000
    if version < OLDEST_SERVER:
        refusal = UnfitServer(f"the server is PostgreSQL {version}")
        refusal.remedy = f"Use PostgreSQL {OLDEST_SERVER} or newer."
        raise refusal
    encoding = connection.scalar(text("show server_encoding"))
    if encoding != "UTF8":
        refusal = UnfitServer(f"the database's encoding is {encoding}, which loses names")
        refusal.remedy = "create database pharmacy encoding 'UTF8' template template0"
        raise refusal


def _require_ours(connection: Connection, config: Config) -> None:
    revisions = set(MigrationContext.configure(connection).get_current_heads())
    if not revisions and set(connection.scalars(TABLES)) - {"alembic_version"}:
        raise NotOurDatabase("the database holds tables of something else")
    known = {each.revision for each in ScriptDirectory.from_config(config).walk_revisions()}
    if strange := revisions - known:
        raise UnknownSchema(f"the database is at {', '.join(sorted(strange))}")
