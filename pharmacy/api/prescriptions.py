"""Prescriptions: signed ones come in, and what they say and were proved to be can be read."""

import hashlib
from datetime import date, datetime
from typing import Any, Final

import msgspec
from litestar import Controller, MediaType, Request, Response, get, post
from litestar.params import FromPath, RawBody
from litestar.status_codes import HTTP_201_CREATED
from sqlalchemy.orm import Session

from pharmacy.api.tasks import task_of
from pharmacy.http.bodies import WrongMediaType
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.problems import FHIR_JSON
from pharmacy.infra import audit
from pharmacy.infra.db import Database
from pharmacy.infra.logs import log
from pharmacy.infra.signatures import LARGEST_TOKEN, KeyCompromised
from pharmacy.kernel import ids
from pharmacy.kernel.quantities import Mass
from pharmacy.kernel.refusals import Refusal
from pharmacy.orders import operations as orders
from pharmacy.orders.operations import Receipt
from pharmacy.prescriptions import queries
from pharmacy.prescriptions.models import Prescription, Verification
from pharmacy.prescriptions.rules.binding import IdentifierReused
from pharmacy.prescriptions.rules.kinds import PrescriptionKind
from pharmacy.prescriptions.rules.regimen import Regimen, Step, TimeOfDay
from pharmacy.staff.rules import Actor, Permission

JOSE: Final = "application/jose"
ALARMS: Final[dict[type[Refusal], str]] = {
    KeyCompromised: "security.compromised-key-used",
    IdentifierReused: "security.identifier-reused",
}
"""Refusals that somebody must look into. Every other is `prescription.refused`."""


class ReceivedPrescription(msgspec.Struct, frozen=True):
    """One request of a received set."""

    id: str
    kind: PrescriptionKind
    authorised_fills: int
    url: str


class ReceiptView(msgspec.Struct, frozen=True):
    """What became of a signed prescription. The same bytes again give the same receipt."""

    order: str
    """The order of the first fill, under which its state can be read."""
    number: int
    """The Rx number that labels show."""
    received_at: datetime
    prescriptions: list[ReceivedPrescription]

    @classmethod
    def of(cls, receipt: Receipt) -> "ReceiptView":
        return cls(
            order=ids.encode("ord", receipt.order.id),
            number=receipt.order.number,
            received_at=receipt.order.received_at,
            prescriptions=[
                ReceivedPrescription(
                    id=(public := ids.encode("rx", each.id)),
                    kind=each.kind,
                    authorised_fills=each.authorised_fills,
                    url=f"/api/v1/prescriptions/{public}",
                )
                for each in receipt.prescriptions
            ],
        )


class StepView(msgspec.Struct, frozen=True):
    """One step of a regimen."""

    no: int
    dose_mg: str
    days: int | None
    """None: until something else is ordered."""
    time_of_day: TimeOfDay
    text: str
    """The prescriber's own words."""

    @classmethod
    def of(cls, step: Step) -> "StepView":
        return cls(
            no=step.no,
            dose_mg=str(Mass.of_micrograms(step.dose_ug)).removesuffix(" mg"),
            days=step.days,
            time_of_day=step.time_of_day,
            text=step.text,
        )


class DisagreementView(msgspec.Struct, frozen=True):
    """Something that the signed content says in two ways, or beyond a limit."""

    code: str
    words: str
    step: int | None


class ProofView(msgspec.Struct, frozen=True):
    """How the signature was verified on receipt."""

    kid: str
    alg: str
    decision: str
    decided_at: datetime
    verifier_version: str
    policy_id: str
    key: dict[str, Any]
    """The public key as it stood then."""
    checks: list[dict[str, str]]

    @classmethod
    def of(cls, row: Verification) -> "ProofView":
        return cls(
            kid=row.kid,
            alg=row.alg,
            decision=row.decision,
            decided_at=row.decided_at,
            verifier_version=row.verifier_version,
            policy_id=row.policy_id,
            key=row.key,
            checks=row.checks,
        )


class PrescriptionView(msgspec.Struct, frozen=True):
    """One signed request."""

    id: str
    kind: PrescriptionKind
    npi: str
    patient: str
    request_system: str
    request_value: str
    written_on: date
    valid_from: date
    valid_until: date
    authorised_fills: int
    days_per_fill: int
    quantity: int | None
    steps: list[StepView]
    as_tolerated: bool
    disagreements: list[DisagreementView]
    follows: str | None
    followed_by: str | None
    cancelled_at: datetime | None
    facts: dict[str, Any]
    """Patient, prescriber, medication and reason as the signed bytes name them."""
    proof: ProofView

    @classmethod
    def of(
        cls, row: Prescription, *, proof: Verification, followed_by: Prescription | None
    ) -> "PrescriptionView":
        regimen = Regimen.of_data(row.regimen)
        return cls(
            id=ids.encode("rx", row.id),
            kind=row.kind,
            npi=row.npi,
            patient=ids.encode("pat", row.patient_id),
            request_system=row.request_system,
            request_value=row.request_value,
            written_on=row.written_on,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            authorised_fills=row.authorised_fills,
            days_per_fill=row.days_per_fill,
            quantity=row.quantity,
            steps=[StepView.of(step) for step in regimen.steps],
            as_tolerated=regimen.as_tolerated,
            disagreements=[DisagreementView(**each) for each in row.disagreements],
            follows=ids.encode("rx", row.follows_id) if row.follows_id else None,
            followed_by=ids.encode("rx", followed_by.id) if followed_by else None,
            cancelled_at=row.cancelled_at,
            facts=row.facts,
            proof=ProofView.of(proof),
        )


