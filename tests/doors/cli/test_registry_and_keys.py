"""Registries and keys from the command line, on a database of the test's own."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pharmacy.cli import main
from pharmacy.infra.db import Database
from pharmacy.staff.rules import Role
from tests.factories.practice import make_site
from tests.factories.prescribers import JORDAN
from tests.factories.staff import make_account

LEIE = (
    "LASTNAME,FIRSTNAME,MIDNAME,BUSNAME,NPI,DOB,STATE,EXCLTYPE,EXCLDATE,REINDATE,WAIVERDATE,"
    "WVRSTATE\nDOE,JANE,,,0000000000,19700506,TX,1128a1,20200520,00000000,00000000,\n"
)
BOARD = "No,Kind,Npi,Last,First,Status,From,To,Action\nT1,MD,,Doe,Jane,Active,,2027-01-31,N\n"
MAPPED = (
    *("license_number=No", "license_type=Kind", "npi=Npi", "last_name=Last", "first_name=First"),
    *("status=Status", "issued=From", "expires=To", "discipline=Action"),
)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    url = database.engine.url.set(drivername="postgresql")
    monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
    with database.transaction() as session:
        make_site(session)
        make_account(session, Role.ADMINISTRATOR, username="ada")
        make_account(session, Role.ADMINISTRATOR, username="ben")
        make_account(session, Role.TECHNICIAN, username="tom")


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def test_a_list_is_imported_and_its_age_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "UPDATED.csv"
    path.write_text(LEIE)

    result = run("registry", "import", "leie", str(path), "--date", "2020-06-01")

    assert result.exit_code == 0, result.output
    assert "leie: 1 rows read, 1 kept, of 2020-06-01" in result.stdout
    status = run("registry", "status").stdout
    assert "2020-06-01" in status
    assert "TOO OLD" in status


def test_a_boards_headings_are_named_by_the_operator(tmp_path: Path) -> None:
    path = tmp_path / "board.csv"
    path.write_text(BOARD)
    columns = [word for pair in MAPPED for word in ("--column", pair)]
    words = ("registry", "import", "licenses", str(path), "--state", "tx", "--date", "2020-06-01")

    assert "registry-heading-missing" in run(*words).output
    result = run(*words, *columns)

    assert result.exit_code == 0, result.output
    assert "licenses:TX: 1 rows read, 1 kept" in result.stdout


def test_nothing_imported_is_said_plainly() -> None:
    assert "every order will be held" in run("registry", "status").stdout


def test_a_key_goes_from_its_owner_through_two_people_to_its_end(tmp_path: Path) -> None:
    private = tmp_path / "jordan.pem"
    who = ("--family", "Testprescriber", "--given", "Jordan", "--state", "TX")
    assert run("keys", "enrol", JORDAN, *who, "--as", "ada").exit_code == 0
    assert run("keys", "make", str(private)).exit_code == 0
    assert private.stat().st_mode & 0o077 == 0
    proposed = run("keys", "propose", JORDAN, f"{private}.jwk", "--as", "ada")
    kid, message = (line.split()[1] for line in proposed.stdout.splitlines())
    proof = run("keys", "prove", message, "--key", str(private)).stdout.strip()

    alone = run("keys", "approve", kid, "--proof", proof, "--as", "ada")
    both = run("keys", "approve", kid, "--proof", proof, "--as", "ben")

    assert "second-person-needed" in alone.output
    assert both.exit_code == 0, both.output
    assert f"{kid}  {JORDAN}  Ed25519  active" in run("keys", "list").stdout
    ended = run("keys", "revoke", kid, "compromised", "--since", "2026-03-01")
    assert "0 orders are on hold" in ended.stdout
    assert "revoked (compromised)" in run("keys", "list", JORDAN).stdout


def test_a_prescribers_name_is_corrected_by_two_people() -> None:
    who = ("--family", "Testprescriber", "--given", "Jordan", "--state", "TX")
    assert run("keys", "enrol", JORDAN, *who, "--as", "ada").exit_code == 0

    papers = ("--because", "changed", "--shown-by", "Marriage certificate")
    proposed = run("keys", "correct", JORDAN, "--family", "Newname", *papers, "--as", "ada")
    number = proposed.stdout.split()[0]
    alone = run("keys", "confirm", number, "--as", "ada")
    both = run("keys", "confirm", number, "--as", "ben")

    assert "second-person-needed" in alone.output
    assert both.exit_code == 0, both.output
    assert "0 open orders are checked again" in both.stdout
    again = run("keys", "enrol", JORDAN, *who, "--as", "ada")
    assert "prescriber-known" in again.output, "the register has the new name"


def test_a_technicians_name_opens_nothing() -> None:
    who = ("--family", "Testprescriber", "--given", "Jordan", "--state", "TX")

    assert "permission-missing" in run("keys", "enrol", JORDAN, *who, "--as", "tom").output
