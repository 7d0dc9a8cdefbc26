"""Files of registries as they are published: whole, small, and about nobody."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pharmacy.staff.rules import OPERATOR
from tests.conftest import NOW

TODAY = NOW.date()
HOW: dict[str, Any] = {"by": OPERATOR, "now": NOW, "file_date": TODAY}

NPPES_HEADINGS = [
    "NPI",
    "Entity Type Code",
    "Replacement NPI",
    "Provider Organization Name (Legal Business Name)",
    "Provider Last Name (Legal Name)",
    "Provider First Name",
    "Provider Middle Name",
    "Provider Name Suffix Text",
    "Provider Credential Text",
    "Provider Other Last Name",
    "Provider Other First Name",
    "Provider Business Practice Location Address State Name",
    "Last Update Date",
    "NPI Deactivation Date",
    "NPI Reactivation Date",
    *(
        heading.format(n)
        for n in range(1, 16)
        for heading in (
            "Healthcare Provider Taxonomy Code_{}",
            "Provider License Number_{}",
            "Provider License Number State Code_{}",
            "Healthcare Provider Primary Taxonomy Switch_{}",
        )
    ),
]
LEIE_HEADINGS = [
    *("LASTNAME", "FIRSTNAME", "MIDNAME", "BUSNAME", "GENERAL", "SPECIALTY", "UPIN", "NPI", "DOB"),
    *("ADDRESS", "CITY", "STATE", "ZIP", "EXCLTYPE", "EXCLDATE", "REINDATE", "WAIVERDATE"),
    "WVRSTATE",
]
LICENSE_HEADINGS = [
    *("state", "license_number", "license_type", "npi", "last_name", "first_name"),
    *("status", "issued", "expires", "discipline"),
]

ANN = {
    "NPI": "1234567893",
    "Entity Type Code": "1",
    "Provider Last Name (Legal Name)": "SMITH-JONES",
    "Provider First Name": "ANN",
    "Provider Middle Name": "M",
    "Provider Name Suffix Text": "JR",
    "Provider Other Last Name": "BROWN",
    "Provider Other First Name": "ANN",
    "Provider Business Practice Location Address State Name": "TX",
    "Last Update Date": "02/01/2026",
    "Healthcare Provider Taxonomy Code_1": "207R00000X",
    "Provider License Number_1": "T0042",
    "Provider License Number State Code_1": "TX",
    "Healthcare Provider Primary Taxonomy Switch_1": "N",
    "Healthcare Provider Taxonomy Code_15": "208D00000X",
    "Healthcare Provider Primary Taxonomy Switch_15": "Y",
}
EXCLUDED = {
    "LASTNAME": "NULL",
    "FIRSTNAME": "JORDAN",
    "NPI": "0000000000",
    "DOB": "19700506",
    "STATE": "TX",
    "EXCLTYPE": "1128a1",
    "EXCLDATE": "20200520",
    "REINDATE": "00000000",
    "WAIVERDATE": "00000000",
}
LICENSED = {
    "state": "TX",
    "license_number": "T0042",
    "license_type": "MD",
    "last_name": "Smith-Jones",
    "first_name": "Ann",
    "status": "Active",
    "issued": "2010-01-31",
    "expires": "01/31/2027",
    "discipline": "N",
}


def csv_text(headings: Sequence[str], rows: Iterable[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, headings, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def file(
    folder: Path,
    headings: Sequence[str],
    *rows: dict[str, str],
    name: str = "file.csv",
    encoding: str = "utf-8",
) -> Path:
    path = folder / name
    path.write_text(csv_text(headings, rows), encoding=encoding, newline="")
    return path
