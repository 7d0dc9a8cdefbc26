"""The demo and the operator's commands on servers that somebody else runs, over TCP."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from pharmacy.embedded.postgres import FAST_AND_LOSSY, EmbeddedPostgres, find_program
from pharmacy.embedded.processes import child_of_ours, end
from pharmacy.embedded.valkey import find_program as find_valkey
from pharmacy.local.stack import HOST
from tests.services import ROOT, memory_or_disk, own_port

pytestmark = pytest.mark.slow
PASSWORD = "s3cret/with@signs"
IN_A_URL = "s3cret%2Fwith%40signs"
INSTALLED = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
"""PostgreSQL as Debian or Ubuntu has installed it."""
OURS = find_program()[0].parent
"""PostgreSQL as ./run brings it, on which the demo walks elsewhere too."""

MakeDatabase = Callable[..., str]


def pharmacy(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "pharmacy.cli", *words],
        env=os.environ | {"PYTHONPATH": str(ROOT), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that an unprivileged account can reach; pytest's own is closed to it."""
    made = memory_or_disk()
    yield made
    shutil.rmtree(made)


@pytest.fixture
def make_database(
    request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MakeDatabase]:
    """Make a database on a server that asks for a password, and return its URL."""
    monkeypatch.setenv("PHARMACY_PG_BIN", str(request.param))
    port = own_port()
    options = (*FAST_AND_LOSSY, f"listen_addresses={HOST}", f"port={port}")
    server = EmbeddedPostgres(folder / "postgres", folder / "sockets", options)
    server.start()
    admin = psycopg.connect(f"{server.url()}&port={port}", autocommit=True)
    rules = folder / "postgres" / "pg_hba.conf"
    rules.write_text(f"host all all {HOST}/32 scram-sha-256\n{rules.read_text()}")
    admin.execute(f"alter role pharmacy password '{PASSWORD}'")
    admin.execute("select pg_reload_conf()")

    def make(name: str, *, with_table: str = "", how: str = "") -> str:
        admin.execute(f"create database {name} {how}")
        url = f"postgresql://pharmacy:{IN_A_URL}@{HOST}:{port}/{name}"
        if with_table:
            with psycopg.connect(url) as connection:
                connection.execute(f"create schema theirs; create table {with_table} (id text)")
        return url

    yield make
    admin.close()
    server.stop()


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """The URL of a server that asks for a password."""
    port = own_port()
    options = {"port": str(port), "bind": HOST, "requirepass": PASSWORD, "dir": str(tmp_path)}
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    process = subprocess.Popen(
        [find_valkey()[0], *words],
        stdout=subprocess.DEVNULL,
        preexec_fn=child_of_ours(signal.SIGTERM),  # noqa: PLW1509  # from the main thread
    )
    yield f"redis://:{IN_A_URL}@{HOST}:{port}/3"
    end(process, ask=signal.SIGTERM, insist=signal.SIGKILL, grace=10)


def on(*programs: Path) -> pytest.MarkDecorator:
    """Have a test run on these servers."""
    name = {path: path.parent.name for path in programs}
    return pytest.mark.parametrize("make_database", programs, ids=name.get, indirect=True)


@on(*(INSTALLED or [OURS]))
def test_the_demo_and_commands_work_on_named_servers_with_passwords(
    make_database: MakeDatabase, redis_url: str, tmp_path: Path
) -> None:
    servers = {"DATABASE_URL": make_database("ours"), "REDIS_URL": redis_url}
    demo = ("demo", "--use-named-servers", "--output", str(tmp_path / "out"))

    done = pharmacy(*demo, **servers)

    assert done.returncode == 0, done.stdout + done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    assert IN_A_URL not in done.stdout + done.stderr
    jobs = pharmacy("jobs", "list", **servers)
    assert "0 ready" in jobs.stdout
    assert "0 dead" in jobs.stdout
    assert pharmacy("check", **servers).returncode == 0
    assert pharmacy(*demo, **servers).stderr.startswith("database-not-empty:")


@on(OURS, *INSTALLED)
def test_databases_that_are_not_ours_are_refused_in_words(
    make_database: MakeDatabase, redis_url: str, tmp_path: Path
) -> None:
    theirs = make_database("theirs", with_table="theirs.recipes")
    other_alembic = make_database("other", with_table="public.alembic_version")
    with psycopg.connect(other_alembic) as connection:
        connection.execute("alter table alembic_version rename id to version_num")
        connection.execute("insert into alembic_version values ('f00d')")
    lossy = make_database("lossy", how="template template0 encoding 'LATIN1' locale 'C'")

    for url, code in (
        (theirs, "not-our-database"),
        (other_alembic, "unknown-schema"),
        (lossy, "unfit-server"),
        (theirs.replace("/theirs", "/nowhere"), "database-away"),
        (theirs.replace(IN_A_URL, "wrong"), "database-away"),
        ("theirs", "setting-wrong"),
    ):
        refused = pharmacy("migrate", DATABASE_URL=url)
        assert refused.returncode != 0
        assert refused.stderr.startswith(f"{code}:"), refused.stderr
        assert PASSWORD not in refused.stderr
    demo = ("demo", "--use-named-servers", "--output", str(tmp_path))
    refused = pharmacy(*demo, DATABASE_URL=theirs, REDIS_URL=redis_url)
    assert refused.stderr.startswith("database-not-empty:")
    assert pharmacy("jobs", "list", DATABASE_URL=lossy).stderr.startswith("not-migrated:")
