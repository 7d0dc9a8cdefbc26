"""Reading prescribers, their keys and what was found out about them."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from pharmacy.kernel.refusals import NotFound
from pharmacy.prescribers.models import (
    CheckKind,
    CheckOutcome,
    KeyProposal,
    Prescriber,
    PrescriberCheck,
    PrescriberCorrection,
    PrescriberKey,
    RegistryExclusion,
    RegistryImport,
    RegistryLicense,
    RegistryProvider,
    RegistryUpload,
    RegistryUploadPart,
    Revocation,
)
from pharmacy.prescribers.rules.names import PersonName
from pharmacy.prescribers.rules.people import (
    CorrectionDecision,
    CorrectionNotFound,
    CorrectionReason,
    Person,
)
from pharmacy.prescribers.rules.uploads import UploadNotFound, UploadState


class PrescriberNotFound(NotFound):
    """Nobody is enrolled under this NPI, or nobody that the caller may see."""

    code = "prescriber-not-found"
    remedy = "Enrol the prescriber first: pharmacy keys enrol."


def get(session: Session, npi: str) -> Prescriber:
    """Return an enrolled prescriber. Raises PrescriberNotFound."""
    prescriber = session.get(Prescriber, npi)
    if prescriber is None:
        raise PrescriberNotFound("no prescriber is enrolled under this NPI")
    return prescriber


def enrolled(session: Session, *, after: str | None = None, limit: int) -> list[Prescriber]:
    """Return enrolled prescribers by NPI, from after one on."""
    found = select(Prescriber).order_by(Prescriber.npi).limit(limit)
    return list(session.scalars(found.where(Prescriber.npi > after) if after else found))


def corrections(session: Session, npi: str) -> list[PrescriberCorrection]:
    """Return what was proposed of a prescriber's name, State or birth date, the newest first."""
    row = PrescriberCorrection
    found = select(row).where(row.npi == npi).order_by(row.proposed_at.desc(), row.id.desc())
    return list(session.scalars(found))


def waiting_correction(session: Session, npi: str) -> PrescriberCorrection | None:
    """Return the correction that waits for a second person."""
    row = PrescriberCorrection
    return session.scalar(select(row).where(row.npi == npi, row.decision.is_(None)))


def lock_correction(session: Session, correction_id: UUID) -> PrescriberCorrection:
    """Return a proposed correction, locked. Raises CorrectionNotFound."""
    found = session.get(PrescriberCorrection, correction_id, with_for_update=True)
    if found is None:
        raise CorrectionNotFound("nobody proposed such a correction")
    return found


def names(session: Session, prescriber: Prescriber) -> tuple[PersonName, ...]:
    """Return a prescriber's name, and the former ones that changed: those are theirs too."""
    row = PrescriberCorrection
    changed = select(row).where(
        row.npi == prescriber.npi,
        row.decision == CorrectionDecision.CONFIRMED,
        row.reason == CorrectionReason.CHANGED,
    )
    former = [
        Person.of_data(each.was).name
        for each in session.scalars(changed.order_by(row.decided_at.desc(), row.id.desc()))
    ]
    return tuple(dict.fromkeys([prescriber.person.name, *former]))


def proposals(session: Session, npi: str, *, now: datetime) -> list[KeyProposal]:
    """Return the keys of a prescriber that wait for a proof and a second person."""
    row = KeyProposal
    waiting = (row.npi == npi, row.approved_at.is_(None), row.expires_at > now)
    return list(session.scalars(select(row).where(*waiting).order_by(row.proposed_at)))


def key(session: Session, kid: str) -> PrescriberKey | None:
    """Return a key, in whatever state it is, or None."""
    return session.get(PrescriberKey, kid)


class KeyNotFound(NotFound):
    """There is no such key, or no such proposal of a key."""

    code = "key-not-found"


def lock_key(session: Session, kid: str) -> PrescriberKey:
    """Return a key, locked against other changes. Raises KeyNotFound."""
    found = session.get(PrescriberKey, kid, with_for_update=True)
    if found is None:
        raise KeyNotFound("there is no such key", kid=kid)
    return found


def lock_proposal(session: Session, kid: str) -> KeyProposal:
    """Return a proposed key, locked. Raises KeyNotFound."""
    found = session.get(KeyProposal, kid, with_for_update=True)
    if found is None:
        raise KeyNotFound("nobody proposed such a key", kid=kid)
    return found


def lock(session: Session, npi: str) -> Prescriber:
    """Return a prescriber, locked, so that their keys are counted by one at a time."""
    found = session.get(Prescriber, npi, with_for_update=True)
    if found is None:
        raise PrescriberNotFound("no prescriber is enrolled under this NPI")
    return found


def keys(session: Session, npi: str | None = None) -> list[PrescriberKey]:
    """Return the keys of a prescriber, or of all, oldest first."""
    found = select(PrescriberKey).order_by(PrescriberKey.created_at, PrescriberKey.kid)
    return list(session.scalars(found.where(PrescriberKey.npi == npi) if npi else found))


