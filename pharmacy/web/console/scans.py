"""A scan or a line from anywhere: what it is decides where it leads."""

import re
from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from litestar import Controller, post
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.compounding import queries as batches
from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form
from pharmacy.kernel import ids
from pharmacy.kernel.refusals import NotFound
from pharmacy.orders import queries as orders
from pharmacy.orders.rules.parts import VialLost
from pharmacy.staff.rules import Permission
from pharmacy.web.console.search import first_found, results
from pharmacy.web.view import Answer, CurrentView

CODE: Final = re.compile(r"(?<![a-z])([a-z]{2,4}_[0-9a-hjkmnp-tv-z]{26})(?![0-9a-z])")


class UnknownCode(NotFound):
    """Nothing of ours carries this code."""

    code = "scan-unknown"
    remedy = "Scan it again; a label of ours, a lot, a batch or an Rx number opens its page."


class ScanForm(msgspec.Struct, frozen=True):
    """What the scanner read, or somebody typed."""

    code: Annotated[str, Meta(min_length=1, max_length=200)]


Finder = Callable[[Session, str], str]


def page_of_container(session: Session, code: str) -> str:
    """Return the page of the order that a vial belongs to. Raises VialLost for a dead code."""
    vial = orders.get_container(session, ids.decode("ctr", code))
    if vial.lost_at is not None:
        number = orders.get(session, vial.order_id).number
        other = orders.get(session, vial.replaced_by).number if vial.replaced_by else None
        raise VialLost(
            f"This vial of Rx {number} was written down as lost: Rx {other} replaces it",
            order=number,
            replaced_by=other,
        )
    return f"/orders/{ids.encode('ord', vial.order_id)}"


def page_of_capsules(session: Session, code: str) -> str:
    """Return the page of the batch that a lot of capsules was made in. Raises UnknownCode."""
    found = batches.of_capsules(session, ids.decode("lot", code))
    if found is None:
        raise UnknownCode("these capsules were made elsewhere")
    return f"/bench/{ids.encode('bat', found.id)}"


FINDERS: Final[dict[str, tuple[Permission, Finder]]] = {
    "bat": (Permission.READ_BATCH, lambda _, code: f"/bench/{code}"),
    "ctr": (Permission.READ_ORDER, page_of_container),
    "ing": (Permission.READ_LOT, lambda _, code: f"/bench/powder/{code}"),
    "lot": (Permission.READ_BATCH, page_of_capsules),
    "ord": (Permission.READ_ORDER, lambda _, code: f"/orders/{code}"),
    "shl": (Permission.READ_LOT, lambda _, code: f"/bench/shells/{code}"),
}
"""By the prefix of a public identifier: who may follow it, and where it leads."""


class ScanPages(Controller):
    """The scan field of every page."""

    path = "/scan"

    @post("/", opt={"permission": Permission.READ_QUEUE}, status_code=200, sync_to_thread=True)
    def scan(self, form: Form, view: CurrentView, db: Db, actor: CurrentActor) -> Answer:
        """
        Go to the page of what was scanned; anything else is looked for.

        Prefixes and suffixes of scanners are passed over. A number names one order and leads to
        it; a name or a lot shows whom it may mean, so that nobody lands at another patient.
        """
        text = form.read(ScanForm).code.strip()
        with db.transaction() as session:
            if match := CODE.search(text.lower()):
                prefix = match[1].partition("_")[0]
                if prefix in FINDERS:
                    permission, finder = FINDERS[prefix]
                    actor.require(permission)
                    return view.go(finder(session, match[1]))
            sought, rows = first_found(session, text)
            if len(rows) == 1 and (sought.number or sought.tracking):
                actor.require(Permission.READ_ORDER)
                return view.go(f"/orders/{ids.encode('ord', rows[0].order.id)}")
            if sought.is_nothing:
                raise UnknownCode("nothing of ours carries this code")
            return results(session, view, sought, rows)
