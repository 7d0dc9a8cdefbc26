"""Folders of local servers: used by one at a time, with sockets whose names the kernel accepts."""

import fcntl
import hashlib
import os
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from pharmacy.embedded.processes import ServerTrouble, belongs_to_another

SOCKET_PATH_LIMIT = 90  # the kernel's is 107, and a server appends its file name


class FolderInUse(ServerTrouble):
    """Another process runs a server on this folder."""


@dataclass
class FolderLock:
    """
    The right to run a server on a folder.

    The kernel gives it back when the holder dies, however it dies. The file stays, since removing
    it would let two processes hold a lock of the same name.
    """

    folder: Path
    _file: int | None = field(default=None, init=False)

    @property
    def is_held(self) -> bool:
        return self._file is not None

    def acquire(self) -> None:
        """
        Take the lock, or keep it.

        Raises:
            FolderInUse: Another process holds it.
            ServerTrouble: The folder is not ours.
        """
        if self._file is not None:
            return
        path = self.folder.with_name(self.folder.name + ".lock")
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except PermissionError as error:
            raise ServerTrouble(belongs_to_another(path)) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(file, 20, 0).decode().strip() or "another process"
            os.close(file)
            raise FolderInUse(
                f"{self.folder} is in use by process {holder}: stop that one first, or name"
                " another folder in PHARMACY_STATE_DIR"
            ) from None
        if os.geteuid() == 0:  # in somebody else's folder it is theirs, as the rest is
            owner = path.parent.stat()
            os.fchown(file, owner.st_uid, owner.st_gid)
        os.ftruncate(file, 0)
        os.pwrite(file, str(os.getpid()).encode(), 0)
        self._file = file

    def release(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def socket_folder(wanted: Path) -> Path:
    """
    Return `wanted`, or a short private folder that stands for it when its name is too long.

    The short one lies in a folder under the temporary folder that only we may write to.
    """
    wanted = wanted.absolute()
    if len(os.fsencode(wanted)) <= SOCKET_PATH_LIMIT:
        return wanted
    ours = f"pharmacy-{os.geteuid()}"
    parents = (Path(tempfile.gettempdir()), Path("/tmp"))  # noqa: S108  # guarded below
    parent = next(p for p in parents if len(os.fsencode(p)) <= SOCKET_PATH_LIMIT // 2) / ours
    parent.mkdir(mode=0o711, exist_ok=True)
    found = parent.lstat()
    safe = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
    if not safe or found.st_mode & 0o022:
        raise ServerTrouble(f"{parent} was made by somebody else: remove it, or set TMPDIR")
    return parent / hashlib.sha256(os.fsencode(wanted)).hexdigest()[:16]
