"""
Who did or read what, append-only. Rows are written with the change they speak of and sealed into
a hash chain in batches afterwards, so that writers never wait for each other.
"""

from pharmacy.infra.audit.looking import Looker, lookers, looks
from pharmacy.infra.audit.sealing import seal
from pharmacy.infra.audit.trail import Acting, AuditEntry, AuditSeal, entries, newest_seal, record
from pharmacy.infra.audit.verification import (
    Broken,
    Head,
    Stretch,
    Verification,
    verify,
    verify_stretch,
)

__all__ = [
    "Acting",
    "AuditEntry",
    "AuditSeal",
    "Broken",
    "Head",
    "Looker",
    "Stretch",
    "Verification",
    "entries",
    "lookers",
    "looks",
    "newest_seal",
    "record",
    "seal",
    "verify",
    "verify_stretch",
]
