"""Reading where a batch's powder went."""

from sqlalchemy.orm import Session

from pharmacy.compounding.models import Batch, Item, WeightKind
from pharmacy.compounding.queries.batches import weighings, weights
from pharmacy.compounding.rules.mass import Statement, Weighed, state
from pharmacy.compounding.rules.tolerance import WeighingVerdict
from pharmacy.compounding.rules.weights import net_weights

MIXED = frozenset({Item.TRITURATION_ACTIVE, Item.TRITURATION_DILUENT})


def mass_statement(session: Session, batch: Batch) -> Statement:
    """Account for the powder of a batch, from its weighings and its capsules' single weights."""
    gross = [mass.mg for mass in weights(session, batch, WeightKind.CAPSULE)]
    shells = [mass.mg for mass in weights(session, batch, WeightKind.SHELL)]
    return state(
        [
            Weighed(
                each.shown_ug,
                is_from_lot=each.ingredient_lot_id is not None,
                is_mixed=each.item in MIXED,
                is_void=each.voided_at is not None,
            )
            for each in weighings(session, batch.id)
            if each.verdict is WeighingVerdict.WITHIN
        ],
        nets=net_weights(gross, shells) if gross and shells else (),
        filled=batch.filled,
    )
