"""One process of the pharmacy, kept running by its supervisor."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pharmacy.embedded.processes import ServerTrouble, child_of_ours, signals_held

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 10.0
SETTLED = 30.0
"""Seconds after which a process counts as having started well."""
TOO_OFTEN = 3


class ProcessTrouble(ServerTrouble):
    """A process of the pharmacy does not start."""


@dataclass
class Child:
    """`pharmacy <command>` as a child: restarted when it ends, stopped when we are."""

    command: Sequence[str]
    environment: dict[str, str]
    log: Path
    grace: float
    """Seconds between being asked to stop and being made to."""
    inherits: Sequence[int] = ()
    """Descriptors of ours that stay open in it, under the same numbers."""
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    failures: int = field(default=0, init=False)
    _started_at: float = field(default=0.0, init=False)
    _not_before: float = field(default=0.0, init=False)

    @property
    def name(self) -> str:
        return self.command[0]

    def start(self) -> None:
        with self.log.open("ab") as log, signals_held():
            self.process = subprocess.Popen(
                [sys.executable, "-m", "pharmacy.cli", *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environment,
                pass_fds=self.inherits,
                preexec_fn=child_of_ours(signal.SIGTERM),
            )
        self._started_at = time.monotonic()

    def tend(self) -> None:
        """Start it again if it has ended, sooner the longer it ran."""
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            self.failures = 0 if now - self._started_at > SETTLED else self.failures + 1
            pause = min(FIRST_PAUSE * 2**self.failures, LONGEST_PAUSE)
            self._not_before = now + pause
            self.process = None
        if self.process is None and now >= self._not_before:
            self.start()

    def require_life(self) -> None:
        """Raise ProcessTrouble, with its last words, when it cannot be started."""
        if self.failures >= TOO_OFTEN:
            words = self.log.read_text(errors="replace")[-1500:].strip()
            raise ProcessTrouble(f"{self.name} does not start:\n{words}\nThe whole log: {self.log}")

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def see_it_stopped(self) -> None:
        """Wait until it is gone; kill it, and what it started, when its grace is over."""
        if self.process is None:
            return
        try:
            self.process.wait(self.grace)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None
