"""Reading the files of public registries: by heading, never by position, row by row."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final

from pharmacy.kernel.refusals import Invalid
from pharmacy.prescribers.rules.names import key

Row = tuple[Any, ...]

TAXONOMY_GROUPS: Final = 15
NO_DATE: Final = frozenset({"", "00000000", "0"})
NO_NPI: Final = frozenset({"", "0", "0000000000"})
DATE_FORMATS: Final = ("%m/%d/%Y", "%Y-%m-%d", "%Y%m%d")
NO: Final = frozenset({"", "n", "no", "false", "0", "f", "none"})
DATE_IN_NAME: Final = re.compile(r"(?<!\d)(20\d{6})(?!\d)")


class HeadingMissing(Invalid):
    """A file lacks a column that decides; another layout is never guessed at."""

    code = "registry-heading-missing"
    remedy = "Check that this is the right file, or name its columns with --column ours=theirs."


class RowUnreadable(Invalid):
    """A row is not of the form that its heading promises: the file is damaged or cut short."""

    code = "registry-row-unreadable"
    remedy = "Fetch the file again; nothing of it was taken over."


@dataclass(frozen=True, slots=True)
class Layout:
    """What one kind of file becomes: the columns of our table, and how a row is read."""

    kind: str
    columns: tuple[str, ...]
    headings: tuple[str, ...]
    """Headings without which the file is refused."""
    reader: Callable[["Headings"], Callable[[Sequence[str]], Row]]
    newest: Callable[[Row], date | None]
    """The date of a row that the file cannot be older than."""


class Headings:
    """Where each heading stands in one file."""

    def __init__(self, names: Sequence[str], renamed: Mapping[str, str] | None = None) -> None:
        self._positions = {name.strip(): position for position, name in enumerate(names)}
        self._renamed = renamed or {}
        self.width = len(names)
        if len(self._positions) < len(names):
            raise HeadingMissing("two columns of the file have the same heading")

    def has(self, name: str) -> bool:
        return self._renamed.get(name, name) in self._positions

    def require(self, names: Sequence[str]) -> None:
        """Raise HeadingMissing, naming every heading that the file lacks."""
        if missing := [self._renamed.get(name, name) for name in names if not self.has(name)]:
            raise HeadingMissing(f"the file has no column {', '.join(missing)}")

    def at(self, name: str) -> int:
        """Return a heading's position. Raises HeadingMissing."""
        self.require([name])
        return self._positions[self._renamed.get(name, name)]

    def at_any(self, *names: str) -> int:
        """Return the position of the first of several spellings. Raises HeadingMissing."""
        for name in names:
            if self.has(name):
                return self.at(name)
        raise HeadingMissing(f"the file has no column {' or '.join(names)}")


@lru_cache(maxsize=50_000)
def read_date(text: str) -> date | None:
    """Return a date as registries write it, or None where they write that there is none."""
    text = text.strip()
    if text in NO_DATE:
        return None
    for form in DATE_FORMATS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            continue
    raise RowUnreadable("a date is written in no known way")


def read_npi(text: str) -> str | None:
    """Return an NPI, or None for the placeholder that most rows have."""
    text = text.strip()
    return None if text in NO_NPI else text


def read_flag(text: str) -> bool:
    """Return yes or no; a word that is neither counts as yes, so that a person looks."""
    return text.strip().casefold() not in NO


def date_in_name(file_name: str) -> date | None:
    """Return the last date in a file's name, such as that of `npidata_pfile_…-20260208.csv`."""
    for digits in reversed(DATE_IN_NAME.findall(file_name)):
        try:
            return datetime.strptime(digits, "%Y%m%d").date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            continue
    return None


def _nppes_reader(headings: Headings) -> Callable[[Sequence[str]], Row]:
    at = headings.at
    npi, kind = at("NPI"), at("Entity Type Code")
    family, given = at("Provider Last Name (Legal Name)"), at("Provider First Name")
    middle, suffix = at("Provider Middle Name"), at("Provider Name Suffix Text")
    other_family, other_given = at("Provider Other Last Name"), at("Provider Other First Name")
    credential = at("Provider Credential Text")
    state = at("Provider Business Practice Location Address State Name")
    deactivated, reactivated = at("NPI Deactivation Date"), at("NPI Reactivation Date")
    updated = at("Last Update Date")
    groups = [_taxonomy_positions(headings, n) for n in range(1, TAXONOMY_GROUPS + 1)]

    def read(row: Sequence[str]) -> Row:
        person = row[kind] != "2"
        taxonomies = [
            {
                "code": row[code],
                "license": row[number],
                "state": row[issuer],
                "primary": row[switch] == "Y",
            }
            for code, number, issuer, switch in groups
            if row[code] and person
        ]
        return (
            row[npi],
            row[kind],
            f"{row[family]} {row[suffix]}".strip(),
            f"{row[given]} {row[middle]}".strip(),
            row[other_family],
            row[other_given],
            row[credential],
            row[state],
            taxonomies,
            read_date(row[deactivated]),
            read_date(row[reactivated]),
            read_date(row[updated]),
        )

    return read


