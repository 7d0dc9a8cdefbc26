"""Master formulation records: proposed by one pharmacist, put in force by another."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Self

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import Meta

from pharmacy.api.lots import Milligrams
from pharmacy.api.order_views import milligrams
from pharmacy.formulary import operations, queries
from pharmacy.formulary.models import Formulation, FormulationProposal
from pharmacy.formulary.rules.formulation import Formula
from pharmacy.formulary.rules.master_record import MasterRecord
from pharmacy.formulary.rules.usual_record import usual_record
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.kernel import ids
from pharmacy.kernel.quantities import mg
from pharmacy.staff.rules import Permission

Reason = Annotated[str, Meta(min_length=1, max_length=500)]


class FormulationView(msgspec.Struct, frozen=True):
    """One version of how a strength is made."""

    id: str
    strength_mg: str
    version: int
    capsule_size: str
    filler: str
    description: str
    overage: str
    beyond_use_days: int
    approved_by: list[str]
    approved_at: datetime
    record: dict[str, Any] | None
    """The master formulation record; None of a version older than these records."""

    @classmethod
    def of(cls, found: Formulation) -> Self:
        return cls(
            id=ids.encode("fmn", found.id),
            strength_mg=milligrams(found.strength_ug),
            version=found.version,
            capsule_size=found.capsule_size,
            filler=found.filler,
            description=found.description,
            overage=f"{found.overage_fraction:f}",
            beyond_use_days=found.beyond_use_days,
            approved_by=[
                ids.encode("acc", each) for each in (found.approved_by, found.second_approved_by)
            ],
            approved_at=found.approved_at,
            record=found.record,
        )


class ProposalView(msgspec.Struct, frozen=True):
    """A version that waits for a second pharmacist, or what became of it."""

    id: str
    strength_mg: str
    formula: dict[str, Any]
    record: dict[str, Any]
    reason: str
    proposed_by: str
    proposed_at: datetime
    rejected_because: str | None
    formulation: str | None

    @classmethod
    def of(cls, found: FormulationProposal) -> Self:
        return cls(
            id=ids.encode("fmp", found.id),
            strength_mg=milligrams(found.strength_ug),
            formula=found.formula,
            record=found.record,
            reason=found.reason,
            proposed_by=ids.encode("acc", found.proposed_by),
            proposed_at=found.proposed_at,
            rejected_because=found.rejected_because,
            formulation=ids.encode("fmn", found.formulation_id) if found.formulation_id else None,
        )


class ProposalBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A version of a strength's formulation. Without a record it gets the usual one."""

    strength_mg: Milligrams
    capsule_size: Annotated[str, Meta(examples=["3"])]
    filler: Annotated[str, Meta(examples=["microcrystalline-cellulose"])]
    description: Annotated[str, Meta(min_length=1, max_length=120, examples=["white capsule"])]
    overage: Annotated[Decimal, Meta(examples=["0.03"])]
    beyond_use_days: int
    reason: Reason
    record: dict[str, Any] | None = None

    def formula(self) -> Formula:
        return Formula(
            strength_ug=mg(self.strength_mg).micrograms,
            size=self.capsule_size,
            filler=self.filler,
            description=self.description,
            overage=self.overage,
            beyond_use_days=self.beyond_use_days,
        )


class RejectionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a proposed version is not put in force."""

    reason: Reason


class FormulationController(Controller):
    """Versions of formulations and their master records."""

    path = "/api/v1/formulations"
    tags = ["Formulations"]

    @get("/", opt={"permission": Permission.READ_FORMULATION}, sync_to_thread=True)
    def listing(
        self,
        *,
        db: Db,
        strength_mg: Annotated[Milligrams | None, QueryParameter(required=False)] = None,
    ) -> list[FormulationView]:
        """List what is in force, or every version of one strength, the newest first."""
        with db.transaction() as session:
            found = (
                queries.versions(session, mg(strength_mg).micrograms)
                if strength_mg
                else queries.in_force(session)
            )
            return [FormulationView.of(each) for each in found]

    @get("/proposals", opt={"permission": Permission.READ_FORMULATION}, sync_to_thread=True)
    def proposals(self, *, db: Db) -> list[ProposalView]:
        """List what waits for a second pharmacist."""
        with db.transaction() as session:
            return [ProposalView.of(each) for each in queries.open_proposals(session)]

    @get("/{formulation_id:str}", opt={"permission": Permission.READ_FORMULATION},
         sync_to_thread=True)  # fmt: skip
    def show(self, *, formulation_id: FromPath[str], db: Db) -> FormulationView:
        """Return one version, whether it is still in force or not."""
        wanted = ids.decode("fmn", formulation_id)
        with db.transaction() as session:
            return FormulationView.of(queries.version(session, wanted))

    @post("/proposals", opt={"permission": Permission.APPROVE_FORMULATION}, sync_to_thread=True)
    def propose(
        self, *, data: JSONBody[ProposalBody], db: Db, actor: CurrentActor, now: Now
    ) -> ProposalView:
        """Write a version and approve of it, as the first of two pharmacists."""
        formula = data.formula()
        record = MasterRecord.of_data(data.record) if data.record else usual_record(formula)
        with db.transaction() as session:
            return ProposalView.of(
                operations.propose(session, formula, record, reason=data.reason, by=actor, now=now)
            )

    @post(
        "/proposals/{proposal_id:str}/approval",
        opt={"permission": Permission.APPROVE_FORMULATION},
        sync_to_thread=True,
    )
    def approve(
        self, *, proposal_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> FormulationView:
        """Put a version in force, as the second pharmacist."""
        wanted = ids.decode("fmp", proposal_id)
        with db.transaction() as session:
            return FormulationView.of(
                operations.approve_proposal(session, wanted, by=actor, now=now)
            )

    @post(
        "/proposals/{proposal_id:str}/rejection",
        opt={"permission": Permission.APPROVE_FORMULATION},
        status_code=200,
        sync_to_thread=True,
    )
    def reject(
        self,
        *,
        proposal_id: FromPath[str],
        data: JSONBody[RejectionBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> ProposalView:
        """Decide against a version, for a reason."""
        wanted = ids.decode("fmp", proposal_id)
        with db.transaction() as session:
            return ProposalView.of(
                operations.reject_proposal(session, wanted, reason=data.reason, by=actor, now=now)
            )
