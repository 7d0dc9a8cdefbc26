"""A browser before the real application: a database of its own, a port on loopback."""

import contextlib
import os
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import uvicorn
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.app import create_app
from pharmacy.http.browser import cookie_name
from pharmacy.http.stopping import Server
from pharmacy.infra.db import Database
from pharmacy.kernel.ids import encode
from pharmacy.local.balance import BalanceSimulator
from pharmacy.local.stack import HOST
from pharmacy.orders.models import Order
from pharmacy.settings import Settings
from pharmacy.staff.models import Account
from pharmacy.staff.rules import Role
from tests.browser.people import NAMES, PASSWORD
from tests.browser.stocking import known, stock
from tests.conftest import NOW
from tests.factories.staff import PEPPER, make_session
from tests.services import TEMPLATE, run_sql, url_of

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
"""The same engine; without windows around its pages a context costs a third."""
AXE = Path(__file__).parent / "axe" / "axe.min.js"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN_AXE = """async ([standards, coloursOnly]) => {
  const rules = (tags) => axe.getRules(tags).map((rule) => rule.ruleId);
  const colours = () => rules(["cat.color"]).filter((rule) => rules(standards).includes(rule));
  const runOnly = coloursOnly ? { type: "rule", values: colours() } : standards;
  return (await axe.run(document, { runOnly, resultTypes: ["violations"] })).violations;
}"""
MOVED = """() => Promise.allSettled(document.getAnimations()
  .filter((each) => each.effect.getComputedTiming().endTime < Infinity)
  .map((each) => each.finished))"""
PATIENCE = 60_000
"""Milliseconds that a page may take on a busy machine before a test gives up."""
BETWEEN_LETTERS = 0.01
"""Seconds from key to key of a scanner."""
NO_LETTER_IS_A_KEY: Final = """() => {
  const real = window.setTimeout;
  window.realTimeout = real;
  window.setTimeout = (work, wait, ...more) => real(work, wait === 60 ? 5000 : wait, ...more);
}"""
"""The page takes a letter for a key when no other follows in 60 ms: here one may follow late."""
LETTERS_ARE_KEYS: Final = "() => { window.setTimeout = window.realTimeout || window.setTimeout; }"
AT_WORK = ".htmx-request:not([data-quiet]), .htmx-swapping, .htmx-settling"
"""What asks the server just now, or is being replaced by its answer."""
ENTER = {"key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13}
LAPTOP = {"width": 1366, "height": 768}
expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM is None:
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(
                    pytest.mark.skip(reason="needs Debian's chromium-headless-shell, or chromium")
                )


class MovingClock:
    """Goes on from the tests' instant as real time does."""

    def __init__(self) -> None:
        self.shift = NOW - datetime.now(UTC)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def push(self, by: timedelta) -> None:
        self.shift += by


def open_door() -> socket.socket:
    """Listen on a port that nobody else has, and keep it."""
    door = socket.socket()
    door.bind((HOST, 0))
    return door


@dataclass
class Console:
    """The running application, and what is in it."""

    database: Database
    clock: MovingClock
    url_of_database: str
    door: socket.socket = field(default_factory=open_door)
    server: uvicorn.Server | None = None
    thread: threading.Thread | None = None
    orders: dict[str, Order] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.door.getsockname()[1]}"

    def start(self) -> None:
        settings = Settings(
            database_url=self.url_of_database,
            redis_url="redis://unused",
            secret=PEPPER,
            secure_cookies=False,
        )
        app = create_app(settings, database=self.database, clock=self.clock)
        config = uvicorn.Config(app, log_config=None, access_log=False)
        self.server = Server(config, app.state.news)
        self.thread = threading.Thread(
            target=self.server.run, args=([self.door.dup()],), daemon=True
        )
        self.thread.start()
        while not self.server.started:
            assert self.thread.is_alive(), "the server does not start"
            time.sleep(0.02)

    def halt(self) -> None:
        """Stop as on SIGTERM, which waits for open answers as long as there are any."""
        assert self.server
        assert self.thread
        self.server.handle_exit(signal.SIGTERM, None)
        self.thread.join(10)
        assert not self.thread.is_alive(), "a stream keeps the server from stopping"

    def stop(self) -> None:
        self.halt()
        self.door.close()

    @contextlib.contextmanager
    def session(self) -> Iterator[Session]:
        with self.database.transaction() as session:
            yield session

    def page_of(self, name: str) -> str:
        return f"/orders/{encode('ord', self.orders[name].id)}"


@pytest.fixture(scope="package")  # its event loop must not outlast the browser tests
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def simulator() -> Iterator[BalanceSimulator]:
    """The balance at the bench, for every test; nothing lies on it at first."""
    with BalanceSimulator() as simulator:
        yield simulator


