"""What screening found about an order, and what a pharmacist decides about it."""

from datetime import datetime
from typing import Annotated, Any, Self

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.order_reads import reading
from pharmacy.kernel import ids
from pharmacy.kernel.refusals import NotPermitted
from pharmacy.prescriptions import queries as prescriptions
from pharmacy.screening import operations, queries
from pharmacy.screening.models import Finding
from pharmacy.screening.queries import FindingNotFound
from pharmacy.screening.rules import Decision
from pharmacy.screening.rules.decisions import LONGEST_TEXT
from pharmacy.screening.rules.rulebook import BY_ID
from pharmacy.staff.rules import Permission

Words = Annotated[str, Meta(max_length=LONGEST_TEXT)]


class DecisionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is decided and why; against a block, also whom you asked at the prescriber's."""

    decision: Decision
    reason: Annotated[
        str, Meta(max_length=LONGEST_TEXT, examples=["Stable dose of levothyroxine, TSH planned."])
    ]
    prescriber_contact: Words | None = None


class PatientUnsettled(NotPermitted):
    """The prescription names another person than the identifier stands for."""

    code = "patient-unsettled"
    remedy = "Ask the pharmacy, which compares the patient's details."


class FindingView(msgspec.Struct, frozen=True):
    """One rule that spoke."""

    id: str
    rule: str
    rule_version: int
    severity: str
    wording: str
    source: str
    inputs: dict[str, Any]
    """What the rule saw."""
    found_at: datetime
    is_settled: bool
    """Counselling, or decided so that the order may go on."""
    decision: str | None
    reason: str | None
    prescriber_contact: str | None
    decided_at: datetime | None

    @classmethod
    def of(cls, finding: Finding) -> Self:
        rule = BY_ID.get(finding.rule_id)
        return cls(
            id=ids.encode("fnd", finding.id),
            rule=finding.rule_id,
            rule_version=finding.rule_version,
            severity=finding.severity.value,
            wording=finding.wording,
            source=rule.source if rule else "",
            inputs=finding.inputs,
            found_at=finding.found_at,
            is_settled=queries.is_settled(finding),
            decision=finding.decision.value if finding.decision else None,
            reason=finding.reason,
            prescriber_contact=finding.prescriber_contact,
            decided_at=finding.decided_at,
        )


class FindingsView(msgspec.Struct, frozen=True):
    """What stands, blocks first."""

    order: str
    findings: list[FindingView]


class OrderFindingsController(Controller):
    """Findings of one order."""

    path = "/api/v1/orders/{order_id:str}/findings"
    tags = ["Screening"]

    @get("/", opt={"permission": Permission.READ_ORDER}, sync_to_thread=True)
    def listing(
        self, order_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> FindingsView:
        """Return what the order's screening found, decided or not."""
        with reading(db, order_id, actor, now, "findings.read") as (session, order):
            signed = prescriptions.get(session, order.prescription_id)
            if actor.npis is not None and signed.names_another:
                raise PatientUnsettled("findings may speak of another person's answers")
            standing = queries.open_findings(session, order.prescription_id, order.fill_no)
            return FindingsView(
                order=order_id, findings=[FindingView.of(finding) for finding in standing]
            )


class FindingController(Controller):
    """Decisions about findings."""

    path = "/api/v1/findings"
    tags = ["Screening"]

    @post(
        "/{fnd:str}/decision",
        opt={"permission": Permission.DECIDE_FINDING},
        status_code=200,
        sync_to_thread=True,
    )
    def decide(
        self,
        fnd: FromPath[str],
        data: JSONBody[DecisionBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> FindingView:
        """Decide about one finding, with a reason. It stands until what the rule saw changes."""
        finding_id = ids.decode("fnd", fnd)
        with db.transaction() as session:
            finding = queries.get(session, finding_id)
            if not actor.may_see(queries.prescriber_of(session, finding)):
                raise FindingNotFound("there is no such finding")
            decided = operations.decide(
                session,
                finding_id,
                decision=data.decision,
                reason=data.reason,
                prescriber_contact=data.prescriber_contact,
                by=actor,
                now=now,
            )
            return FindingView.of(decided)
