"""Accounts: opened by their owner, locked by failures, shut at once."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra import credentials
from pharmacy.infra.audit import AuditEntry
from pharmacy.staff import queries
from pharmacy.staff.models import Account, EhrClientKey, SetupToken, SignInSession
from pharmacy.staff.operations import accounts, clients, signing_in
from pharmacy.staff.operations.accounts import Person
from pharmacy.staff.rules import OPERATOR, Actor, Role
from tests.conftest import NOW
from tests.factories.staff import NPI, PEPPER, make_account, make_actor, make_session

WORDS = "lamp orbit quiet fern"
KIM = Person(username="kim.lee", display_name="Kim Lee", initials="KL")


@pytest.fixture
def administrator(session: Session) -> Actor:
    return make_actor(session, Role.ADMINISTRATOR)


@pytest.fixture
def kim(session: Session, administrator: Actor) -> Account:
    """A pharmacist who has chosen a password."""
    account, token = accounts.add(session, KIM, {Role.PHARMACIST}, by=administrator, now=NOW)
    accounts.choose_password(session, token=token, password=WORDS, now=NOW)
    return account


def enter(session: Session, password: str = WORDS, *, at: datetime = NOW) -> bool:
    opened = signing_in.sign_in(session, username="Kim.Lee", password=password, now=at)
    return opened is not None


def actions(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_the_first_administrator_is_made_with_a_one_time_token(session: Session) -> None:
    token = accounts.first_administrator_token(session, by=OPERATOR, now=NOW)

    account = accounts.make_first_administrator(
        session, token=token, person=KIM, password=WORDS, now=NOW + timedelta(minutes=14)
    )

    assert queries.member(session, account.id).roles == (Role.ADMINISTRATOR,)
    assert enter(session)
    with pytest.raises(accounts.AdministratorExists):
        accounts.first_administrator_token(session, by=OPERATOR, now=NOW)


def test_the_first_token_lasts_fifteen_minutes(session: Session) -> None:
    token = accounts.first_administrator_token(session, by=OPERATOR, now=NOW)

    with pytest.raises(accounts.TokenRefused):
        accounts.make_first_administrator(
            session, token=token, person=KIM, password=WORDS, now=NOW + timedelta(minutes=15)
        )


def test_two_first_tokens_make_one_administrator(session: Session) -> None:
    tokens = [accounts.first_administrator_token(session, by=OPERATOR, now=NOW) for _ in "ab"]
    accounts.make_first_administrator(session, token=tokens[0], person=KIM, password=WORDS, now=NOW)
    other = Person(username="other", display_name="Other", initials="OT")

    with pytest.raises(accounts.AdministratorExists):
        accounts.make_first_administrator(
            session, token=tokens[1], person=other, password=WORDS, now=NOW
        )


def test_a_token_serves_once(session: Session, administrator: Actor) -> None:
    _, token = accounts.add(session, KIM, {Role.AUDITOR}, by=administrator, now=NOW)
    accounts.choose_password(session, token=token, password=WORDS, now=NOW)

    with pytest.raises(accounts.TokenRefused):
        accounts.choose_password(session, token=token, password=WORDS, now=NOW)


def test_an_invitation_makes_no_administrator(session: Session, administrator: Actor) -> None:
    _, token = accounts.add(session, KIM, {Role.AUDITOR}, by=administrator, now=NOW)

    with pytest.raises(accounts.TokenRefused):
        accounts.make_first_administrator(session, token=token, person=KIM, password=WORDS, now=NOW)


def test_no_secret_is_kept_as_it_was_given(session: Session, kim: Account) -> None:
    opened = signing_in.sign_in(session, username="kim.lee", password=WORDS, now=NOW)
    assert opened is not None
    kept = session.scalars(select(SignInSession.token_sha256)).all()

    assert kim.password_hash is not None
    assert kim.password_hash.startswith("$argon2id$")
    assert opened.token.encode() not in kept
    assert credentials.digest(opened.token) in kept
    assert all(len(row) == 32 for row in session.scalars(select(SetupToken.token_sha256)))


def test_an_account_without_a_password_lets_nobody_in(
    session: Session, administrator: Actor
) -> None:
    accounts.add(session, KIM, {Role.AUDITOR}, by=administrator, now=NOW)

    assert not enter(session, "")
    assert not enter(session, "None")


def test_usernames_differ_by_more_than_case(session: Session, kim: Account) -> None:
    other = Person(username="KIM.LEE", display_name="Other", initials="OT")

    with pytest.raises(accounts.UsernameTaken):
        accounts.add(session, other, {Role.AUDITOR}, by=OPERATOR, now=NOW)


def test_an_unknown_name_costs_as_much_as_a_wrong_password(
    session: Session, kim: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: both check one argon2id hash of the same parameters."""
    checked = []
    check = credentials.HASHER.__class__.verify

    def counting(hasher: object, kept: str, password: str) -> bool:
        checked.append(kept.rsplit("$", 2)[0])
        return check(credentials.HASHER, kept, password)

    monkeypatch.setattr(credentials.HASHER.__class__, "verify", counting)
    signing_in.sign_in(session, username="nobody", password=WORDS, now=NOW)
    signing_in.sign_in(session, username="kim.lee", password="wrong", now=NOW)

    assert len(checked) == 2
    assert checked[0] == checked[1]


