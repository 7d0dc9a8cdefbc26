"""The folder where a local stack keeps its data, and what a running one tells other commands."""

import hashlib
import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

RUNNING = "running.json"
ROOTS_OWN = Path("/var/lib/pharmacy")
LOG_LIMIT = 5_000_000


def running_stack(folder: Path) -> dict[str, str]:
    """Return the environment of the stack that runs on `folder`, or nothing when none does."""
    try:
        told = json.loads((folder / RUNNING).read_text())
        os.kill(told["pid"], 0)
        return {str(name): str(value) for name, value in told["environment"].items()}
    except (OSError, ValueError, KeyError):
        return {}


@dataclass(frozen=True, slots=True)
class Servers:
    """PostgreSQL, and Valkey or Redis."""

    database_url: str
    redis_url: str


@dataclass(frozen=True)
class StateFolder:
    """Everything that a local stack keeps between runs."""

    path: Path

    def make(self) -> None:
        """Make the folder: ours alone, but that root's servers, which are not root, may enter."""
        self.path.mkdir(parents=True, exist_ok=True)
        if self.path.stat().st_uid == os.geteuid():
            self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)
        (self.path / "logs").mkdir(mode=0o700, exist_ok=True)

    @property
    def servers(self) -> Path:
        """
        Where PostgreSQL and Valkey keep their data: here, except in a private folder of root's.

        Servers that root starts run as somebody else, who cannot enter root's home.
        """
        open_to_all = all(parent.stat().st_mode & 0o001 for parent in self.path.parents)
        if os.geteuid() != 0 or open_to_all:
            return self.path
        name = hashlib.sha256(os.fsencode(self.path)).hexdigest()[:12]
        return ROOTS_OWN / name

    def log(self, name: str) -> Path:
        """Return the log of a process, begun anew when it has grown large."""
        path = self.path / "logs" / f"{name}.log"
        if path.exists() and path.stat().st_size > LOG_LIMIT:
            path.replace(path.with_suffix(".log.1"))
        return path

    def secret(self) -> str:
        """Return the stack's own secret, made once and readable by its owner alone."""
        path = self.path / "secret"
        if not path.exists():
            _write_private(path, secrets.token_urlsafe(32))
        return path.read_text()

    def tell(self, environment: dict[str, str]) -> None:
        """Let commands that are started in this checkout find the running stack."""
        told = {"pid": os.getpid(), "environment": environment}
        _write_private(self.path / RUNNING, json.dumps(told, indent=1))

    def was_interrupted(self) -> bool:
        """Whether the last stack here could not say goodbye."""
        return (self.path / RUNNING).exists() and not running_stack(self.path)

    def forget(self) -> None:
        (self.path / RUNNING).unlink(missing_ok=True)


def _write_private(path: Path, text: str) -> None:
    """Write a file that is whole and its owner's alone from the first moment."""
    making = path.with_suffix(f".{os.getpid()}")
    file = os.open(making, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(file, "w") as stream:
        stream.write(text)
    making.replace(path)
