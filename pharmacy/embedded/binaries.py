"""Server programs from wheels, where the account that is to run them can reach them."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from pharmacy.embedded.processes import ServerTrouble, ServiceAccount

COPIES = (Path("/var/cache/pharmacy"), Path("/var/tmp"))  # noqa: S108  # made private, then renamed


def version(program: Path, account: ServiceAccount) -> str | None:
    """Return what the program says of itself when the account runs it, or None if it cannot."""
    try:
        answer = subprocess.run(
            [program, "--version"],
            capture_output=True,
            text=True,
            check=False,
            cwd="/",
            **account.popen_arguments(),
        )
    except OSError:
        return None
    return answer.stdout.strip() if answer.returncode == 0 else None


def runnable(program: Path, package: Path, account: ServiceAccount) -> tuple[Path, str]:
    """
    Return a program that the account can run, and its version.

    A wheel under root's private home is out of reach of an unprivileged account, and its folders
    are root's to open, not ours: it is copied, once for each version, with the libraries beside
    it, to a folder that everybody may read.

    Raises:
        ServerTrouble: It cannot be run there either.
    """
    if (answer := version(program, account)) is not None:
        return program, answer
    metadata = next(package.parent.glob(f"{package.name}-*.dist-info"), None)
    if account.dropped and metadata:  # what the machine installed itself is not ours to copy
        copy = _copied(package, metadata.stem) / program.relative_to(package.parent)
        if (answer := version(copy, account)) is not None:
            return copy, answer
    raise ServerTrouble(f"{program} cannot be run on this machine: name a server's URL instead")


def _copied(package: Path, name_and_version: str) -> Path:
    """Return a folder that holds `package` as its parent does, readable by everybody."""
    parent = _parent_of_copies()
    copy = parent / f"pharmacy-{name_and_version}-{os.geteuid()}"
    if copy.is_dir() and copy.lstat().st_uid == os.geteuid() and _is_whole(package, copy):
        return copy
    making = Path(tempfile.mkdtemp(prefix="pharmacy-", dir=parent))
    for source in (package, package.with_name(package.name + ".libs")):
        if source.exists():
            shutil.copytree(source, making / source.name, symlinks=True)
    for path in (making, *making.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
    shutil.rmtree(copy, ignore_errors=True)
    making.rename(copy)
    return copy


def _parent_of_copies() -> Path:
    for parent in COPIES:
        try:
            parent.mkdir(mode=0o755, exist_ok=True)
        except OSError:
            continue
        return parent
    raise ServerTrouble(f"none of {', '.join(map(str, COPIES))} can be written to")


def _is_whole(package: Path, copy: Path) -> bool:
    """Whether nothing is missing; temporary folders are swept file by file."""
    return all(
        (copy / path.relative_to(package.parent)).exists()
        for path in package.rglob("*")
        if "__pycache__" not in path.parts
    )
