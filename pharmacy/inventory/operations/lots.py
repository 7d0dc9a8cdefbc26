"""Lots arrive and wait in quarantine until a second person releases them."""

import hashlib
from dataclasses import asdict
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.formulary import queries as formulary
from pharmacy.formulary.rules import INGREDIENTS
from pharmacy.formulary.rules.formulation import MOST_BEYOND_USE_DAYS
from pharmacy.infra import audit
from pharmacy.inventory import queries
from pharmacy.inventory.models import (
    CapsuleLot,
    CapsuleMove,
    Certificate,
    IngredientLot,
    LotStatus,
    MoveKind,
    PackingStatistic,
    PowderReason,
    ShellLot,
)
from pharmacy.inventory.operations.materials import write_powder_move
from pharmacy.inventory.rules.lots import (
    CapsuleLotFacts,
    CertificateInvalid,
    IngredientLotFacts,
    LotInvalid,
    LotNotUsable,
    component_expiry,
    latest_beyond_use,
    require_beyond_use,
)
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.refusals import Conflict
from pharmacy.practice import queries as practice
from pharmacy.staff.rules import Actor, Permission, require_second_person


class LotKnown(Conflict):
    """A lot with this number was received before."""

    code = "lot-known"
    remedy = "Look at the lot under its number."


class CertificateMissing(Conflict):
    """The figures of an active ingredient are compared with its certificate, which is kept."""

    code = "certificate-missing"
    remedy = "Send the certificate's PDF to the lot, then release it."


class LotNotQuarantined(Conflict):
    """Only a lot in quarantine is released."""

    code = "lot-not-quarantined"


def receive_ingredient_lot(
    session: Session, facts: IngredientLotFacts, *, by: Actor, now: datetime
) -> IngredientLot:
    """Write down a lot of powder with its certificate; it stays in quarantine. Raises LotKnown."""
    by.require(Permission.RECEIVE_LOT)
    columns = asdict(facts)
    columns.pop("amount")
    if facts.ingredient not in INGREDIENTS:
        raise LotInvalid(f"the formulary has no ingredient {facts.ingredient!r}")
    lot = IngredientLot(
        id=new_id(),
        **columns,
        status=LotStatus.QUARANTINED,
        on_hand_ug=facts.amount.micrograms,
        received_by=by.id,
    )
    _add_new(session, lot, facts.lot_number)
    write_powder_move(session, lot.id, PowderReason.RECEIVED, facts.amount, lot.id, by=by, now=now)
    _record(session, "ingredient-lot.received", lot, by=by, now=now)
    return lot


def keep_document(
    session: Session,
    content: bytes,
    *,
    media_type: str = "application/pdf",
    by: Actor,
    now: datetime,
) -> bytes:
    """Keep a certificate as it came, once; return its digest. Raises CertificateInvalid."""
    if not content.startswith(b"%PDF-"):
        raise CertificateInvalid("a certificate is kept as a PDF")
    digest = hashlib.sha256(content).digest()
    document = {
        "sha256": digest,
        "media_type": media_type,
        "content": content,
        "stored_by": by.id,
        "stored_at": now,
    }
    session.execute(insert_or(Certificate).values(document).on_conflict_do_nothing())
    return digest


def store_certificate(
    session: Session,
    lot_id: UUID,
    content: bytes,
    *,
    media_type: str = "application/pdf",
    by: Actor,
    now: datetime,
) -> IngredientLot:
    """
    Keep a lot's certificate of analysis as it came, under the digest of its bytes.

    Raises:
        CertificateInvalid: It is no PDF.
        LotNotQuarantined: The lot was accepted; what it was compared with is not replaced.
    """
    by.require(Permission.RECEIVE_LOT)
    lot = queries.lock_ingredient_lot(session, lot_id)
    digest = keep_document(session, content, media_type=media_type, by=by, now=now)
    put_papers(session, lot, digest, "ingredient-lot", by=by, now=now)
    return lot


