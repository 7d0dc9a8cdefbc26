"""A whole pharmacy at work, in processes of its own, that a test may kill in any way it likes."""

import os
import random
import secrets
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from pharmacy import invariants
from pharmacy.embedded.postgres import EmbeddedPostgres
from pharmacy.embedded.valkey import EmbeddedValkey
from pharmacy.infra.db import Database
from pharmacy.local.children import Child
from pharmacy.local.stack import Stack
from pharmacy.local.state import Servers, StateFolder
from pharmacy.orders import operations
from pharmacy.orders.models import Order
from pharmacy.orders.operations.rescreening import rescreen
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.life import MoveNotAllowed
from pharmacy.patients import operations as patients
from pharmacy.patients.rules import GivenAnswer, Reply, Topic
from pharmacy.screening import operations as screening
from pharmacy.screening import queries as findings
from pharmacy.screening.rules import Decision, Severity
from pharmacy.staff.rules import Actor, Role
from tests.factories.bundles import fresh_bundle, requests, signed
from tests.factories.inventory import make_capsule_lot
from tests.factories.practice import make_site
from tests.factories.prescribers import JORDAN, SigningKey, make_key
from tests.factories.registries import make_good_registries
from tests.factories.staff import make_actor, make_client
from tests.factories.titration import make_active_lot, make_formulations
from tests.services import is_alive, memory_or_disk

PATIENCE = 180.0
"""Seconds to wait for what takes thirty on two cores that have nothing else to do."""
HOUSTON = ZoneInfo("America/Chicago")
WRITTEN_ON = date(2026, 3, 2)
"""The day on which the sample prescription was written."""
LOTS_OF_EACH_STRENGTH = 20
CAPSULES_IN_A_LOT = 400
"""Fourteen orders and a remnant: some vials come from two lots."""
NOT_SYNCED = ("fsync=off", "full_page_writes=off", "autovacuum=off", "max_connections=120")
"""Processes are killed here, not the machine; what a commit says is still true after that."""


def today() -> date:
    """The pharmacy's day: in the evening, UTC has the next one already."""
    return datetime.now(HOUSTON).date()


@dataclass
class Answers:
    """What a clinic's system heard, however often it had to ask."""

    accepted: dict[bytes, tuple[str, bytes]] = field(default_factory=dict)
    """By token: where the order is, and the body."""
    heard: Counter[str] = field(default_factory=Counter)
    """Statuses and lost connections, over all attempts."""


