"""Who and what the demo is about. Nobody here exists; the numbers only look like real ones."""

import csv
import io
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from pharmacy.practice.rules import SiteFacts
from pharmacy.prescribers.rules.registry_files import TAXONOMY_GROUPS
from pharmacy.staff.operations.accounts import Person
from pharmacy.staff.rules import Role

SITE: Final = SiteFacts(
    name="Example Compounding Pharmacy",
    npi="1999999984",
    address_line="1 Example Street",
    city="Houston",
    state="TX",
    postal_code="77002",
    phone="+1-555-010-0100",
    phone_hours="Monday to Saturday, 9 am to 5 pm",
    time_zone="America/Chicago",
)
EHR: Final = "Example Clinic EHR"
CERTIFICATE: Final = b"%PDF-1.4\n% An example: no certificate of any real lot.\n%%EOF\n"
"""Stands for the document that comes with a lot of powder."""


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody with an account."""

    person: Person
    role: Role


def _colleague(username: str, name: str, initials: str, role: Role) -> Colleague:
    return Colleague(Person(username=username, display_name=name, initials=initials), role)


TECHNICIAN: Final = _colleague("terry", "Terry Testtech", "TT", Role.TECHNICIAN)
FIRST_PHARMACIST: Final = _colleague("pat", "Pat Testpharm, PharmD", "PT", Role.PHARMACIST)
SECOND_PHARMACIST: Final = _colleague("robin", "Robin Testpharm, PharmD", "RT", Role.PHARMACIST)
FIRST_ADMINISTRATOR: Final = _colleague("alex", "Alex Testadmin", "AT", Role.ADMINISTRATOR)
SECOND_ADMINISTRATOR: Final = _colleague("sam", "Sam Testadmin", "ST", Role.ADMINISTRATOR)
AUDITOR: Final = _colleague("drew", "Drew Testauditor", "DT", Role.AUDITOR)
COLLEAGUES: Final = (
    TECHNICIAN,
    FIRST_PHARMACIST,
    SECOND_PHARMACIST,
    FIRST_ADMINISTRATOR,
    SECOND_ADMINISTRATOR,
    AUDITOR,
)


@dataclass(frozen=True, slots=True)
class Doctor:
    """Somebody who prescribes, with what the registries say of them."""

    npi: str
    family: str
    given: str
    taxonomy: str
    license: str
    alg: str
    """What their clinic's system signs with."""


PRESCRIBER: Final = Doctor(
    npi="1234567893",
    family="Testprescriber",
    given="Jordan",
    taxonomy="207R00000X",
    license="T0000",
    alg="Ed25519",
)
OTHER_PRESCRIBER: Final = Doctor(
    npi="1999999992",
    family="Testcolleague",
    given="Casey",
    taxonomy="208VP0014X",
    license="T0001",
    alg="ES256",
)
DOCTORS: Final = (PRESCRIBER, OTHER_PRESCRIBER)

STRENGTHS: Final = ("0.5", "1.5", "3", "4.5")
COMPOUNDED: Final = "4.5"
"""The strength that is not on the shelf: the demo's order waits until it is made."""
CAPSULES: Final = 200
SHELLS: Final = 5_000
SHELL_MAKER: Final = "icapsulepack"
SIZE: Final = "3"
DESCRIPTION: Final = "white capsule"
FILLER: Final = "microcrystalline-cellulose"
POWDER_FILLS: Final = Decimal(180)
FILLER_FILLS: Final = Decimal(225)
"""Milligrams that fill one capsule of the size."""


def nppes_file() -> str:
    """Return the two doctors as the NPPES monthly file has them, under its headings."""
    rows = []
    for doctor in DOCTORS:
        row = {
            "NPI": doctor.npi,
            "Entity Type Code": "1",
            "Provider Last Name (Legal Name)": doctor.family.upper(),
            "Provider First Name": doctor.given.upper(),
            "Provider Middle Name": "",
            "Provider Name Suffix Text": "",
            "Provider Other Last Name": "",
            "Provider Other First Name": "",
            "Provider Credential Text": "MD",
            "Provider Business Practice Location Address State Name": SITE.state,
            "NPI Deactivation Date": "",
            "NPI Reactivation Date": "",
            "Last Update Date": "01/15/2026",
        }
        for number in range(1, TAXONOMY_GROUPS + 1):
            is_first = number == 1
            row |= {
                f"Healthcare Provider Taxonomy Code_{number}": doctor.taxonomy if is_first else "",
                f"Provider License Number_{number}": doctor.license if is_first else "",
                f"Provider License Number State Code_{number}": SITE.state if is_first else "",
                f"Healthcare Provider Primary Taxonomy Switch_{number}": "Y" if is_first else "",
            }
        rows.append(row)
    return _csv(rows)


def exclusions_file() -> str:
    """Return a list of exclusions, which names somebody else."""
    return _csv(
        [
            {
                "LASTNAME": "TESTEXCLUDED",
                "FIRSTNAME": "NOBODY",
                "MIDNAME": "",
                "BUSNAME": "",
                "GENERAL": "INDIVIDUAL",
                "SPECIALTY": "",
                "UPIN": "",
                "NPI": "0000000000",
                "DOB": "19600101",
                "ADDRESS": "2 EXAMPLE STREET",
                "CITY": "HOUSTON",
                "STATE": "TX",
                "ZIP": "77002",
                "EXCLTYPE": "1128a1",
                "EXCLDATE": "20200520",
                "REINDATE": "00000000",
                "WAIVERDATE": "00000000",
                "WVRSTATE": "",
            }
        ]
    )


def licenses_file(today: date) -> str:
    """Return both doctors' licences, good for a year."""
    return _csv(
        [
            {
                "state": SITE.state,
                "license_number": doctor.license,
                "license_type": "MD",
                "npi": doctor.npi,
                "last_name": doctor.family,
                "first_name": doctor.given,
                "status": "Active",
                "issued": "2010-01-01",
                "expires": (today + timedelta(days=365)).isoformat(),
                "discipline": "N",
            }
            for doctor in DOCTORS
        ]
    )


def _csv(rows: list[dict[str, str]]) -> str:
    file = io.StringIO()
    writer = csv.DictWriter(file, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


WORKSTATION: Final = "bench-1"
PRINTERS: Final = (
    ("Bench 1 labels", "folder:bench-1-labels", "4x2"),
    ("Bench 1 leaflets", "folder:bench-1-leaflets", "letter"),
)
"""Name, address and paper."""
