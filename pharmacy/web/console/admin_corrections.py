"""Correcting who a prescriber is: one person proposes it, another confirms it."""

from datetime import date
from typing import Annotated

import msgspec
from litestar import Controller, post
from litestar.params import FromPath
from msgspec import Meta

from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form
from pharmacy.kernel import ids
from pharmacy.orders.operations.prescriber_corrections import confirm_correction
from pharmacy.prescribers import operations
from pharmacy.prescribers.rules.people import CorrectionReason
from pharmacy.web.console.admin_prescribers import MANAGE, PATH, Name
from pharmacy.web.view import Answer, CurrentView


class CorrectionForm(msgspec.Struct, frozen=True):
    """How a prescriber is to stand in the register, and which papers show it."""

    family: Name
    given: Name
    practice_state: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]
    reason: CorrectionReason
    words: Annotated[str, Meta(min_length=1, max_length=500)]
    birth_date: date | None = None


class CorrectionPages(Controller):
    """Corrections, on the page of their prescriber."""

    path = f"{PATH}/{{npi:str}}/corrections"

    @post("/", opt=MANAGE, status_code=200, sync_to_thread=True)
    def propose(
        self, npi: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Propose a correction. It counts once somebody else confirms it."""
        given = msgspec.structs.asdict(form.read(CorrectionForm))
        with db.transaction() as session:
            operations.propose_correction(session, npi, **given, by=actor, now=view.now)
        return view.go(f"{PATH}/{npi}", toast="Proposed: somebody else confirms it")

    @post("/{correction_id:str}/confirmation", opt=MANAGE, status_code=200, sync_to_thread=True)
    def confirm(
        self,
        npi: FromPath[str],
        correction_id: FromPath[str],
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Let it count; the prescriber's open orders are checked again."""
        wanted = ids.decode("pco", correction_id)
        with db.transaction() as session:
            _, orders = confirm_correction(session, wanted, by=actor, now=view.now)
        again = f": {orders} open order{'s are' if orders > 1 else ' is'} checked again"
        return view.go(f"{PATH}/{npi}", toast=f"Corrected{again if orders else ''}")

    @post("/{correction_id:str}/rejection", opt=MANAGE, status_code=200, sync_to_thread=True)
    def reject(
        self,
        npi: FromPath[str],
        correction_id: FromPath[str],
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Let it go; whoever proposed it may take it back so."""
        wanted = ids.decode("pco", correction_id)
        with db.transaction() as session:
            operations.reject_correction(session, wanted, by=actor, now=view.now)
        return view.go(f"{PATH}/{npi}", toast="Not corrected")
