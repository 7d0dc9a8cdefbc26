"""
A page of the queue, and of a search, with two million orders behind it.

    python -m benchmarks.queue --orders 2000000

What is measured is the whole query layer in one process: statement, PostgreSQL and the rows as
objects; the goal is 50 ms of server time for a page of 50. Orders are written past the foreign
keys, since only their number and their shape matter here.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import text

from benchmarks.harness import keep, progress
from pharmacy.embedded.postgres import EmbeddedPostgres
from pharmacy.infra.db import Database
from pharmacy.local.migrations import migrate
from pharmacy.orders import queries
from pharmacy.orders.queries import QueueFilter
from pharmacy.orders.rules import Owner, Status

ROUNDS: Final = 15
PAGE: Final = 50
OPEN_SHARE: Final = 100
"""One order of so many is open."""

PATIENTS: Final = """
insert into patients (id, identifier_system, identifier_value, family, given, birth_date, gender,
                      phone, address_line, city, state, postal_code)
select gen_random_uuid(), 'urn:x', 'MRN-' || i,
       (array['Smith','Smart','Miller','Nguyen','Garcia','Okafor','Xu','Qvist'])[1 + i % 8]
           || chr(97 + i / 8 % 26) || chr(97 + i / 208 % 26),
       'Given' || i % 500, date '1930-01-01' + (i % 29000), 'unknown', '', '', '', 'TX', ''
from generate_series(1, :patients) as i
"""
ORDERS: Final = """
with numbered as (select id, row_number() over () as n from patients)
insert into orders (id, number, prescription_id, fill_no, authorised_fills, patient_id, npi, status,
                    received_at, due_at, status_since, plan_id, labeled_at, packed_by, packed_at,
                    checked_by, checked_at, handed_over_at)
select gen_random_uuid(), 1000000 + i, gen_random_uuid(), 1, 1, p.id, '1234567893',
       case when i % :share = 0
            then (array['review','planned','compounding','labeling','received'])[1 + i / :share % 5]
            else 'handed-over' end,
       at, at + interval '48 hours', at, gen_random_uuid(), at, gen_random_uuid(), at,
       gen_random_uuid(), at, at
from generate_series(1, :orders) as i
join numbered p on p.n = 1 + i % :patients
cross join lateral (select timestamptz '2020-01-01' + i * interval '90 seconds' as at) times
"""
HOLDS: Final = """
insert into holds (id, order_id, code, words, owner, origin, facts, placed_at, deadline_at)
select gen_random_uuid(), id, 'dose-unclear', 'Which dose?',
       case number % 2 when 0 then 'prescriber' else 'pharmacist' end, 'person', '{}',
       due_at, due_at
from orders where status in ('review', 'planned') and number % 3 = 0
"""
LOTS: Final = """
insert into capsule_lots (id, lot_number, strength_ug, capsule_size, description, filler,
                          active_lot_id, compounded_on, beyond_use_on, status, made, on_hand)
select gen_random_uuid(), 'LOT-' || i, 1500, '3', 'white', 'x', gen_random_uuid(), '2026-01-01',
       '2026-06-30', 'released', 100, 10
from generate_series(1, 2000) as i
"""
CONTAINERS: Final = """
with lots as (select id, row_number() over () as n from capsule_lots)
insert into containers (id, order_id, part_no, parts, step_no, steps, strength_ug,
                        capsules_per_dose, quantity, directions, first_dose_on, last_dose_on,
                        lot_id)
select gen_random_uuid(), o.id, 1, 1, 1, 1, 1500, 1, 30, 'x', '2026-01-01', '2026-01-30', l.id
from orders o join lots l on l.n = 1 + o.number / 10 % 2000
where o.number % 10 = 0
"""


@contextmanager
def two_million(orders: int) -> Iterator[Database]:
    """Yield a database with so many orders, of a quarter as many patients."""
    with tempfile.TemporaryDirectory(prefix="pharmacy-queue-") as folder:
        Path(folder).chmod(0o755)
        settings = ("shared_buffers=1GB", "fsync=off", "max_wal_size=8GB")
        postgres = EmbeddedPostgres(Path(folder) / "pg", Path(folder) / "s", settings)
        postgres.start()
        try:
            migrate(postgres.url())
            database = Database(postgres.url())
            _fill(database, orders)
            yield database
            database.close()
        finally:
            postgres.stop()


def _fill(database: Database, orders: int) -> None:
    counts = {"orders": orders, "patients": max(orders // 4, 1), "share": OPEN_SHARE}
    with database.transaction() as session:
        session.execute(text("set local session_replication_role = replica"))
        for statement in (PATIENTS, ORDERS, HOLDS, LOTS, CONTAINERS):
            session.execute(text(statement), counts)
            progress(f"filling: {statement.split()[2]}")
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))


def cases(now: datetime) -> dict[str, dict[str, Any]]:
    """Return what a console asks for, from the usual to the unkind."""
    every = tuple(Status)
    return {
        "technician's queue": {"statuses": (Status.PLANNED, Status.LABELING), "held": False},
        "pharmacist's queue": {"statuses": (Status.REVIEW, Status.FINAL_CHECK)},
        "unclaimed, not held": {"unclaimed_at": now, "held": False},
        "waits for prescriber": {"hold_owner": Owner.PRESCRIBER},
        "all orders, newest": {"statuses": every, "newest_first": True},
        "by number": {"statuses": every, "number": 1_500_000},
        "by common name": {"statuses": every, "family_prefix": "sm", "newest_first": True},
        "by rarer name": {"statuses": every, "family_prefix": "smithab", "newest_first": True},
        "open, by common name": {"family_prefix": "s"},
        "name nobody has": {"statuses": every, "family_prefix": "zzz", "newest_first": True},
        "by name and birth date": {
            "statuses": every,
            "family_prefix": "sm",
            "birth_date": date(1961, 5, 4),
        },
        "by birth date": {"statuses": every, "birth_date": date(1961, 5, 4), "newest_first": True},
        "by lot": {"statuses": every, "lot_number": "LOT-77", "newest_first": True},
    }


def measure(database: Database) -> dict[str, float]:
    """Return the median time of each page in ms, and print it with the slowest."""
    found: dict[str, float] = {}
    for name, only in cases(datetime.now(UTC)).items():
        times = []
        for _ in range(ROUNDS):
            started = time.perf_counter()
            with database.transaction() as session:
                rows = queries.queue(session, QueueFilter(**only), limit=PAGE)
                shown = min(len(rows), PAGE)
            times.append((time.perf_counter() - started) * 1000)
        found[name] = statistics.median(times)
        print(f"  {name:<26} {shown:3} rows {found[name]:8.1f} ms   slowest {max(times):8.1f}")
    return found


def main() -> None:
    """Fill, measure, keep."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--orders", type=int, default=2_000_000)
    orders = options.parse_args().orders
    with two_million(orders) as database:
        print(f"a page of {PAGE} of {orders} orders ({ROUNDS} rounds)")
        keep("queue", measure(database))


if __name__ == "__main__":
    main()
