"""PostgreSQL is restarted under a relay and a worker, which find it again by themselves."""

import shutil
import signal
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from pharmacy.embedded.postgres import EmbeddedPostgres
from pharmacy.embedded.valkey import EmbeddedValkey
from pharmacy.infra.db import Database
from tests.doors.workers.conftest import Bench, eventually
from tests.doors.workers.rehearsal import TABLES
from tests.services import memory_or_disk, migrate

pytestmark = pytest.mark.slow


class OwnCluster(Bench):
    """A bench whose PostgreSQL may be restarted, since no other test uses it."""

    def __init__(self, postgres: EmbeddedPostgres, valkey: EmbeddedValkey) -> None:
        super().__init__(Database(postgres.url(), pool_size=2), valkey)
        self.postgres = postgres

    def lose_postgres(self) -> None:
        """As `pg_ctl stop -m immediate` does."""
        assert self.postgres.process is not None
        self.postgres.process.send_signal(signal.SIGQUIT)
        self.postgres.process.wait()

    def listens(self) -> bool:
        question = "select count(*) from pg_stat_activity where query ilike 'listen %'"
        return self.number(question) == 1


@pytest.fixture
def cluster() -> Iterator[OwnCluster]:
    folder = memory_or_disk()
    settings = ("fsync=off", "full_page_writes=off", "max_connections=40")
    postgres = EmbeddedPostgres(folder / "postgres", folder / "pg", settings)
    valkey = EmbeddedValkey(folder / "valkey", folder / "vk" / "s")
    postgres.start()
    valkey.start()
    migrate(postgres.url())
    bench = OwnCluster(postgres, valkey)
    with bench.database.connection() as connection:
        connection.execute(text(TABLES))
    yield bench
    bench.stop()
    bench.database.close()
    valkey.stop()
    postgres.stop()
    shutil.rmtree(folder, ignore_errors=True)


def test_relay_and_worker_outlive_their_database(cluster: OwnCluster) -> None:
    worker = cluster.start_worker(lookout=False)
    relay = cluster.start_relay()
    assert eventually(cluster.listens), cluster.story()

    for restart in (1, 2):
        cluster.lose_postgres()
        assert not eventually(lambda: relay.poll() is not None, within=2), cluster.story()
        cluster.postgres.start()
        assert eventually(cluster.listens), cluster.story()
        cluster.owe(count=5)
        assert cluster.done(5 * restart), cluster.story()

    assert cluster.effects() == 10
    assert worker.poll() is None
    assert relay.poll() is None
    assert "relay.database_away" in cluster.log.read_text()
