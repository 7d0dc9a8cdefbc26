"""Starting a server as a child that cannot outlive us, under an account that it accepts."""

import ctypes
import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1


def belongs_to_another(path: Path) -> str:
    """Say what to do about a folder that another account, often root, made before us."""
    return (
        f"{path} belongs to another account: start as that account, or name another folder in"
        " PHARMACY_STATE_DIR"
    )


class ServerTrouble(RuntimeError):
    """A local server cannot be used. The message says what whoever started it can do."""


@dataclass(frozen=True, slots=True)
class ServiceAccount:
    """Whom a server runs as: ourselves, or an existing unprivileged account when we are root."""

    uid: int
    gid: int
    dropped: bool

    def popen_arguments(self) -> dict[str, Any]:
        """What `subprocess.Popen` needs to become this account."""
        if not self.dropped:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Give a directory that we made to the account."""
        if self.dropped:
            os.chown(path, self.uid, self.gid)

    def folder(self, path: Path) -> None:
        """
        Make a private folder of the account's, unless it is there.

        Raises:
            ServerTrouble: We may not.
        """
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.own(path)
        except PermissionError as error:
            raise ServerTrouble(belongs_to_another(path)) from error


def service_account(data: Path) -> ServiceAccount:
    """
    Return the account that a server on `data` runs as. PostgreSQL refuses to be root.

    Root serves data that somebody made without being root as that somebody.
    """
    if os.geteuid() != 0:
        return ServiceAccount(os.geteuid(), os.getegid(), dropped=False)
    if data.exists() and (owner := data.stat()).st_uid != 0:
        return ServiceAccount(owner.st_uid, owner.st_gid, dropped=True)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServiceAccount(entry.pw_uid, entry.pw_gid, dropped=True)
    raise ServerTrouble("root needs an account called postgres or nobody to run PostgreSQL as")


def child_of_ours(on_parent_death: signal.Signals) -> Callable[[], None]:
    """
    Return what a child runs before it becomes the server.

    It asks the kernel for a signal when the thread that started it dies (so start children from
    the main thread), and leaves our process group, so that Ctrl-C reaches only the supervisor.
    Python runs it after the change of account, which would have undone the request.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    parent = os.getpid()

    def prepare() -> None:
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, on_parent_death)
            if os.getppid() != parent:  # it died before we asked
                os._exit(1)
        os.umask(0o077)
        os.setpgid(0, 0)
        signal.pthread_sigmask(signal.SIG_SETMASK, ())

    return prepare


@contextmanager
def signals_held() -> Iterator[None]:
    """
    Have requests to stop wait until the block is over.

    Between the birth of a child and the moment at which we know its number nobody could end it.
    """
    before = signal.pthread_sigmask(
        signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    )
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def end(
    process: subprocess.Popen[bytes], *, ask: signal.Signals, insist: signal.Signals, grace: float
) -> None:
    """Ask a child to stop; when `grace` seconds were not enough, insist."""
    if process.poll() is None:
        process.send_signal(ask)
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            process.send_signal(insist)
            process.wait()
