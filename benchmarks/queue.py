"""
A page of the queue, and of a search, with two million orders behind it: the whole application.

    python -m benchmarks.queue [--orders 2000000] [--waiting 10000] [--rounds 15] [--folder DIR]

The product runs as it does in a pharmacy, in a process of its own, and is asked by HTTP as a
browser asks it: session, queries, the look that is written down, template. The goal is 50 ms for
each page. There is no floor to compare with: beside the time that passed stand its least disturbed
one and the CPU that the application and PostgreSQL took, since on a busy machine the median is an
upper bound only. With `--folder` the filled database stays for the next run.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
from sqlalchemy import text

from benchmarks.backlog import WHO, Backlog, backlog
from benchmarks.harness import cpu_seconds, keep
from benchmarks.pharmacies import free_port
from pharmacy.http.browser import cookie_name, csrf_token
from pharmacy.http.pages import USUAL, encode
from pharmacy.orders.rules import OPEN
from pharmacy.staff.models import Account
from pharmacy.staff.rules import Actor, Role
from pharmacy.web.console.queue_views import DueBy, Held, Whose, saved_views
from tests.factories.staff import make_session

SECRET: Final = "a pepper for benchmarks"
AIM_MS: Final = 50


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that somebody asks for."""

    name: str
    role: Role
    address: str
    form: dict[str, str] | None = None
    """What is sent with a search; None is a page that is gone to."""


@dataclass(slots=True)
class Console:
    """The running application, and a session for each role."""

    client: httpx.Client
    tokens: dict[Role, str]
    pids: tuple[int, int]
    """Of the application and of PostgreSQL."""

    def ask(self, case: Case) -> tuple[float, str]:
        """Return how long an answer took in ms, and the answer."""
        token = self.tokens[case.role]
        headers = {"Cookie": f"{cookie_name(secure=False)}={token}"}
        started = time.perf_counter()
        if case.form is None:
            answer = self.client.get(case.address, headers=headers)
        else:
            headers |= {"X-CSRF-Token": csrf_token(token, SECRET), "HX-Request": "true"}
            headers |= {"Origin": str(self.client.base_url).rstrip("/")}
            answer = self.client.post(case.address, headers=headers, data=case.form)
        took = (time.perf_counter() - started) * 1000
        answer.raise_for_status()
        return took, answer.text


def cases(filled: Backlog) -> Iterator[Case]:
    """Yield what a console asks for, from the usual to the unkind."""
    for role in WHO:
        actor = Actor(filled.people[role], "staff", frozenset({role}))
        yield Case(f"{role}: home", role, "/queue")
        for view in saved_views(actor, datetime.now(UTC)):
            yield Case(f"{role}: {view.name}", role, view.url())
    at_home = f"/queue?view=next&cursor={_place(filled, newest_first=False)}"
    yield Case("middle of to do", Role.TECHNICIAN, at_home)
    yield Case("middle of all open", Role.PHARMACIST, at_home.replace("next", "all"))
    yield Case("middle of on hold", Role.PHARMACIST, at_home.replace("next", "held"))
    for name, values in (("status", OPEN), ("held", Held), ("whose", Whose), ("due", DueBy)):
        for value in values:
            address = f"/queue?view=all&{name}={value}"
            yield Case(f"all, {name} {value}", Role.PHARMACIST, address)
    together = "/queue?view=all&status=planned&held=no&whose=nobody&due=week"
    yield Case("all, four filters", Role.PHARMACIST, together)
    yield from _searches(filled)


