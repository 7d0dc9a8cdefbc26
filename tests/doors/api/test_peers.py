"""Who a request comes from: no header that anybody may write moves it where it is not."""

from dataclasses import replace

import pytest
from litestar import Litestar
from litestar.connection import Request
from sqlalchemy.orm import Session

from pharmacy.api.health import _may_read
from pharmacy.http.peers import peer_of
from pharmacy.infra.printers import Networks
from pharmacy.settings import Settings
from pharmacy.staff.operations import signing_in
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.conftest import Client
from tests.factories.staff import hashed, make_account

SETTINGS = Settings(database_url="", redis_url="")
BEHIND = replace(SETTINGS, trusted_proxies=Networks.read(["127.0.0.0/8", "10.9.0.0/16"]))


def asked(app: Litestar, peer: str, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    return Request({"type": "http", "client": (peer, 1), "headers": headers, "app": app})


@pytest.mark.parametrize(
    ("peer", "forwarded", "whose"),
    [
        ("203.0.113.7", (), "203.0.113.7"),
        ("203.0.113.7", ("127.0.0.1",), "203.0.113.7"),
        ("127.0.0.1", ("203.0.113.7",), "203.0.113.7"),
        ("127.0.0.1", ("192.168.1.1, 203.0.113.7",), "203.0.113.7"),
        ("127.0.0.1", ("192.168.1.1", "203.0.113.7"), "203.0.113.7"),
        ("127.0.0.1", ("192.168.1.1, 203.0.113.7, 10.9.0.4",), "203.0.113.7"),
        ("127.0.0.1", ("",), "127.0.0.1"),
        ("::ffff:127.0.0.1", ("203.0.113.7",), "203.0.113.7"),
    ],
)
def test_only_a_trusted_proxy_says_who_it_speaks_for(
    app: Litestar, peer: str, forwarded: tuple[str, ...], whose: str
) -> None:
    assert peer_of(asked(app, peer, *forwarded), BEHIND) == whose


@pytest.mark.parametrize(
    ("peer", "forwarded", "may"),
    [
        ("127.0.0.1", (), True),
        ("192.168.7.20", (), True),
        ("fd00::5", (), True),
        ("203.0.113.7", (), False),
        ("203.0.113.7", ("127.0.0.1",), False),
        ("127.0.0.1", ("203.0.113.7",), False),
        ("192.168.7.2", ("192.168.7.20",), False),  # a proxy that nobody declared
        ("testclient", (), False),
    ],
)
def test_figures_are_read_from_the_pharmacys_own_networks(
    app: Litestar, peer: str, forwarded: tuple[str, ...], *, may: bool
) -> None:
    assert _may_read(asked(app, peer, *forwarded), SETTINGS) is may


def test_an_address_from_which_many_sign_ins_failed_is_put_off(
    client: Client, session: Session
) -> None:
    """Twenty names that nobody has: none of them is locked, and the twenty-first is not asked."""
    make_account(session, Role.TECHNICIAN, username="kim.lee", password_hash=hashed("right"))

    def sign_in(name: str) -> int:
        body = {"username": name, "password": "right"}
        return client.post("/api/v1/sign-in", json=body).status_code

    assert {sign_in(f"nobody{number}") for number in range(20)} == {401}

    assert sign_in("kim.lee") == 429
    page = client.post(
        "/sign-in",
        data={"username": "kim.lee", "password": "right"},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert page.status_code == 429
    assert "Too many sign-ins failed from this address" in page.text
    elsewhere = signing_in.sign_in(
        session, username="kim.lee", password="right", now=NOW, address="203.0.113.7"
    )
    assert elsewhere is not None