def _taxonomy_positions(headings: Headings, n: int) -> tuple[int, int, int, int]:
    return (
        headings.at(f"Healthcare Provider Taxonomy Code_{n}"),
        headings.at(f"Provider License Number_{n}"),
        headings.at(f"Provider License Number State Code_{n}"),
        headings.at(f"Healthcare Provider Primary Taxonomy Switch_{n}"),
    )


def _leie_reader(headings: Headings) -> Callable[[Sequence[str]], Row]:
    at = headings.at
    family, given, middle = at("LASTNAME"), at("FIRSTNAME"), at("MIDNAME")
    business, npi, born, state = at("BUSNAME"), at("NPI"), at("DOB"), at("STATE")
    kind, excluded, reinstated = at("EXCLTYPE"), at("EXCLDATE"), at("REINDATE")
    waived, waiver_state = at("WAIVERDATE"), headings.at_any("WVRSTATE", "WAIVERSTATE")

    def read(row: Sequence[str]) -> Row:
        excluded_on = read_date(row[excluded])
        if excluded_on is None:
            raise RowUnreadable("an exclusion has no date")
        return (
            row[family].strip(),
            f"{row[given]} {row[middle]}".strip(),
            key(row[family]),
            row[business].strip(),
            read_npi(row[npi]),
            read_date(row[born]),
            row[state].strip(),
            row[kind].strip(),
            excluded_on,
            read_date(row[reinstated]),
            read_date(row[waived]),
            row[waiver_state].strip(),
        )

    return read


def licenses_reader(state: str | None) -> Callable[[Headings], Callable[[Sequence[str]], Row]]:
    """Return how to read a board's file; with a `state` the file needs no such column."""

    def reader(headings: Headings) -> Callable[[Sequence[str]], Row]:
        at = headings.at
        issuer = None if state else at("state")
        number, kind, npi = at("license_number"), at("license_type"), at("npi")
        family, given, status = at("last_name"), at("first_name"), at("status")
        issued, expires, discipline = at("issued"), at("expires"), at("discipline")

        def read(row: Sequence[str]) -> Row:
            where = state or (row[issuer].strip().upper() if issuer is not None else "")
            if len(where) != 2 or not row[number].strip():  # noqa: PLR2004 - two letters
                raise RowUnreadable("a licence has no State or no number")
            return (
                where,
                row[number].strip(),
                row[kind].strip(),
                read_npi(row[npi]),
                row[family].strip(),
                row[given].strip(),
                key(row[family]),
                row[status].strip(),
                read_date(row[issued]),
                read_date(row[expires]),
                read_flag(row[discipline]),
            )

        return read

    return reader


NPPES: Final = Layout(
    kind="nppes",
    columns=(
        *("npi", "entity_type", "family", "given", "other_family", "other_given", "credential"),
        *("practice_state", "taxonomies", "deactivated_on", "reactivated_on", "updated_on"),
    ),
    headings=(
        *("NPI", "Entity Type Code", "Provider Last Name (Legal Name)", "Provider First Name"),
        *("NPI Deactivation Date", "NPI Reactivation Date", "Last Update Date"),
    ),
    reader=_nppes_reader,
    newest=lambda row: row[-1],
)
LEIE: Final = Layout(
    kind="leie",
    columns=(
        *("family", "given", "family_key", "business", "npi", "birth_date", "state"),
        *("exclusion_type", "excluded_on", "reinstated_on", "waiver_on", "waiver_state"),
    ),
    headings=("LASTNAME", "FIRSTNAME", "NPI", "DOB", "STATE", "EXCLDATE", "REINDATE"),
    reader=_leie_reader,
    newest=lambda row: row[8],
)
LICENSE_HEADINGS: Final = (
    *("state", "license_number", "license_type", "npi", "last_name", "first_name"),
    *("status", "issued", "expires", "discipline"),
)
"""Our headings for a board's file. Another file's own are mapped onto them."""


def licenses_layout(state: str | None = None) -> Layout:
    """Return the layout of a board's file, of one State or with a column of States."""
    return Layout(
        kind="licenses",
        columns=(
            *("state", "number", "license_type", "npi", "family", "given", "family_key"),
            *("status_raw", "issued_on", "expires_on", "disciplined"),
        ),
        headings=LICENSE_HEADINGS[1:] if state else LICENSE_HEADINGS,
        reader=licenses_reader(state),
        newest=lambda _row: None,
    )
