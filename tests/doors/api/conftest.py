"""The application on the test's own session: what a factory made, a request sees."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import Connection
from sqlalchemy.orm import Session

from pharmacy.app import create_app
from pharmacy.http.browser import csrf_token
from pharmacy.infra.db import Database
from pharmacy.settings import Settings
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.factories.orders import Bench
from tests.factories.printing import make_agent
from tests.factories.staff import NPI, PEPPER, make_account, make_client, make_session

Headers = dict[str, str]
Client = TestClient[Litestar]
AsRole = Callable[..., Headers]

SETTINGS = Settings(
    database_url="postgresql://unused",
    redis_url="redis://unused",
    secret=PEPPER,
    metrics_token="a token for tests",  # the client of tests has no IP address
)


class OneSession(Database):
    """Gives the test's session to every request; a request that fails undoes what it did."""

    def __init__(self) -> None:
        self.session: Session | None = None

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        assert self.session is not None, "a request outside of a test that asked for `client`"
        with self.session.begin_nested():
            yield self.session
        self.session.expire_all()

    glance = transaction

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        with self.transaction() as session:
            yield session.connection()

    def close(self) -> None:
        pass


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture(scope="session")
def one_session() -> OneSession:
    return OneSession()


@pytest.fixture(scope="session")
def shared_clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def app(one_session: OneSession, shared_clock: Clock) -> Litestar:
    return create_app(SETTINGS, database=one_session, clock=shared_clock)


@pytest.fixture(scope="session")
def running(app: Litestar) -> Iterator[TestClient[Litestar]]:
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def clock(shared_clock: Clock) -> Clock:
    """The application's clock; set `clock.now`."""
    shared_clock.now = NOW
    return shared_clock


@pytest.fixture
def client(
    running: TestClient[Litestar], one_session: OneSession, session: Session, clock: Clock
) -> Iterator[TestClient[Litestar]]:
    """A client of the application, whose requests run on the test's rolled-back session."""
    one_session.session = session
    running.cookies.clear()
    yield running
    one_session.session = None


def browser_headers(token: str) -> Headers:
    """Return what a browser sends from a page of ours that is open in a session."""
    return {
        "Cookie": f"__Host-session={token}",
        "Sec-Fetch-Site": "same-origin",
        "X-CSRF-Token": csrf_token(token, PEPPER),
    }


@pytest.fixture
def bench(session: Session) -> Bench:
    """A pharmacy with people, stock and registries."""
    return Bench(session)


@pytest.fixture
def as_role(session: Session, clock: Clock) -> AsRole:
    """
    Headers of somebody new with a role: `client.get(path, headers=as_role(Role.PHARMACIST))`.

    They sign in at the time that the clock shows then.

    A physician and an EHR client see the things of `npi`: the sample prescriber, unless given.
    With `browser`, they sit before the console: its cookie, its token, from a page of ours.
    """

    def headers(role: Role, *, npi: str = NPI, browser: bool = False) -> Headers:
        if role is Role.EHR_CLIENT:
            _, key = make_client(session, npi)
            return {"Authorization": f"Bearer {key}"}
        if role is Role.PRINT_AGENT:
            return {"Authorization": f"Bearer {make_agent(session)}"}
        own = npi if role is Role.PHYSICIAN else None
        account = make_account(session, role, npi=own)
        token = make_session(session, account, at=clock.now, browser=browser)
        if browser:
            return browser_headers(token)
        return {"Authorization": f"Bearer {token}"}

    return headers
