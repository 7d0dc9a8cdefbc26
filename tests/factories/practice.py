"""The pharmacy of the tests."""

from typing import Any

from sqlalchemy.orm import Session

from pharmacy.practice.models import Site
from tests.factories.bundles import PHARMACY_NPI


def make_site(session: Session, **columns: Any) -> Site:
    """Describe the pharmacy, unless it is described already."""
    if (known := session.get(Site, 1)) is not None:
        return known
    values: dict[str, Any] = {
        "id": 1,
        "name": "Example Compounding Pharmacy",
        "npi": PHARMACY_NPI,
        "address_line": "1 Example Street",
        "city": "Houston",
        "state": "TX",
        "postal_code": "77002",
        "phone": "+1-555-010-0100",
        "phone_hours": "Monday to Saturday, 9 am to 5 pm",
        "time_zone": "America/Chicago",
    }
    site = Site(**values | columns)
    session.add(site)
    session.flush()
    return site
