"""
How long a recall's traces take in a pharmacy of 2 million fills.

    python -m benchmarks.recall [--fills 2000000] [--rounds 50]

Rows are made by SQL, every tenth capsule lot through a stock trituration of a stock trituration;
a powder lot reaches about 20 batches and 2,000 vials. Each round traces another lot, and times what
the API calls: the statement, its rows and the objects made of them. The goal is 200 ms.

CPU of both processes is told beside the time: on a machine that others use, time says how long we
waited for them.
"""

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

import click
from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks.harness import cpu_seconds, keep, progress
from benchmarks.pharmacies import Pharmacy, open_pharmacy
from pharmacy.recalls import queries
from pharmacy.recalls.rules.timers import LotKind

FILLS_IN_LOT: Final = 100
LOTS_OF_POWDER: Final = 20
"""Capsule lots that one lot of powder makes."""
FILLS_OF_PATIENT: Final = 12
GOAL_MS: Final = 200

ROWS: Final = (
    """
    insert into patients (id, identifier_system, identifier_value, family, given, birth_date,
                          gender, phone, address_line, city, state, postal_code)
    select uuid(n, 1), 'urn:example', n, 'Example', 'Patient', '1980-01-01', 'female',
           '+1-555-010-0101', '1 Example Street', 'Houston', 'TX', '77002'
    from generate_series(0, :patients - 1) n
    """,
    """
    insert into ingredient_lots (id, ingredient, lot_number, manufacturer, received_on, status,
                                 on_hand_ug)
    select uuid(n, 2), 'naltrexone-hydrochloride', 'N' || n, 'Example', date '2026-01-01',
           'released', 0
    from generate_series(0, :powders - 1) n
    union all
    select uuid(n, kind), 'naltrexone-trituration', 'T' || kind || '-' || n, 'made here',
           date '2026-01-01', 'released', 0
    from generate_series(0, :powders - 1) n, (values (6), (7)) as made(kind)
    """,
    """
    insert into shell_lots (id, maker, lot_number, capsule_size, description, received_on, status,
                            on_hand)
    select uuid(n, 8), 'icapsulepack', 'S' || n, '3', 'white', '2026-01-01', 'released', 0
    from generate_series(0, :powders - 1) n
    """,
    """
    insert into capsule_lots (id, lot_number, strength_ug, capsule_size, description, filler,
                              active_lot_id, compounded_on, beyond_use_on, status, made, on_hand)
    select uuid(n, 3), 'C' || n, 1500, '3', 'white', 'microcrystalline-cellulose',
           case when n % 10 = 0 then uuid(n % :powders, 7) else uuid(n % :powders, 2) end,
           '2026-01-01', '2026-06-29', 'released', 1, 0
    from generate_series(0, :lots - 1) n
    """,
    """
    insert into lot_components (id, capsule_lot_id, made_powder_id, ingredient_lot_id,
                                shell_lot_id, at)
    select gen_random_uuid(), uuid(n, 3), null::uuid, null::uuid, uuid(n % :powders, 8), now()
    from generate_series(0, :lots - 1) n
    union all
    select gen_random_uuid(), uuid(n, 3), null,
           case when n % 10 = 0 then uuid(n % :powders, 7) else uuid(n % :powders, 2) end,
           null, now()
    from generate_series(0, :lots - 1) n
    union all
    select gen_random_uuid(), null, uuid(n, 6), uuid(n, 2), null, now()
    from generate_series(0, :powders - 1) n
    union all
    select gen_random_uuid(), null, uuid(n, 7), uuid(n, 6), null, now()
    from generate_series(0, :powders - 1) n
    """,
    """
    insert into batches (id, number, strength_ug, formulation_id, capsules, status, planned_by,
                         planned_at, active_lot_id, shell_lot_id, filled, capsule_lot_id,
                         released_by, released_at)
    select uuid(n, 10), 'C' || n, 1500, uuid(0, 11), 3000, 'released', uuid(0, 12), now(),
           case when n % 10 = 0 then uuid(n % :powders, 7) else uuid(n % :powders, 2) end,
           uuid(n % :powders, 8), 3000, uuid(n, 3), uuid(1, 12), now()
    from generate_series(0, :lots - 1) n
    """,
    """
    insert into batch_active_lots (batch_id, no, ingredient_lot_id)
    select id, 1, active_lot_id from batches
    """,
    """
    insert into orders (id, number, prescription_id, fill_no, authorised_fills, patient_id, npi,
                        status, received_at, due_at, status_since, plan_id, labeled_at, packed_by,
                        packed_at, checked_by, checked_at, handed_over_by, handed_over_at)
    select uuid(n, 4), n, uuid(n, 9), 1, 1, uuid(n % :patients, 1), '1234567893', 'handed-over',
           now(), now(), now(), uuid(n, 13), now(), uuid(0, 12), now(), uuid(1, 12), now(),
           uuid(0, 12), now()
    from generate_series(0, :fills - 1) n
    """,
    """
    insert into containers (id, order_id, part_no, parts, step_no, steps, strength_ug,
                            capsules_per_dose, quantity, directions, first_dose_on, last_dose_on,
                            lot_id)
    select uuid(n, 5), uuid(n, 4), 1, 1, 1, 1, 1500, 1, 28, 'take-1-bedtime', '2026-03-03',
           '2026-03-30', uuid(n % :lots, 3)
    from generate_series(0, :fills - 1) n
    """,
)
UUIDS: Final = """
    create function uuid(n bigint, kind int) returns uuid language sql immutable as $$
        select (lpad(to_hex(kind), 8, '0') || left(md5(n::text), 24))::uuid
    $$
"""
"""Identifiers whose order says nothing of the lot: a lot's vials lie all over the tables."""