@pytest.fixture(scope="package")
def stocked(simulator: BalanceSimulator) -> Iterator[Callable[[], str]]:
    """Give out copies of a database with people and orders at every point of their lives."""
    name = f"stocked_{os.getpid()}"
    run_sql(f"create database {name} template {TEMPLATE} strategy file_copy")
    database = Database(url_of(name))
    with database.transaction() as session:
        stock(session, port=simulator.port)
    database.close()
    made = []

    def copy() -> str:
        made.append(f"{name}_{len(made)}")
        run_sql(f"create database {made[-1]} template {name} strategy file_copy")
        return url_of(made[-1])

    yield copy
    for each in [*made, name]:
        run_sql(f"drop database {each} with (force)")


@contextlib.contextmanager
def running_console(url: str) -> Iterator[Console]:
    """Run the application on a database."""
    console = Console(Database(url, pool_size=8), MovingClock(), url)
    with console.session() as session:
        console.orders = known(session)
    console.start()
    yield console
    console.stop()
    console.database.close()


@pytest.fixture
def console(stocked: Callable[[], str]) -> Iterator[Console]:
    """The application on a database of the test's own, which it may change."""
    with running_console(stocked()) as console:
        yield console


def account_of(session: Session, role: Role) -> Account:
    """Return the account of whoever plays a role."""
    return session.scalars(select(Account).where(Account.username == NAMES[role][0])).one()


class User:
    """Somebody at a keyboard with a scanner, before one page."""

    def __init__(self, page: Page, console: Console) -> None:
        self.page = page
        self.console = console
        self.problems: list[str] = []
        self.status = 0
        """With which the last address that was gone to answered."""
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._hear)
        page.set_default_timeout(PATIENCE)

    def _hear(self, message: Any) -> None:
        expected = ("Failed to load resource", "[object Event]", "Response Status Error Code")
        if message.type == "error" and not any(each in message.text for each in expected):
            self.problems.append(message.text)

    def go(self, path: str) -> "User":
        answer = self.page.goto(self.console.url + path)
        assert answer is not None
        self.status = answer.status
        return self

    def sign_in(self, role: Role) -> "User":
        self.go("/sign-in")
        self.page.fill("[name=username]", NAMES[role][0])
        self.page.fill("[name=password]", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("header.bar")
        return self

    def come_in(self, role: Role | None) -> "User":
        """Hold a session already, or none: for tests of what comes after."""
        if role:
            with self.console.session() as session:
                account = account_of(session, role)
                token = make_session(session, account, at=self.console.clock(), browser=True)
            name = cookie_name(secure=False)
            cookie = {"name": name, "value": token, "url": self.console.url, "httpOnly": True}
            self.page.context.add_cookies([{**cookie, "sameSite": "Strict"}])
        return self

    def press(self, *keys: str) -> None:
        """Press keys one after the other, as a person does who sees what each one brings."""
        for key in keys:
            self.page.keyboard.press(key)
            self.page.wait_for_timeout(120)
            self.page.locator(AT_WORK).first.wait_for(state="detached")

    def scan(self, code: str) -> None:
        """
        Send a code as a keyboard wedge does, to a page that has settled: at once, and Enter.

        The browser is told when each key was pressed: a busy machine breaks no scan in two.
        """
        self.page.locator(AT_WORK).first.wait_for(state="detached")
        keys = [*({"key": each, "text": each} for each in code), ENTER]
        start = time.time() - BETWEEN_LETTERS * len(keys)
        wire = self.page.context.new_cdp_session(self.page)
        self.page.evaluate(NO_LETTER_IS_A_KEY)
        for number, key in enumerate(keys):
            moment = {**key, "timestamp": start + BETWEEN_LETTERS * number}
            wire.send("Input.dispatchKeyEvent", {"type": "keyDown", **moment})
            wire.send("Input.dispatchKeyEvent", {"type": "keyUp", **moment})
        wire.detach()
        with suppress(Error):  # the scan may have led to another page, which has its own timers
            self.page.evaluate(LETTERS_ARE_KEYS)

    def sees(self, text: str) -> None:
        self.page.get_by_text(text).first.wait_for()

    def hears(self, text: str) -> None:
        """Wait for a step to be answered: only then does a toast say so."""
        self.page.locator("#toasts").get_by_text(text).first.wait_for()

    def settles(self) -> None:
        """Wait until nothing moves or changes its colour."""
        self.page.evaluate(MOVED)

    def axe(self, *, colours_only: bool = False) -> list[str]:
        """Return what axe finds against WCAG 2.2 AA on the present page."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text())
        found = self.page.evaluate(RUN_AXE, [STANDARDS, colours_only])
        return [
            f"{each['id']}: {each['help']}: {node['html'][:140]}"
            for each in found
            for node in each["nodes"]
        ]


SitDown = Callable[..., User]


@pytest.fixture
def user(browser: Browser, console: Console) -> Iterator[SitDown]:
    """Let somebody sit down: `user(Role.PHARMACIST)`, each in a browser profile of their own."""
    opened: list[tuple[Any, User]] = []

    def sit_down(role: Role | None = None, **options: Any) -> User:
        context = browser.new_context(**{"viewport": LAPTOP, **options})
        found = User(context.new_page(), console)
        opened.append((context, found))
        return found.sign_in(role) if role else found

    yield sit_down
    for context, found in opened:
        context.close()
        assert found.problems == []
