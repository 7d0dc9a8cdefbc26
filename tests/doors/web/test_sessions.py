"""A browser's session: whose it is, where its requests come from, when it locks."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.infra import credentials
from pharmacy.kernel.ids import encode, new_id
from pharmacy.orders.rules import Status
from pharmacy.patients.models import Patient
from pharmacy.staff.models import SignInSession
from pharmacy.staff.operations import unlocking
from pharmacy.staff.rules import Attestation, ProofMethod, Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client, Clock, Headers, browser_headers
from tests.factories.orders import Bench
from tests.factories.practice import make_site
from tests.factories.staff import hashed, make_account, make_actor, make_session

PASSWORD = "lamp orbit quiet fern"
PIN = "8642"


@pytest.fixture
def token(session: Session) -> str:
    """A technician's session, with a PIN and a password."""
    account = make_account(
        session,
        Role.TECHNICIAN,
        password_hash=hashed(PASSWORD),
        pin_hash=hashed(PIN),
    )
    return make_session(session, account, browser=True)


def post(client: Client, path: str, headers: Headers, **fields: str) -> int:
    open_page = {"HX-Request": "true", **headers}
    return client.post(path, headers=open_page, data=fields or {"_": "1"}).status_code


def test_a_browser_is_shown_the_sign_in_page_instead_of_an_error(client: Client) -> None:
    answer = client.get("/queue")

    assert answer.status_code == 401
    assert '<form method="post" action="/sign-in">' in answer.text
    assert 'value="/queue"' in answer.text


def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_cannot_use(
    client: Client, session: Session
) -> None:
    make_account(
        session,
        Role.TECHNICIAN,
        username="terry",
        password_hash=hashed(PASSWORD),
    )

    answer = client.post(
        "/sign-in",
        data={"username": "terry", "password": PASSWORD, "onward": "//elsewhere.example"},
        headers={"sec-fetch-site": "same-origin"},
        follow_redirects=False,
    )

    cookie = answer.headers["set-cookie"]
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert cookie.startswith("__Host-session=")
    assert {"HttpOnly", "Path=/", "SameSite=strict", "Secure"} <= set(cookie.split("; "))


@pytest.mark.parametrize(
    "change",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": "0" * 64},
    ],
    ids=str,
)
def test_a_change_that_no_page_of_ours_sent_is_refused(
    client: Client, token: str, change: Headers
) -> None:
    headers = browser_headers(token)

    assert post(client, "/session/seen", headers) == 204
    assert post(client, "/session/seen", headers | change) == 403


def test_a_request_that_does_not_say_where_it_is_from_is_refused(
    client: Client, token: str
) -> None:
    headers = browser_headers(token)
    del headers["Sec-Fetch-Site"]

    assert post(client, "/session/seen", headers) == 403


def test_a_browsers_session_does_not_open_the_api(client: Client, token: str) -> None:
    answer = client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})

    assert answer.status_code == 401


def test_a_programs_session_does_not_open_the_console(client: Client, session: Session) -> None:
    token = make_session(session, make_account(session, Role.TECHNICIAN))

    assert client.get("/queue", headers=browser_headers(token)).status_code == 401


@pytest.fixture
def family(bench: Bench) -> str:
    """The family name of somebody whose order waits in the queue."""
    order = bench.order(Status.LABELING)
    return bench.session.get_one(Patient, order.patient_id).family


def test_an_idle_session_locks_and_shows_nothing(
    client: Client, token: str, clock: Clock, family: str
) -> None:
    headers = browser_headers(token)
    awake = client.get("/queue", headers=headers)
    clock.now = NOW + timedelta(minutes=5, seconds=1)

    answer = client.get("/queue", headers=headers)

    assert (awake.status_code, family in awake.text) == (200, True)
    assert (answer.status_code, family in answer.text) == (423, False)
    assert "<h1>Locked</h1>" in answer.text


def test_the_pin_unlocks(client: Client, session: Session, token: str, clock: Clock) -> None:
    make_site(session)
    headers = browser_headers(token)
    clock.now = NOW + timedelta(hours=3)

    assert post(client, "/session/unlock", headers, secret=PIN) == 204
    assert client.get("/queue", headers=headers).status_code == 200


