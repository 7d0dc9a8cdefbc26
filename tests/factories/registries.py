"""Imported registries that speak well of the sample prescriber."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from pharmacy.prescribers.models import RegistryImport, RegistryLicense, RegistryProvider
from pharmacy.prescribers.rules.names import key
from tests.conftest import NOW
from tests.factories.prescribers import JORDAN

FILE_DATE = date(2026, 3, 1)


def make_import(session: Session, kind: str, **columns: Any) -> RegistryImport:
    """Write down that a file of a kind was loaded yesterday."""
    values: dict[str, Any] = {
        "kind": kind,
        "file_name": f"{kind}.csv",
        "file_sha256": b"\0" * 32,
        "file_date": FILE_DATE,
        "rows_read": 1,
        "rows_kept": 1,
        "imported_at": NOW,
    }
    loaded = RegistryImport(**values | columns)
    session.add(loaded)
    session.flush()
    return loaded


def make_good_registries(session: Session, **license_columns: Any) -> RegistryLicense:
    """Load a provider, an active Texas licence and an exclusion list that does not name them."""
    provider_file = make_import(session, "nppes")
    license_file = make_import(session, "licenses:TX")
    make_import(session, "leie")
    taxonomy = {"code": "207Q00000X", "license": "T0001", "state": "TX", "primary": True}
    session.add(
        RegistryProvider(
            npi=JORDAN,
            entity_type="1",
            family="TESTPRESCRIBER",
            given="JORDAN",
            other_family="",
            other_given="",
            credential="MD",
            practice_state="TX",
            taxonomies=[taxonomy],
            import_id=provider_file.id,
        )
    )
    values: dict[str, Any] = {
        "state": "TX",
        "number": "T0001",
        "license_type": "MD",
        "npi": JORDAN,
        "family": "TESTPRESCRIBER",
        "given": "JORDAN",
        "family_key": key("TESTPRESCRIBER"),
        "status_raw": "Active",
        "issued_on": date(2015, 6, 1),
        "expires_on": date(2027, 5, 31),
        "disciplined": False,
        "import_id": license_file.id,
    }
    license_ = RegistryLicense(**values | license_columns)
    session.add(license_)
    session.flush()
    return license_
