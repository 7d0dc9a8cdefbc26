"""Labels of batches, lots and shelves, and the sheet of action barcodes for the bench."""

from typing import Annotated, Final

from litestar import Controller, Response, get
from litestar.params import FromPath, QueryParameter

from pharmacy.api.labels import AtDpi, OnStock
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.labels import queries
from pharmacy.labels.drawing import Language, Stock, action_sheet, drawn_tag
from pharmacy.staff.rules import Permission

TYPES: Final = {Language.PDF: "application/pdf", Language.ZPL: "application/vnd.zebra-zpl"}
InLanguage = Annotated[
    Language,
    QueryParameter(
        name="format", required=False, description="`pdf`, or `zpl` for a label printer."
    ),
]


class StockLabelController(Controller):
    """Labels that name no patient."""

    path = "/api/v1"
    tags = ["Labels"]

    @get("/stock-labels/{item:str}", opt={"permission": Permission.READ_LOT}, sync_to_thread=True)
    def read(
        self,
        *,
        item: FromPath[str],
        db: Db,
        actor: CurrentActor,
        now: Now,
        language: InLanguage = Language.PDF,
        stock: OnStock = Stock.FLAT,
        dpi: AtDpi = 203,
    ) -> Response[bytes]:
        """
        Draw the label of a batch (`bat_…`), an ingredient lot (`ing_…`), a shell lot (`shl_…`) or a
        lot of capsules on its shelf (`lot_…`). It says whether the lot may be used today.
        """
        if item.startswith("bat_"):
            actor.require(Permission.READ_BATCH)
        with db.transaction() as session:
            tag = queries.tag_of(session, item, now=now)
        return _file(
            drawn_tag(tag, language=language, stock=stock, dpi=dpi), f"{item}.{language}", language
        )

    @get("/action-barcodes", opt={"signed_in": True}, sync_to_thread=True)
    def actions(self) -> Response[bytes]:
        """Return the sheet of action barcodes: letter size, hung at the bench."""
        return _file(action_sheet(), "action-barcodes.pdf", Language.PDF)


def _file(content: bytes, name: str, language: Language) -> Response[bytes]:
    return Response(
        content,
        media_type=TYPES[language],
        headers={
            "Cache-Control": "private, no-store",
            "Content-Disposition": f'inline; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
        },
    )