def test_five_wrong_pins_end_the_session(client: Client, token: str) -> None:
    headers = browser_headers(token)
    tries = [post(client, "/session/unlock", headers, secret="0000") for _ in range(5)]

    assert tries == [401] * 5
    assert post(client, "/session/unlock", headers, secret=PIN) == 401
    assert client.get("/queue", headers=headers).status_code == 401


def test_streams_and_rows_do_not_keep_a_session_awake_and_pages_do(
    bench: Bench, client: Client, session: Session, token: str, clock: Clock
) -> None:
    order = encode("ord", bench.order(Status.LABELING).id)
    headers = browser_headers(token)
    clock.now = NOW + timedelta(minutes=4)

    def last_seen() -> datetime:
        return session.get_one(SignInSession, credentials.digest(token)).last_seen_at

    stream = client.get("/news", headers=headers)
    row = client.get(f"/queue/rows/{order}", headers=headers)
    unattended = last_seen()
    client.get("/queue", headers=headers)

    assert stream.text.startswith("event: hello")
    assert f'<tr id="{order}"' in row.text
    assert unattended == NOW
    assert last_seen() == clock.now


def test_a_pin_does_not_change_a_password(client: Client, token: str) -> None:
    headers = browser_headers(token)
    new = "four other quiet words"

    assert post(client, "/account/password", headers, password=PIN, new=new) == 422
    assert post(client, "/account/password", headers, password=PASSWORD, new=new) == 200


def test_changing_the_password_ends_sessions_elsewhere(
    client: Client, session: Session, token: str
) -> None:
    here = session.get_one(SignInSession, credentials.digest(token))
    session.add(
        SignInSession(
            token_sha256=b"elsewhere",
            account_id=here.account_id,
            created_at=NOW,
            last_seen_at=NOW,
            expires_at=NOW + timedelta(hours=12),
        )
    )
    new = "four other quiet words"
    post(client, "/account/password", browser_headers(token), password=PASSWORD, new=new)

    ended = session.scalars(select(SignInSession.ended_at).order_by(SignInSession.token_sha256))
    assert sorted(at is None for at in ended) == [False, True]


def test_a_page_of_nothing_is_in_words_and_holds_no_patient(
    bench: Bench, client: Client, as_role: AsRole, family: str
) -> None:
    order = bench.order(Status.REVIEW)
    there = f"/orders/{encode('ord', order.id)}"
    headers = {**as_role(Role.TECHNICIAN, browser=True), "accept": "text/html"}

    shown = client.get(there, headers=headers)
    for nowhere in (f"{there}/at/all", f"/orders/{encode('ord', new_id())}", f"/orders/{family}"):
        answer = client.get(nowhere, headers=headers)

        assert (answer.status_code, "There is nothing here" in answer.text) == (404, True)
        assert "Testpatient" not in answer.text
    assert (shown.status_code, "Testpatient" in shown.text) == (200, True)


def test_an_approval_is_kept_with_name_time_meaning_and_what_was_seen(session: Session) -> None:
    by = make_actor(session, Role.PHARMACIST)

    approval = unlocking.approve(
        session,
        meaning="released",
        subject_kind="order",
        subject_id=new_id(),
        attestation=Attestation(
            credentials.digest_of(b"what they saw"), NOW - timedelta(minutes=5), ProofMethod.PIN
        ),
        by=by,
        now=NOW,
    )

    assert approval.name.startswith("Person")
    assert approval.record_sha256 == credentials.digest_of(b"what they saw")
    with pytest.raises(IntegrityError, match="append"), session.begin_nested():
        session.execute(text("delete from approvals"))


def test_the_database_too_wants_a_fresh_proof(session: Session) -> None:
    with pytest.raises(IntegrityError, match="ck_approvals_proof_fresh"):
        unlocking.approve(
            session,
            meaning="released",
            subject_kind="order",
            subject_id=new_id(),
            attestation=Attestation(
                bytes(32), NOW - timedelta(minutes=5, seconds=1), ProofMethod.PIN
            ),
            by=make_actor(session, Role.PHARMACIST),
            now=NOW,
        )
