"""
How long a recall's traces take in a pharmacy of 2 million fills.

    python -m benchmarks.recall [--fills 2000000] [--rounds 50]

Rows are made by SQL, every tenth capsule lot through a stock trituration of a stock trituration;
a powder lot reaches about 2,000 vials. Each round traces another lot, and times what the API calls:
the statement, its rows and the objects made of them. The goal is 200 ms.
"""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import Final
from uuid import UUID

import click
from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks.harness import keep, progress
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
    insert into orders (id, number, prescription_id, fill_no, authorised_fills, patient_id, npi,
                        status, received_at, due_at, status_since, handed_over_at)
    select uuid(n, 4), n, uuid(n, 9), 1, 1, uuid(n % :patients, 1), '1234567893', 'handed-over',
           now(), now(), now(), now()
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


def some(session: Session, table: str, count: int) -> Sequence[UUID]:
    """Return identifiers spread over a table."""
    found = text(f"select id from {table} order by md5(id::text) limit :count")
    return session.scalars(found, {"count": count}).all()


def timed(words: str, subjects: Sequence[UUID], act: Callable[[UUID], int]) -> list[float]:
    """Print how long an act takes for each subject; the first one warms up."""
    act(subjects[0])
    times, found = [], []
    for subject in subjects[1:]:
        started = time.perf_counter()
        found.append(act(subject))
        times.append((time.perf_counter() - started) * 1000)
    middle = statistics.median(times)
    print(
        f"  {words:<26} {statistics.median(found):6.0f} rows   median {middle:7.1f}"
        f" ms   worst {max(times):7.1f} ms   goal {GOAL_MS} ms"
    )
    return times


@click.command()
@click.option("--fills", default=2_000_000)
@click.option("--rounds", default=50)
def main(fills: int, rounds: int) -> None:
    """Trace lots both ways among very many fills."""
    with open_pharmacy() as pharmacy:
        fill(pharmacy, fills)
        with pharmacy.database.transaction() as session:

            def forward(kind: LotKind) -> Callable[[UUID], int]:
                return lambda lot: len(queries.forward(session, kind, lot).vials)

            vials = text("select lot_id from containers where id = :vial")

            def back(vial: UUID) -> int:
                lot = session.scalars(vials, {"vial": vial}).one()
                return len(queries.back(session, lot))

            print(f"\nTraces among {fills} fills ({rounds} lots each)")
            powders = text(
                "select id from ingredient_lots where ingredient = 'naltrexone-hydrochloride'"
                " order by md5(id::text) limit :count"
            )
            raw = session.scalars(powders, {"count": rounds + 1}).all()
            results = {
                "powder": timed("powder lot to vials", raw, forward(LotKind.INGREDIENT)),
                "shells": timed(
                    "shell lot to vials",
                    some(session, "shell_lots", rounds + 1),
                    forward(LotKind.SHELL),
                ),
                "capsules": timed(
                    "capsule lot to vials",
                    some(session, "capsule_lots", rounds + 1),
                    forward(LotKind.CAPSULE),
                ),
                "vial": timed(
                    "vial to certificates", some(session, "containers", rounds + 1), back
                ),
            }
            keep("recall traces", results)


if __name__ == "__main__":
    main()
