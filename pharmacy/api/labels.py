"""Labels and leaflets as drawn: the bytes that are printed, under the digest that was stored."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from litestar import Controller, Response, get
from litestar.params import FromPath, QueryParameter

from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.order_reads import note_read, reading, visible
from pharmacy.kernel import ids
from pharmacy.kernel.refusals import Conflict
from pharmacy.labels import pdf, queries
from pharmacy.labels.drawing import Stock, dots
from pharmacy.labels.models import Label, LabelKind
from pharmacy.labels.rules.content import ContainerLabel
from pharmacy.labels.rules.copies import Copy, content_of_copy
from pharmacy.orders import queries as orders
from pharmacy.printing.rules import ReprintReason
from pharmacy.staff.rules import Permission

PDF: Final = "application/pdf"
READ: Final = "labels.read"
Format = Annotated[
    Literal["json", "pdf"],
    QueryParameter(
        name="format", description="`pdf`: every container label in one file, a label a page."
    ),
]


OnStock = Annotated[
    Stock, QueryParameter(required=False, description="Width by height, in inches.")
]
AtDpi = Annotated[Literal[203, 300], QueryParameter(required=False, description="Dots an inch.")]
PageNo = Annotated[
    int, QueryParameter(required=False, ge=1, le=9, description="2: the continuation.")
]


CopyNo = Annotated[
    int, QueryParameter(required=False, ge=1, le=99, description="2 and above: a reprint.")
]
ReprintFor = Annotated[
    ReprintReason,
    QueryParameter(required=False, description="Why the copy before does not count."),
]


class DrawnByOlderVersion(Conflict):
    """The labels were drawn by a version whose pages may have looked otherwise."""

    code = "labels-drawn-by-older-version"
    remedy = "Get the labels one by one: each is kept as it was drawn."


class LabelView(msgspec.Struct, frozen=True):
    """One drawn document."""

    id: str
    kind: LabelKind
    container: str | None
    """What the label's Data Matrix says; none on a leaflet."""
    title: str
    """`Step 1 of 3, container 1 of 3`, or `Leaflet`."""
    pdf_sha256: str
    content_sha256: str
    renderer_version: str
    rendered_at: datetime
    url: str

    @classmethod
    def of(cls, label: Label) -> "LabelView":
        public = ids.encode("lbl", label.id)
        content = label.content
        return cls(
            id=public,
            kind=label.kind,
            container=ids.encode("ctr", label.container_id) if label.container_id else None,
            title=f"{content['step']}, container {content['part']}"
            if label.kind is LabelKind.CONTAINER
            else "Leaflet",
            pdf_sha256=label.pdf_sha256.hex(),
            content_sha256=label.content_sha256.hex(),
            renderer_version=label.renderer_version,
            rendered_at=label.rendered_at,
            url=f"/api/v1/labels/{public}",
        )


class LabelList(msgspec.Struct, frozen=True):
    """An order's documents that are not void, the leaflet last."""

    items: list[LabelView]


class LabelController(Controller):
    """Labels and leaflets."""

    path = "/api/v1"
    tags = ["Labels"]

    @get(
        "/orders/{order_id:str}/labels",
        opt={"permission": Permission.READ_LABEL},
        sync_to_thread=True,
        operation_id="ListLabels",
    )
    def list_labels(
        self, order_id: FromPath[str], db: Db, actor: CurrentActor, now: Now, form: Format = "json"
    ) -> LabelList | Response[bytes]:
        """List an order's labels and leaflet with their digests, or print all labels at once."""
        seen = {"format": form}
        with reading(db, order_id, actor, now, READ, detail=seen) as (session, order):
            labels = queries.of_order(session, order.id)
            if form == "json":
                return LabelList([LabelView.of(label) for label in labels])
            return _file(_together(labels), name=order_id)

    @get(
        "/labels/{label_id:str}",
        opt={"permission": Permission.READ_LABEL},
        sync_to_thread=True,
        operation_id="ReadLabel",
    )
    def read(
        self, label_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> Response[bytes]:
        """Return the PDF of one label or leaflet, byte by byte as it was drawn."""
        with db.transaction() as session:
            drawn = queries.get(session, ids.decode("lbl", label_id))
            order = visible(orders.get(session, drawn.order_id), actor)
            seen = {"label": label_id}
            note_read(session, READ, order, by=actor, now=now, detail=seen)
            return _file(drawn.pdf, name=label_id)

    @get(
        "/labels/{label_id:str}/preview",
        opt={"permission": Permission.READ_LABEL},
        sync_to_thread=True,
        operation_id="PreviewLabel",
    )
    def preview(
        self,
        *,
        label_id: FromPath[str],
        db: Db,
        actor: CurrentActor,
        now: Now,
        stock: OnStock = Stock.FLAT,
        dpi: AtDpi = 203,
        page: PageNo = 1,
        copy: CopyNo = 1,
        reason: ReprintFor = ReprintReason.DAMAGED,
    ) -> Response[bytes]:
        """
        Return a container label as a picture: dot for dot what a label printer puts on paper.

        Of a reprint too, before it is asked for: as copy 2, say, of one that was damaged.
        """
        with db.transaction() as session:
            drawn = queries.get(session, ids.decode("lbl", label_id))
            order = visible(orders.get(session, drawn.order_id), actor)
            if drawn.kind is not LabelKind.CONTAINER:
                raise queries.LabelNotFound("a leaflet is no label")
            seen = {"label": label_id, "format": "preview"}
            note_read(session, READ, order, by=actor, now=now, detail=seen)
            content = content_of_copy(
                ContainerLabel.of_data(drawn.content), Copy(copy, reason.words)
            )
            pages = dots(content, stock=stock, dpi=dpi)
            if page > len(pages):
                raise queries.LabelNotFound("this label has no such page")
            return Response(
                pages[page - 1].png(),
                media_type="image/png",
                headers={"Cache-Control": "private, no-store"},
            )


def _together(labels: Sequence[Label]) -> bytes:
    """Draw the stored content of every container label again, as pages of one file."""
    found = [label for label in labels if label.kind is LabelKind.CONTAINER]
    if not found:
        raise queries.LabelNotFound("this order has no labels yet")
    if any(label.renderer_version != pdf.VERSION for label in found):
        raise DrawnByOlderVersion("some labels were drawn by an older version of the renderer")
    return pdf.container_labels([ContainerLabel.of_data(label.content) for label in found])


def _file(content: bytes, *, name: str) -> Response[bytes]:
    return Response(
        content,
        media_type=PDF,
        headers={
            "ETag": f'"{hashlib.sha256(content).hexdigest()}"',
            "Cache-Control": "private, no-store",
            "Content-Disposition": f'inline; filename="{name}.pdf"',
            "X-Content-Type-Options": "nosniff",
        },
    )
