"""An order begins: with a signed prescription, or as its next fill."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.kernel.ids import encode, new_id
from pharmacy.kernel.jobs import JobKind
from pharmacy.kernel.refusals import Conflict
from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.orders.operations.steps import remember
from pharmacy.orders.rules import Status
from pharmacy.practice import queries as practice
from pharmacy.practice.rules import Policy
from pharmacy.prescriptions import operations as prescriptions
from pharmacy.prescriptions.models import Prescription
from pharmacy.staff.rules import Actor

RECEIVED = "received"


class FillNotAuthorised(Conflict):
    """The prescription authorises fewer fills."""

    code = "fill-not-authorised"
    remedy = "Ask the prescriber for a new prescription."


class FillAlreadyOrdered(Conflict):
    """This fill has its order: there is one for each."""

    code = "fill-already-ordered"
    remedy = (
        "Open the order in the facts. Where it was cancelled or rejected, a pharmacist orders the"
        " fill again from there."
    )


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of a signed prescription."""

    order: Order
    prescriptions: tuple[Prescription, ...]
    replayed: bool
    """The very same bytes had come before; nothing was changed."""


def receive(
    session: Session, token: bytes, *, by: Actor, source_address: str, now: datetime
) -> Receipt:
    """
    Take in a signed prescription: evidence, prescriptions and the order of the first fill.

    What the prescriber's signature does not settle is the worker's to check. The same bytes again
    give the same order back.

    Raises:
        Refusal: Whatever `prescriptions.operations.accept` refuses, with its RX- code.
    """
    site, policy = practice.site_and_policy(session)
    accepted = prescriptions.accept(
        session,
        token,
        by=by,
        source_address=source_address,
        site_npi=site.npi,
        policy=policy,
        now=now,
    )
    first = accepted.prescriptions[0]
    if accepted.replayed:
        if (order := queries.of_fill(session, first.id, 1)) is None:
            raise queries.OrderNotFound("the order of this prescription is not there")
        return Receipt(order, accepted.prescriptions, replayed=True)
    if accepted.contact_differs:
        _check_again_for_address(session, first)
    order = open_fill(session, first, fill_no=1, policy=policy, by=by, now=now)
    return Receipt(order, accepted.prescriptions, replayed=False)


def _check_again_for_address(session: Session, prescription: Prescription) -> None:
    """Owe the checks that hold the patient's other open orders until the address is settled."""
    kind = JobKind.CHECK_ORDER
    for order_id in queries.open_of_patient(session, prescription.patient_id):
        key = f"{kind}:{order_id}:address:{prescription.evidence_id}"
        jobs.add(session, kind, ref_id=order_id, dedupe_key=key)


OPEN: Final = select(Order).from_statement(
    insert(Order.table()).on_conflict_do_nothing().returning(*Order.table().c)
)
"""Two indexes let a fill have one order: of its first ones, and of those that stand."""


def open_fill(
    session: Session,
    prescription: Prescription,
    *,
    fill_no: int,
    policy: Policy,
    by: Actor,
    now: datetime,
) -> Order:
    """
    Begin the order of one fill; the worker owes its check.

    Raises:
        FillNotAuthorised: The prescription authorises fewer fills.
        FillAlreadyOrdered: Somebody was faster; the database lets one through.
    """
    if not 1 <= fill_no <= prescription.authorised_fills:
        raise FillNotAuthorised(
            "the prescription does not authorise this fill",
            fill_no=fill_no,
            authorised=prescription.authorised_fills,
        )
    order = received(
        session,
        prescription.id,
        fill_no=fill_no,
        authorised_fills=prescription.authorised_fills,
        patient_id=prescription.patient_id,
        npi=prescription.npi,
        policy=policy,
        now=now,
    )
    opened: Order | None = session.scalars(OPEN, order).one_or_none()
    if opened is None:
        other = queries.of_fill(session, prescription.id, fill_no)
        raise FillAlreadyOrdered(
            "this fill has an order",
            fill_no=fill_no,
            order=encode("ord", other.id) if other else None,
        )
    remember(session, opened, RECEIVED, None, by=by, now=now, facts={"fill_no": fill_no})
    jobs.add(session, JobKind.CHECK_ORDER, ref_id=opened.id)
    return opened


def received(
    session: Session,
    prescription_id: UUID,
    *,
    fill_no: int,
    authorised_fills: int,
    patient_id: UUID,
    npi: str,
    policy: Policy,
    now: datetime,
) -> dict[str, Any]:
    """Return the row of an order of a whole fill, as it begins."""
    return {
        "id": new_id(),
        "prescription_id": prescription_id,
        "fill_no": fill_no,
        "authorised_fills": authorised_fills,
        "patient_id": patient_id,
        "npi": npi,
        "status": Status.RECEIVED,
        "version": 1,
        "received_at": now,
        "due_at": policy.order_due_at(now, practice.site(session).time_zone),
        "status_since": now,
    }
