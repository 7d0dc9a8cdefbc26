"""Root, ordinary users, and supervisors that die."""

import os
import pwd
import signal
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

import pytest

from pharmacy.embedded import binaries
from pharmacy.embedded.binaries import runnable
from pharmacy.embedded.postgres import EmbeddedPostgres
from pharmacy.embedded.processes import ServerTrouble, ServiceAccount, service_account
from tests.embedded.conftest import ask
from tests.services import is_alive

ROOT = Path(__file__).parent.parent.parent
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")

SUPERVISOR = """
import sys, time
from pathlib import Path
from pharmacy.embedded.postgres import EmbeddedPostgres
from pharmacy.embedded.valkey import EmbeddedValkey

folder = Path(sys.argv[1])
postgres = EmbeddedPostgres(folder / "postgres", folder / "sockets")
valkey = EmbeddedValkey(folder / "valkey", folder / "sockets" / "valkey.sock")
postgres.start()
valkey.start()
print(postgres.process.pid, valkey.process.pid, flush=True)
time.sleep(600)
"""


def python_for_everybody() -> str:
    """Return a Python that an ordinary user can start; ours may lie in root's home."""
    ours, systems = Path(sys.executable).resolve(), Path("/usr/bin/python3")
    if all(folder.stat().st_mode & 0o001 for folder in ours.parents):
        return sys.executable
    if not systems.exists() or sys.version_info[:2] != version_of(systems):
        pytest.skip("no Python that an ordinary user can start")
    return str(systems)


def version_of(python: Path) -> tuple[int, int]:
    command = [python, "-c", "import sys; print(*sys.version_info[:2])"]
    major, minor = subprocess.check_output(command, text=True).split()
    return int(major), int(minor)


def environment() -> dict[str, str]:
    """Let any Python find this checkout and the wheels."""
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])}


def supervisor(
    folder: Path, python: str = sys.executable, **account: int
) -> tuple["subprocess.Popen[str]", list[int]]:
    """Start both servers from a process of their own; return it and their process ids."""
    process = subprocess.Popen(
        [python, "-c", SUPERVISOR, folder],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
        **account,
    )
    assert process.stdout is not None
    with process.stdout:
        return process, [int(number) for number in process.stdout.readline().split()]


def gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + 60
    while any(map(is_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(is_alive, pids))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of a death")
def test_servers_end_with_their_supervisor_however_it_dies(
    folder: Path, made: EmbeddedPostgres
) -> None:
    process, servers = supervisor(folder)
    process.kill()
    process.wait()

    assert len(servers) == 2
    assert gone(servers)
    made.start()
    assert ask(made, "select 1") == [(1,)]


def test_a_start_waits_for_the_end_of_what_a_killed_supervisor_left(
    folder: Path, made: EmbeddedPostgres
) -> None:
    process, _ = supervisor(folder)
    process.kill()

    while process.poll() is None:
        time.sleep(0.001)
    made.start()

    assert ask(made, "select 1") == [(1,)]


@pytest.mark.usefixtures("made")
def test_ctrl_c_reaches_the_supervisor_alone(folder: Path) -> None:
    process, servers = supervisor(folder)
    try:
        assert all(os.getpgid(server) == server for server in servers)
    finally:
        process.kill()
        process.wait()
        assert gone(servers)


@as_root
def test_root_runs_servers_as_somebody_else(made: EmbeddedPostgres) -> None:
    made.start()
    assert made.process is not None

    assert Path(f"/proc/{made.process.pid}").stat().st_uid != 0


@as_root
def test_an_ordinary_user_runs_them_as_themselves_and_root_later_serves_the_same_data(
    folder: Path, postgres: EmbeddedPostgres
) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    process, servers = supervisor(
        folder, python_for_everybody(), user=nobody.pw_uid, group=nobody.pw_gid
    )
    assert len(servers) == 2
    process.terminate()
    process.wait()
    assert gone(servers)

    postgres.start()

    assert ask(postgres, "select 1") == [(1,)]
    assert {path.stat().st_uid for path in postgres.data.iterdir()} == {nobody.pw_uid}


@as_root
def test_a_program_in_a_private_home_is_copied_and_the_home_stays_private(
    disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binaries, "COPIES", (disk / "copies",))
    package = disk / "home" / "server"
    package.mkdir(parents=True)
    program = package / "program"
    program.write_text("#!/bin/sh\necho program 7\n")
    program.chmod(0o700)
    (package.parent / "server-7.dist-info").mkdir()
    package.parent.chmod(0o700)
    nobody = pwd.getpwnam("nobody")
    account = ServiceAccount(nobody.pw_uid, nobody.pw_gid, dropped=True)

    copy, words = runnable(program, package, account)

    assert words == "program 7"
    assert copy.is_relative_to(disk / "copies")
    assert package.parent.stat().st_mode & 0o777 == 0o700
    assert runnable(program, package, account)[0] == copy


def test_a_program_that_cannot_run_is_refused_by_name(disk: Path) -> None:
    program = disk / "program"
    program.write_text("not a program")

    with pytest.raises(ServerTrouble, match=str(program)):
        runnable(program, disk, service_account(disk))


@as_root
def test_a_folder_of_another_account_is_refused_in_words(folder: Path) -> None:
    (folder / "theirs").mkdir(mode=0o700)
    nobody = pwd.getpwnam("nobody")
    script = (
        "from pathlib import Path; from pharmacy.embedded.postgres import EmbeddedPostgres;"
        f"EmbeddedPostgres(Path({str(folder / 'theirs' / 'postgres')!r}), Path('/tmp/s')).start()"
    )

    tried = subprocess.run(
        [python_for_everybody(), "-c", script],
        user=nobody.pw_uid,
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
    )

    assert "ServerTrouble" in tried.stderr
    assert "belongs to another account" in tried.stderr


@pytest.mark.usefixtures("made")
def test_a_signal_that_ends_a_supervisor_politely_ends_its_servers(folder: Path) -> None:
    process, servers = supervisor(folder)
    process.send_signal(signal.SIGTERM)
    process.wait()

    assert gone(servers)