class EvidenceView(msgspec.Struct, frozen=True):
    """The signed bytes as they came, and every run of the verifier over them."""

    id: str
    jws: str
    jws_sha256: str
    payload_sha256: str
    received_at: datetime
    client: str | None
    source_address: str
    verifications: list[ProofView]


class PrescriptionController(Controller):
    """Signed prescriptions."""

    path = "/api/v1/prescriptions"
    tags = ["Prescriptions"]

    @post(
        "/",
        opt={"permission": Permission.SUBMIT_PRESCRIPTION, "content_type": JOSE},
        status_code=HTTP_201_CREATED,
        request_max_body_size=LARGEST_TOKEN,
        sync_to_thread=True,
        operation_id="SubmitPrescription",
    )
    def submit(
        self, body: RawBody, request: Request[Any, Any, Any], db: Db, actor: CurrentActor, now: Now
    ) -> Response[ReceiptView]:
        """
        Take in a signed prescription: a compact JWS over the exact bytes of a FHIR R4 Bundle.

        The answer is the order of the first fill: a receipt, or a FHIR Task where
        `application/fhir+json` is asked for. The same bytes again get the same answer.
        """
        _require_plain(request)
        try:
            with db.transaction() as session:
                receipt = orders.receive(
                    session,
                    body,
                    by=actor,
                    source_address=request.client.host if request.client else "",
                    now=now,
                )
                return _receipt(request, receipt)
        except Refusal as refusal:
            _remember(db.apart(), refusal, body, actor=actor, now=now)
            raise

    @get(
        "/{prescription:str}",
        opt={"permission": Permission.READ_PRESCRIPTION},
        sync_to_thread=True,
        operation_id="ReadPrescription",
    )
    def read(
        self, prescription: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> PrescriptionView:
        """Return what a prescriber ordered, what is unclear about it, and how it was proved."""
        with db.transaction() as session:
            row = _visible(session, prescription, actor)
            _record(session, "prescription.read", row, actor, now)
            return PrescriptionView.of(
                row,
                proof=queries.verifications(session, row.evidence_id)[0],
                followed_by=queries.following(session, row.id),
            )

    @get(
        "/{prescription:str}/evidence",
        opt={"permission": Permission.READ_EVIDENCE},
        sync_to_thread=True,
        operation_id="ReadEvidence",
    )
    def evidence(
        self, prescription: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> EvidenceView:
        """Return the signed bytes themselves, with the record of their verification."""
        with db.transaction() as session:
            row = _visible(session, prescription, actor)
            _record(session, "evidence.read", row, actor, now)
            kept = queries.evidence(session, row.evidence_id)
            return EvidenceView(
                id=ids.encode("evd", kept.id),
                jws=kept.jws.decode("ascii"),
                jws_sha256=kept.jws_sha256.hex(),
                payload_sha256=kept.payload_sha256.hex(),
                received_at=kept.received_at,
                client=ids.encode("ehr", kept.client_id) if kept.client_id else None,
                source_address=kept.source_address,
                verifications=[
                    ProofView.of(each) for each in queries.verifications(session, kept.id)
                ],
            )


def _require_plain(request: Request[Any, Any, Any]) -> None:
    """Refuse a body that is not there as it was signed."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != JOSE:
        raise WrongMediaType(f"the body must be {JOSE}", accepts=JOSE)


def _receipt(request: Request[Any, Any, Any], receipt: Receipt) -> Response[Any]:
    location = {"Location": f"/api/v1/orders/{ids.encode('ord', receipt.order.id)}"}
    if FHIR_JSON in request.headers.get("accept", ""):
        return Response(task_of(receipt), media_type=FHIR_JSON, headers=location)
    return Response(ReceiptView.of(receipt), media_type=MediaType.JSON, headers=location)


def _remember(db: Database, refusal: Refusal, token: bytes, *, actor: Actor, now: datetime) -> None:
    """Write down a refused attempt, which undid its own transaction: its code, and no content."""
    action = ALARMS.get(type(refusal), "prescription.refused")
    detail = {"code": refusal.code, "token_sha256": hashlib.sha256(token).hexdigest()}
    with db.transaction() as session:
        audit.record(
            session, action, by=actor, at=now, subject_kind="token", subject_id=None, detail=detail
        )
    if type(refusal) in ALARMS:
        log.warning(action, actor=str(actor.id), actor_kind=actor.kind)


def _visible(session: Session, public: str, actor: Actor) -> Prescription:
    """Return a prescription, if it is the actor's to see. Raises PrescriptionNotFound."""
    row = queries.get(session, ids.decode("rx", public))
    if not actor.may_see(row.npi):
        raise queries.PrescriptionNotFound("there is no such prescription")
    return row


def _record(session: Session, action: str, row: Prescription, actor: Actor, now: datetime) -> None:
    audit.record(
        session,
        action,
        by=actor,
        at=now,
        subject_kind="prescription",
        subject_id=row.id,
        patient_id=row.patient_id,
    )
