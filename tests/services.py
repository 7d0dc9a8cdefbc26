"""The servers that a test run needs, started once and shared by every pytest worker."""

import os
import shutil
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from pharmacy.embedded.postgres import FAST_AND_LOSSY, EmbeddedPostgres
from pharmacy.embedded.valkey import EmbeddedValkey
from pharmacy.infra.db import Database
from pharmacy.local.stack import free_port

ROOT = Path(__file__).parent.parent
TEMPLATE = "template_pharmacy"
POSTGRES_VARIABLE = "PHARMACY_TEST_POSTGRES"
VALKEY_VARIABLE = "PHARMACY_TEST_VALKEY"
ROOM_NEEDED = 512 * 1024 * 1024


def memory_or_disk() -> Path:
    """Return a new folder, on tmpfs where there is room."""
    shared = Path("/dev/shm")
    roomy = shared.is_dir() and shutil.disk_usage(shared).free > ROOM_NEEDED
    folder = Path(tempfile.mkdtemp(prefix="pharmacy-", dir=shared if roomy else None))
    folder.chmod(0o755)
    return folder


def own_port() -> int:
    """
    Return a free port that no other pytest worker is about to take either.

    It lies below those from which the system picks for connections that go out.
    """
    return free_port(first=20_000 + os.getpid() * 16 % 12_000)


def is_alive(pid: int) -> bool:
    """Say whether a process runs. One that ended, and that nobody asked after yet, does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def url_of(database: str) -> str:
    """Return the URL of a database in the run's cluster."""
    return f"postgresql://pharmacy@/{database}?host={os.environ[POSTGRES_VARIABLE]}"


def migrate(url: str) -> None:
    """Bring a database to the newest schema, with the migrations and nothing else."""
    config = Config(toml_file=ROOT / "pyproject.toml")
    database = Database(url, pool_size=1)
    with database.connection() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    database.close()


def run_sql(statement: str, *, database: str = "postgres") -> None:
    """Run one statement outside any transaction, as creating a database must be."""
    maintenance = Database(url_of(database), pool_size=1)
    with maintenance.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(statement))
    maintenance.close()


class Services:
    """One PostgreSQL cluster with a migrated template, and one Valkey."""

    def __init__(self) -> None:
        self.folder = memory_or_disk()
        self.postgres = EmbeddedPostgres(
            self.folder / "postgres", self.folder / "pg", (*FAST_AND_LOSSY, "max_connections=200")
        )
        self.valkey = EmbeddedValkey(self.folder / "valkey", self.folder / "vk" / "s")

    def start(self) -> None:
        self.postgres.start()
        self.valkey.start()
        os.environ[POSTGRES_VARIABLE] = str(self.postgres.socket_dir)
        os.environ[VALKEY_VARIABLE] = self.valkey.url
        run_sql(f"create database {TEMPLATE}")
        migrate(url_of(TEMPLATE))

    def stop(self) -> None:
        self.valkey.stop()
        self.postgres.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
