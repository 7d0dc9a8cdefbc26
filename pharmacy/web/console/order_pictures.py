"""Pictures of an order as it is packed: taken from its page, shown at the second check."""

from typing import Final
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.params import FromPath
from sqlalchemy.orm import Session

from pharmacy.http.bodies import MULTIPART
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.forms import Form
from pharmacy.http.order_reads import reading
from pharmacy.infra.pictures import MOST_BYTES
from pharmacy.kernel import ids
from pharmacy.orders import operations, queries
from pharmacy.orders.models import OrderPicture
from pharmacy.staff.rules import Permission
from pharmacy.web.console.order_steps import PATH, take_step
from pharmacy.web.view import Answer, CurrentView

SHOWN: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Disposition": "inline",
    "Cache-Control": "private, no-store",
}
"""A picture is shown and never run; the next person at the workplace finds none in the browser."""


class OrderPictures(Controller):
    """Pictures of one order."""

    path = f"{PATH}/pictures"

    @post(
        "/",
        opt={"permission": Permission.PACK, "content_type": MULTIPART},
        status_code=200,
        request_max_body_size=MOST_BYTES + 64 * 1024,
        sync_to_thread=True,
    )
    def keep(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Keep a picture of the order as it is packed now, without what the camera wrote by it."""
        data = form.file("picture").file.read()

        def step(session: Session, wanted: UUID) -> OrderPicture:
            return operations.photograph(session, wanted, data=data, by=actor, now=view.now)

        return take_step(view, db, order_id, step, toast="The picture is kept")

    @get(
        "/{picture_id:str}",
        opt={"permission": Permission.READ_LABEL, "unattended": True},
        sync_to_thread=True,
    )
    def show(
        self,
        *,
        order_id: FromPath[str],
        picture_id: FromPath[str],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> Response[bytes]:
        """Return a picture; that it was looked at is written down."""
        seen = {"picture": picture_id}
        with reading(db, order_id, actor, now, "picture.read", detail=seen) as (session, order):
            found = queries.get_picture(session, order.id, ids.decode("pic", picture_id))
            return Response(found.data, media_type=found.media_type, headers=SHOWN)
