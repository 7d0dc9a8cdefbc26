"""The whole pharmacy on one machine: servers, migrations, then API, worker, relay and clock."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Final

import psycopg

from pharmacy.embedded.folders import FolderInUse, FolderLock
from pharmacy.embedded.postgres import EmbeddedPostgres
from pharmacy.embedded.processes import ServerTrouble, child_of_ours
from pharmacy.embedded.valkey import EmbeddedValkey
from pharmacy.local.children import Child
from pharmacy.local.state import Servers, StateFolder, running_stack

HOST: Final = "127.0.0.1"
DATABASE: Final = "pharmacy"
READY_WITHIN: Final = 120.0
WAITING_AT_THE_DOOR: Final = 2048
WATCHED_EVERY = 0.2
GRACE: Final = {"api": 6.0, "beat": 10.0, "relay": 10.0, "worker": 75.0}
"""In the order of stopping. A worker may finish its job, which takes at most 50 s."""


class AlreadyRunning(ServerTrouble):
    """Another supervisor runs the stack on this folder."""


@dataclass
class Stack:
    """
    Everything that a pharmacy needs, started together and stopped together.

    Args:
        state: Where data, logs and the secret are kept.
        port: The API's port; 0: any that is free.
        servers: Use these instead of embedded ones.
        tell: Called with a few words about each step.
    """

    state: StateFolder
    port: int
    servers: Servers | None = None
    tell: Callable[[str], None] = lambda _: None
    concurrency: int = 1
    """Jobs that the worker does at the same time."""
    settings: tuple[str, ...] = ()
    """More settings of the embedded PostgreSQL."""
    prepare: Callable[[dict[str, str]], None] = lambda _: None
    """Called with the environment once the schema is there, while the API starts."""
    children: list[Child] = field(default_factory=list, init=False)
    environment: dict[str, str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._lock = FolderLock(self.state.path / "stack")
        self._postgres: EmbeddedPostgres | None = None
        self._valkey: EmbeddedValkey | None = None
        self._door: socket.socket | None = None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        """Start everything and wait until the API says that it is ready. Raises ServerTrouble."""
        self.state.make()
        self._take_the_folder()
        try:
            self._open_the_door()
            servers = self.servers or self._start_servers()
            self.tell("Bringing the database to the newest schema")
            self.environment = self._environment(servers)
            self._migrate()
            self.tell("Starting API, worker, relay and clock")
            self._start_children()
            self.prepare(self.environment)
            self._wait_until_ready()
            heed_signals()
            self.state.tell(_ours(self.environment))
        except BaseException:
            self.stop()
            raise

    def has_no_accounts(self) -> bool:
        """Whether nobody was let in yet: the database is new."""
        with psycopg.connect(self.environment["DATABASE_URL"]) as connection:
            return connection.execute("select from accounts limit 1").fetchone() is None

    def watch(self) -> None:
        """Keep everything running until a signal interrupts us."""
        while True:
            self.tend()
            time.sleep(WATCHED_EVERY)

    def tend(self) -> None:
        """Start again what has ended. Raises KeyboardInterrupt when we were asked to stop."""
        heed_signals()
        for server in (self._postgres, self._valkey):
            if server and server.process and server.process.poll() is not None:
                server.start()
        for child in self.children:
            child.tend()

    def stop(self) -> None:
        """Stop what was started, in the reverse order. Asked again while at it, it goes on."""
        if not self._lock.is_held:
            return
        with deaf_to_signals():
            self.state.forget()
            for child in self.children:
                child.ask_to_stop()
            for child in self.children:
                child.see_it_stopped()
            self.children.clear()
            for server in (self._valkey, self._postgres):
                if server:
                    server.stop()
            if self._door is not None:
                self._door.close()
            self._lock.release()

    def _take_the_folder(self) -> None:
        try:
            self._lock.acquire()
        except FolderInUse as error:
            told = running_stack(self.state.path)
            address = f"http://{HOST}:{told['PHARMACY_PORT']}" if told else "starting up"
            raise AlreadyRunning(f"The pharmacy runs already on this folder: {address}") from error

    def _open_the_door(self) -> None:
        """
        Listen here and let the API inherit the socket, so that nobody can take the port from it:
        while the API is started again, whoever knocks waits, and is let in.
        """
        self._door = socket.socket()
        self._door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            self._door.bind((HOST, self.port))
        except OSError as error:
            raise ServerTrouble(f"Port {self.port} is taken: name another, or none") from error
        self._door.listen(WAITING_AT_THE_DOOR)
        self.port = self._door.getsockname()[1]

    def _start_servers(self) -> Servers:
        folder = self.state.servers
        if folder != self.state.path:
            folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        sockets = folder / "sockets"
        self.tell("Starting PostgreSQL and Valkey")
        self._postgres = EmbeddedPostgres(folder / "postgres", sockets, self.settings)
        self._valkey = EmbeddedValkey(folder / "valkey", sockets / "valkey")
        self._postgres.start()
        self._valkey.start()
        _create_database(self._postgres)
        return Servers(self._postgres.url(DATABASE), self._valkey.url)

    def _environment(self, servers: Servers) -> dict[str, str]:
        return os.environ | {
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "PHARMACY_SECRET": os.environ.get("PHARMACY_SECRET") or self.state.secret(),
            "PHARMACY_HOST": HOST,
            "PHARMACY_PORT": str(self.port),
            "PHARMACY_INSECURE_COOKIES": "1",
            "PHARMACY_STATE_DIR": str(self.state.path),
        }

    def _migrate(self) -> None:
        """In a process of its own, which gives back the memory that this takes."""
        done = subprocess.run(
            [sys.executable, "-m", "pharmacy.cli", "migrate"],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=child_of_ours(signal.SIGTERM),
        )
        if done.returncode != 0:
            raise ServerTrouble(done.stderr.strip())

    def _start_children(self) -> None:
        assert self._door is not None
        door = self._door.fileno()
        worker = ("worker", "--concurrency", str(self.concurrency))
        for command in (("api",), ("beat",), ("relay",), worker):
            log, grace = self.state.log(command[0]), GRACE[command[0]]
            child = Child(command, self.environment, log, grace)
            if command == ("api",):
                child.environment = self.environment | {"PHARMACY_LISTEN_FD": str(door)}
                child.inherits = (door,)
            self.children.append(child)
            child.start()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while not _answers(f"{self.url}/health/ready"):
            heed_signals()
            for child in self.children:
                child.tend()
                child.require_life()
            if time.monotonic() > deadline:
                raise ServerTrouble(f"The API is not ready: see {self.state.path}/logs")
            time.sleep(0.05)


def _ours(environment: dict[str, str]) -> dict[str, str]:
    """Return what other commands need to reach the stack, without the rest of our environment."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith("PHARMACY_") or name in {"DATABASE_URL", "REDIS_URL"}
    }


