"""Prescribers that do not exist, with keys that anybody may know."""

import hashlib
import itertools
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from pharmacy.infra.keys import PrivateKey, jwk_of
from pharmacy.infra.lookups import Outcome, Reply
from pharmacy.kernel.ids import new_id
from pharmacy.prescribers import operations
from pharmacy.prescribers.models import (
    Prescriber,
    PrescriberKey,
    RegistryExclusion,
    RegistryImport,
    RegistryLicense,
    RegistryProvider,
)
from pharmacy.prescribers.rules import names
from pharmacy.prescribers.rules.keys import thumbprint
from pharmacy.prescribers.rules.people import CorrectionReason
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.factories.staff import make_actor

JORDAN: Final = "1234567893"
"""The prescriber of the sample prescription: Jordan Testprescriber, MD, in Texas."""
ENROLLER: Final = UUID("018f0000-0000-7000-8000-0000000000e1")
APPROVER: Final = UUID("018f0000-0000-7000-8000-0000000000e2")
P256_ORDER_ROOM: Final = 2**255


def private_key(name: str, alg: str = "Ed25519") -> PrivateKey:
    """Return the private key of a name: the same in every run, and worth nothing."""
    seed = hashlib.sha256(f"{alg}:{name}".encode()).digest()
    if alg == "ES256":
        return ec.derive_private_key(int.from_bytes(seed) % P256_ORDER_ROOM + 1, ec.SECP256R1())
    return Ed25519PrivateKey.from_private_bytes(seed)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An enrolled key with its private half."""

    kid: str
    alg: str
    private_key: PrivateKey
    row: PrescriberKey


def make_prescriber(session: Session, npi: str = JORDAN, **changes: Any) -> Prescriber:
    """Enrol a prescriber, unless the NPI is enrolled already."""
    known = session.get(Prescriber, npi)
    if known is not None:
        return known
    row: dict[str, Any] = {"family": "Testprescriber", "given": "Jordan", "practice_state": "TX"}
    prescriber = Prescriber(npi=npi, id=new_id(), created_at=NOW, **{**row, **changes})
    session.add(prescriber)
    session.flush()
    return prescriber


def make_key(
    session: Session,
    npi: str = JORDAN,
    *,
    alg: str = "Ed25519",
    kid: str = "",
    name: str = "",
    not_before: datetime = NOW - timedelta(days=30),
    not_after: datetime = NOW + timedelta(days=300),
    **changes: Any,
) -> SigningKey:
    """Enrol a key of a prescriber, who is enrolled too where needed."""
    make_prescriber(session, npi)
    private = private_key(name or npi, alg)
    jwk = jwk_of(private.public_key())
    row = PrescriberKey(
        kid=kid or f"rxk_{npi}_{alg.lower()}{name}",
        npi=npi,
        alg=alg,
        public_jwk=jwk,
        thumbprint=thumbprint(jwk),
        not_before=not_before,
        not_after=not_after,
        **{
            "kind": "ehr-software",
            "enrolled_by": ENROLLER,
            "approved_by": APPROVER,
            "proof_of_possession": {},
            **changes,
        },
    )
    session.add(row)
    session.flush()
    return SigningKey(kid=row.kid, alg=alg, private_key=private, row=row)


TODAY: Final = NOW.date()
imported = itertools.count()
"""A later import is newer, within a test too."""
PHYSICIAN: Final = [{"code": "207R00000X", "license": "T0000", "state": "TX", "primary": True}]


def make_import(session: Session, kind: str, *, on: date = TODAY) -> RegistryImport:
    """Say that a file of this kind and day was imported."""
    row = RegistryImport(
        id=new_id(),
        kind=kind,
        file_name=f"{kind}.csv",
        file_sha256=b"\0" * 32,
        file_date=on,
        rows_read=1,
        rows_kept=1,
        imported_at=NOW + timedelta(microseconds=next(imported)),
    )
    session.add(row)
    session.flush()
    return row


def make_provider(session: Session, npi: str = JORDAN, **changes: Any) -> RegistryProvider:
    """Let the imported NPPES file know an NPI: a physician, and nothing against them."""
    columns: dict[str, Any] = {
        "entity_type": "1",
        "family": "TESTPRESCRIBER",
        "given": "JORDAN",
        "other_family": "",
        "other_given": "",
        "credential": "MD",
        "practice_state": "TX",
        "taxonomies": PHYSICIAN,
        "deactivated_on": None,
        "reactivated_on": None,
    }
    file_date = changes.pop("file_date", NOW.date())
    import_id = make_import(session, "nppes", on=file_date).id
    row = RegistryProvider(npi=npi, import_id=import_id, **{**columns, **changes})
    session.add(row)
    session.flush()
    return row


def make_license(session: Session, npi: str | None = JORDAN, **changes: Any) -> RegistryLicense:
    """Let the imported file of a State's board know a licence: active until 2027."""
    columns: dict[str, Any] = {
        "state": "TX",
        "number": f"T{npi}",
        "license_type": "MD",
        "family": "TESTPRESCRIBER",
        "given": "JORDAN",
        "status_raw": "Active",
        "issued_on": date(2010, 1, 1),
        "expires_on": date(2027, 1, 31),
        "disciplined": False,
    }
    file_date = changes.pop("file_date", NOW.date())
    values = {**columns, **changes}
    values.setdefault("family_key", names.key(values["family"]))
    import_id = make_import(session, f"licenses:{values['state']}", on=file_date).id
    row = RegistryLicense(npi=npi, import_id=import_id, **values)
    session.add(row)
    session.flush()
    return row


