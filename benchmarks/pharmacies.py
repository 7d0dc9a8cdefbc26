"""A pharmacy to measure: embedded servers with honest settings, on disk, with fictional people."""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx
from sqlalchemy import update

from pharmacy.embedded.postgres import EmbeddedPostgres
from pharmacy.embedded.valkey import EmbeddedValkey
from pharmacy.infra.db import Database
from pharmacy.local.migrations import migrate
from pharmacy.staff.models import EhrClientKey
from tests.factories.bundles import fresh_bundle, signed
from tests.factories.practice import make_site
from tests.factories.prescribers import JORDAN, SigningKey, make_key, make_prescriber
from tests.factories.staff import make_client

WRITTEN_ON = date(2026, 3, 2)
"""The day on which the sample prescription was written."""
SIGNED_AT = "%Y-%m-%dT%H:%M:%S+00:00"


@dataclass
class Pharmacy:
    """Running servers, and what a clinic needs to send prescriptions."""

    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey
    environment: dict[str, str]
    key: SigningKey
    api_key: str
    database: Database

    @property
    def postgres_pid(self) -> int:
        assert self.postgres.process is not None
        return self.postgres.process.pid

    def tokens(self, count: int) -> list[bytes]:
        """Sign prescriptions of as many patients, as of now."""
        return [self.token() for _ in range(count)]

    def token(self) -> bytes:
        now = datetime.now(UTC)
        at, later = now.strftime(SIGNED_AT), now.date() - WRITTEN_ON
        bundle = fresh_bundle(timestamp=at)
        run = secrets.token_hex(6)
        bundle["identifier"]["value"] += run
        for entry in bundle["entry"]:
            resource = entry["resource"]
            if resource["resourceType"] == "MedicationRequest":
                resource["authoredOn"] = at
                resource["identifier"][0]["value"] += run
                resource["groupIdentifier"]["value"] += run
                period = resource["dispenseRequest"]["validityPeriod"]
                for end in ("start", "end"):
                    period[end] = (date.fromisoformat(period[end]) + later).isoformat()
            if resource["resourceType"] == "Patient":
                resource["identifier"][0]["value"] += run
        return signed(bundle, self.key)

    @contextmanager
    def process(self, *command: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run a command of `pharmacy` beside us, and stop it."""
        argv = [sys.executable, "-m", "pharmacy.cli", *command]
        running = subprocess.Popen(argv, env=self.environment)
        try:
            yield running
        finally:
            running.terminate()
            running.wait(timeout=90)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.environment['PHARMACY_PORT']}"

    def wait_until_live(self) -> None:
        for _ in range(300):
            try:
                if httpx.get(f"{self.url}/health/live", timeout=1).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise RuntimeError("the API did not come up")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def open_pharmacy() -> Iterator[Pharmacy]:
    """Start servers in a new folder; remove both afterwards. Run it on the machine's real disk."""
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir="/var/tmp"))
    folder.chmod(0o755)
    postgres = EmbeddedPostgres(folder / "postgres", folder / "sockets", ("shared_buffers=512MB",))
    valkey = EmbeddedValkey(folder / "valkey", folder / "sockets" / "valkey")
    postgres.start()
    valkey.start()
    secret = secrets.token_hex(32)
    environment = os.environ | {
        "DATABASE_URL": postgres.url(),
        "REDIS_URL": valkey.url,
        "PHARMACY_SECRET": secret,
        "PHARMACY_PORT": str(free_port()),
        "PHARMACY_INSECURE_COOKIES": "1",
        "PHARMACY_LOG_LEVEL": "WARNING",
        "PHARMACY_STATE_DIR": str(folder),
    }
    database = Database(postgres.url(), pool_size=2)
    try:
        migrate(postgres.url())
        with database.transaction() as session:
            make_site(session)
            make_prescriber(session)
            today = datetime.now(UTC)
            year = timedelta(days=365)
            key = make_key(session, not_before=today - year, not_after=today + year)
            _, api_key = make_client(session, JORDAN, pepper=secret)
            session.execute(update(EhrClientKey).values(expires_at=today + year))
        yield Pharmacy(postgres, valkey, environment, key, api_key, database)
    finally:
        database.close()
        valkey.stop()
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
