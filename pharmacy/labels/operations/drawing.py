"""Drawing an order's labels and leaflet from what was signed, planned and allocated."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from pharmacy.formulary.rules.fillers import FILLERS
from pharmacy.infra import audit
from pharmacy.inventory.models import CapsuleLot
from pharmacy.kernel import ids
from pharmacy.kernel.refusals import Conflict, Invalid
from pharmacy.labels import pdf, queries
from pharmacy.labels.models import Label, LabelKind
from pharmacy.labels.rules.container import container_label
from pharmacy.labels.rules.content import ContainerLabel, require_complete
from pharmacy.labels.rules.facts import ContainerFacts, OrderFacts, StepFacts
from pharmacy.labels.rules.leaflet import leaflet
from pharmacy.labels.rules.purpose import plain_words, prints_purpose
from pharmacy.labels.rules.readers import language_of
from pharmacy.labels.rules.text_checks import drawn
from pharmacy.labels.rules.texts import ENGLISH, Texts
from pharmacy.orders import operations as orders
from pharmacy.orders import queries as order_queries
from pharmacy.orders.models import Container, Order
from pharmacy.orders.rules import Origin, Status
from pharmacy.orders.rules.parts import OrderKind
from pharmacy.patients import queries as patients
from pharmacy.practice import queries as practice
from pharmacy.practice.rules import local_date
from pharmacy.prescriptions import queries as prescriptions
from pharmacy.prescriptions.models import Prescription
from pharmacy.prescriptions.rules.regimen import FillNotDescribed
from pharmacy.screening import queries as screening
from pharmacy.staff.rules import WORKER, Actor
from pharmacy.titration import queries as titration
from pharmacy.titration.rules.schedule import dated


class NothingToLabel(Conflict):
    """The order has no containers, or no approved plan with a first dose."""

    code = "nothing-to-label"
    remedy = "Allocate capsules to the order first."


@dataclass(frozen=True, slots=True)
class Drawn:
    """One finished document that is not stored yet."""

    kind: LabelKind
    container_id: UUID | None
    content: dict[str, Any]
    pdf: bytes
    copy_no: int = 1


@dataclass(frozen=True, slots=True)
class Fill:
    """One authorised fill: its doses, and until when it may be made."""

    doses_ug: tuple[int, ...]
    valid_until: date


def render(session: Session, order_id: UUID, *, now: datetime) -> Sequence[Label]:
    """
    Draw every container label and the leaflet of an order; once, however often it is asked.

    Text that does not fit, has no glyph or is missing puts the order on hold with the refusal's
    code, and nothing is stored. Labels of containers that are no longer the order's become void.
    """
    order = order_queries.lock(session, order_id)
    if order.status is not Status.LABELING:
        return queries.of_order(session, order_id)
    containers = order_queries.containers(session, order_id)
    stored = queries.of_order(session, order_id)
    if order.labeled_at is not None and _cover(stored, containers):
        return stored
    try:
        documents = _draw(session, order, containers, now=now)
    except Invalid as refusal:
        _hold(session, order, refusal, now=now)
        return []
    _void(session, order, now=now)
    labels = [_label(order, document, now=now) for document in documents]
    session.add_all(labels)
    session.flush()
    orders.labeled(session, order_id, now=now)
    return labels


def reallocate(
    session: Session, order_id: UUID, *, reason: str, words: str = "", by: Actor, now: datetime
) -> Order:
    """
    Give up an order's vials and make their labels and leaflet void. New ones are drawn when other
    capsules are allocated.

    Raises as `orders.operations.reallocate`.
    """
    order = orders.reallocate(session, order_id, reason=reason, words=words, by=by, now=now)
    _void(session, order, now=now)
    return order


def date_anew(
    session: Session,
    order_id: UUID,
    *,
    first_dose_on: date | None = None,
    by: Actor,
    now: datetime,
) -> Order:
    """
    Move an order's doses to other days, and make its labels and leaflet void. New ones are owed.

    Raises as `orders.operations.date_anew`.
    """
    order = orders.date_anew(session, order_id, first_dose_on=first_dose_on, by=by, now=now)
    _void(session, order, now=now)
    return order


def split(
    session: Session,
    order_id: UUID,
    *,
    through: date,
    reason: str,
    words: str = "",
    by: Actor,
    now: datetime,
) -> Order:
    """
    Split the later doses of an order off, and make its labels void: those of the vials that it
    keeps are drawn anew, since there are fewer of them. Steps and dates stay the same.

    Returns the remainder. Raises as `orders.operations.split`.
    """
    remainder = orders.split(
        session, order_id, through=through, reason=reason, words=words, by=by, now=now
    )
    _void(session, order_queries.lock(session, order_id), now=now)
    return remainder


def _void(session: Session, order: Order, *, now: datetime) -> None:
    """Make what was drawn before void; only one label of a container may stand."""
    old = update(Label).where(Label.order_id == order.id, Label.voided_at.is_(None))
    session.execute(old.values(voided_at=now))


def _cover(labels: Sequence[Label], containers: Sequence[Container]) -> bool:
    """Say whether the labels are those of exactly these containers, and a leaflet."""
    wanted = {None, *(container.id for container in containers)}
    return {label.container_id for label in labels} == wanted


def _hold(session: Session, order: Order, refusal: Invalid, *, now: datetime) -> None:
    orders.place_hold(
        session,
        order.id,
        code=refusal.code,
        words=f"{refusal}. {refusal.remedy}",  # whoever must act reads nothing but the hold
        facts={name: str(fact) for name, fact in refusal.facts.items()},
        origin=Origin.LABELS,
        by=WORKER,
        now=now,
    )
    audit.record(
        session,
        "labels.refused",
        by=WORKER,
        at=now,
        subject_kind="order",
        subject_id=order.id,
        patient_id=order.patient_id,
        detail={"code": refusal.code},
    )


def _draw(
    session: Session, order: Order, containers: Sequence[Container], *, now: datetime
) -> list[Drawn]:
    """Word, check and draw every document; nothing is written before all of them are drawn."""
    if not containers or order.plan_id is None or order.first_dose_on is None:
        raise NothingToLabel("the order has no containers to label")
    facts = _order_facts(session, order, now=now)
    english = queries.in_force(session, ENGLISH)
    words, large_print = _reading(session, order, english)
    each = [_container_facts(session, container) for container in containers]
    labels = [
        replace(
            pdf.with_faces(drawn(container_label(facts, one, words, english), covered=pdf.COVERED)),
            versions=_versions(words, english),
        )
        for one in each
    ]
    for label in labels:
        require_complete(label)
    steps = _steps(session, order, containers)
    page = pdf.with_faces(
        drawn(leaflet(facts, each, steps, words, large_print=large_print), covered=pdf.COVERED)
    )
    return [
        *map(_drawn_label, each, containers, labels),
        Drawn(LabelKind.LEAFLET, None, asdict(page), pdf.leaflet_pages(page)),
    ]


def _reading(session: Session, order: Order, english: Texts) -> tuple[Texts, bool]:
    """
    Return the words that this patient reads, and whether in large print.

    What a pharmacist chose counts before what the signed prescription says.

    Raises:
        LanguageNotApproved: Nobody approved the words of the language, and the policy is to wait.
    """
    patient = patients.get(session, order.patient_id)
    signed = prescriptions.get(session, order.prescription_id).facts["patient"].get("language")
    language = language_of(
        patient.language, signed, is_chosen=patient.reading_chosen_at is not None
    )
    if language == ENGLISH:
        return english, patient.large_print
    try:
        return queries.in_force(session, language), patient.large_print
    except queries.LanguageNotApproved:
        if not practice.policy(session).english_when_not_approved:
            raise
        return english, patient.large_print


def _versions(words: Texts, english: Texts) -> str:
    """Name the versions of the words on a label; English stands on every one."""
    named = f"{words.language}: {words.versions}"
    return named if words is english else f"{named}; en: {english.versions}"


def _drawn_label(facts: ContainerFacts, container: Container, label: ContainerLabel) -> Drawn:
    pages = pdf.container_labels([label])
    return Drawn(LabelKind.CONTAINER, container.id, asdict(label), pages, facts.copy_no)


def _label(order: Order, document: Drawn, *, now: datetime) -> Label:
    content = json.dumps(document.content, sort_keys=True, ensure_ascii=False).encode()
    return Label(
        id=ids.new_id(),
        order_id=order.id,
        container_id=document.container_id,
        kind=document.kind,
        content=document.content,
        newest_copy_no=document.copy_no,
        content_sha256=hashlib.sha256(content).digest(),
        pdf=document.pdf,
        pdf_sha256=hashlib.sha256(document.pdf).digest(),
        renderer_version=pdf.VERSION,
        rendered_at=now,
    )


def _order_facts(session: Session, order: Order, *, now: datetime) -> OrderFacts:
    prescription = prescriptions.get(session, order.prescription_id)
    site, policy = practice.site(session), practice.policy(session)
    says_why = prints_purpose(
        {site.state, patients.get(session, order.patient_id).state},
        by_default=policy.purpose_on_label,
        left_off_in=policy.purpose_left_off,
    )
    next_fills = _fills_after(session, order, prescription)
    doses = next_fills[0].doses_ug if next_fills else ()
    return OrderFacts(
        rx_number=order.number,
        filled_on=local_date(now, site.time_zone),
        patient=prescription.facts["patient"]["name"],
        prescriber=prescription.facts["prescriber"]["name"],
        purpose=plain_words(prescription.facts["reason"]) if says_why else "",
        refills_left=len(next_fills),
        refill_doses_ug=() if doses == _doses(session, order) else doses,
        valid_until=next_fills[-1].valid_until if next_fills else prescription.valid_until,
        signed_sha256=prescription.facts["payload_sha256"],
        pharmacy=site.name,
        address=(site.address_line, f"{site.city}, {site.state} {site.postal_code}"),
        phone=site.phone,
        phone_hours=site.phone_hours,
        counsel=tuple(
            finding.rule_id
            for finding in screening.counsel(session, order.prescription_id, order.fill_no)
        ),
    )


def _doses(session: Session, order: Order) -> tuple[int, ...]:
    assert order.plan_id is not None
    planned = titration.get(session, order.plan_id).planned_steps
    return tuple(sorted({step.dose_ug for step in planned}))


def _fills_after(session: Session, order: Order, prescription: Prescription) -> list[Fill]:
    """Return every later fill that the signed set authorises and describes, the next one first."""
    following = prescriptions.following(session, prescription.id)
    last = order.authorised_fills - order_queries.fills_counted(session, prescription.id)
    each = [(prescription, no) for no in range(order.fill_no + 1, last + 1)]
    if following is not None and following.cancelled_at is None:
        each += [(following, no) for no in range(1, following.authorised_fills + 1)]
    policy = practice.policy(session)
    found = []
    for authorising, no in each:
        try:
            regimen = orders.fill_of(authorising, no, policy)
        except FillNotDescribed:
            continue  # a repeat that would start a titration again is no refill
        doses = tuple(sorted({step.dose_ug for step in regimen.steps}))
        found.append(Fill(doses, authorising.valid_until))
    return found


def _container_facts(session: Session, container: Container) -> ContainerFacts:
    lot = session.get_one(CapsuleLot, container.lot_id)
    filler = FILLERS.get(lot.filler)
    return ContainerFacts(
        code=ids.encode("ctr", container.id),
        copy_no=queries.next_copy_no(session, container.id),
        part_no=container.part_no,
        parts=container.parts,
        step_no=container.step_no,
        steps=container.steps,
        strength_ug=container.strength_ug,
        capsules_per_dose=container.capsules_per_dose,
        quantity=container.quantity,
        directions=container.directions,
        first_dose_on=container.first_dose_on,
        last_dose_on=container.last_dose_on,
        lot_number=lot.lot_number,
        beyond_use_on=lot.beyond_use_on,
        description=lot.description,
        filler=filler.name if filler else lot.filler,
    )


def _steps(session: Session, order: Order, containers: Sequence[Container]) -> list[StepFacts]:
    """
    Return the plan's steps with their dates, numbered as on the containers.

    The first part of a fill tells of the parts to come as well; what comes later, or replaces, of
    its own nights only: how the patient took those before is not the plan's to say.
    """
    assert order.first_dose_on is not None
    if order.kind is OrderKind.FILL:
        planned = order_queries.plan_steps(session, order)
    else:
        planned = order_queries.own_steps(session, order)
    return [
        StepFacts(
            no=found.step.no,
            steps=containers[0].steps,
            dose_ug=found.step.dose_ug,
            strength_ug=found.step.strength_ug,
            days=found.step.days,
            directions=found.step.directions,
            first_on=found.first_on,
            last_on=found.last_on,
        )
        for found in dated(planned, order.first_dose_on)
    ]
