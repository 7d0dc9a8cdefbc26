"""Steps that were decided on an older version of an order: refused, and by whom it was changed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from pharmacy.http.etag import STRONG, StaleVersion, require_match
from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.orders.queries import Change
from pharmacy.staff.rules import Actor


def require_seen(
    session: Session, order: Order, if_match: str | None, *, by: Actor, now: datetime
) -> None:
    """
    Let a program's step pass only when it was decided on the present version.

    Raises:
        VersionNotGiven, MalformedVersion: See `etag.require_match`.
        StaleVersion: It names who did what since.
    """
    try:
        require_match(if_match, version=order.version)
    except StaleVersion as stale:
        seen = _version(if_match)
        changes = queries.changes_since(session, order, seen, to=by, now=now)
        raise _stale(order, changes) from stale


def require_seen_by_person(
    session: Session, order: Order, if_match: str | None, *, by: Actor, now: datetime
) -> None:
    """
    Let a person's step pass unless somebody else changed what their page shows.

    Their own steps change parts of a page in place, so that its version falls behind. A step that
    says no version is one that no page shows the order for, such as a scan.
    """
    if if_match is None or STRONG.fullmatch(if_match) is None:
        return
    changes = queries.others_since(session, order, _version(if_match), to=by, now=now)
    if changes:
        raise _stale(order, changes)


def _stale(order: Order, changes: Sequence[Change]) -> StaleVersion:
    words = f": {'; '.join(each.words for each in changes)}" if changes else ""
    return StaleVersion(
        f"it has changed since it was read{words}",
        present=order.version,
        changes=[each.fact() for each in changes],
    )


def _version(if_match: str | None) -> int:
    match = STRONG.fullmatch((if_match or "").strip())
    return int(match[1]) if match else 0
