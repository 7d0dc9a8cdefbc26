"""What a pharmacist signs when a batch is released: its record as it stands, as one hash."""

import json
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.compounding.models import Batch, WeightKind
from pharmacy.compounding.queries.batches import counting, last_tests, powder_lot_ids, weights
from pharmacy.compounding.queries.preparation import photos, steps


def record_sha256(session: Session, batch: Batch) -> bytes:
    """
    Return the hash of a batch's record: lots, sheet, weighings, weights, tests, steps, dates.

    Anything that changes what was made, or who made and verified it, changes the hash.
    """
    record = {
        "number": batch.number,
        "strength_ug": batch.strength_ug,
        "formulation": batch.formulation_id,
        "round": batch.round_no,
        "lots": powder_lot_ids(session, batch),
        "shells": batch.shell_lot_id,
        "sheet": batch.sheet,
        "weighings": [
            [
                each.id,
                each.item,
                each.ingredient_lot_id,
                each.target_ug,
                each.shown_ug,
                each.verdict,
                each.weighed_by,
                each.second_by,
                each.verified_by,
            ]
            for each in sorted(counting(session, batch.id).values(), key=lambda each: each.id)
        ],
        "weights": {
            kind: [mass.micrograms for mass in weights(session, batch, kind)] for kind in WeightKind
        },
        "tests": {
            kind: [test.verdict, test.result] for kind, test in last_tests(session, batch).items()
        },
        "steps": [[each.no, each.done_by, each.done_at] for each in steps(session, batch.id)],
        "photos": [each.sha256.hex() for each in photos(session, batch.id)],
        "filled": [batch.filled, batch.filled_by, batch.yield_percent],
        "blended": [batch.blended_by, batch.compounded_on],
        "beyond_use": [batch.beyond_use_on, batch.beyond_use_set_by],
    }
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), default=_plain)
    return sha256(text.encode()).digest()


def _plain(value: Any) -> str:
    """Return the one way in which a value is written, whichever way it was read."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} is in no record")
