"""The demo from an empty machine to PDFs, and back to an empty machine."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx

from pharmacy.embedded.postgres import FAST_AND_LOSSY
from pharmacy.kernel.refusals import Conflict
from pharmacy.local.demo.loading import Loaded, load
from pharmacy.local.demo.people import DemoTrouble, Json
from pharmacy.local.demo.telling import Teller
from pharmacy.local.demo.walk import Walk
from pharmacy.local.migrations import is_empty
from pharmacy.local.stack import Stack
from pharmacy.local.state import Servers, StateFolder

REQUEST_SECONDS: Final = 30
PLACES: Final = (Path(tempfile.gettempdir()), Path("/var/tmp"))  # noqa: S108  # mkdtemp inside


class DatabaseNotEmpty(Conflict):
    """The demo's fiction belongs into a database that holds nothing else."""

    code = "database-not-empty"
    remedy = "Name an empty database, or let the demo start servers of its own."


def run(output: Path, servers: Servers | None, teller: Teller) -> None:
    """
    Walk one prescription through a pharmacy that is started for it and stopped after it.

    Args:
        output: Where PDFs are written.
        servers: Load the fiction into this empty database and leave it there. Default: servers of
            the demo's own, which leave nothing behind.

    Raises:
        ServerTrouble, DatabaseNotEmpty.
    """
    if servers is not None and not is_empty(servers.database_url):
        raise DatabaseNotEmpty("the database that DATABASE_URL names holds tables")
    output.mkdir(parents=True, exist_ok=True)
    with _folder() as folder, teller.quiet_at_last():
        loaded: list[Loaded] = []

        def prepare(environment: dict[str, str]) -> None:
            loaded.append(
                load(
                    environment["DATABASE_URL"],
                    pepper=environment["PHARMACY_SECRET"],
                    now=datetime.now(UTC),
                )
            )

        teller.chapter("Setting up")
        stack = Stack(
            StateFolder(folder),
            port=0,
            servers=servers,
            tell=teller.begin,
            settings=FAST_AND_LOSSY,  # nothing here is to outlive the demo
            prepare=prepare,
        )
        try:
            stack.start()
            with httpx.Client(base_url=stack.url, timeout=REQUEST_SECONDS) as client:
                order = Walk(client, loaded[0], teller, stack.tend, output).run()
            _verify(stack, order, teller)
        finally:
            teller.begin("Stopping everything that was started")
            stack.stop()
            teller.done()


def _verify(stack: Stack, order: Json, teller: Teller) -> None:
    """Have the operator's command verify the evidence again, as it would be years later."""
    teller.begin(f"Operator: pharmacy evidence verify {order['id']}")
    told = subprocess.run(
        [sys.executable, "-m", "pharmacy.cli", "evidence", "verify", order["id"]],
        env=stack.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode != 0:
        raise DemoTrouble(f"the evidence does not verify:\n{told.stdout}{told.stderr}")
    teller.done("signature, key and decision hold")


@contextmanager
def _folder() -> Iterator[Path]:
    """Yield a folder that is gone afterwards; root's servers, which are not root, can enter it."""

    def is_open(place: Path) -> bool:
        return all(each.stat().st_mode & 0o001 for each in (place, *place.parents))

    place = next((each for each in PLACES if os.geteuid() != 0 or is_open(each)), PLACES[0])
    folder = Path(tempfile.mkdtemp(prefix="pharmacy-demo-", dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
