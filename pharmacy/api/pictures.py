"""Pictures of finished products, as evidence of what was packed."""

from datetime import datetime
from typing import Final, Self

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import FromPath, RawBody

from pharmacy.api.order_views import encoded
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.order_reads import reading
from pharmacy.infra import audit, pictures
from pharmacy.kernel import ids
from pharmacy.orders import operations, queries
from pharmacy.orders.models import OrderPicture
from pharmacy.staff.rules import Permission

BYTES: Final = "application/octet-stream"
LOCKED_DOWN: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": "inline",
    "Cache-Control": "private, max-age=300, immutable",
}
"""A picture is shown and never run."""


class PictureView(msgspec.Struct, frozen=True):
    """A kept picture; its bytes are at `url`."""

    id: str
    url: str
    media_type: str
    width: int
    height: int
    size: int
    sha256: str
    taken_by: str | None
    taken_at: datetime

    @classmethod
    def of(cls, picture: OrderPicture) -> Self:
        public, order = ids.encode("pic", picture.id), ids.encode("ord", picture.order_id)
        return cls(
            id=public,
            url=f"/api/v1/orders/{order}/pictures/{public}",
            media_type=picture.media_type,
            width=picture.width,
            height=picture.height,
            size=picture.size,
            sha256=picture.sha256.hex(),
            taken_by=encoded("acc", picture.taken_by),
            taken_at=picture.taken_at,
        )


class PictureController(Controller):
    """Pictures of one order."""

    path = "/api/v1/orders/{order_id:str}/pictures"
    tags = ["Orders"]

    @post(
        "/",
        opt={"permission": Permission.PACK, "content_type": BYTES},
        request_max_body_size=pictures.MOST_BYTES + 1,
        sync_to_thread=True,
    )
    def keep(
        self, *, order_id: FromPath[str], body: RawBody, db: Db, actor: CurrentActor, now: Now
    ) -> PictureView:
        """
        Keep a picture of the order as it is packed now: JPEG, PNG or WebP, at most 4 MiB.

        Place, time, maker and whatever else a camera writes beside the picture are not kept. What
        kind it is, its first bytes say; send it as `application/octet-stream`.
        """
        wanted = ids.decode("ord", order_id)
        with db.transaction() as session:
            kept = operations.photograph(session, wanted, data=body, by=actor, now=now)
            return PictureView.of(kept)

    @get("/", opt={"permission": Permission.READ_LABEL}, sync_to_thread=True)
    def list_all(
        self, order_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> list[PictureView]:
        """List the pictures of the present packing, the first first."""
        with reading(db, order_id, actor, now, "order.pictures-read") as (session, order):
            return [PictureView.of(each) for each in queries.pictures(session, order.id)]

    @get("/{picture_id:str}", opt={"permission": Permission.READ_LABEL}, sync_to_thread=True)
    def show(
        self,
        *,
        order_id: FromPath[str],
        picture_id: FromPath[str],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> Response[bytes]:
        """Return a picture's bytes; that they were looked at is written down."""
        wanted, picture = ids.decode("ord", order_id), ids.decode("pic", picture_id)
        with db.transaction() as session:
            found = queries.get_picture(session, wanted, picture)
            audit.record(
                session,
                "picture.read",
                by=actor,
                at=now,
                subject_kind="picture",
                subject_id=found.id,
                patient_id=queries.get(session, wanted).patient_id,
            )
            return Response(found.data, media_type=found.media_type, headers=LOCKED_DOWN)
