"""Wrong passwords and PINs: guessing is hopeless, and nobody locks a colleague out by it."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.staff.models import Account, StrangeAddress
from pharmacy.staff.operations import accounts, arrivals, signing_in, unlocking, vouching
from pharmacy.staff.operations.arrivals import AddressBarred
from pharmacy.staff.rules import Actor, Role
from tests.conftest import NOW
from tests.factories.staff import hashed, make_account, make_actor

WORDS, PIN = "lamp orbit quiet fern", "2468"
HOME, AWAY, FAR = "198.51.100.4", "203.0.113.7", "2001:db8:1:2::5"


@pytest.fixture
def kim(session: Session) -> Account:
    return make_account(
        session,
        Role.PHARMACIST,
        username="kim.lee",
        password_hash=hashed(WORDS),
        pin_hash=hashed(PIN),
    )


def enter(
    session: Session,
    password: str = WORDS,
    *,
    name: str = "kim.lee",
    at: datetime = NOW,
    address: str = AWAY,
) -> bool:
    opened = signing_in.sign_in(session, username=name, password=password, now=at, address=address)
    return opened is not None


def fail(session: Session, times: int, *, at: datetime = NOW, address: str = AWAY) -> None:
    for number in range(times):
        arrivals.count_failure(session, address, now=at + timedelta(milliseconds=number))


def test_who_tries_from_elsewhere_locks_nobody_out_where_they_signed_in(
    session: Session, kim: Account
) -> None:
    assert enter(session, address=HOME)
    for second in range(60):
        enter(session, "wrong", at=NOW + timedelta(seconds=60 * second), address=f"10.0.0.{second}")
    later = NOW + timedelta(hours=1, minutes=1)

    assert kim.failed_sign_ins >= 10
    assert not enter(session, at=later, address=FAR)
    assert enter(session, at=later, address=HOME)


def test_guesses_where_somebody_signed_in_wait_there_as_anywhere(
    session: Session, kim: Account
) -> None:
    enter(session, address=HOME)
    for _ in range(5):
        enter(session, "wrong", address=HOME)

    assert not enter(session, at=NOW + timedelta(seconds=0.9), address=HOME)
    assert kim.failed_sign_ins == 0
    assert enter(session, at=NOW + timedelta(seconds=1), address=HOME)


def test_the_twentieth_failure_bars_an_address_and_each_bar_is_twice_as_long(
    session: Session, kim: Account
) -> None:
    fail(session, 20)
    barred = session.get_one(StrangeAddress, AWAY)
    until = barred.barred_until
    assert until is not None
    with pytest.raises(AddressBarred):
        enter(session, at=NOW + timedelta(minutes=14))
    again = until + timedelta(seconds=1)
    fail(session, 20, at=again)
    session.refresh(barred)
    assert barred.barred_until is not None
    assert timedelta(minutes=30) <= barred.barred_until - again < timedelta(minutes=31)
    actions = session.scalars(select(AuditEntry.action)).all()
    assert actions.count("address.barred") == 2


def test_a_bar_does_not_hold_for_who_signed_in_from_there_before(
    session: Session, kim: Account
) -> None:
    other = make_account(session, Role.TECHNICIAN, username="pat.roe", password_hash=hashed(WORDS))
    assert enter(session, address=HOME)
    fail(session, 20, address=HOME)

    assert enter(session, address=HOME)
    with pytest.raises(AddressBarred):
        enter(session, name=other.username, address=HOME)


def test_a_clumsy_day_bars_nobody(session: Session) -> None:
    for hour in range(20):
        fail(session, 10, at=NOW + timedelta(hours=hour), address=HOME)

    arrivals.require_not_barred(session, HOME, now=NOW + timedelta(hours=20))


def test_all_addresses_of_one_subscriber_count_as_one(session: Session) -> None:
    for host in range(20):
        fail(session, 1, address=f"2001:db8:1:2::{host:x}")

    with pytest.raises(AddressBarred):
        arrivals.require_not_barred(session, FAR, now=NOW)
    arrivals.require_not_barred(session, "2001:db8:1:3::5", now=NOW)


def test_old_failures_are_forgotten_and_bars_are_kept(session: Session) -> None:
    fail(session, 1, address=AWAY)
    fail(session, 20, at=NOW + timedelta(hours=24), address=HOME)

    arrivals.forget_old(session, now=NOW + timedelta(hours=24, minutes=1))

    assert session.scalars(select(StrangeAddress.address)).all() == [HOME]


def test_an_invitation_forgets_where_somebody_signed_in(session: Session, kim: Account) -> None:
    administrator = make_actor(session, Role.ADMINISTRATOR)
    enter(session, address=HOME)
    accounts.invite(session, kim.id, by=administrator, now=NOW)

    assert arrivals.familiar(session, kim, HOME, now=NOW) is None


def vouches(
    session: Session, whose: Account, by: Actor, pin: str = PIN, *, at: datetime = NOW
) -> bool:
    return vouching.vouch(session, whose.id, pin=pin, by=by, now=at)


def test_a_colleagues_wrong_pin_counts_against_who_types_it(session: Session, kim: Account) -> None:
    mallory, alex = (make_actor(session, Role.TECHNICIAN) for _ in range(2))
    for _ in range(30):
        assert not vouches(session, kim, mallory, "0000", at=NOW)

    assert not vouches(session, kim, mallory)
    assert vouches(session, kim, alex)
    assert (kim.failed_sign_ins, kim.locked_until) == (0, None)
    assert enter(session)


def test_the_right_pin_after_a_slip_forgives_it(session: Session, kim: Account) -> None:
    alex = make_actor(session, Role.TECHNICIAN)
    for _ in range(4):
        assert not vouches(session, kim, alex, "1357")
    assert vouches(session, kim, alex)
    for _ in range(4):
        assert not vouches(session, kim, alex, "1357")
    assert vouches(session, kim, alex)


def test_nobody_guesses_a_pin_of_four_digits(session: Session, kim: Account) -> None:
    """A guess whenever one is let through, for a year: the hundredth is the last."""
    mallory, at, looked_at = make_actor(session, Role.TECHNICIAN), NOW, 0
    for _ in range(130):
        at += timedelta(minutes=16)
        before = _failures(session)
        vouches(session, kim, mallory, "0000", at=at)
        looked_at += _failures(session) > before

    assert looked_at == 100
    assert not vouches(session, kim, mallory, at=NOW + timedelta(days=365))
    kim_herself = Actor(kim.id, "staff", frozenset({Role.PHARMACIST}))
    unlocking.choose_pin(session, pin="8642", by=kim_herself, now=at)
    assert vouches(session, kim, mallory, "8642", at=at)


def test_who_guesses_at_several_colleagues_waits_for_all_of_them(
    session: Session, kim: Account
) -> None:
    """Ten and ten wrong ones: then not even a third colleague's right PIN is looked at."""
    mallory = make_actor(session, Role.TECHNICIAN)
    others = [make_account(session, Role.TECHNICIAN, pin_hash=hashed(PIN)) for _ in range(2)]
    for other in others:
        for _ in range(10):
            vouches(session, other, mallory, "0000", at=_after_the_last(session))

    at = _after_the_last(session) - timedelta(minutes=1)
    assert not vouches(session, kim, mallory, at=at)


def _failures(session: Session) -> int:
    return sum(session.scalars(select(vouching.VouchFailure.failures)))


def _after_the_last(session: Session) -> datetime:
    waits = session.scalars(select(vouching.VouchFailure.locked_until)).all()
    return max([NOW, *(each for each in waits if each)])