def test_failures_are_counted_and_success_forgives_them(session: Session, kim: Account) -> None:
    for _ in range(4):
        assert not enter(session, "wrong")

    assert enter(session)
    assert kim.failed_sign_ins == 0


def test_the_fifth_failure_makes_even_the_right_password_wait(
    session: Session, kim: Account
) -> None:
    for _ in range(5):
        enter(session, "wrong")

    assert not enter(session, at=NOW + timedelta(seconds=0.9))
    assert enter(session, at=NOW + timedelta(seconds=1))


def test_tries_while_it_waits_do_not_make_it_wait_longer(session: Session, kim: Account) -> None:
    """An attacker cannot lock somebody out for good."""
    for _ in range(5):
        enter(session, "wrong")
    for _ in range(20):
        enter(session, "wrong", at=NOW + timedelta(seconds=0.5))

    assert kim.failed_sign_ins == 5
    assert enter(session, at=NOW + timedelta(seconds=1))


def test_a_refused_sign_in_is_on_record_without_the_password(
    session: Session, kim: Account
) -> None:
    enter(session, "my other password")
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()

    assert entry is not None
    assert (entry.action, entry.subject_id, entry.by_kind) == (
        "account.sign-in-failed",
        kim.id,
        "anonymous",
    )
    assert entry.detail == {"failures": 1}


@pytest.mark.parametrize("change", ["disable", "set_roles", "invite"])
def test_what_changes_an_account_ends_its_sessions_at_once(
    session: Session, administrator: Actor, kim: Account, change: str
) -> None:
    token = credentials.digest(make_session(session, kim))
    assert queries.signed_in(session, token, now=NOW) is not None

    if change == "set_roles":
        accounts.set_roles(session, kim.id, {Role.TECHNICIAN}, by=administrator, now=NOW)
    else:
        getattr(accounts, change)(session, kim.id, by=administrator, now=NOW)

    assert queries.signed_in(session, token, now=NOW) is None


def test_a_disabled_account_lets_nobody_in(
    session: Session, administrator: Actor, kim: Account
) -> None:
    accounts.disable(session, kim.id, by=administrator, now=NOW)

    assert not enter(session)


def test_an_invitation_ends_the_old_password(
    session: Session, administrator: Actor, kim: Account
) -> None:
    token = accounts.invite(session, kim.id, by=administrator, now=NOW)

    assert not enter(session)
    accounts.choose_password(session, token=token, password="other words, as many", now=NOW)
    assert enter(session, "other words, as many")


