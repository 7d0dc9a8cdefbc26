"""How Alembic reaches the database: a given connection (tests, the CLI) or DATABASE_URL."""

from alembic import context
from sqlalchemy import Connection

from pharmacy.infra.db import Database
from pharmacy.settings import Settings
from pharmacy.tables import METADATA


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=METADATA,
        transactional_ddl=True,
        transaction_per_migration=True,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    migrate(given)
else:
    database = Database(Settings.of().database_url, pool_size=1)
    with database.engine.connect() as connection:
        migrate(connection)
        connection.commit()
    database.close()