def put_papers(
    session: Session,
    lot: IngredientLot | ShellLot,
    digest: bytes,
    kind: str,
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Name the document that came with a locked lot. Raises LotNotQuarantined."""
    _require_quarantined(lot.status)
    lot.certificate_sha256 = digest
    session.flush()
    audit.record(
        session,
        f"{kind}.certificate-stored",
        by=by,
        at=now,
        subject_kind="lot",
        subject_id=lot.id,
        detail={"lot_number": lot.lot_number, "sha256": digest.hex()},
    )


def release_ingredient_lot(
    session: Session, lot_id: UUID, *, by: Actor, now: datetime
) -> IngredientLot:
    """
    Allow a lot of powder to be used: a pharmacist who did not receive it compared the papers.

    Raises:
        CertificateMissing: No document is kept from which the figures could be compared.
        LotNotUsable: It has expired.
    """
    by.require(Permission.RELEASE_LOT)
    lot = queries.lock_ingredient_lot(session, lot_id)
    _require_quarantined(lot.status)
    require_second_person(maker=lot.received_by, checker=by.id)
    if lot.expires_on is not None and lot.expires_on < practice.site(session).today(now):
        raise LotNotUsable("the lot has expired", expires_on=lot.expires_on.isoformat())
    if lot.salt_form is not None and lot.certificate_sha256 is None:
        needed = practice.policy(session).certificate_document_needed
        if needed:
            raise CertificateMissing("no certificate of analysis is kept for this lot")
    lot.status, lot.released_by, lot.released_at = LotStatus.RELEASED, by.id, now
    _record(session, "ingredient-lot.released", lot, by=by, now=now)
    return lot


def record_packing(
    session: Session,
    lot_id: UUID,
    *,
    capsule_size: str,
    fill_mg: Decimal,
    measured_on: date,
    density_g_ml: Decimal | None = None,
    by: Actor,
    now: datetime,
) -> PackingStatistic:
    """Write down how much of a powder lot fills one capsule of a size, as it was measured."""
    by.require(Permission.RECEIVE_LOT)
    lot = queries.get_ingredient_lot(session, lot_id)
    if not fill_mg.is_finite() or fill_mg <= 0:
        raise LotInvalid("a capsule holds more than nothing")
    if density_g_ml is not None and not (density_g_ml.is_finite() and density_g_ml > 0):
        raise LotInvalid("a density is more than nothing")
    statistic = session.merge(
        PackingStatistic(
            ingredient_lot_id=lot.id,
            capsule_size=capsule_size,
            fill_mg=fill_mg,
            density_g_ml=density_g_ml,
            measured_on=measured_on,
            measured_by=by.id,
        )
    )
    _record(session, "ingredient-lot.packing-measured", lot, by=by, now=now)
    return statistic


def receive_capsule_lot(
    session: Session, facts: CapsuleLotFacts, *, by: Actor, now: datetime
) -> CapsuleLot:
    """
    Write down a batch of finished capsules; it stays in quarantine.

    Raises:
        BeyondUseTooLate: The date is later than the chapter, the policy, the formulation or the
            active lot's expiry allow.
        LotKnown, LotNotFound: The number was used before; there is no such active lot.
    """
    by.require(Permission.RECEIVE_LOT)
    active = queries.get_ingredient_lot(session, facts.active_lot_id)
    require_beyond_use(facts.beyond_use_on, latest=_latest_beyond_use(session, facts, active))
    lot = CapsuleLot(
        id=new_id(),
        **asdict(facts),
        status=LotStatus.QUARANTINED,
        on_hand=facts.made,
        reserved=0,
        made_by=by.id,
    )
    _add_new(session, lot, facts.lot_number)
    session.execute(
        insert(CapsuleMove).values(
            id=new_id(),
            lot_id=lot.id,
            kind=MoveKind.MADE,
            quantity=facts.made,
            cause_id=lot.id,
            by_id=by.id,
            at=now,
        )
    )
    _record(session, "capsule-lot.received", lot, by=by, now=now)
    return lot


def _latest_beyond_use(session: Session, facts: CapsuleLotFacts, active: IngredientLot) -> date:
    policy = practice.policy(session)
    expiry = component_expiry(
        expires_on=active.expires_on,
        received_on=active.received_on,
        months=policy.undated_component_months,
    )
    formulas = formulary.newest(session, [facts.strength_ug])
    limits = [formula.beyond_use_days for formula in formulas.values()]
    return latest_beyond_use(
        facts.compounded_on,
        days=min(policy.beyond_use_days, MOST_BEYOND_USE_DAYS, *limits),
        compounding_day_is_day_one=policy.compounding_day_is_day_one,
        component_expiries=[expiry],
    )


def release_capsule_lot(session: Session, lot_id: UUID, *, by: Actor, now: datetime) -> CapsuleLot:
    """
    Allow a lot to be dispensed: a pharmacist who did not make it checked its record.

    Raises:
        SecondPersonNeeded: Who made it may not release it.
        LotNotUsable: Its powder was not released, or its beyond-use date has passed.
        LotNotQuarantined: It was released, recalled or rejected before.
    """
    by.require(Permission.RELEASE_LOT)
    lot = _lock(session, lot_id)
    _require_quarantined(lot.status)
    require_second_person(maker=lot.made_by, checker=by.id)
    active = queries.get_ingredient_lot(session, lot.active_lot_id)
    if active.status is not LotStatus.RELEASED:
        raise LotNotUsable(f"its powder lot is {active.status}", status=active.status)
    if lot.beyond_use_on < practice.site(session).today(now):
        raise LotNotUsable("its beyond-use date has passed", on=lot.beyond_use_on.isoformat())
    lot.status, lot.released_by, lot.released_at = LotStatus.RELEASED, by.id, now
    _record(session, "capsule-lot.released", lot, by=by, now=now)
    return lot


def withdraw_capsule_lot(
    session: Session, lot_id: UUID, *, status: LotStatus, reason: str, by: Actor, now: datetime
) -> CapsuleLot:
    """
    Put a lot out of use. What orders have reserved of it does not pass their final check.

    Args:
        status: `quarantined` while it is looked into, `recalled` or `rejected` for good.

    Raises:
        LotInvalid: No reason, or a status that is no withdrawal.
        LotNotUsable: A recalled or rejected lot stays so.
    """
    by.require(Permission.RELEASE_LOT)
    lot = _lock(session, lot_id)
    _require_withdrawable(lot.status, status, reason)
    lot.status = status
    _record(session, f"capsule-lot.{status}", lot, by=by, now=now, reason=reason.strip())
    return lot


def withdraw_ingredient_lot(
    session: Session, lot_id: UUID, *, status: LotStatus, reason: str, by: Actor, now: datetime
) -> IngredientLot:
    """Put a lot of powder out of use, so that nothing more is made of it. Raises as above."""
    by.require(Permission.RELEASE_LOT)
    lot = queries.lock_ingredient_lot(session, lot_id)
    _require_withdrawable(lot.status, status, reason)
    lot.status = status
    _record(session, f"ingredient-lot.{status}", lot, by=by, now=now, reason=reason.strip())
    return lot


def _require_withdrawable(current: LotStatus, to: LotStatus, reason: str) -> None:
    if to is LotStatus.RELEASED or not reason.strip():
        raise LotInvalid("a lot is withdrawn to a status, for a reason")
    if current in {LotStatus.RECALLED, LotStatus.REJECTED}:
        raise LotNotUsable(f"the lot is {current} and stays so", status=current)


def _lock(session: Session, lot_id: UUID) -> CapsuleLot:
    locked = queries.lock_capsule_lots(session, [lot_id])
    if lot_id not in locked:
        raise queries.LotNotFound("there is no such capsule lot")
    return locked[lot_id]


def _require_quarantined(status: LotStatus) -> None:
    if status is not LotStatus.QUARANTINED:
        raise LotNotQuarantined(f"the lot is {status}", status=status)


def _add_new(session: Session, lot: IngredientLot | CapsuleLot, number: str) -> None:
    try:
        with session.begin_nested():
            session.add(lot)
    except IntegrityError as error:
        raise LotKnown("a lot of this number is known", lot_number=number) from error


def _record(
    session: Session,
    action: str,
    lot: IngredientLot | CapsuleLot,
    *,
    by: Actor,
    now: datetime,
    reason: str | None = None,
) -> None:
    detail = {"lot_number": lot.lot_number} | ({"reason": reason} if reason else {})
    audit.record(
        session, action, by=by, at=now, subject_kind="lot", subject_id=lot.id, detail=detail
    )
