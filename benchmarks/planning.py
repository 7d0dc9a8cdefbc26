"""
What planning batches costs: 10,000 open order lines in four strengths.

    python -m benchmarks.planning [--lines 10000] [--rounds 5]

Product: the CPU of gathering lines into batches, once they are read. Floor: sorting and summing
the same lines by strength, which any planner must do.
"""

import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import click

from pharmacy.compounding.rules.planning import OpenLine, Plan, plan_batches

START = datetime(2026, 3, 2, tzinfo=UTC)
GOOD_UNTIL = date(2026, 8, 28)
STRENGTHS = (500, 1_500, 3_000, 4_500)
SEED = 20260302


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


@click.command()
@click.option("--lines", type=click.IntRange(1), default=10_000, show_default=True)
@click.option("--rounds", type=click.IntRange(1), default=5, show_default=True)
def main(lines: int, rounds: int) -> None:
    """Compare planning with the least that it could do."""
    wanted = open_lines(lines)
    found = planned(list(wanted))
    product, least = best(planned, wanted, rounds), best(floor, wanted, rounds)
    click.echo(f"{lines:,} lines, {len(found.proposals)} batches")
    click.echo(f"product {product * 1000:8.1f} ms   floor {least * 1000:8.1f} ms")
    click.echo(f"{product / least:.1f} times the floor")


if __name__ == "__main__":
    main()