def fill(pharmacy: Pharmacy, fills: int) -> None:
    """Write the pharmacy's past. Foreign keys hold by construction and are not checked."""
    lots = fills // FILLS_IN_LOT
    sizes = {
        "fills": fills,
        "lots": lots,
        "powders": max(lots // LOTS_OF_POWDER, 1),
        "patients": fills // FILLS_OF_PATIENT,
    }
    with pharmacy.database.transaction() as session:
        session.execute(text("set local session_replication_role = replica"))
        session.execute(text(UUIDS))
        for statement in ROWS:
            session.execute(text(statement), sizes)
            progress(f"wrote {statement.split()[2]}")
    with pharmacy.database.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("vacuum analyze"))


RAW: Final = """
    (select id from ingredient_lots where ingredient = 'naltrexone-hydrochloride'
     and lot_number !~ '0$') raw
"""
MIXED: Final = """
    (select id from ingredient_lots where ingredient = 'naltrexone-hydrochloride'
     and lot_number ~ '0$') mixed
"""
"""Every tenth lot of powder reaches its capsules through triturations only."""


def some(session: Session, table: str, count: int) -> Sequence[UUID]:
    """Return identifiers spread over a table."""
    found = text(f"select id from {table} order by md5(id::text) limit :count")
    return session.scalars(found, {"count": count}).all()


def timed(
    words: str, subjects: Sequence[UUID], act: Callable[[UUID], int], *, backend: int
) -> dict[str, list[float]]:
    """Print how long an act takes for each subject, and its CPU; the first one warms up."""
    act(subjects[0])
    times, found = [], []
    began = cpu_seconds([backend]) + time.process_time()
    for subject in subjects[1:]:
        started = time.perf_counter()
        found.append(act(subject))
        times.append((time.perf_counter() - started) * 1000)
    cpu = (cpu_seconds([backend]) + time.process_time() - began) / len(times) * 1000
    middle, late = statistics.median(times), statistics.quantiles(times, n=100)[98]
    print(
        f"  {words:<28} {statistics.median(found):6.0f} rows   median {middle:6.1f} ms"
        f"   p99 {late:6.1f} ms   goal {GOAL_MS} ms   CPU {cpu:5.1f} ms"
    )
    return {"ms": times, "cpu_ms": [cpu]}


def measured(session: Session, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Trace so many lots of each kind, and as many vials."""

    def forward(kind: LotKind) -> Callable[[UUID], int]:
        return lambda lot: len(queries.forward(session, kind, lot).vials)

    vials = text("select lot_id from containers where id = :vial")

    def back(vial: UUID) -> int:
        lot = session.scalars(vials, {"vial": vial}).one()
        return len(queries.back(session, lot))

    traces: dict[str, tuple[str, str, Callable[[UUID], int]]] = {
        "powder": ("powder lot to vials", RAW, forward(LotKind.INGREDIENT)),
        "mixed": ("the same, by triturations", MIXED, forward(LotKind.INGREDIENT)),
        "shells": ("shell lot to vials", "shell_lots", forward(LotKind.SHELL)),
        "capsules": ("capsule lot to vials", "capsule_lots", forward(LotKind.CAPSULE)),
        "vial": ("vial to certificates", "containers", back),
    }
    backend = session.scalars(text("select pg_backend_pid()")).one()
    return {
        name: timed(words, some(session, table, rounds + 1), act, backend=backend)
        for name, (words, table, act) in traces.items()
    }


@click.command()
@click.option("--fills", default=2_000_000)
@click.option("--rounds", default=50)
def main(fills: int, rounds: int) -> None:
    """Trace lots both ways among very many fills."""
    with open_pharmacy() as pharmacy:
        fill(pharmacy, fills)
        print(f"\nTraces among {fills} fills ({rounds} lots each)")
        gc.collect()
        gc.freeze()  # as the API does once it has started: what was made until then stays
        with pharmacy.database.transaction() as session:
            keep("recall traces", measured(session, rounds))


if __name__ == "__main__":
    main()
