"""
Product and floor, interleaved in one run, compared by CPU time.

Absolute numbers of this machine move by a third between minutes; the ratio of two parties that
take turns within one run does not. So each round runs every party once, and what is reported is
the median of the rounds' ratios with its spread.
"""

import json
import statistics
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

RESULTS = Path(__file__).parent / "results"


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return user and system time of processes, their live children and those already reaped."""
    total = 0.0
    for pid in pids:
        try:
            process = psutil.Process(pid)
            family = [process, *process.children(recursive=True)]
        except psutil.NoSuchProcess:
            continue
        for member in family:
            try:
                times = member.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system + times.children_user + times.children_system
    return total


def memory_mib(pids: Iterable[int]) -> float:
    """Return the proportional set size of processes and their children, in MiB."""
    seen: set[int] = set()
    total = 0
    for pid in pids:
        process = psutil.Process(pid)
        for member in (process, *process.children(recursive=True)):
            if member.pid not in seen:
                seen.add(member.pid)
                total += member.memory_full_info().pss
    return total / 2**20


@dataclass(frozen=True, slots=True)
class Party:
    """One way of doing the work: `run(count)` does it and returns the CPU seconds that it took."""

    name: str
    run: Callable[[int], float]


def compare(title: str, parties: list[Party], *, count: int, rounds: int = 5) -> dict[str, float]:
    """
    Run every party once a round; the last party is the floor.

    Returns:
        The median ratio to the floor for each other party, by name.
    """
    for party in parties:
        party.run(max(count // 10, 1))
    costs: dict[str, list[float]] = {party.name: [] for party in parties}
    for number in range(rounds):
        for party in parties:
            costs[party.name].append(party.run(count) / count * 1000)
        progress(f"{title}: round {number + 1} of {rounds}")
    floor = costs[parties[-1].name]
    ratios: dict[str, float] = {}
    print(f"\n{title} ({rounds} rounds of {count})")
    for party in parties:
        mine = costs[party.name]
        each = sorted(a / b for a, b in zip(mine, floor, strict=True))
        ratios[party.name] = statistics.median(each)
        print(
            f"  {party.name:<34} {statistics.median(mine):8.3f} ms CPU"
            f"   {ratios[party.name]:6.2f} x floor   ({each[0]:.2f} to {each[-1]:.2f})"
        )
    keep(title, {"ms": costs, "ratios": ratios})
    return ratios


def keep(title: str, result: object) -> None:
    """Write a result where the next run can be compared with it."""
    RESULTS.mkdir(exist_ok=True)
    name = "-".join(title.lower().split())
    (RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1))


def progress(words: str) -> None:
    print(words, file=sys.stderr, flush=True)
