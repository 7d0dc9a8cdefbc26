"""Labels of batches, ingredient lots, shell lots and capsules, from what is on record of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.compounding import queries as compounding
from pharmacy.formulary.rules import INGREDIENTS
from pharmacy.inventory import queries as inventory
from pharmacy.kernel import ids
from pharmacy.kernel.refusals import NotFound
from pharmacy.labels.rules.tags import Tag, tag
from pharmacy.labels.rules.wording import capsules, strength
from pharmacy.practice import queries as practice


class NothingToTag(NotFound):
    """No batch and no lot has this code."""

    code = "stock-label-not-found"
    remedy = "Give the code of a batch (bat_…) or of a lot (ing_…, shl_…, lot_…)."


def tag_of(session: Session, code: str, *, now: datetime) -> Tag:
    """Return the label of a batch or lot by its public code. Raises NothingToTag."""
    made = {"bat": _batch, "ing": _ingredient, "shl": _shells, "lot": _capsules}
    prefix = code.partition("_")[0]
    if prefix not in made:
        raise NothingToTag("no batch and no lot has this code")
    return made[prefix](session, ids.decode(prefix, code), now)


def _batch(session: Session, batch_id: UUID, now: datetime) -> Tag:
    batch = compounding.get(session, batch_id)
    return tag(
        name=("Naltrexone hydrochloride", f"{strength(batch.strength_ug)} capsules"),
        number=f"Batch {batch.number}",
        status=batch.status,
        code=ids.encode("bat", batch.id),
        facts=(
            ("Quantity", capsules(batch.filled or batch.capsules)),
            ("Compounded", batch.compounded_on),
            ("Discard after", batch.beyond_use_on),
        ),
        good_until=batch.beyond_use_on,
        printed_on=practice.site(session).today(now),
    )


def _ingredient(session: Session, lot_id: UUID, now: datetime) -> Tag:
    lot = inventory.get_ingredient_lot(session, lot_id)
    known = INGREDIENTS.get(lot.ingredient)
    name = known.name if known else lot.ingredient
    expiry = inventory.expiry_of(session, lot)
    return tag(
        name=(f"{name[:1].upper()}{name[1:]}",),
        number=f"Lot {lot.lot_number}",
        status=lot.status,
        code=ids.encode("ing", lot.id),
        facts=(
            ("From", lot.manufacturer),
            ("Received", lot.received_on),
            ("Use until", expiry),
        ),
        good_until=expiry,
        printed_on=practice.site(session).today(now),
    )


def _shells(session: Session, lot_id: UUID, now: datetime) -> Tag:
    lot = inventory.get_shell_lot(session, lot_id)
    expiry = inventory.expiry_of(session, lot)
    return tag(
        name=(f"Empty capsules, size {lot.capsule_size}",),
        number=f"Lot {lot.lot_number}",
        status=lot.status,
        code=ids.encode("shl", lot.id),
        facts=(
            ("Kind", lot.description),
            ("From", lot.maker),
            ("Received", lot.received_on),
            ("Use until", expiry),
        ),
        good_until=expiry,
        printed_on=practice.site(session).today(now),
    )


def _capsules(session: Session, lot_id: UUID, now: datetime) -> Tag:
    """The label of a shelf: what lies there, and until when it may be dispensed."""
    lot = inventory.get_capsule_lot(session, lot_id)
    return tag(
        name=("Naltrexone hydrochloride", f"{strength(lot.strength_ug)} capsules"),
        number=f"Lot {lot.lot_number}",
        status=lot.status,
        code=ids.encode("lot", lot.id),
        facts=(
            ("Kind", lot.description),
            ("Compounded", lot.compounded_on),
            ("Discard after", lot.beyond_use_on),
        ),
        good_until=lot.beyond_use_on,
        printed_on=practice.site(session).today(now),
    )