def make_exclusion(session: Session, **changes: Any) -> RegistryExclusion:
    """Let the imported exclusion list name somebody."""
    columns: dict[str, Any] = {
        "family": "TESTPRESCRIBER",
        "given": "JORDAN",
        "business": "",
        "npi": None,
        "birth_date": None,
        "state": "TX",
        "exclusion_type": "1128a1",
        "excluded_on": date(2020, 5, 20),
        "reinstated_on": None,
        "waiver_on": None,
        "waiver_state": "",
    }
    file_date = changes.pop("file_date", NOW.date())
    values = {**columns, **changes}
    values.setdefault("family_key", names.key(values["family"]))
    row = RegistryExclusion(import_id=make_import(session, "leie", on=file_date).id, **values)
    session.add(row)
    session.flush()
    return row


class NppesService:
    """A service of NPPES that answers as it is told, and counts."""

    def __init__(self, reply: Reply) -> None:
        self.reply = reply
        self.asked = 0

    def look_up(self, npi: str) -> Reply:
        self.asked += 1
        return self.reply


KNOWN_TO_NPPES: Final = Reply(
    Outcome.FOUND,
    record={
        "number": JORDAN,
        "enumeration_type": "NPI-1",
        "basic": {"first_name": "JORDAN", "last_name": "TESTPRESCRIBER", "status": "A"},
        "taxonomies": [{"code": "207R00000X", "primary": True}],
    },
)


def make_verifiable(session: Session, npi: str = JORDAN) -> Prescriber:
    """Enrol a prescriber about whom every registry has only good to say."""
    prescriber = make_prescriber(session, npi)
    make_provider(session, npi)
    make_license(session, npi)
    make_import(session, "leie")
    return prescriber


def correct(
    session: Session,
    prescriber: Prescriber,
    reason: CorrectionReason = CorrectionReason.CHANGED,
    **changes: Any,
) -> Prescriber:
    """Have two administrators correct who a prescriber is."""
    first, second = (make_actor(session, Role.ADMINISTRATOR) for _ in range(2))
    proposed = operations.propose_correction(
        session,
        prescriber.npi,
        **{**asdict(prescriber.person), **changes},
        reason=reason,
        words="A certificate",
        by=first,
        now=NOW,
    )
    operations.confirm_correction(session, proposed.id, by=second, now=NOW)
    return prescriber
