"""What the worker finds out about an order before a pharmacist looks at it."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.kernel.jobs import JobKind
from pharmacy.kernel.refusals import Refusal
from pharmacy.orders import queries
from pharmacy.orders.models import Hold, Order
from pharmacy.orders.operations.holding import lift_what_no_longer_applies
from pharmacy.orders.operations.steps import lock_for, take
from pharmacy.orders.rules import MOVES, Action, Origin, Owner, Status
from pharmacy.orders.rules.holds import ADDRESS_DIFFERS, Reason, kind_of
from pharmacy.orders.rules.parts import OrderKind
from pharmacy.patients import queries as patients
from pharmacy.patients.models import Patient
from pharmacy.practice import queries as practice
from pharmacy.practice.rules import Policy
from pharmacy.prescribers import operations as prescribers
from pharmacy.prescribers.operations import IdentityService, Verdict
from pharmacy.prescriptions import queries as prescriptions
from pharmacy.prescriptions.models import Prescription
from pharmacy.prescriptions.rules.regimen import Regimen, fill_regimen
from pharmacy.screening import operations as screening
from pharmacy.staff.rules import WORKER, Actor
from pharmacy.titration import operations as titration


def check(
    session: Session, order_id: UUID, *, now: datetime, nppes: IdentityService | None = None
) -> Order:
    """
    Check prescriber, screening and plan of an order, and hold it for whatever is not settled.

    A received order goes on to the pharmacist's review, on hold or not; a later one stays where it
    is. Holds of an earlier check that no longer apply are lifted. Running it twice changes nothing
    more; an order that is over is left alone.
    """
    order = queries.lock(session, order_id)
    if order.status not in MOVES[Action.CHECK].paths:
        return order
    policy = practice.policy(session)
    prescription = prescriptions.get(session, order.prescription_id)
    verdict = ask_about_prescriber(session, prescription, policy=policy, now=now, nppes=nppes)
    reasons = [
        *_disagreements(order, prescription),
        *_doubted_address(session, order),
        *_not_licensed(session, order, now),
        *_of_verdict(verdict),
        *_of_fill(session, order, prescription, policy, now),
    ]
    place_found(session, order, reasons, policy=policy, now=now)
    evidence = {
        "checks": [str(row.id) for row in verdict.checks],
        "found": sorted({reason.code for reason in reasons}),
    }
    take(session, order, Action.CHECK, by=WORKER, now=now, facts=evidence)
    return order


def recheck(session: Session, order_id: UUID, *, by: Actor, now: datetime) -> Order:
    """Owe another check: a reviewed order goes back to it, a later one stays where it is."""
    order = lock_for(session, order_id, by)
    take(session, order, Action.RECHECK, by=by, now=now)
    owe_check(session, order)
    if order.status is Status.LABELING and order.labeled_at is None:
        owe_labels(session, order)
    return order


def owe_check(session: Session, order: Order) -> None:
    """Owe a check of the order as it is now, once."""
    key = f"{JobKind.CHECK_ORDER}:{order.id}:v{order.version}"
    jobs.add(session, JobKind.CHECK_ORDER, ref_id=order.id, dedupe_key=key)


def owe_labels(session: Session, order: Order) -> None:
    """Owe the labels of the order's present containers."""
    key = f"{JobKind.RENDER_LABELS}:{order.id}:v{order.version}"
    jobs.add(session, JobKind.RENDER_LABELS, ref_id=order.id, dedupe_key=key)


def ask_about_prescriber(
    session: Session,
    prescription: Prescription,
    *,
    policy: Policy,
    now: datetime,
    nppes: IdentityService | None = None,
) -> Verdict:
    """Ask about the prescriber and the key, today. Fresh evidence is used again."""
    patient = session.get_one(Patient, prescription.patient_id)
    evidence = prescriptions.evidence(session, prescription.evidence_id)
    accepted = prescriptions.verifications(session, prescription.evidence_id)[0]
    return prescribers.check(
        session,
        npi=prescription.npi,
        name_on_order=prescription.facts["prescriber"]["name"],
        patient_state=patient.state,
        now=now,
        policy=policy,
        nppes=nppes,
        kid=accepted.kid,
        received_at=evidence.received_at,
    )


def unsettled(session: Session, order: Order, reasons: list[Reason]) -> list[Reason]:
    """Return the reasons that no pharmacist has settled by decision, on the same facts."""
    settled = {
        hold.code: hold.facts
        for hold in reversed(queries.holds(session, order.id))
        if hold.lifted_by is not None and _is_ours(hold) and kind_of(hold.code).by_decision
    }
    return [reason for reason in reasons if settled.get(reason.code) != reason.facts]


def reasons_of(verdict: Verdict) -> list[Reason]:
    """Return what a prescriber check holds an order for."""
    return list(_of_verdict(verdict))