def is_thumbprint_known(session: Session, thumbprint: str) -> bool:
    """Say whether any prescriber ever had this key."""
    found = select(PrescriberKey.kid).where(PrescriberKey.thumbprint == thumbprint)
    return session.scalar(found) is not None


def compromised_keys(session: Session, npi: str | None = None) -> list[PrescriberKey]:
    """
    Return the keys that were in wrong hands.

    What was signed with one of them and arrived at or after its `compromised_since` is suspect:
    join `verifications.kid` with `evidence.received_at`.
    """
    found = select(PrescriberKey).where(PrescriberKey.revocation == Revocation.COMPROMISED)
    return list(session.scalars(found.where(PrescriberKey.npi == npi) if npi else found))


def checks(
    session: Session,
    npi: str,
    *,
    limit: int = 50,
    before: tuple[datetime, UUID] | None = None,
) -> list[PrescriberCheck]:
    """Return what was found out about an NPI, newest first, from after `before` on."""
    row = PrescriberCheck
    found = select(row).where(row.npi == npi).order_by(row.answered_at.desc(), row.id.desc())
    if before is not None:
        at, id_ = before
        found = found.where(or_(row.answered_at < at, (row.answered_at == at) & (row.id < id_)))
    return list(session.scalars(found.limit(limit)))


def newest_checks(session: Session, npi: str) -> list[PrescriberCheck]:
    """Return the newest answer of each source to each question about an NPI."""
    row = PrescriberCheck
    found = (
        select(row)
        .where(row.npi == npi)
        .ext(distinct_on(row.kind, row.source))
        .order_by(row.kind, row.source, row.answered_at.desc(), row.id.desc())
    )
    return list(session.scalars(found))


def latest_check(
    session: Session,
    npi: str,
    kind: CheckKind,
    *,
    source: str,
    outcomes: Collection[CheckOutcome] = frozenset(CheckOutcome),
) -> PrescriberCheck | None:
    """Return the newest answer of a source to a question, of those that came out in such a way."""
    row = PrescriberCheck
    found = (
        select(row)
        .where(row.npi == npi, row.kind == kind, row.source == source, row.outcome.in_(outcomes))
        .order_by(row.answered_at.desc(), row.id.desc())
        .limit(1)
    )
    return session.scalar(found)


def newest_import(session: Session, kind: str) -> RegistryImport | None:
    """Return the newest file of a kind (`nppes`, `leie`, `licenses:TX`) that was loaded."""
    row = RegistryImport
    found = select(row).where(row.kind == kind)
    return session.scalar(found.order_by(row.file_date.desc(), row.imported_at.desc()).limit(1))


def newest_imports(session: Session) -> list[RegistryImport]:
    """Return the newest file of every kind."""
    row = RegistryImport
    found = select(row).ext(distinct_on(row.kind))
    order = (row.kind, row.file_date.desc(), row.imported_at.desc())
    return list(session.scalars(found.order_by(*order)))


def provider(session: Session, npi: str) -> RegistryProvider | None:
    """Return what the imported registry says of an NPI."""
    return session.get(RegistryProvider, npi)


def exclusions(session: Session, npi: str, keys: Collection[str]) -> list[RegistryExclusion]:
    """Return the rows of the exclusion list that could speak of a person."""
    row = RegistryExclusion
    return list(session.scalars(select(row).where(or_(row.npi == npi, row.family_key.in_(keys)))))


def licenses(
    session: Session, state: str, npi: str, keys: Collection[str]
) -> list[RegistryLicense]:
    """Return the rows of a State's licence file that could be a person's."""
    row = RegistryLicense
    mine = or_(row.npi == npi, row.family_key.in_(keys))
    return list(session.scalars(select(row).where(row.state == state, mine)))


def upload_under_way(session: Session) -> RegistryUpload | None:
    """Return the uploaded file that is being read."""
    found = select(RegistryUpload).where(RegistryUpload.state == UploadState.READING)
    return session.scalars(found).one_or_none()


def uploads(session: Session, *, limit: int) -> list[RegistryUpload]:
    """Return uploaded files, the newest first."""
    newest = (RegistryUpload.asked_at.desc(), RegistryUpload.id.desc())
    return list(session.scalars(select(RegistryUpload).order_by(*newest).limit(limit)))


def lock_upload(session: Session, upload_id: UUID) -> RegistryUpload:
    """Return an uploaded file, locked. Raises UploadNotFound."""
    found = session.get(RegistryUpload, upload_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise UploadNotFound("there is no such file")
    return found


def upload_part(session: Session, upload_id: UUID, no: int) -> bytes | None:
    """Return a part of an uploaded file; None after the last."""
    part = RegistryUploadPart
    return session.scalar(select(part.data).where(part.upload_id == upload_id, part.no == no))
