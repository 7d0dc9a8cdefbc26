"""
A pharmacy with years of orders behind it and a backlog before it, written past the foreign keys.

Only number and shape matter here: who waits at which step, held by what, in whose hands, with which
doses; what was given out, from which lots, under which tracking number.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from benchmarks.harness import progress
from pharmacy.embedded.postgres import EmbeddedPostgres
from pharmacy.infra.db import Database
from pharmacy.local.migrations import migrate
from pharmacy.prescriptions.rules.regimen import TimeOfDay
from pharmacy.staff.rules import Role
from pharmacy.titration.rules import PlannedStep
from tests.factories.practice import make_site
from tests.factories.staff import make_account

WHO: Final = (Role.TECHNICIAN, Role.PHARMACIST, Role.AUDITOR)
"""Every role that has a queue."""
SETTINGS: Final = ("shared_buffers=1GB", "fsync=off", "max_wal_size=8GB")
STEPS: Final = tuple(
    PlannedStep.of(
        no=no, dose_ug=1500 * no, days=14, time_of_day=TimeOfDay.BEDTIME, strength_ug=1500
    ).to_data()
    for no in (1, 2, 3)
)

PATIENTS: Final = """
insert into patients (id, identifier_system, identifier_value, family, given, birth_date, gender,
                      phone, address_line, city, state, postal_code)
select uuidv7(), 'urn:x', 'MRN-' || i,
       (array['Smith','Smart','Miller','Nguyen','Garcia','Okafor','Xu','Qvist'])[1 + i % 8]
           || chr(97 + i / 8 % 26) || chr(97 + i / 208 % 26),
       'Given' || i % 500, date '1930-01-01' + (i % 29000), 'unknown', '', '', '', 'TX', ''
from generate_series(1, :patients) as i
"""
ORDERS: Final = """
with numbered as (select id, row_number() over () as n from patients)
insert into orders (id, number, prescription_id, fill_no, authorised_fills, patient_id, npi, status,
                    received_at, due_at, status_since, plan_id, labeled_at, packed_by, packed_at,
                    checked_by, checked_at, handed_over_at, claimed_by, claimed_until,
                    first_dose_on, last_dose_on)
select uuidv7(), 1000000 + i, uuidv7(), 1, 1, p.id, '1234567893',
       case when i > :orders - :open
            then (array['review','planned','compounding','labeling','final-check','ready',
                        'received'])[1 + i % 7]
            else 'handed-over' end,
       at, at + interval '48 hours', at, uuidv7(), at, uuidv7(), at, uuidv7(), at,
       case when i <= :orders - :open then at end,
       case when i > :orders - :open and i % 90 = 0
            then (cast(:people as uuid[]))[1 + i / 90 % 3] end,
       case when i > :orders - :open and i % 90 = 0 then now() + interval '6 hours' end,
       date(at), date(at) + 42
from generate_series(1, :orders) as i
join numbered p on p.n = 1 + i % :patients
cross join lateral (select now() - (:orders - i) * interval '90 seconds' as at) times
"""
PLANS: Final = """
insert into strength_plans (id, prescription_id, fill_no, version, state, strategy, fill, options,
                            steps, working, proposed_at)
select uuidv7(), prescription_id, 1, 1, 'proposed', 'A', '{}', '[]', cast(:steps as jsonb), '[]',
       received_at
from orders where status <> 'received'
"""
HOLDS: Final = """
insert into holds (id, order_id, code, words, owner, origin, facts, placed_at, deadline_at,
                   lifted_at, lift_reason)
select uuidv7(), id, 'dose-unclear', 'Which dose?',
       case number % 2 when 0 then 'prescriber' else 'pharmacist' end, 'person', '{}',
       received_at, due_at, handed_over_at, case when handed_over_at is not null then 'told' end
from orders where number % 10 = 0
"""
LOTS: Final = """
insert into capsule_lots (id, lot_number, strength_ug, capsule_size, description, filler,
                          active_lot_id, compounded_on, beyond_use_on, status, made, on_hand)
select uuidv7(), 'LOT-' || i, 1500, '3', 'white', 'x', uuidv7(), current_date - 30,
       current_date + 120, 'released', 100, 10
from generate_series(1, 2000) as i
"""
CONTAINERS: Final = """
with lots as (select id, row_number() over () as n from capsule_lots)
insert into containers (id, order_id, part_no, parts, step_no, steps, strength_ug,
                        capsules_per_dose, quantity, directions, first_dose_on, last_dose_on,
                        lot_id)
select uuidv7(), o.id, 1, 1, 1, 1, 1500, 1, 30, 'x', o.first_dose_on, o.last_dose_on, l.id
from orders o join lots l on l.n = 1 + o.number / 10 % 2000
where o.number % 2 = 0 and o.status in ('labeling', 'final-check', 'ready', 'handed-over')
"""
ASKED: Final = """
insert into batch_requests (id, order_id, strength_ug, quantity, asked_at)
select uuidv7(), id, 1500, 84, received_at from orders where status = 'compounding'
"""
PARCELS: Final = """
insert into parcels (id, order_id, carrier, tracking_number, state, status, shipped_by, shipped_at)
select uuidv7(), id, 'fedex', '98657' || lpad(number::text, 7, '0'), 'TX', 'shipped', uuidv7(),
       handed_over_at
from orders where status = 'handed-over' and number % 3 = 0
"""
JOBS: Final = """
insert into jobs (kind, dedupe_key, ref_id, state, done_at)
select 'orders.check', 'x:' || id, id, case number % 4000 when 0 then 'dead' else 'done' end, now()
from orders where number % 4 = 0
"""
EACH: Final = (PATIENTS, ORDERS, PLANS, HOLDS, LOTS, CONTAINERS, ASKED, PARCELS, JOBS)


@dataclass(frozen=True, slots=True)
class Backlog:
    """The database, and where its server is."""

    database: Database
    url: str
    server: int
    """The process id of PostgreSQL."""
    people: dict[Role, UUID]


@contextmanager
def backlog(folder: Path, *, orders: int, waiting: int) -> Iterator[Backlog]:
    """
    Yield a pharmacy with so many orders, of a quarter as many patients.

    Args:
        folder: Where it is kept. One that is there already is taken as it is.
        waiting: How many of the orders, the newest ones, are not handed over.
    """
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    postgres = EmbeddedPostgres(folder / "postgres", folder / "sockets", SETTINGS)
    postgres.start()
    database = Database(postgres.url())
    try:
        migrate(postgres.url())
        with database.transaction() as session:
            known = session.scalar(text("select count(*) from site"))
        if not known:
            _fill(database, orders, waiting)
        with database.transaction() as session:
            found = session.execute(text("select role, account_id from account_roles"))
            people = {Role(role): account_id for role, account_id in found}
        assert postgres.process
        yield Backlog(database, postgres.url(), postgres.process.pid, people)
    finally:
        database.close()
        postgres.stop()


def _fill(database: Database, orders: int, waiting: int) -> None:
    given: dict[str, Any] = {"orders": orders, "open": waiting, "patients": max(orders // 4, 1)}
    with database.transaction() as session:
        session.execute(text("set local session_replication_role = replica"))
        make_site(session)
        people = [make_account(session, role).id for role in WHO]
        given |= {"people": people, "steps": json.dumps(STEPS)}
        for statement in EACH:
            session.execute(text(statement), given)
            progress(f"filling: {statement.split()[statement.split().index('into') + 1]}")
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