def place_found(
    session: Session, order: Order, reasons: list[Reason], *, policy: Policy, now: datetime
) -> None:
    """Make the check's holds say what was found: no more, no less, each once."""
    found = {reason.code: reason for reason in reversed(unsettled(session, order, reasons))}
    lift_what_no_longer_applies(session, order, Origin.CHECK, still=frozenset(found), now=now)
    placed = {hold.code for hold in queries.open_holds(session, order.id) if _is_ours(hold)}
    deadline_at = now + timedelta(hours=policy.hold_deadline_hours)
    session.add_all(
        Hold(
            order_id=order.id,
            code=reason.code,
            words=reason.words,
            owner=reason.owner,
            origin=Origin.CHECK,
            facts=reason.facts,
            placed_at=now,
            placed_by=None,
            deadline_at=deadline_at,
        )
        for reason in found.values()
        if reason.code not in placed
    )
    session.flush()


def _is_ours(hold: Hold) -> bool:
    """A person's hold says nothing of what a check found, although its code may be the same."""
    return hold.origin is Origin.CHECK


def _of_verdict(verdict: Verdict) -> Iterator[Reason]:
    for hold in verdict.holds:
        yield Reason(hold.code, hold.words, Owner(hold.owner), dict(hold.facts))


def _disagreements(order: Order, prescription: Prescription) -> Iterator[Reason]:
    """What is signed in two ways: a hold for each code, on the prescription's first order."""
    if order.fill_no > 1 or order.kind is not OrderKind.FILL:
        return
    by_code: dict[str, list[dict[str, Any]]] = {}
    for found in prescription.disagreements:
        by_code.setdefault(found["code"], []).append(found)
    for code, all_of_it in by_code.items():
        words = " ".join(found["words"] for found in all_of_it)
        steps = [found["step"] for found in all_of_it if found.get("step") is not None]
        yield Reason(code, words, kind_of(code).owner, {"steps": steps})


def _doubted_address(session: Session, order: Order) -> Iterator[Reason]:
    """Another phone or address than the one on file, until somebody settles which is right."""
    changes = patients.open_contact_changes(session, order.patient_id)
    if changes:
        words = (
            "A prescription gives another phone or address than the one on file: settle on this"
            " page which is right."
        )
        facts = {"changes": [str(each.id) for each in changes]}
        yield Reason(ADDRESS_DIFFERS, words, kind_of(ADDRESS_DIFFERS).owner, facts)


def _not_licensed(session: Session, order: Order, now: datetime) -> Iterator[Reason]:
    site = practice.site(session)
    state = session.get_one(Patient, order.patient_id).state
    if state == site.state or practice.licensed_in(session, state, site.today(now)):
        return
    code = "site-not-licensed-in-state"
    words = "This pharmacy has no licence for the patient's State: the order could not leave."
    yield Reason(code, words, kind_of(code).owner, {"state": state})


def _of_fill(
    session: Session, order: Order, prescription: Prescription, policy: Policy, now: datetime
) -> Iterator[Reason]:
    """Screen the fill and plan its capsules; what either refuses is a reason to hold."""

    def screen(fill: Regimen) -> None:
        _screen(session, order, prescription, fill, policy=policy, now=now)

    def plan(fill: Regimen) -> None:
        proposed = titration.propose(
            session,
            prescription=prescription,
            fill_no=order.fill_no,
            fill=fill,
            policy=policy,
            now=now,
        )
        order.plan_id = proposed.id

    try:
        fill = fill_of(prescription, order.fill_no, policy)
    except Refusal as refusal:
        yield _of_refusal(refusal)
        return
    yield from _refused(session, screen, fill)
    undecided = order.status in {Status.RECEIVED, Status.REVIEW}
    if undecided and order.kind is OrderKind.FILL:  # else the approved plan stands
        yield from _refused(session, plan, fill)


def screen_again(
    session: Session, order: Order, prescription: Prescription, *, policy: Policy, now: datetime
) -> None:
    """Ask the screening rules about the order's fill as things stand today."""
    fill = fill_of(prescription, order.fill_no, policy)
    _screen(session, order, prescription, fill, policy=policy, now=now)


def _screen(
    session: Session,
    order: Order,
    prescription: Prescription,
    fill: Regimen,
    *,
    policy: Policy,
    now: datetime,
) -> None:
    screening.screen(
        session,
        prescription=prescription,
        fill_no=order.fill_no,
        fill=fill,
        patient_id=order.patient_id,
        first_fill=order.fill_no == 1 and prescription.follows_id is None,
        other_supplies=queries.other_supplies(
            session, prescription, policy=policy, today=practice.site(session).today(now)
        ),
        policy=policy,
        now=now,
    )


def fill_of(prescription: Prescription, fill_no: int, policy: Policy) -> Regimen:
    """Return what one fill of a prescription delivers. Raises FillNotDescribed."""
    return fill_regimen(
        Regimen.of_data(prescription.regimen),
        kind=prescription.kind,
        fill_no=fill_no,
        days_per_fill=prescription.days_per_fill,
        continue_final=policy.continue_final,
    )


def _refused(session: Session, work: Callable[[Regimen], None], fill: Regimen) -> Iterator[Reason]:
    try:
        with session.begin_nested():  # what is refused leaves nothing half-written
            work(fill)
    except Refusal as refusal:
        yield _of_refusal(refusal)


def _of_refusal(refusal: Refusal) -> Reason:
    facts = {name: str(fact) for name, fact in refusal.facts.items()}
    return Reason(refusal.code, str(refusal), kind_of(refusal.code).owner, facts)
