"""Files of registries are read by heading, whole or not at all."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pharmacy.prescribers.models import (
    RegistryExclusion,
    RegistryImport,
    RegistryLicense,
    RegistryProvider,
)
from pharmacy.prescribers.operations import import_leie, import_licenses, import_nppes
from pharmacy.prescribers.operations.registry import FileNotText
from pharmacy.prescribers.operations.registry_takeover import FileTooShort
from pharmacy.prescribers.rules.registry_files import HeadingMissing, RowUnreadable
from tests.factories.practice import make_site
from tests.factories.registry_files import (
    ANN,
    EXCLUDED,
    HOW,
    LEIE_HEADINGS,
    LICENSE_HEADINGS,
    LICENSED,
    NPPES_HEADINGS,
    csv_text,
    file,
)


@pytest.fixture(autouse=True)
def site(session: Session) -> None:
    make_site(session)


def count(session: Session, table: type[Any]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_what_nppes_says_of_a_person_is_kept(session: Session, tmp_path: Path) -> None:
    import_nppes(session, file(tmp_path, NPPES_HEADINGS, ANN), **HOW)

    row = session.get_one(RegistryProvider, "1234567893")
    assert (row.family, row.given, row.other_family) == ("SMITH-JONES JR", "ANN M", "BROWN")
    assert [(one["code"], one["primary"]) for one in row.taxonomies] == [
        ("207R00000X", False),
        ("208D00000X", True),
    ]
    assert row.taxonomies[0]["license"] == "T0042"
    assert row.deactivated_on is None


def test_a_deactivated_npi_keeps_its_dates(session: Session, tmp_path: Path) -> None:
    gone = {"NPI": "1999999984", "NPI Deactivation Date": "12/31/2025"}

    import_nppes(session, file(tmp_path, NPPES_HEADINGS, gone), **HOW)

    assert session.get_one(RegistryProvider, "1999999984").deactivated_on == date(2025, 12, 31)


def test_columns_in_another_order_with_a_byte_order_mark_are_read_the_same(
    session: Session, tmp_path: Path
) -> None:
    path = file(tmp_path, NPPES_HEADINGS[::-1], ANN, encoding="utf-8-sig")

    import_nppes(session, path, **HOW)

    assert session.get_one(RegistryProvider, "1234567893").practice_state == "TX"


@pytest.mark.parametrize(
    "missing",
    [
        "NPI",
        "NPI Deactivation Date",
        "Provider Last Name (Legal Name)",
        "Healthcare Provider Taxonomy Code_7",
        "Provider License Number State Code_15",
    ],
)
def test_a_missing_heading_is_named_and_nothing_is_taken(
    session: Session, tmp_path: Path, missing: str
) -> None:
    headings = [name for name in NPPES_HEADINGS if name != missing]
    row = {name: value for name, value in ANN.items() if name != missing}

    with (
        pytest.raises(HeadingMissing, match=missing.replace("(", r"\(").replace(")", r"\)")),
        session.begin_nested(),
    ):
        import_nppes(session, file(tmp_path, headings, row), **HOW)

    assert count(session, RegistryProvider) == 0


def test_a_weekly_file_renews_its_own_rows_and_leaves_the_others(
    session: Session, tmp_path: Path
) -> None:
    other = {**ANN, "NPI": "1999999984"}
    import_nppes(session, file(tmp_path, NPPES_HEADINGS, ANN, other), **HOW)

    changed = {**ANN, "Provider Last Name (Legal Name)": "GREEN"}
    imported = import_nppes(session, file(tmp_path, NPPES_HEADINGS, changed), **HOW)

    session.expire_all()
    assert (imported.rows_read, imported.rows_kept) == (1, 1)
    assert session.get_one(RegistryProvider, "1234567893").family == "GREEN JR"
    assert session.get_one(RegistryProvider, "1999999984").family == "SMITH-JONES JR"


def test_of_rows_that_stand_twice_the_last_counts(session: Session, tmp_path: Path) -> None:
    changed = {**ANN, "Provider First Name": "BETH"}

    imported = import_nppes(session, file(tmp_path, NPPES_HEADINGS, ANN, changed), **HOW)

    assert (imported.rows_read, imported.rows_kept) == (2, 1)
    assert session.get_one(RegistryProvider, "1234567893").given == "BETH M"


def test_placeholders_of_the_exclusion_list_mean_that_there_is_none(
    session: Session, tmp_path: Path
) -> None:
    import_leie(session, file(tmp_path, LEIE_HEADINGS, EXCLUDED), **HOW)

    row = session.scalars(select(RegistryExclusion)).one()
    assert (row.npi, row.reinstated_on, row.waiver_on) == (None, None, None)
    assert (row.family, row.family_key, row.birth_date) == ("NULL", "null", date(1970, 5, 6))


@pytest.mark.parametrize("heading", ["WVRSTATE", "WAIVERSTATE"])
def test_the_waivers_state_is_read_under_both_of_its_headings(
    session: Session, tmp_path: Path, heading: str
) -> None:
    headings = [*LEIE_HEADINGS[:-1], heading]

    import_leie(session, file(tmp_path, headings, {**EXCLUDED, heading: "OK"}), **HOW)

    assert session.scalars(select(RegistryExclusion)).one().waiver_state == "OK"


def test_the_list_replaces_the_one_before(session: Session, tmp_path: Path) -> None:
    import_leie(session, file(tmp_path, LEIE_HEADINGS, EXCLUDED), **HOW)

    import_leie(session, file(tmp_path, LEIE_HEADINGS, {**EXCLUDED, "LASTNAME": "DOE"}), **HOW)

    assert session.scalars(select(RegistryExclusion.family)).all() == ["DOE"]


def test_a_list_that_lost_a_fifth_of_its_rows_needs_a_word(
    session: Session, tmp_path: Path
) -> None:
    people = [{**EXCLUDED, "FIRSTNAME": f"P{n}"} for n in range(10)]
    import_leie(session, file(tmp_path, LEIE_HEADINGS, *people), **HOW)
    short = file(tmp_path, LEIE_HEADINGS, *people[:7])

    with pytest.raises(FileTooShort):
        import_leie(session, short, **HOW)
    import_leie(session, short, **HOW, allow_shorter=True)

    assert count(session, RegistryExclusion) == 7


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[:-40],
        lambda text: text.replace(",TX,", ",", 1),
        lambda text: text + '"unclosed',
        lambda text: text.replace("20200520", "2020-52-05"),
        lambda text: text.replace("20200520", "00000000"),
        lambda text: text.splitlines()[0] + "\r\n",
        lambda _: "",
        lambda text: "<!DOCTYPE html><html>" + text,
    ],
)
def test_a_damaged_file_leaves_the_list_as_it_was(
    session: Session, tmp_path: Path, damage: Any
) -> None:
    import_leie(session, file(tmp_path, LEIE_HEADINGS, EXCLUDED), **HOW)
    path = tmp_path / "damaged.csv"
    text = csv_text(LEIE_HEADINGS, [{**EXCLUDED, "LASTNAME": "DOE"}])
    path.write_text(damage(text), newline="")

    with pytest.raises((RowUnreadable, HeadingMissing)), session.begin_nested():
        import_leie(session, path, **HOW)

    assert session.scalars(select(RegistryExclusion.family)).all() == ["NULL"]
    assert count(session, RegistryImport) == 1


def test_the_damaged_line_is_named_without_what_stands_in_it(
    session: Session, tmp_path: Path
) -> None:
    rows = [EXCLUDED, EXCLUDED, {**EXCLUDED, "DOB": "1970Mai6"}]

    with pytest.raises(RowUnreadable, match="line 4") as refusal:
        import_leie(session, file(tmp_path, LEIE_HEADINGS, *rows), **HOW)

    assert "1970" not in str(refusal.value)


def test_a_file_in_another_encoding_says_so_and_is_read_when_it_is_named(
    session: Session, tmp_path: Path
) -> None:
    munoz = {**EXCLUDED, "LASTNAME": "MUÑOZ"}
    path = file(tmp_path, LEIE_HEADINGS, munoz, encoding="cp1252")

    with pytest.raises(FileNotText), session.begin_nested():
        import_leie(session, path, **HOW)
    import_leie(session, path, **HOW, encoding="cp1252")

    assert session.scalars(select(RegistryExclusion.family_key)).all() == ["munoz"]


def test_a_boards_file_replaces_its_own_states_only(session: Session, tmp_path: Path) -> None:
    elsewhere = {**LICENSED, "state": "OK"}
    import_licenses(session, file(tmp_path, LICENSE_HEADINGS, LICENSED, elsewhere), **HOW)

    newer = {**LICENSED, "license_number": "T7"}
    imported = import_licenses(session, file(tmp_path, LICENSE_HEADINGS, newer), **HOW)

    kept = session.execute(select(RegistryLicense.state, RegistryLicense.number)).all()
    assert sorted(kept) == [("OK", "T0042"), ("TX", "T7")]
    assert [one.kind for one in imported.imports] == ["licenses:TX"]


def test_a_boards_own_headings_are_mapped(session: Session, tmp_path: Path) -> None:
    theirs = {
        "license_number": "License No",
        "license_type": "Credential",
        "npi": "NPI",
        "last_name": "Last",
        "first_name": "First",
        "status": "License Status",
        "issued": "Issued",
        "expires": "Expires",
        "discipline": "Action Taken",
    }
    row = {theirs[name]: value for name, value in LICENSED.items() if name != "state"}
    path = file(tmp_path, list(theirs.values()), row)

    import_licenses(session, path, **HOW, state="TX", columns=theirs)

    found = session.scalars(select(RegistryLicense)).one()
    assert (found.status_raw, found.expires_on, found.npi) == ("Active", date(2027, 1, 31), None)


def test_rows_of_one_licence_that_contradict_each_other_are_undecided(
    session: Session, tmp_path: Path
) -> None:
    suspended = {**LICENSED, "status": "Suspended"}

    import_licenses(session, file(tmp_path, LICENSE_HEADINGS, suspended, LICENSED), **HOW)

    status = session.scalars(select(RegistryLicense.status_raw)).one()
    assert status == "rows of this licence contradict each other"


@pytest.mark.parametrize(
    ("word", "expected"), [("N", False), ("", False), ("Y", True), ("?", True)]
)
def test_a_word_for_discipline_that_is_not_no_counts_as_yes(
    session: Session, tmp_path: Path, word: str, *, expected: bool
) -> None:
    row = {**LICENSED, "discipline": word}

    import_licenses(session, file(tmp_path, LICENSE_HEADINGS, row), **HOW)

    assert session.scalars(select(RegistryLicense.disciplined)).one() is expected
