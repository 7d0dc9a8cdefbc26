"""What every verb of a batch's page has in common."""

from collections.abc import Callable
from typing import Annotated, Final
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.infra.db import Database
from pharmacy.inventory import queries as lots
from pharmacy.inventory.models import CapsuleLot, IngredientLot, ShellLot
from pharmacy.inventory.rules import barcodes
from pharmacy.kernel import ids
from pharmacy.kernel.refusals import NotFound
from pharmacy.practice import queries as practice
from pharmacy.web.view import Answer, View

PATH: Final = "/bench/{batch_id:str}"
Needed = Annotated[str, Meta(min_length=1, max_length=500)]
Act = Callable[[Session, UUID], object]


class LotUnknown(NotFound):
    """No lot of ours has this code, or several have."""

    code = "scanned-lot-unknown"
    remedy = "Scan the label that the pharmacy put on the container when it was received."


class CodeForm(msgspec.Struct, frozen=True):
    """What the scanner read."""

    code: Annotated[str, Meta(min_length=1, max_length=200)]


def act(
    view: View, db: Database, batch_id: str, do: Act, *, toast: str = "", onward: str = ""
) -> Answer:
    """Do one thing to a batch in one transaction, then show it as it is now."""
    wanted = ids.decode("bat", batch_id)
    with db.transaction() as session:
        do(session, wanted)
    return view.go(onward or f"/bench/{batch_id}", toast=toast)


def scanned_powder(session: Session, code: str, view: View) -> IngredientLot:
    """Return the lot of powder that a code means. Raises LotUnknown, BarcodeInvalid."""
    powders = [lot for lot in _lots(session, code, view) if isinstance(lot, IngredientLot)]
    if len(powders) != 1:
        raise LotUnknown("this is no lot of powder of ours", field="code")
    return powders[0]


def scanned_shells(session: Session, code: str, view: View) -> ShellLot:
    """Return the lot of shells that a code means. Raises LotUnknown, BarcodeInvalid."""
    shells = [lot for lot in _lots(session, code, view) if isinstance(lot, ShellLot)]
    if len(shells) != 1:
        raise LotUnknown("this is no lot of shells of ours", field="code")
    return shells[0]


def _lots(session: Session, code: str, view: View) -> list[IngredientLot | ShellLot | CapsuleLot]:
    today = practice.site(session).today(view.now)
    return lots.by_scan(session, barcodes.read(code, today=today))