@pytest.mark.parametrize(
    ("idle", "age", "lives"),
    [
        (timedelta(minutes=14), timedelta(hours=1), True),
        (timedelta(minutes=15), timedelta(hours=1), False),
        (timedelta(0), timedelta(hours=12), False),
    ],
)
def test_a_session_ends_unused_or_old(
    session: Session, kim: Account, idle: timedelta, age: timedelta, lives: bool
) -> None:
    token = credentials.digest(make_session(session, kim, at=NOW - age))
    row = session.get(SignInSession, token)
    assert row is not None
    row.last_seen_at = NOW - idle
    session.flush()

    assert (queries.signed_in(session, token, now=NOW) is not None) is lives


def test_nobody_changes_their_own_account(session: Session, administrator: Actor) -> None:
    assert administrator.id is not None
    with pytest.raises(accounts.OwnAccount):
        accounts.disable(session, administrator.id, by=administrator, now=NOW)
    with pytest.raises(accounts.OwnAccount):
        accounts.set_roles(session, administrator.id, {Role.PHARMACIST}, by=administrator, now=NOW)


def test_a_physician_sees_what_is_theirs_and_staff_see_everything(session: Session) -> None:
    physician = make_account(session, Role.PHYSICIAN, npi=NPI)
    technician = make_account(session, Role.TECHNICIAN)
    found = [
        queries.signed_in(session, credentials.digest(make_session(session, each)), now=NOW)
        for each in (physician, technician)
    ]

    assert [each.actor.npis if each else () for each in found] == [frozenset({NPI}), None]


def test_a_client_acts_for_those_it_is_enrolled_for(session: Session) -> None:
    client = clients.add(session, name="Clinic", by=OPERATOR, now=NOW)
    text = clients.issue_key(session, client.id, pepper=PEPPER, by=OPERATOR, now=NOW)
    key = credentials.ApiKey.read(text)
    assert key is not None
    before = queries.client_with_key(session, key.key_id, now=NOW)
    clients.enrol(session, client.id, npi=NPI, by=OPERATOR, now=NOW)
    clients.enrol(session, client.id, npi=NPI, by=OPERATOR, now=NOW)
    after = queries.client_with_key(session, key.key_id, now=NOW)

    assert before is not None
    assert after is not None
    assert (before[0].npis, after[0].npis) == (frozenset(), frozenset({NPI}))
    assert after[1] == key.keyed_hash(PEPPER) != key.keyed_hash("another pepper")
    assert actions(session).count("client.enrolled") == 1


def test_a_client_has_two_living_keys_at_most(session: Session) -> None:
    client = clients.add(session, name="Clinic", by=OPERATOR, now=NOW)
    keys = [
        clients.issue_key(session, client.id, pepper=PEPPER, by=OPERATOR, now=NOW) for _ in "ab"
    ]
    with pytest.raises(clients.TooManyKeys):
        clients.issue_key(session, client.id, pepper=PEPPER, by=OPERATOR, now=NOW)

    clients.revoke_key(session, client.id, keys[0].split("_")[2], by=OPERATOR, now=NOW)

    assert clients.issue_key(session, client.id, pepper=PEPPER, by=OPERATOR, now=NOW)


@pytest.mark.parametrize("end", ["revoke", "expire", "disable"])
def test_a_key_that_ended_opens_nothing(session: Session, end: str) -> None:
    client = clients.add(session, name="Clinic", by=OPERATOR, now=NOW)
    key_id = clients.issue_key(
        session, client.id, pepper=PEPPER, by=OPERATOR, now=NOW, days=1
    ).split("_")[2]
    at = NOW + timedelta(days=1) if end == "expire" else NOW
    if end == "revoke":
        clients.revoke_key(session, client.id, key_id, by=OPERATOR, now=NOW)
    if end == "disable":
        clients.disable(session, client.id, by=OPERATOR, now=NOW)

    assert queries.client_with_key(session, key_id, now=at) is None


def test_the_secret_of_a_key_is_not_kept(session: Session) -> None:
    client = clients.add(session, name="Clinic", by=OPERATOR, now=NOW)
    text = clients.issue_key(session, client.id, pepper=PEPPER, by=OPERATOR, now=NOW)
    row = session.scalars(select(EhrClientKey)).one()

    assert text.startswith("ldn_live_")
    assert len(text.split("_", 3)[3]) == 43
    assert len(row.secret_hmac) == 32
