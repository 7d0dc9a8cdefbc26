"""Formulas: every version of how a strength is made, written by one pharmacist, read by another."""

from decimal import Decimal
from typing import Annotated, Final

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath
from msgspec import Meta

from pharmacy.formulary import operations, queries
from pharmacy.formulary.rules.capsules import SHELLS
from pharmacy.formulary.rules.editing_steps import seal_of
from pharmacy.formulary.rules.fillers import FILLERS
from pharmacy.formulary.rules.formulation import Formula
from pharmacy.formulary.rules.ingredients import INGREDIENTS
from pharmacy.formulary.rules.master_record import MasterRecord
from pharmacy.formulary.rules.usual_record import usual_record
from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form
from pharmacy.kernel import ids
from pharmacy.kernel.quantities import mg
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import Permission
from pharmacy.web.console.batch_acts import Needed
from pharmacy.web.console.formula_drafts import PATH, SeenForm
from pharmacy.web.console.powder import Number, Text
from pharmacy.web.view import Action, Answer, CurrentView

READ: Final = {"permission": Permission.READ_FORMULATION}
DECIDE: Final = {"permission": Permission.APPROVE_FORMULATION}


class FormulaForm(msgspec.Struct, frozen=True):
    """A version of a strength, with the usual steps of such a capsule."""

    strength_mg: Annotated[str, Meta(pattern=r"^[0-9]{1,2}(\.[0-9]{1,3})?$")]
    capsule_size: Text
    filler: Text
    description: Text
    overage_percent: Number
    beyond_use_days: Annotated[int, Meta(ge=1, le=3650)]
    reason: Needed

    def formula(self) -> Formula:
        return Formula(
            strength_ug=mg(self.strength_mg).micrograms,
            size=self.capsule_size,
            filler=self.filler,
            description=self.description,
            overage=Decimal(self.overage_percent) / 100,
            beyond_use_days=self.beyond_use_days,
        )


class RejectForm(msgspec.Struct, frozen=True):
    """What is wrong with a version."""

    reason: Needed


class FormulaPages(Controller):
    """Master formulation records."""

    path = "/bench/formulas"

    @get("/", opt=READ, sync_to_thread=True)
    def show(self, view: CurrentView, db: Db) -> Answer:
        """Show what is in force, and what waits for the second pharmacist."""
        with db.transaction() as session:
            in_force, waiting = queries.in_force(session), queries.open_proposals(session)
            records = [MasterRecord.of_data(each.record) for each in waiting]
            people = {each.approved_by for each in in_force}
            people |= {each.second_approved_by for each in in_force}
            people |= {each.proposed_by for each in waiting}
            return view.page(
                "bench/formulas.html",
                actions=[Action("n", "Write a version", opens="propose")]
                if view.may(Permission.APPROVE_FORMULATION)
                else [],
                in_force=in_force,
                waiting=waiting,
                records=records,
                seals=[seal_of(each) for each in records],
                names=staff.names(session, people),
                fillers=[(each.key, each.name) for each in FILLERS.values() if not each.blocked],
                sizes=[(each, each) for each in next(iter(SHELLS.values()))],
                ingredients={key: each.name for key, each in INGREDIENTS.items()},
            )

    @get("/{formulation_id:str}", opt=READ, sync_to_thread=True)
    def version(self, formulation_id: FromPath[str], view: CurrentView, db: Db) -> Answer:
        """Show one version whole, and the others of its strength."""
        with db.transaction() as session:
            found = queries.version(session, ids.decode("fmn", formulation_id))
            versions = queries.versions(session, found.strength_ug)
            people = {each.approved_by for each in versions}
            people |= {each.second_approved_by for each in versions}
            return view.page(
                "bench/formula.html",
                found=found,
                record=found.master_record,
                versions=versions,
                names=staff.names(session, people),
                ingredients={key: each.name for key, each in INGREDIENTS.items()},
            )

    @post("/", opt=DECIDE, status_code=200, sync_to_thread=True)
    def propose(self, form: Form, view: CurrentView, db: Db, actor: CurrentActor) -> Answer:
        """Write a version and approve of it, as the first of two pharmacists."""
        given = form.read(FormulaForm)
        formula = given.formula()
        with db.transaction() as session:
            proposal = operations.propose(
                session,
                formula,
                usual_record(formula),
                reason=given.reason,
                by=actor,
                now=view.now,
            )
        at = f"{PATH}/{ids.encode('fmp', proposal.id)}"
        return view.go(at, toast="Written; it waits for a second pharmacist")

    @post("/proposals/{proposal_id:str}/approval", opt=DECIDE, status_code=200, sync_to_thread=True)
    def approve(
        self, proposal_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Put a version in force as it was shown, as the second pharmacist."""
        wanted, seen = ids.decode("fmp", proposal_id), form.read(SeenForm).seen
        with db.transaction() as session:
            found = operations.approve_proposal(session, wanted, seen=seen, by=actor, now=view.now)
            version = found.version
        return view.go("/bench/formulas", toast=f"Version {version} is in force")

    @post(
        "/proposals/{proposal_id:str}/rejection", opt=DECIDE, status_code=200, sync_to_thread=True
    )
    def reject(
        self,
        *,
        proposal_id: FromPath[str],
        form: Form,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Decide against a version, for a reason."""
        why = form.read(RejectForm).reason
        wanted = ids.decode("fmp", proposal_id)
        with db.transaction() as session:
            operations.reject_proposal(session, wanted, reason=why, by=actor, now=view.now)
        return view.go("/bench/formulas", toast="Not put in force")
