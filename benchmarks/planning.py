"""
What planning batches costs: 10,000 open order lines in four strengths.

    python -m benchmarks.planning [--lines 10000] [--rounds 5]

Whole: what the planning page asks for, `orders.operations.propose_batches`, on an embedded
PostgreSQL that holds the lines as rows, with five met ones behind each; the goal is 2 s. Reading:
`orders.queries.open_lines` alone. Rule: the CPU of gathering the lines into batches, once they are
read. Floor: sorting and summing the same lines by strength, which any planner must do.
"""

import random
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID

import click
from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks.harness import keep, progress
from benchmarks.pharmacies import Pharmacy, open_pharmacy
from pharmacy.compounding.rules.planning import OpenLine, Plan, plan_batches
from pharmacy.orders import operations, queries
from tests.factories.titration import make_formulations

START = datetime(2026, 3, 2, tzinfo=UTC)
GOOD_UNTIL = date(2026, 8, 28)
STRENGTHS = (500, 1_500, 3_000, 4_500)
SEED = 20260302
MET_BEHIND_EACH: Final = 5
"""Requests of the past for each that is open: the statement must not read them all."""
GOAL_MS: Final = 2_000

PATIENT: Final = """
insert into patients (id, identifier_system, identifier_value, family, given, birth_date, gender,
                      phone, address_line, city, state, postal_code)
values (:id, 'urn:example', '1', 'Example', 'Patient', '1980-01-01', 'female', '', '', 'Houston',
        'TX', '77002')
"""
ORDER: Final = """
insert into orders (id, number, prescription_id, fill_no, authorised_fills, patient_id, npi, status,
                    received_at, due_at, status_since, plan_id, last_dose_on)
values (:order_id, :number, gen_random_uuid(), 1, 1, :patient, '1234567893', 'compounding', :due_at,
        :due_at, :due_at, gen_random_uuid(), :last_dose_on)
"""
REQUEST: Final = """
insert into batch_requests (id, order_id, strength_ug, quantity, asked_at)
values (gen_random_uuid(), :order_id, :strength_ug, :capsules, :due_at)
"""
PAST: Final = """
with past as (
    insert into orders (id, number, prescription_id, fill_no, authorised_fills, patient_id, npi,
                        status, received_at, due_at, status_since, plan_id, labeled_at, packed_by,
                        packed_at, checked_by, checked_at, handed_over_at)
    select gen_random_uuid(), 10000000 + n, gen_random_uuid(), 1, 1, :patient, '1234567893',
           'handed-over', now(), now(), now(), gen_random_uuid(), now(), gen_random_uuid(), now(),
           gen_random_uuid(), now(), now()
    from generate_series(1, :past) n
    returning id
)
insert into batch_requests (id, order_id, strength_ug, quantity, asked_at, met_at)
select gen_random_uuid(), id, 1500, 28, now(), now() from past
"""


def open_lines(count: int) -> list[OpenLine]:
    """Return lines as a busy month leaves them, in no order."""
    chance = random.Random(SEED)  # the same lines at every run
    return [
        OpenLine(
            order_id=UUID(int=number),
            strength_ug=chance.choice(STRENGTHS),
            capsules=chance.choice((28, 56, 84)),
            due_at=START + timedelta(minutes=chance.randrange(30_000)),
            last_dose_on=date(2026, 6, 1) + timedelta(days=chance.randrange(60)),
        )
        for number in range(count)
    ]


def planned(lines: Sequence[OpenLine]) -> Plan:
    return plan_batches(
        lines,
        coming=dict.fromkeys(STRENGTHS, 500),
        capacity=100,
        most=1_000,
        beyond_use_on=dict.fromkeys(STRENGTHS, GOOD_UNTIL),
    )


def floor(lines: Sequence[OpenLine]) -> dict[int, int]:
    totals: dict[int, int] = {}
    for line in sorted(lines, key=lambda line: (line.due_at, line.order_id)):
        totals[line.strength_ug] = totals.get(line.strength_ug, 0) + line.capsules
    return totals


def best(work: Callable[[Sequence[OpenLine]], object], lines: list[OpenLine], rounds: int) -> float:
    """Return the least CPU seconds of several rounds."""
    took = []
    for _ in range(rounds):
        began = time.process_time()
        work(list(lines))
        took.append(time.process_time() - began)
    return min(took)


def fill(pharmacy: Pharmacy, lines: Sequence[OpenLine]) -> None:
    """Write the lines as rows. Foreign keys hold by construction and are not checked."""
    patient = UUID(int=1)
    rows = [
        {
            "order_id": line.order_id,
            "number": number,
            "patient": patient,
            "strength_ug": line.strength_ug,
            "capsules": line.capsules,
            "due_at": line.due_at,
            "last_dose_on": line.last_dose_on,
        }
        for number, line in enumerate(lines, start=1)
    ]
    with pharmacy.database.transaction() as session:
        make_formulations(session)
        session.execute(text("set local session_replication_role = replica"))
        session.execute(text(PATIENT), {"id": patient})
        session.execute(text(ORDER), rows)
        session.execute(text(REQUEST), rows)
        session.execute(text(PAST), {"patient": patient, "past": len(rows) * MET_BEHIND_EACH})
    engine = pharmacy.database.engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("vacuum analyze"))
    progress(f"{len(rows):,} open lines are written")


def elapsed(
    pharmacy: Pharmacy, work: Callable[[Session], object], rounds: int
) -> tuple[float, float]:
    """Return the median and the longest of several rounds, in ms, each in its transaction."""
    took = []
    for _ in range(rounds):
        began = time.perf_counter()
        with pharmacy.database.transaction() as session:
            work(session)
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), max(took)


def measure_rows(lines: Sequence[OpenLine], rounds: int) -> None:
    """Time reading and planning real rows, and print both."""
    with open_pharmacy() as pharmacy:
        fill(pharmacy, lines)
        with pharmacy.database.transaction() as session:
            read = queries.open_lines(session)
            found = operations.propose_batches(session, now=START)
        if sorted(read, key=lambda line: line.order_id) != list(lines):
            raise RuntimeError("what was read is not what was written")
        reading = elapsed(pharmacy, queries.open_lines, rounds)
        whole = elapsed(
            pharmacy, lambda session: operations.propose_batches(session, now=START), rounds
        )
    click.echo(f"{len(lines):,} rows, {len(found.proposals)} batches")
    click.echo(f"reading {reading[0]:8.1f} ms   slowest {reading[1]:8.1f} ms")
    click.echo(f"whole   {whole[0]:8.1f} ms   slowest {whole[1]:8.1f} ms   goal {GOAL_MS:,} ms")
    keep("planning", {"reading": reading, "whole": whole})


@click.command()
@click.option("--lines", type=click.IntRange(1), default=10_000, show_default=True)
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True)
def main(lines: int, rounds: int) -> None:
    """Compare planning with the least that it could do, then time it on real rows."""
    wanted = open_lines(lines)
    found = planned(list(wanted))
    product, least = best(planned, wanted, rounds), best(floor, wanted, rounds)
    click.echo(f"{lines:,} lines, {len(found.proposals)} batches")
    click.echo(f"product {product * 1000:8.1f} ms   floor {least * 1000:8.1f} ms")
    click.echo(f"{product / least:.1f} times the floor")
    measure_rows(wanted, rounds)


if __name__ == "__main__":
    main()
