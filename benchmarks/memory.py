"""
Memory of the whole idle pharmacy on one machine, process by process.

    python -m benchmarks.memory [--wait 30]

Proportional set size: pages that several processes share are counted in parts. Goal: 380 MiB for
all that `./run up` keeps running, PostgreSQL and Valkey included, 30 seconds after its start.
"""

import shutil
import tempfile
import time
from pathlib import Path

import click
import psutil

from benchmarks.harness import keep
from pharmacy.local.stack import Stack
from pharmacy.local.state import StateFolder


def pss_mib(process: psutil.Process) -> float:
    """Return a process's proportional set size in MiB."""
    return float(process.memory_full_info().pss) / 2**20


def name_of(process: psutil.Process) -> str:
    """Return what a process is, in a few words."""
    words = process.cmdline()
    if "pharmacy.cli" in words:
        return " ".join(words[words.index("pharmacy.cli") + 1 :])
    return " ".join(words)[:60] or process.name()


def measured(roots: list[psutil.Process]) -> list[tuple[str, float]]:
    """Return every process of the stack with its memory."""
    return [
        (name_of(each), pss_mib(each))
        for root in roots
        for each in (root, *root.children(recursive=True))
    ]


def report(rows: list[tuple[str, float]]) -> float:
    """Print the list, and return the sum."""
    for name, mib in rows:
        print(f"  {mib:7.1f} MiB  {name}")
    total = sum(mib for _, mib in rows)
    print(f"  {total:7.1f} MiB  in all")
    return total


@click.command()
@click.option("--wait", default=30.0, show_default=True, help="Seconds after the start.")
def main(wait: float) -> None:
    """Start the stack in a folder of its own, wait, and weigh it."""
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir="/var/tmp"))
    folder.chmod(0o755)
    stack = Stack(StateFolder(folder), port=0)
    before = {each.pid for each in psutil.Process().children()}
    try:
        stack.start()
        time.sleep(wait)
        ours = [each for each in psutil.Process().children() if each.pid not in before]
        print(f"\nidle stack, {wait:g} s after its start")
        rows = measured(ours)
        keep("idle memory", {"rows": rows, "total": report(rows)})
    finally:
        stack.stop()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