@dataclass
class Pharmacy:
    """Servers, processes, a clinic that sends and people who work."""

    postgres: EmbeddedPostgres
    valkey: EmbeddedValkey
    stack: Stack
    database: Database
    key: SigningKey
    api_key: str
    technician: Actor
    pharmacist: Actor
    worries: list[Exception] = field(default_factory=list)
    """What kept people from their work, other than faults."""
    closing: threading.Event = field(default_factory=threading.Event)
    """Set when everybody is to go home, whatever they are doing."""

    def token(self) -> bytes:
        """Sign a prescription of somebody new, as of now."""
        written_at = datetime.now(UTC)
        later = today() - WRITTEN_ON
        bundle = fresh_bundle(timestamp=written_at.isoformat(timespec="seconds"))
        for request in requests(bundle):
            request["authoredOn"] = bundle["timestamp"]
            period = request["dispenseRequest"]["validityPeriod"]
            for end in ("start", "end"):
                period[end] = (date.fromisoformat(period[end]) + later).isoformat()
        return signed(bundle, self.key)

    def submit(self, token: bytes, answers: Answers, *, with_key: bool = False) -> None:
        """Send the same bytes until they are accepted, as a good client does."""
        headers = {
            "Authorization": f"Bearer {self.api_key}",
            "Content-Type": "application/jose",
        }
        if with_key:
            headers["Idempotency-Key"] = secrets.token_hex(8)
        deadline = time.monotonic() + PATIENCE
        with httpx.Client(
            base_url=self.stack.url,
            headers=headers,
            timeout=60,
            verify=False,  # no TLS: reading the machine's certificates takes longer than asking
        ) as client:
            while time.monotonic() < deadline and not self.closing.is_set():
                try:
                    answer = client.post("/api/v1/prescriptions", content=token)
                except httpx.TransportError:
                    answers.heard["no answer"] += 1
                else:
                    answers.heard[str(answer.status_code)] += 1
                    if answer.status_code == 201:
                        answers.accepted[token] = (answer.headers["Location"], answer.content)
                        return
                time.sleep(random.uniform(0.05, 0.3))
        raise AssertionError(f"not accepted in time: {answers.heard}\n{self.story()}")

    def child(self, name: str) -> Child:
        return next(child for child in self.stack.children if child.name == name)

    def kill(self, name: str) -> bool:
        """Kill a process as the kernel would; say whether there was one."""
        process = self.child(name).process
        if process is None or process.poll() is not None:
            return False
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return True

    def restart_postgres(self) -> None:
        """Restart it as `pg_ctl restart -m immediate` does: no goodbye, then recovery."""
        assert self.postgres.process is not None
        self.postgres.process.send_signal(signal.SIGQUIT)
        self.postgres.process.wait()
        self.postgres.start()
        with self.database.transaction() as session:  # what was being done then, is not any more
            session.execute(text("update jobs set lease_until = now() where state = 'running'"))

    def kill_valkey(self) -> None:
        assert self.valkey.process is not None
        self.valkey.process.kill()
        self.valkey.process.wait()

    def tend(self) -> None:
        """What the supervisor does, without its patience with processes that fail too often."""
        for child in self.stack.children:
            child.failures = 0
        self.stack.tend()
        self._forget_the_dead()

    def _forget_the_dead(self) -> None:
        """End the leases of workers that are dead, rather than waiting a minute for each."""
        with self.trouble_expected(), self.database.transaction() as session:
            for job_id, worker in session.execute(
                text("select id, worker from jobs where state = 'running'")
            ).all():
                if not is_alive(int(worker.rpartition(":")[2])):
                    session.execute(
                        text("update jobs set lease_until = now() - interval '1 s' where id = :id"),
                        {"id": job_id},
                    )

    def until(self, condition: Callable[[], bool], *, within: float = PATIENCE) -> None:
        """Keep the pharmacy running until a condition is true."""
        deadline = time.monotonic() + within
        while not condition():
            assert not self.worries, self.worries
            assert time.monotonic() < deadline, self.story()
            self.tend()
            time.sleep(0.1)

    def count(self, question: str, **values: object) -> int:
        """Return the number that a question in SQL asks for; -1 while nobody answers."""
        with self.trouble_expected(), self.database.transaction() as session:
            return int(session.scalar(text(question), values) or 0)
        return -1

    def labeled(self) -> int:
        return self.count("select count(*) from orders where labeled_at is not null")

    @contextmanager
    def trouble_expected(self) -> Iterator[None]:
        """Go on when the database is away just now, or somebody else was faster."""
        try:
            yield
        except (DBAPIError, PoolTimeout, MoveNotAllowed):
            time.sleep(0.05)

    @contextmanager
    def people_at_work(self) -> Iterator[None]:
        """Have two people approve and allocate, getting into each other's way, until the end."""
        self.closing.clear()
        people = [threading.Thread(target=self._work) for _ in range(2)]
        for person in people:
            person.start()
        try:
            yield
        finally:
            self.closing.set()
            for person in people:
                person.join()
            self.closing.clear()

    def _work(self) -> None:
        try:
            while not self.closing.wait(0.05):
                with self.trouble_expected():
                    self._next_step()
        except Exception as error:  # noqa: BLE001 - told by the test
            self.worries.append(error)

    def _next_step(self) -> None:
        with self.database.transaction() as session:
            waiting = session.execute(
                select(Order.id, Order.status)
                .where(Order.status.in_([Status.REVIEW, Status.PLANNED]))
                .order_by(text("random()"))
                .limit(10)
            ).all()
        for order_id, status in waiting:
            with self.trouble_expected(), self.database.transaction() as session:
                if status is Status.REVIEW:
                    self._approve(session, order_id)
                else:
                    operations.allocate(
                        session, order_id, by=self.technician, now=datetime.now(UTC)
                    )

    def _approve(self, session: Session, order_id: Any) -> None:
        order, now = session.get_one(Order, order_id, with_for_update=True), datetime.now(UTC)
        answers = [GivenAnswer(topic=topic, reply=Reply.NO) for topic in Topic]
        patients.record_answers(
            session,
            order.patient_id,
            answers,
            source="patient-phone",
            by=self.technician,
            now=now,
        )
        rescreen(session, order.patient_id, now=now)
        for finding in findings.undecided(session, order.prescription_id, order.fill_no):
            blocks = finding.severity is Severity.BLOCK
            screening.decide(
                session,
                finding.id,
                decision=Decision.OVERRIDE if blocks else Decision.ACCEPT,
                reason="discussed with the clinic",
                prescriber_contact="Dr Testprescriber by phone, agreed" if blocks else None,
                by=self.pharmacist,
                now=now,
            )
        operations.approve(session, order_id, by=self.pharmacist, now=now)

    def contradictions(self) -> list[str]:
        """Return every line of every broken invariant."""
        with self.database.transaction() as session:
            found = list(invariants.violations(session))
        return [f"{each.invariant.name}: {line}" for each in found for line in each.lines()]

    def crashes(self) -> list[str]:
        """What the API took for bugs of its own."""
        lines = self.child("api").log.read_text(errors="replace").splitlines()
        return [
            line
            for line in lines
            if '"level": "error"' in line or '"errors"' in line or '"status": 500' in line
        ]

    def story(self) -> str:
        """Where everything stands, and what the processes said last, for a test that failed."""
        with self.database.transaction() as session:
            standing = [
                session.execute(text(question)).all()
                for question in (
                    "select status, count(*) from orders group by 1",
                    "select code, count(*) from holds where lifted_at is null group by 1",
                    "select kind, state, count(*), max(last_error) from jobs group by 1, 2",
                )
            ]
        logs = [
            f"{child.name}: {child.log.read_text(errors='replace')[-1500:]}"
            for child in self.stack.children
        ]
        return "\n".join([str(rows) for rows in standing] + logs)


