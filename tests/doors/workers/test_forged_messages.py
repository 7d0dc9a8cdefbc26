"""Whoever writes to the broker can make a worker look at a job, and nothing else."""

import json
from collections.abc import Iterator

import pytest
import redis

from pharmacy.kernel.jobs import JobKind
from tests.doors.workers.conftest import Bench, eventually

pytestmark = pytest.mark.slow

CHECK = "orders.check"


def message(task: str, args: object, kwargs: object, **properties: object) -> str:
    """A message as kombu puts it on a list."""
    body = json.dumps([args, kwargs, {"callbacks": None, "errbacks": None, "chain": None}])
    return json.dumps(
        {
            "body": body,
            "content-encoding": "utf-8",
            "content-type": "application/json",
            "headers": {"lang": "py", "task": task, "id": "forged", "root_id": "forged"},
            "properties": {
                "delivery_mode": 2,
                "delivery_tag": "forged",
                "delivery_info": {"exchange": "", "routing_key": "pharmacy"},
                "priority": 0,
            },
        }
        | properties
    )


def forgeries(done: int) -> Iterator[str]:
    """Messages that a worker must take and shrug off. `done` is a job that was done already."""
    yield message(CHECK, [], {"job_id": done})
    yield message("labels.render", [], {"job_id": done})  # the wrong kind for this job
    yield message(CHECK, [], {"job_id": 999_999_999})
    yield message(CHECK, [], {"job_id": -1})
    yield message(CHECK, [], {"job_id": 2**70})
    yield message(CHECK, [], {"job_id": "1; drop table jobs"})
    yield message(CHECK, [], {"job_id": True})
    yield message(CHECK, [], {})
    yield message(CHECK, [1, 2, 3], {"session": None, "effect": "os.system"})
    yield message("os.system", ["true"], {})
    yield message("celery.backend_cleanup", [], {})
    yield message(CHECK, "not a list", 7)
    yield message(CHECK, [], {}, body="not json")
    yield message(CHECK, [], {}, **{"content-type": "application/x-python-serialize"})
    yield message(CHECK, [], {}, headers={})


def test_forged_and_senseless_messages_do_nothing(bench: Bench) -> None:
    worker = bench.start_worker(lookout=False)
    bench.start_relay()
    bench.owe()
    assert bench.done(1), bench.story()
    done = bench.number("select id from jobs")

    with redis.Redis(unix_socket_path=str(bench.valkey.socket_path)) as client:
        for forgery in forgeries(done):
            client.lpush("pharmacy:pharmacy", forgery)
        assert eventually(lambda: client.llen("pharmacy:pharmacy") == 0), bench.story()
    bench.owe(kind=JobKind.RENDER_LABELS)

    assert bench.done(2), bench.story()
    assert bench.effects() == 2
    assert bench.number("select count(*) from jobs") == 2
    assert worker.poll() is None, bench.story()


WRAPPING = (
    b'"headers": {}, "content-type": "application/json", "content-encoding": "utf-8",'
    b' "properties": {"delivery_tag": "t", "delivery_info": {}'
)
GARBAGE = [
    b"",
    b"garbage",
    b"\xff\xfe\x00\x80",
    b"[]",
    b"null",
    b"7",
    b'{"body": ',
    b"{}",
    b'{"properties": null}',
    b'{"properties": {"delivery_info": []}}',
    b'{"body": "e30=", "properties": {}}',
    b'{"body": "***", ' + WRAPPING + b', "body_encoding": "base64"}}',
    b'{"body": "x", ' + WRAPPING + b', "body_encoding": "rot13"}}',
    b'{"body": 7, ' + WRAPPING + b', "body_encoding": "base64"}}',
    b'{"body": "x", ' + WRAPPING.replace(b"utf-8", b"utf-9") + b"}}",
    b'{"body": "x", ' + WRAPPING.replace(b'"headers": {}', b'"headers": 7') + b"}}",
    b'{"body": "x", ' + WRAPPING.replace(b'"t"', b'["t"]') + b"}}",
    b"[" * 100_000,
    b"\x80\x04\x95cos\nsystem\n(S'true'\ntR.",
]
"""What is not even a message: kombu meets it before Celery can refuse it."""


def test_garbage_on_the_queue_is_dropped_and_the_worker_goes_on(bench: Bench) -> None:
    worker = bench.start_worker(lookout=False)
    bench.start_relay()
    bench.owe()
    assert bench.done(1), bench.story()

    with redis.Redis(unix_socket_path=str(bench.valkey.socket_path)) as client:
        for garbage in GARBAGE:
            client.lpush("pharmacy:pharmacy", garbage)
        assert eventually(lambda: client.llen("pharmacy:pharmacy") == 0), bench.story()
    bench.owe(kind=JobKind.RENDER_LABELS, count=3)

    assert bench.done(4), bench.story()
    assert bench.effects() == 4
    assert worker.poll() is None, bench.story()
    assert "broker.garbage_dropped" in bench.log.read_text()
