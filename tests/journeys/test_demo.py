"""The demo, as a newcomer starts it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from pharmacy.infra.db import Database
from tests.services import ROOT, VALKEY_VARIABLE, url_of

pytestmark = pytest.mark.slow


def demo(output: Path, *words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "pharmacy.cli", "demo", "--output", str(output), *words],
        env=os.environ | {"PYTHONPATH": str(ROOT), **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def left_running(mark: str) -> list[str]:
    """Return the processes whose environment or command line holds a mark."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes()
            if mark.encode() in command + (entry / "environ").read_bytes():
                found.append(command.decode().replace("\0", " "))
        except OSError:
            continue
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_the_demo_ends_with_labels_and_leaves_nothing_running(tmp_path: Path) -> None:
    output = tmp_path / "out"
    nowhere = "postgresql://nobody@127.0.0.1:1/theirs"

    done = demo(output, DATABASE_URL=nowhere, REDIS_URL="redis://127.0.0.1:1")

    assert done.returncode == 0, done.stdout + done.stderr
    drawn = sorted(output.glob("*.pdf"))
    *labels, leaflet, worksheet = (path.name for path in drawn)
    assert labels == ["label-1-of-3.pdf", "label-2-of-3.pdf", "label-3-of-3.pdf"]
    assert leaflet == "leaflet.pdf"
    assert worksheet.startswith("worksheet-B")
    assert all(path.read_bytes().startswith(b"%PDF-") for path in drawn)
    assert "byte for byte the same" in done.stdout
    assert left_running(str(output)) == []


def test_a_database_with_tables_is_refused_and_left_as_it_was(
    tmp_path: Path, database: Database
) -> None:
    name = database.engine.url.database
    assert name is not None

    done = demo(
        tmp_path / "out",
        "--use-named-servers",
        DATABASE_URL=url_of(name),
        REDIS_URL=os.environ[VALKEY_VARIABLE],
    )

    assert done.returncode == 1
    assert done.stderr.startswith("database-not-empty:")
    with database.connection() as connection:
        assert connection.scalar(text("select count(*) from accounts")) == 0
