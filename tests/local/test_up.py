"""`pharmacy up` as a process of its own: started, crowded, interrupted and killed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest

from pharmacy.local.stack import HOST
from pharmacy.local.state import running_stack
from tests.services import ROOT, memory_or_disk, own_port

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc"),
]
NO_TLS = False
"""Reading the machine's certificates takes longer than asking."""
PATIENCE = 180
"""Longer than a stack may take to stop: 101 s for its processes and 40 s for its servers."""


@dataclass
class Up:
    """The command, on a folder and a port of the test's own."""

    folder: Path
    port: int
    process: "subprocess.Popen[str] | None" = field(default=None, init=False)

    @property
    def environment(self) -> dict[str, str]:
        names = {"DATABASE_URL", "REDIS_URL"}
        kept = {name: value for name, value in os.environ.items() if name not in names}
        return kept | {"PYTHONPATH": str(ROOT), "PHARMACY_STATE_DIR": str(self.folder)}

    def spawn(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "pharmacy.cli", "up", "--port", str(self.port)],
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def start(self) -> None:
        self.process = self.spawn()
        until(lambda: self.has_ended() or (self.answers() and running_stack(self.folder) != {}))
        assert not self.has_ended(), self.process.communicate()[0]

    def is_running(self) -> bool:
        return self.process is not None and not self.has_ended()

    def has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def answers(self) -> bool:
        try:
            url = f"http://{HOST}:{self.port}/health/ready"
            return httpx.get(url, verify=NO_TLS).status_code == 200
        except httpx.TransportError:
            return False

    def interrupt(self, number: signal.Signals) -> tuple[int, str]:
        assert self.process is not None
        self.process.send_signal(number)
        output, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, output

    def processes(self, *words: str) -> list[int]:
        """Return what runs on this folder, by environment and command line."""
        found = []
        for entry in Path("/proc").iterdir():
            try:
                told = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes()
                if str(self.folder).encode() in told:
                    command = (entry / "cmdline").read_bytes().decode().split("\0")
                    if not words or set(words) <= set(command):
                        found.append(int(entry.name))
            except (OSError, ValueError):
                continue
        return found


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def on_a_new_folder() -> Iterator[Up]:
    folder = memory_or_disk()
    command = Up(folder, own_port())
    yield command
    if command.process is not None:
        command.process.kill()
        command.process.wait()
        if command.process.stdout is not None:
            command.process.stdout.close()
    until(lambda: command.processes() == [])
    shutil.rmtree(folder)


@pytest.fixture
def up() -> Iterator[Up]:
    yield from on_a_new_folder()


@pytest.fixture(scope="module")
def shared() -> Iterator[Up]:
    yield from on_a_new_folder()


@pytest.fixture
def running(shared: Up) -> Up:
    """One that runs, however the test before left it: a start takes a quarter of a minute."""
    if not shared.is_running():
        shared.start()
    return shared


def test_a_second_one_meanwhile_changes_nothing(running: Up) -> None:
    second = running.spawn()
    output, _ = second.communicate(timeout=PATIENCE)

    assert second.returncode == 1
    assert f"runs already on this folder: http://{HOST}:{running.port}" in output
    assert running.answers()
    assert running_stack(running.folder) != {}


@pytest.mark.skipif(shutil.which("curl") is None, reason="the guide asks with curl")
def test_the_guide_leads_from_nothing_to_an_order_that_waits_for_a_pharmacist(
    running: Up,
) -> None:
    guide = (ROOT / "docs" / "operate.md").read_text()
    block = guide.split("```sh\n")[1].split("```")[0]
    assert "./run" in block
    assert "http://127.0.0.1:8000" in block
    block = block.replace("./run", f"'{sys.executable}' -m pharmacy.cli")
    block = block.replace("http://127.0.0.1:8000", f"http://{HOST}:{running.port}")

    pasted = subprocess.run(
        ["sh", "-eu"],
        input=block,
        env=running.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert pasted.returncode == 0, pasted.stdout + pasted.stderr
    order, findings = pasted.stdout.splitlines()[-2:]
    assert '"holds":[]' in order
    assert '"plan":"pln_' in order
    assert '"rule":"N01"' in findings


def test_processes_that_die_are_started_again_and_sigterm_leaves_nothing_running(
    running: Up,
) -> None:
    commands = ("api", "worker", "relay", "beat")
    before = {command: set(running.processes("pharmacy.cli", command)) for command in commands}
    for pid in set().union(*before.values()):
        with suppress(ProcessLookupError):  # a worker's child ends with it
            os.kill(pid, signal.SIGKILL)

    for command in commands:
        until(lambda name=command: set(running.processes("pharmacy.cli", name)) - before[name])
    until(running.answers)
    status, output = running.interrupt(signal.SIGTERM)
    assert status == 0, output
    assert f"http://{HOST}:{running.port}" in output
    assert f"Data: {running.folder}" in output
    assert "Nobody has an account here yet" in output
    assert running.processes() == []


def test_after_being_killed_the_next_start_recovers_on_the_same_port_and_ctrl_c_ends_it(
    running: Up,
) -> None:
    secret = (running.folder / "secret").read_text()
    assert running.process is not None
    running.process.kill()
    running.process.communicate()

    running.start()

    assert (running.folder / "secret").read_text() == secret
    status, output = running.interrupt(signal.SIGINT)
    assert status == 0, output
    assert running.processes() == []
    assert running_stack(running.folder) == {}


def test_interrupted_while_it_starts_it_leaves_nothing_running(up: Up) -> None:
    up.process = up.spawn()
    until(lambda: up.processes("pharmacy.cli", "api"))

    status, _ = up.interrupt(signal.SIGINT)

    assert status == 0
    assert up.processes() == []
