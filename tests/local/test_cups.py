"""
A real CUPS, where it is installed: raw queues as a pharmacy has them, on a port of its own, with
nothing of the machine's. Behind the queues stands a printer that does what the test tells it.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest

from pharmacy.infra.printers import Address, Certainty, Delivery, Document, Sender, ipp, sender
from pharmacy.infra.printers import ipp_message as m
from pharmacy.labels import pdf
from tests.factories.printing import LOOPBACK
from tests.services import own_port

PLACES = f"{os.environ['PATH']}:/usr/sbin"
CUPS = shutil.which("cupsd", path=PLACES)
DAEMONS = Path("/usr/lib/cups/daemon")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CUPS is None, reason="not installed: cupsd (cups-daemon)"),
    pytest.mark.skipif(not DAEMONS.is_dir(), reason="cupsd has its programs elsewhere"),
]
FILES = """
ServerRoot {folder}/etc
ServerBin {folder}/bin
DataDir /usr/share/cups
DocumentRoot {folder}
CacheDir {folder}/cache
RequestRoot {folder}/spool
StateDir {folder}/run
TempDir {folder}/spool/tmp
AccessLog {folder}/access.log
ErrorLog {folder}/error.log
PageLog {folder}/page.log
SystemGroup root
"""
EVERYBODY_HERE = "Order allow,deny\nAllow from 127.0.0.1"
SERVER = f"""
Listen 127.0.0.1:{{port}}
Browsing No
WebInterface No
DefaultAuthType None
<Location />
{EVERYBODY_HERE}
</Location>
<Policy default>
<Limit All>
{EVERYBODY_HERE}
</Limit>
</Policy>
"""
QUEUE = """
<Printer {name}>
DeviceURI bench:/{name}
State Idle
Accepting Yes
Shared No
JobSheets none none
ErrorPolicy {policy}
</Printer>
"""
AS_WE_SAY, AS_CUPS_COMES = "abort-job", "stop-printer"
BACKEND = """#!/bin/sh
[ $# -eq 0 ] && exit 0
while [ -e '{folder}/holds' ]; do sleep 0.1; done
[ -e '{folder}/fails' ] && exit 1
cat $6 > '{folder}/making' && mv '{folder}/making' "{folder}/paper/$1-$3"
"""
"""What CUPS runs for a job: number, user, name, copies, options, and the file."""
CANCEL_JOB: Final = 0x0008
RESUME_PRINTER: Final = 0x0011
REJECT_JOBS: Final = 0x4009
ACCEPT_JOBS: Final = 0x4008


class Queue:
    """One queue: what was printed, and what somebody at it does."""

    def __init__(self, folder: Path, port: int, name: str) -> None:
        self.folder = folder
        self.uri = f"ipp://127.0.0.1:{port}/printers/{name}"
        self.client: Sender = sender(Address.read(self.uri), networks=LOOPBACK, folders=folder)

    def paper(self) -> list[bytes]:
        """Return what came out, once for each time that it did."""
        return [path.read_bytes() for path in sorted((self.folder / "paper").iterdir())]

    def holds(self, *, whether: bool) -> None:
        """Have the printer keep the job that it is given, or go on with it."""
        self._mark("holds", whether=whether)

    def fails(self, *, whether: bool) -> None:
        """Have the printer fail with every job, or no more."""
        self._mark("fails", whether=whether)

    def tell(self, operation: int, *, job: str | None = None) -> None:
        """Do what an administrator of the queue does."""
        attributes: list[m.Attribute] = [
            (m.CHARSET, "attributes-charset", ["utf-8"]),
            (m.LANGUAGE, "attributes-natural-language", ["en"]),
            (m.URI, "printer-uri", [self.uri]),
            *([(m.INTEGER, "job-id", [int(job)])] if job else []),
            (m.NAME, "requesting-user-name", ["root"]),
        ]
        answer = httpx.post(
            str(httpx.URL(self.uri).copy_with(scheme="http")),
            content=m.encoded(operation, 1, [(m.OPERATION_GROUP, attributes)]),
            headers={"Content-Type": "application/ipp"},
        )
        assert m.decoded(answer.content).code <= ipp.GOOD

    def _mark(self, name: str, *, whether: bool) -> None:
        path = self.folder / name
        path.touch() if whether else path.unlink(missing_ok=True)


def until(true: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, log.read_text(errors="replace")[-5000:]
        time.sleep(0.05)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    """CUPS with two queues: one that gives a failed job up, and one that keeps it."""
    folder, port = tmp_path_factory.mktemp("cups"), own_port()
    for name in ("etc", "bin/backend", "cache", "spool/tmp", "run", "paper"):
        (folder / name).mkdir(parents=True)
    (folder / "bin/daemon").symlink_to(DAEMONS)
    backend = folder / "bin/backend/bench"
    backend.write_text(BACKEND.format(folder=folder))
    backend.chmod(0o700)
    (folder / "etc/cups-files.conf").write_text(FILES.format(folder=folder))
    (folder / "etc/cupsd.conf").write_text(SERVER.format(port=port))
    queues = (("labels", AS_WE_SAY), ("keeps", AS_CUPS_COMES))
    (folder / "etc/printers.conf").write_text(
        "".join(QUEUE.format(name=name, policy=policy) for name, policy in queues)
    )
    assert CUPS is not None
    files = ("-c", str(folder / "etc/cupsd.conf"), "-s", str(folder / "etc/cups-files.conf"))
    with (folder / "cupsd.log").open("wb") as log:
        process = subprocess.Popen((CUPS, "-f", *files), stdout=log, stderr=log)
    try:
        queue = Queue(folder, port, "labels")
        until(lambda: queue.client.health() == (), folder / "cupsd.log")
        yield folder, port
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def labels(server: tuple[Path, int]) -> Iterator[Queue]:
    """The queue that a pharmacy should have."""
    yield from used(Queue(*server, "labels"))


@pytest.fixture
def keeps(server: tuple[Path, int]) -> Iterator[Queue]:
    """A queue as CUPS makes it where nobody says otherwise."""
    yield from used(Queue(*server, "keeps"))


def used(queue: Queue) -> Iterator[Queue]:
    for path in (queue.folder / "paper").iterdir():
        path.unlink()
    yield queue
    queue.holds(whether=False)
    queue.fails(whether=False)


def label(name: str) -> Document:
    content = pdf.test_page(name, on="27 Nov 2026", inches=(4, 2))
    return Document(f"cpy_{name}", content, "application/pdf", (4, 2))


def test_a_label_goes_through_the_queue_whole_and_once(labels: Queue) -> None:
    document = label("whole")

    delivery = labels.client.send(document)

    assert (delivery.certainty, delivery.reasons) == (Certainty.SENT, ()), "it counts no sheets"
    assert labels.paper() == [document.content]
    assert labels.client.find(document.name) == delivery
    assert labels.client.find("cpy_of_nothing").reasons == ("job-not-found",)


def test_a_label_in_a_printers_own_language_goes_through_as_it_is(labels: Queue) -> None:
    """CUPS knows no ZPL, and refuses it under its own name."""
    document = Document("cpy_zpl", b"^XA^FDLabel^FS^XZ", "application/vnd.zebra-zpl", (4, 2))

    assert labels.client.send(document).certainty is Certainty.SENT

    assert labels.paper() == [document.content]


def test_a_label_that_is_still_being_printed_is_asked_after(
    labels: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ipp, "WATCH_SECONDS", 0.2)
    labels.holds(whether=True)
    document = label("slow")

    delivery = labels.client.send(document)

    assert (delivery.certainty, labels.paper()) == (Certainty.SENT, [])
    assert labels.client.find(document.name).facts == delivery.facts
    labels.holds(whether=False)
    until(lambda: labels.paper() == [document.content], labels.folder / "error.log")


def test_a_label_that_somebody_cancels_at_the_queue_is_for_a_person_to_look_at(
    labels: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ipp, "WATCH_SECONDS", 0.2)
    labels.holds(whether=True)
    document = label("cancelled")
    job = labels.client.send(document).facts["job"]

    labels.tell(CANCEL_JOB, job=job)

    until(  # the queue stops what it prints first
        lambda: labels.client.find(document.name).reasons == ("job-canceled-by-user",),
        labels.folder / "error.log",
    )
    assert labels.client.find(document.name).certainty is Certainty.UNKNOWN
    assert labels.paper() == []


def test_a_failed_label_is_given_up_and_does_not_come_out_later(labels: Queue) -> None:
    labels.fails(whether=True)

    delivery = labels.client.send(label("failed"))

    assert delivery.certainty is Certainty.UNKNOWN
    labels.fails(whether=False)
    next_one = label("next")
    assert labels.client.send(next_one).certainty is Certainty.SENT
    assert labels.paper() == [next_one.content]


def test_a_queue_as_cups_comes_keeps_a_failed_label_and_prints_it_later(
    keeps: Queue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Why operators are told to set the queue's error policy; we say that it is stopped."""
    monkeypatch.setattr(ipp, "WATCH_SECONDS", 1)
    keeps.fails(whether=True)
    document = label("kept")

    delivery = keeps.client.send(document)

    assert (delivery.certainty, delivery.reasons) == (Certainty.SENT, ("paused",))
    keeps.fails(whether=False)
    keeps.tell(RESUME_PRINTER)
    until(lambda: keeps.paper() == [document.content], keeps.folder / "error.log")


def test_a_queue_that_takes_nothing_was_sent_nothing(labels: Queue) -> None:
    labels.tell(REJECT_JOBS)
    try:
        refused = labels.client.send(label("refused"))
        assert refused == Delivery(Certainty.NOT_SENT, ("not-accepting-jobs",))
        assert labels.client.health() == ("not-accepting-jobs",)
    finally:
        labels.tell(ACCEPT_JOBS)
    assert labels.paper() == []
