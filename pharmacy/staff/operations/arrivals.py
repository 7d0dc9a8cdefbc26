"""
Where sign-ins come from: an address cannot try many accounts, and nobody who tries an account from
elsewhere locks its owner out.
"""

import ipaddress
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import case, delete, null, or_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.kernel.refusals import Refusal
from pharmacy.staff.models import Account, FamiliarAddress, StrangeAddress
from pharmacy.staff.rules import ANONYMOUS, COUNTED_FOR, MOST_FROM_ADDRESS, bar_for

HERE: Final = ""
"""At the server itself: whoever sits there is no stranger, and no address is counted."""
FAMILIAR_FOR: Final = timedelta(days=90)
FORGOTTEN_AFTER: Final = timedelta(days=1)
NETWORK_OF_ONE: Final = 64
"""Bits of an IPv6 address that one subscriber has: the rest they choose at will."""


class AddressBarred(Refusal):
    """Too many sign-ins failed from where this one comes from (429)."""

    code = "address-barred"
    remedy = "Wait some minutes, or sign in from where you did so before."


def familiar(
    session: Session, account: Account | None, address: str, *, now: datetime
) -> FamiliarAddress | None:
    """Return what is known of an address from which somebody signed in not long ago, locked."""
    if account is None or address == HERE:
        return None
    key = (account.id, _of_one(address))
    found = session.get(FamiliarAddress, key, with_for_update=True, populate_existing=True)
    return found if found and now - found.signed_in_at < FAMILIAR_FOR else None


def require_not_barred(session: Session, address: str, *, now: datetime) -> None:
    """Raise AddressBarred where too many sign-ins failed, before any password is looked at."""
    found = session.get(StrangeAddress, _of_one(address), populate_existing=True)
    if found and found.barred_until and found.barred_until > now:
        raise AddressBarred("too many sign-ins failed from this address", until=found.barred_until)


def count_failure(session: Session, address: str, *, now: datetime) -> None:
    """Count a failed sign-in at its address; the twentieth in a quarter of an hour bars it."""
    if address == HERE:
        return
    row, key = StrangeAddress, _of_one(address)
    added = insert(row).values(address=key, failures=1, since=now, last_at=now)
    is_over = row.since <= now - COUNTED_FOR
    session.execute(
        added.on_conflict_do_update(
            index_elements=["address"],
            set_={
                "failures": case((is_over, 1), else_=row.failures + 1),
                "since": case((is_over, added.excluded.since), else_=row.since),
                "last_at": now,
            },
        )
    )
    found = session.get_one(row, key, populate_existing=True)
    if found.failures >= MOST_FROM_ADDRESS:
        found.bars, found.failures = found.bars + 1, 0
        found.barred_until = now + bar_for(found.bars)
        audit.record(
            session,
            "address.barred",
            by=ANONYMOUS,
            at=now,
            subject_kind="address",
            subject_id=None,
            detail={"address": key, "times": found.bars},
        )


def remember(session: Session, account: Account, address: str, *, now: datetime) -> None:
    """Note that somebody signed in from an address; what failed there is forgiven."""
    if address == HERE:
        return
    again = {"signed_in_at": now, "failures": 0, "locked_until": null()}
    session.execute(
        insert(FamiliarAddress)
        .values(account_id=account.id, address=_of_one(address), signed_in_at=now)
        .on_conflict_do_update(index_elements=["account_id", "address"], set_=again)
    )


def forget_old(session: Session, *, now: datetime) -> None:
    """Forget addresses that nobody tries from any more, and those of long ago."""
    row = StrangeAddress
    is_free = or_(row.barred_until.is_(None), row.barred_until < now)
    session.execute(delete(row).where(row.last_at < now - FORGOTTEN_AFTER, is_free))
    old = FamiliarAddress.signed_in_at < now - FAMILIAR_FOR
    session.execute(delete(FamiliarAddress).where(old))


def _of_one(address: str) -> str:
    """Return the address, or of IPv6 the network, that one subscriber has."""
    try:
        number = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(number, ipaddress.IPv6Address):
        if number.ipv4_mapped:
            return str(number.ipv4_mapped)
        return str(ipaddress.ip_network((number, NETWORK_OF_ONE), strict=False))
    return str(number)