def free_port(*, first: int = 0, patience: float = 0) -> int:
    """
    Return a port of this machine that nobody listens on.

    Args:
        first: Try this one and those after it. Default: any.
        patience: Seconds to wait for `first` itself, where what holds it is about to end.
    """
    deadline = time.monotonic() + patience
    port = first
    while True:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                if time.monotonic() < deadline:
                    time.sleep(0.1)
                else:
                    port += 1
                continue
            found: int = probe.getsockname()[1]
            return found


@dataclass
class _Asked:
    """Whether a signal asked this process to stop; signals are the process's, so is this."""

    to_stop: bool = False


_ASKED: Final = _Asked()


@contextmanager
def signals_interrupt() -> Iterator[None]:
    """Let SIGTERM and SIGHUP, like Ctrl-C, raise KeyboardInterrupt in the main thread."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        _ASKED.to_stop = True
        raise KeyboardInterrupt

    with _handling(interrupt):
        try:
            yield
        finally:
            _ASKED.to_stop = False


def heed_signals() -> None:
    """
    Raise the KeyboardInterrupt that Python may have lost.

    It is raised wherever the interpreter is. In a hook of fork() or in a finalizer, Python prints
    it and goes on; so loops that wait ask here.
    """
    if _ASKED.to_stop:
        raise KeyboardInterrupt


@contextmanager
def deaf_to_signals() -> Iterator[None]:
    """Ignore requests to stop: somebody is stopping already. Children are not made deaf."""

    def ignore(_number: int, _frame: FrameType | None) -> None:
        """Not SIG_IGN, which children would inherit."""

    with _handling(ignore):
        yield


@contextmanager
def _handling(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _create_database(postgres: EmbeddedPostgres) -> None:
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        known = connection.execute("select 1 from pg_database where datname = %s", (DATABASE,))
        if known.fetchone() is None:
            connection.execute(f"create database {DATABASE}")


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310  # ours, http
            return bool(answer.status == 200)  # noqa: PLR2004
    except (OSError, urllib.error.URLError):
        return False
