"""What a batch is made of, and what the pharmacy's State asks of it, as other systems see it."""

from datetime import date

import msgspec
from sqlalchemy.orm import Session

from pharmacy.api.order_views import milligrams
from pharmacy.compounding import queries
from pharmacy.compounding.models import Batch
from pharmacy.formulary.models import Formulation
from pharmacy.inventory import queries as lots
from pharmacy.kernel import ids
from pharmacy.practice import queries as practice


class StatePartView(msgspec.Struct, frozen=True):
    """What one State asks for, in which field of the master record, and by which rule."""

    state: str
    field: str
    text: str
    source: str


def state_parts(session: Session, formulation: Formulation) -> list[StatePartView]:
    """Return what the pharmacy's own State adds to a formulation."""
    record = formulation.master_record
    parts = record.for_state(practice.site(session).state) if record is not None else ()
    return [StatePartView(part.state, part.field, part.text, part.source) for part in parts]


class ComponentView(msgspec.Struct, frozen=True):
    """A lot that went into a batch, as its container names it."""

    id: str
    what: str
    lot_number: str
    maker: str
    received_on: date
    expires_on: date | None


class MassView(msgspec.Struct, frozen=True):
    """Where the powder went, in milligrams; what is not measured yet is null."""

    drawn_mg: str
    voided_mg: str
    trituration_left_mg: str
    blend_mg: str
    in_capsules_mg: str | None
    lost_mg: str | None
    lost_percent: str | None


def mass_of(session: Session, batch: Batch) -> MassView:
    """Return the mass statement of a batch."""
    found = queries.mass_statement(session, batch)
    held, lost, percent = found.in_capsules_ug, found.lost_ug, found.lost_percent
    return MassView(
        drawn_mg=milligrams(found.drawn_ug),
        voided_mg=milligrams(found.voided_ug),
        trituration_left_mg=milligrams(found.trituration_left_ug),
        blend_mg=milligrams(found.blend_ug),
        in_capsules_mg=None if held is None else milligrams(held),
        lost_mg=None if lost is None else milligrams(lost),
        lost_percent=None if percent is None else f"{percent:.2f}",
    )


def components(session: Session, batch: Batch) -> list[ComponentView]:
    """Return the lots of a batch, the powders first."""
    powders = [
        lots.get_ingredient_lot(session, lot_id)
        for lot_id in queries.powder_lot_ids(session, batch)
    ]
    found = [
        ComponentView(
            ids.encode("ing", lot.id),
            lot.ingredient,
            lot.lot_number,
            lot.manufacturer,
            lot.received_on,
            lot.expires_on,
        )
        for lot in powders
    ]
    if batch.shell_lot_id is not None:
        shells = lots.get_shell_lot(session, batch.shell_lot_id)
        found.append(
            ComponentView(
                ids.encode("shl", shells.id),
                f"shells of size {shells.capsule_size}",
                shells.lot_number,
                shells.maker,
                shells.received_on,
                shells.expires_on,
            )
        )
    return found