@contextmanager
def living_pharmacy() -> Iterator[Pharmacy]:
    """Start everything in a new folder, with people, stock and registries; remove it afterwards."""
    folder = memory_or_disk()
    postgres = EmbeddedPostgres(folder / "postgres", folder / "pg", NOT_SYNCED)
    valkey = EmbeddedValkey(folder / "valkey", folder / "vk" / "s")
    servers = Servers(postgres.url(), valkey.url)
    stack = Stack(StateFolder(folder / "state"), port=0, servers=servers, concurrency=2)
    database = Database(postgres.url(), pool_size=8)
    try:
        postgres.start()
        valkey.start()
        stack.start()
        with database.transaction() as session:
            found = _furnish(session, stack.environment["PHARMACY_SECRET"])
        yield Pharmacy(postgres, valkey, stack, database, *found)
    finally:
        stack.stop()
        database.close()
        valkey.stop()
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _furnish(session: Session, secret: str) -> tuple[SigningKey, str, Actor, Actor]:
    """Load what a pharmacy needs before its first prescription, all of it good today."""
    now, day = datetime.now(UTC), {"today": today()}
    year = timedelta(days=365)
    make_site(session)
    key = make_key(session, not_before=now - year, not_after=now + year)
    make_good_registries(session, expires_on=(now + year).date())
    session.execute(text("update registry_imports set file_date = :today"), day)
    make_formulations(session)
    powder = make_active_lot(session, expires_on=(now + 2 * year).date())
    session.execute(text("update ingredient_lots set received_on = :today"), day)
    for strength_ug in (1_500, 3_000, 4_500):
        for _ in range(LOTS_OF_EACH_STRENGTH):
            make_capsule_lot(
                session,
                strength_ug,
                CAPSULES_IN_A_LOT,
                active=powder,
                compounded_on=today(),
                beyond_use_on=(now + timedelta(days=170)).date(),
            )
    _, api_key = make_client(session, JORDAN, pepper=secret)
    session.execute(text("update ehr_client_keys set expires_at = now() + interval '1 year'"))
    technician = make_actor(session, Role.TECHNICIAN)
    pharmacist = make_actor(session, Role.PHARMACIST)
    return key, api_key, technician, pharmacist
