"""What an operator sees of batches: `pharmacy batches`."""

from pathlib import Path

from click.testing import CliRunner, Result

from pharmacy.cli import main
from pharmacy.infra.db import Database
from pharmacy.kernel import ids
from pharmacy.orders import operations as orders
from pharmacy.orders.rules import Status
from tests.conftest import NOW
from tests.factories.compounding import Laboratory
from tests.factories.orders import Bench


def run(database: Database, *arguments: str) -> Result:
    url = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    return CliRunner(env={"DATABASE_URL": url}).invoke(
        main, ["batches", *arguments], catch_exceptions=False
    )


def test_an_operator_sees_what_is_needed_and_what_is_made(
    database: Database, tmp_path: Path
) -> None:
    with database.transaction() as session:
        bench = Bench(session, stock=False)
        waiting = bench.order(Status.PLANNED)
        orders.allocate(session, waiting.id, by=bench.technician, now=NOW)
        batch = Laboratory.beside(session).made()
        name, number = ids.encode("bat", batch.id), batch.number

    assert "1.5 mg: 28 capsules in 1 loads for 1 orders" in run(database, "needed").output
    assert f"{name}  {number}  filled" in run(database, "list", "--status", "filled").output
    assert run(database, "list", "--status", "released").output == ""
    assert "yes  release-test" in run(database, "gates", name).output
    target = tmp_path / "sheet.pdf"
    run(database, "worksheet", name, "--output", str(target))
    assert target.read_bytes().startswith(b"%PDF")