def _searches(filled: Backlog) -> Iterator[Case]:
    with filled.database.transaction() as session:
        number, lot, tracking, born = session.execute(
            text(
                "select o.number, l.lot_number, p.tracking_number, a.birth_date from orders o"
                " join containers c on c.order_id = o.id join capsule_lots l on l.id = c.lot_id"
                " join parcels p on p.order_id = o.id join patients a on a.id = o.patient_id"
                " where o.number > (select avg(number) from orders) order by o.number limit 1"
            )
        ).one()
    far_back = {"cursor": _place(filled, newest_first=True)}
    for name, form in (
        ("Rx number", {"number": str(number)}),
        ("common name", {"family": "sm"}),
        ("common name, far back", {"family": "sm", **far_back}),
        ("one letter", {"family": "s"}),
        ("rarer name", {"family": "smithab"}),
        ("rarer name, far back", {"family": "smithab", **far_back}),
        ("name nobody has", {"family": "zzz"}),
        ("given name alone", {"given": "given77"}),
        ("given name nobody has", {"given": "zzz"}),
        ("both names", {"family": "nguyen", "given": "given77"}),
        ("birth date", {"birth_date": born.isoformat()}),
        ("name and birth date", {"family": "smi", "birth_date": born.isoformat()}),
        ("lot", {"lot": lot}),
        ("lot, far back", {"lot": lot, **far_back}),
        ("lot nobody has", {"lot": "LOT-0"}),
        ("tracking number", {"tracking": tracking}),
        ("name and lot", {"family": "sm", "lot": lot}),
    ):
        yield Case(f"search: {name}", Role.TECHNICIAN, "/search", form)
    for name, line in (("name", "nguyen"), ("a word nobody has", "zzzz"), ("lot", lot)):
        yield Case(f"scan field: {name}", Role.TECHNICIAN, "/scan", {"code": line})


def _place(filled: Backlog, *, newest_first: bool) -> str:
    """Return the cursor of an order in the middle, of those that wait or of all."""
    which = "" if newest_first else "where status <> 'handed-over'"
    with filled.database.transaction() as session:
        count = session.scalar(text(f"select count(*) from orders {which}")) or 0
        found = text(f"select due_at, id from orders {which} order by due_at offset :n limit 1")
        return encode(tuple(session.execute(found, {"n": count // 2}).one()))


@contextmanager
def running(filled: Backlog) -> Iterator[Console]:
    """Run the application beside us, with somebody of each role signed in."""
    port = free_port()
    environment = os.environ | {
        "DATABASE_URL": filled.url,
        "REDIS_URL": "redis://unused",
        "PHARMACY_SECRET": SECRET,
        "PHARMACY_PORT": str(port),
        "PHARMACY_INSECURE_COOKIES": "1",
        "PHARMACY_LOG_LEVEL": "WARNING",
    }
    tokens = {}
    with filled.database.transaction() as session:
        for role, account_id in filled.people.items():
            account = session.get_one(Account, account_id)
            tokens[role] = make_session(session, account, at=datetime.now(UTC), browser=True)
    server = subprocess.Popen([sys.executable, "-m", "pharmacy.cli", "api"], env=environment)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            _wait_until_live(client)
            yield Console(client, tokens, (server.pid, filled.server))
    finally:
        server.terminate()
        server.wait(timeout=60)


def _wait_until_live(client: httpx.Client) -> None:
    for _ in range(600):
        try:
            if client.get("/health/live").status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise RuntimeError("the application did not come up")


def measure(asked: list[Case], console: Console, rounds: int) -> dict[str, dict[str, float]]:
    """Return what a page of each case takes in ms, and print it."""
    found: dict[str, dict[str, float]] = {}
    for case in asked:
        _, page = console.ask(case)  # warm, as the next one is in a pharmacy at work
        before = cpu_seconds(console.pids)
        times = [console.ask(case)[0] for _ in range(rounds)]
        cpu = (cpu_seconds(console.pids) - before) / rounds * 1000
        median, least = statistics.median(times), min(times)
        each = {"median": median, "least": least, "slowest": max(times), "cpu": cpu}
        found[case.name] = each
        over = "  OVER" if median > AIM_MS else ""
        print(
            f"  {case.name:<34} {page.count('data-row'):3} rows {median:7.1f} ms"
            f"   least {least:7.1f}   slowest {max(times):7.1f}   CPU {cpu:6.1f}{over}",
            flush=True,
        )
    return found


def main() -> None:
    """Fill, measure, keep."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--orders", type=int, default=2_000_000)
    options.add_argument("--waiting", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=15)
    options.add_argument("--only", default="", help="cases whose name holds this")
    options.add_argument("--folder", type=Path, default=None)
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="pharmacy-queue-", dir="/var/tmp") as passing:
        folder = given.folder or Path(passing) / "pharmacy"
        Path(passing).chmod(0o755)
        with (
            backlog(folder, orders=given.orders, waiting=given.waiting) as filled,
            running(filled) as console,
        ):
            print(f"a page of {USUAL}, of {given.orders} orders, {given.waiting} of them open")
            asked = [case for case in cases(filled) if given.only in case.name]
            keep("queue", measure(asked, console, given.rounds))


if __name__ == "__main__":
    main()
