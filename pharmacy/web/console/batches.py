"""One batch: its page, its worksheet, its photographs."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Final

from litestar import Controller, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter, SkipValidation
from sqlalchemy.orm import Session

from pharmacy.compounding import queries
from pharmacy.compounding.models import Batch
from pharmacy.http.batch_reads import INLINE, photograph
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.inventory import queries as lots
from pharmacy.kernel import ids
from pharmacy.staff.rules import Permission
from pharmacy.web.console.batch_acts import PATH
from pharmacy.web.console.batch_page import (
    batch_page,
    capsules_of,
    may_verify,
    name_of,
    verdict_words,
)
from pharmacy.web.console.batch_reasons import CAUSES, REASONS
from pharmacy.web.console.batch_samples import ASKED, WHY, found_words
from pharmacy.web.console.batch_verbs import verbs_of
from pharmacy.web.view import Answer, CurrentView

READ: Final = {"permission": Permission.READ_BATCH}
UNWATCHED: Final = {"permission": Permission.READ_BATCH, "unattended": True}

Draw = Callable[[Session, Batch, datetime], bytes]
CurrentDraw = NamedDependency[SkipValidation[Draw]]
"""Parameter `worksheet`: draws a batch's record as a PDF."""


class BatchPages(Controller):
    """One batch."""

    path = PATH

    @get("/", opt=READ, sync_to_thread=True)
    def show(
        self,
        *,
        batch_id: FromPath[str],
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
        scanned: Annotated[str, QueryParameter(name="lots", required=False, max_length=400)] = "",
        source: Annotated[str, QueryParameter(name="from", required=False, max_length=40)] = "",
        shells: Annotated[str, QueryParameter(required=False, max_length=40)] = "",
    ) -> Answer:
        """
        Show a batch, what is owed next on top.

        Args:
            scanned: Lots of naltrexone that were scanned so far, before the filler.
            source: The lot that was scanned for the weighing at hand.
            shells: The lot of shells that was scanned for the filling at hand.
        """
        with db.transaction() as session:
            batch = queries.get(session, ids.decode("bat", batch_id))
            page = batch_page(session, batch, view)
            at = page.next_need
            ready = at is not None and source == at.lot_code
            return view.page(
                "bench/batch.html",
                actions=verbs_of(page, view, ready=ready, shells=shells),
                page=page,
                scanned=[
                    lots.get_ingredient_lot(session, ids.decode("ing", each))
                    for each in scanned.split(",")
                    if each
                ],
                ready=ready,
                shell_lot=lots.get_shell_lot(session, ids.decode("shl", shells))
                if shells
                else None,
                name_of=name_of,
                verdict_words=verdict_words,
                verifiable=lambda weighing: may_verify(weighing, actor),
                causes=CAUSES,
                reasons=REASONS,
                asked=ASKED,
                why_sent=WHY,
                found=found_words,
            )

    @get("/worksheet", opt=READ, sync_to_thread=True)
    def worksheet(
        self, batch_id: FromPath[str], db: Db, now: Now, worksheet: CurrentDraw
    ) -> Response[bytes]:
        """Return the worksheet as a PDF: what is written down, and boxes for what is not."""
        with db.transaction() as session:
            batch = queries.get(session, ids.decode("bat", batch_id))
            drawn = worksheet(session, batch, now)
        return Response(drawn, media_type="application/pdf", headers=INLINE)

    @get("/news", opt=UNWATCHED, sync_to_thread=True)
    def news(
        self,
        batch_id: FromPath[str],
        view: CurrentView,
        db: Db,
        seen: Annotated[int, QueryParameter(ge=0)],
    ) -> Answer:
        """Say whether the batch changed since an open page was drawn."""
        with db.transaction() as session:
            version = queries.get(session, ids.decode("bat", batch_id)).version
            return view.part("bench/news.html", id=batch_id, seen=seen, is_old=version > seen)

    @get("/capsules", opt=UNWATCHED, sync_to_thread=True)
    def capsules(self, batch_id: FromPath[str], view: CurrentView, db: Db) -> Answer:
        """Show the weights of shells and capsules as they have come."""
        with db.transaction() as session:
            batch = queries.get(session, ids.decode("bat", batch_id))
            return view.part("bench/plot.html", id=batch_id, capsules=capsules_of(session, batch))

    @get("/photos/{photo_id:str}", opt=READ, sync_to_thread=True)
    def photo(
        self,
        *,
        batch_id: FromPath[str],
        photo_id: FromPath[str],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> Response[bytes]:
        """Return a photograph of a step. Looking at it is written down."""
        return photograph(db, batch_id, photo_id, by=actor, now=now)
