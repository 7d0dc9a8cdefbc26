"""Starting a server as a child that cannot outlive us, under an account that it accepts."""

import ctypes
import os
import pwd
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1


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


def service_account() -> ServiceAccount:
    """Return the account that servers run as. PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return ServiceAccount(os.geteuid(), os.getegid(), dropped=False)
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServiceAccount(entry.pw_uid, entry.pw_gid, dropped=True)
    raise RuntimeError("root needs an account called postgres or nobody to run PostgreSQL as")


def child_of_ours(on_parent_death: signal.Signals) -> Callable[[], None]:
    """
    Return what a child runs before it becomes the server.

    It asks the kernel for a signal when the thread that started it dies (so start children from
    the main thread), and leaves our process group, so that Ctrl-C reaches only the supervisor.
    """
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def prepare() -> None:
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, on_parent_death)
        os.umask(0o077)
        os.setpgid(0, 0)

    return prepare
