"""Photographs of a batch's steps through any door; that somebody looked is written down."""

from datetime import datetime
from typing import Final

from litestar import Response

from pharmacy.compounding import queries
from pharmacy.infra import audit
from pharmacy.infra.db import Database
from pharmacy.kernel import ids
from pharmacy.staff.rules import Actor

INLINE: Final = {"X-Content-Type-Options": "nosniff", "Content-Disposition": "inline"}


def photograph(
    db: Database, batch_id: str, photo_id: str, *, by: Actor, now: datetime
) -> Response[bytes]:
    """Answer with a photograph of a step. Raises NotFound."""
    with db.transaction() as session:
        batch = queries.get(session, ids.decode("bat", batch_id))
        found = queries.get_photo(session, batch.id, ids.decode("pho", photo_id))
        audit.record(
            session,
            "batch.photo-read",
            by=by,
            at=now,
            subject_kind="batch",
            subject_id=batch.id,
            detail={"photo": str(found.id)},
        )
        return Response(found.data, media_type=found.media_type, headers=INLINE)
