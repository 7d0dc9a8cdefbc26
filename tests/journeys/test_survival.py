"""Whatever is killed, emptied or restarted: what was accepted reaches its labels, exactly once."""

import os
import random
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
import redis

from tests.journeys.living import Answers, Pharmacy, living_pharmacy

pytestmark = pytest.mark.slow

CLIENTS = 8
OPEN_JOBS = "select count(*) from jobs where state <> 'done'"


@pytest.fixture(scope="module")
def pharmacy() -> Iterator[Pharmacy]:
    with living_pharmacy() as running:
        yield running


@pytest.fixture
def dice() -> random.Random:
    """Chance that can be had again: PHARMACY_SEED=… ./run test tests/journeys/test_survival.py."""
    seed = os.environ.get("PHARMACY_SEED") or str(random.SystemRandom().randrange(10**9))
    print(f"PHARMACY_SEED={seed}")  # noqa: T201  # shown with a failure
    return random.Random(seed)


UNLABELED = "select count(*) from orders where labeled_at is null"


class Run:
    """Prescriptions that are sent, checked, approved, allocated and labelled amid faults."""

    def __init__(self, pharmacy: Pharmacy, prescriptions: int) -> None:
        self.pharmacy = pharmacy
        self.answers = Answers()
        self.tokens = [pharmacy.token() for _ in range(prescriptions)]
        self.labeled_before = pharmacy.labeled()
        self.orders_before = pharmacy.count("select count(*) from orders")

    def send(self, clients: ThreadPoolExecutor) -> list[Future[None]]:
        return [
            clients.submit(self.pharmacy.submit, token, self.answers, with_key=bool(number % 2))
            for number, token in enumerate(self.tokens)
        ]

    def accepted(self) -> int:
        return len(self.answers.accepted)

    def labeled(self) -> int:
        return self.pharmacy.labeled() - self.labeled_before

    def finish(self, sent: list[Future[None]]) -> None:
        """Wait until every prescription was accepted and labelled, and no work is left."""
        self.pharmacy.until(lambda: all(each.done() for each in sent))
        for each in sent:
            each.result()
        self.pharmacy.until(lambda: self.pharmacy.count(UNLABELED) == 0)
        self.pharmacy.until(lambda: self.pharmacy.count(OPEN_JOBS) == 0)

    def require_exactly_once(self) -> None:
        """Compare what the clinic was told with what there is."""
        count = self.pharmacy.count
        locations = {location for location, _ in self.answers.accepted.values()}
        assert len(locations) == len(self.tokens)
        assert count("select count(*) from orders") - self.orders_before == len(self.tokens)
        assert count("select count(*) from labels where voided_at is not null") == 0
        assert (
            count(
                "select count(*) from (select order_id from order_events where action = 'labeled'"
                " group by order_id having count(*) > 1) as twice"
            )
            == 0
        )
        for token, (location, body) in self.answers.accepted.items():
            again = Answers()
            self.pharmacy.submit(token, again)
            assert again.accepted[token] == (location, body)
        assert count("select count(*) from orders") - self.orders_before == len(self.tokens)
        assert self.pharmacy.contradictions() == []


def test_api_and_worker_are_killed_under_a_hundred_prescriptions(
    pharmacy: Pharmacy, dice: random.Random
) -> None:
    run = Run(pharmacy, 100)
    kills = [("api", run.accepted, dice.randrange(5, 95)) for _ in range(3)]
    kills += [("worker", run.labeled, dice.randrange(0, 90)) for _ in range(3)]
    kills += [("relay", run.labeled, dice.randrange(0, 90)), ("beat", run.labeled, 40)]

    with ThreadPoolExecutor(CLIENTS) as clients, pharmacy.people_at_work():
        sent = run.send(clients)

        def killed() -> bool:
            for kill in list(kills):
                name, progress, at = kill
                if progress() >= at and pharmacy.kill(name):
                    kills.remove(kill)
            return not kills

        pharmacy.until(killed)
        run.finish(sent)

    run.require_exactly_once()
    print(run.answers.heard)  # noqa: T201


def test_valkey_is_flushed_and_killed_under_load(pharmacy: Pharmacy, dice: random.Random) -> None:
    run = Run(pharmacy, 40)
    flushes = sorted(dice.sample(range(36), 5))
    loss = dice.randrange(5, 25)

    with (
        ThreadPoolExecutor(CLIENTS) as clients,
        pharmacy.people_at_work(),
        redis.Redis(unix_socket_path=str(pharmacy.valkey.socket_path)) as broker,
    ):
        sent = run.send(clients)
        for at in flushes:
            pharmacy.until(lambda least=at: run.labeled() >= least)
            if at >= loss:
                loss = len(run.tokens)
                pharmacy.kill_valkey()
                pharmacy.until(lambda: all(each.done() for each in sent))
                pharmacy.valkey.start()
            broker.flushall()
        run.finish(sent)

    run.require_exactly_once()


def test_a_hundred_identical_submissions_at_once_make_one_order(pharmacy: Pharmacy) -> None:
    before = pharmacy.count("select count(*) from orders")
    token = pharmacy.token()
    together = threading.Barrier(100)

    def submit() -> Answers:
        answers = Answers()
        together.wait()
        pharmacy.submit(token, answers)
        return answers

    with ThreadPoolExecutor(100) as clients:
        heard = [each.result() for each in [clients.submit(submit) for _ in range(100)]]

    assert len({answers.accepted[token] for answers in heard}) == 1
    assert sum((answers.heard for answers in heard), start=type(heard[0].heard)()) == {"201": 100}
    assert pharmacy.count("select count(*) from orders") == before + 1
    pharmacy.until(lambda: pharmacy.count(OPEN_JOBS) == 0)
    assert pharmacy.contradictions() == []


def test_postgresql_is_restarted_without_a_goodbye_under_load(
    pharmacy: Pharmacy, dice: random.Random
) -> None:
    run = Run(pharmacy, 60)

    with ThreadPoolExecutor(CLIENTS) as clients, pharmacy.people_at_work():
        sent = run.send(clients)
        for at in sorted(dice.sample(range(5, 55), 2)):
            pharmacy.until(lambda least=at: run.accepted() >= least)
            pharmacy.restart_postgres()
        run.finish(sent)

    run.require_exactly_once()
    print(run.answers.heard)  # noqa: T201
    assert set(run.answers.heard) <= {"201", "503", "no answer"}, pharmacy.crashes()
