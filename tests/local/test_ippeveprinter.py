"""
A real IPP printer, not ours: the reference implementation, where it is installed.

Its print command puts out nothing, and says of each job what a test wants it to say.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy.orm import Session

from pharmacy.infra.printers import Address, Certainty, Delivery, Document, ipp, sender
from pharmacy.labels import pdf
from pharmacy.printing import operations, queries
from pharmacy.printing.models import Printer, TrialPrint
from pharmacy.printing.rules.troubles import in_words
from pharmacy.printing.rules.trying import TrialState
from pharmacy.staff.rules import Role
from pharmacy.workers.printing import PrintTest
from tests.conftest import NOW
from tests.factories.practice import make_site
from tests.factories.printing import LOOPBACK, make_printer
from tests.factories.staff import make_actor
from tests.rules.labels.pictures import scanned
from tests.services import own_port

NEEDED = ("ippeveprinter", "dbus-daemon", "avahi-daemon")
PLACES = f"{os.environ['PATH']}:/usr/sbin"
MISSING = [name for name in NEEDED if shutil.which(name, path=PLACES) is None]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
    pytest.mark.skipif(sys.platform != "linux", reason="needs avahi"),
    pytest.mark.skipif(os.geteuid() != 0, reason="avahi starts as root"),
]
LABELS = "oe_2x4-label_2x4in"
ROLL = 250
"""As many as the printer may hold. It counts none off: a test says when they are out."""
ATTRIBUTES = f"""
ATTR keyword media-supported "na_index-4x6_4x6in","{LABELS}","custom_max_300x300mm"
ATTR keyword media-default "na_index-4x6_4x6in"
ATTR keyword media-ready "{LABELS}"
ATTR collection media-col-ready {{
  MEMBER collection media-size {{
    MEMBER integer x-dimension 5080
    MEMBER integer y-dimension 10160
  }}
  MEMBER keyword media-source main
  MEMBER keyword media-type labels
}}
ATTR keyword media-source-supported main
ATTR keyword media-type-supported labels
ATTR octetString printer-input-tray "type=continuousRoll;maxcapacity={ROLL};level=100;name=main;"
ATTR mimeMediaType document-format-supported "application/pdf","application/vnd.zebra-zpl"
"""
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={socket}</listen>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/>
<allow receive_sender="*"/><allow send_type="method_call"/></policy></busconfig>
"""
AVAHI = "[server]\nallow-interfaces=lo\nuse-ipv6=no\nenable-dbus=yes\n"


OUT = ("media-empty", "media-needed")
"""What it says while a job waits for labels."""
PRINT_COMMAND = """#!/bin/sh
cat '{says}' >&2
"""


class Peer:
    """The printer: where it is, what it received, and what it says of itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.address = f"ipp://localhost:{own_port()}/ipp/print"
        self.spool = folder / "spool"
        self.printer = sender(Address.read(self.address), networks=LOOPBACK, folders=folder)
        self._says = folder / "says"
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start the printer, and what it tells the network of itself with."""
        socket = self.folder / "bus"
        self._write("bus.conf", BUS.format(socket=socket))
        self._write("avahi.conf", AVAHI)
        self._write("printer.conf", ATTRIBUTES)
        self._write("print", PRINT_COMMAND.format(says=self._says)).chmod(0o700)
        self.spool.mkdir()
        self.says()
        self._run("dbus-daemon", "--nofork", f"--config-file={self.folder / 'bus.conf'}")
        self._until(socket.exists)
        avahi = ("--no-drop-root", "--no-chroot", "-f", str(self.folder / "avahi.conf"))
        self._run("avahi-daemon", *avahi)
        told = self.folder / "avahi-daemon.log"
        self._until(lambda: "startup complete" in told.read_text(errors="replace"))
        port = str(urlsplit(self.address).port)
        self._run(
            *("ippeveprinter", "-a", "printer.conf", "-c", str(self.folder / "print")),
            *("-k", "-d", str(self.spool), "-n", "localhost", "-p", port, "Bench"),
        )
        self._until(lambda: self.printer.health() == ())

    def says(self, *lines: str, sheets: int = 1) -> None:
        """Have it say something of the next jobs, and how many sheets came out."""
        told = [*lines, f"ATTR: job-impressions-completed={sheets}"]
        self._says.write_text("".join(f"{line}\n" for line in told))

    def holds(self, labels: int) -> None:
        """Take its labels out, or put some in, on the page that it has instead of a tray."""
        form = {"size0": LABELS, "type0": "labels", "level0": str(labels)}
        page = str(httpx.URL(self.address).copy_with(scheme="http", path="/media"))
        httpx.get(page, params=form).raise_for_status()

    def becomes(self, name: str, certainty: Certainty) -> bool:
        """Say whether a job becomes so in time."""
        self._until(lambda: self.printer.find(name).certainty is certainty)
        return True

    def received(self) -> list[bytes]:
        """Return every document as it arrived."""
        return [path.read_bytes() for path in self.spool.glob("*.pdf")]

    def stop(self) -> None:
        for process in reversed(self._processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _write(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.write_text(content)
        return path

    def _run(self, *command: str) -> None:
        bus = f"unix:path={self.folder / 'bus'}"
        environment = os.environ | {"DBUS_SYSTEM_BUS_ADDRESS": bus, "PATH": PLACES}
        with (self.folder / f"{command[0]}.log").open("wb") as log:
            self._processes.append(
                subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=self.folder)
            )

    def _until(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 120
        while not true():
            paths = self.folder.glob("*.log")
            logs = "\n".join(path.read_text(errors="replace") for path in paths)
            assert time.monotonic() < deadline, logs
            time.sleep(0.05)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Peer]:
    peer = Peer(tmp_path_factory.mktemp("peer"))
    try:
        peer.start()
        yield peer
    finally:
        peer.stop()


@pytest.fixture
def peer(started: Peer) -> Peer:
    """The printer, with nothing to complain of."""
    started.holds(ROLL)
    started.says("STATE: none")
    started.printer.send(label("nothing"))
    started.says()
    return started


def label(name: str) -> Document:
    content = pdf.test_page(name, on="27 Nov 2026", inches=(4, 2))
    return Document(f"cpy_{name}", content, "application/pdf", (4, 2))


def test_a_label_is_printed_received_whole_and_found_again(peer: Peer) -> None:
    document = label("whole")

    delivery = peer.printer.send(document)

    assert (delivery.certainty, delivery.reasons) == (Certainty.PRINTED, ())
    assert document.content in peer.received()
    assert peer.printer.find(document.name) == delivery
    assert peer.printer.find("cpy_of_nothing").reasons == ("job-not-found",)


def test_a_job_of_which_it_counted_no_sheet_is_not_said_to_be_out(peer: Peer) -> None:
    peer.says(sheets=0)

    assert peer.printer.send(label("uncounted")).certainty is Certainty.SENT


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ("cover-open", "It is open: close it."),
        ("marker-supply-empty", "The ribbon is out: put in a new one."),
    ],
)
def test_what_is_wrong_with_it_is_said_in_words_and_so_is_its_end(
    peer: Peer, trouble: str, words: str
) -> None:
    """It has nothing more to do, and so gives its trouble no weight but that of a report."""
    peer.says(f"STATE: +{trouble}", sheets=0)

    delivery = peer.printer.send(label(trouble))

    assert (delivery.certainty, delivery.reasons) == (Certainty.SENT, (trouble,))
    assert peer.printer.health() == (trouble,)
    assert [in_words(each) for each in peer.printer.health()] == [words]
    peer.says(f"STATE: -{trouble}")
    assert peer.printer.send(label("mended")).certainty is Certainty.PRINTED
    assert peer.printer.health() == ()


def test_a_label_that_waits_for_paper_comes_out_once_when_there_is_some(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ipp, "WATCH_SECONDS", 0.5)
    peer.holds(0)
    assert [in_words(each) for each in peer.printer.health()] == [
        "Labels are out: put in a new roll."
    ]
    waiting = label("waiting")

    delivery = peer.printer.send(waiting)

    assert (delivery.certainty, delivery.reasons) == (Certainty.SENT, OUT)
    assert peer.printer.find(waiting.name).certainty is Certainty.SENT
    assert peer.printer.send(label("next")) == Delivery(Certainty.NOT_SENT, ("busy",))
    peer.holds(ROLL)
    assert peer.becomes(waiting.name, Certainty.PRINTED)
    assert peer.received().count(waiting.content) == 1
    assert peer.printer.health() == ()


def test_what_only_runs_low_is_nobodys_trouble_while_it_prints(peer: Peer) -> None:
    peer.says("STATE: +media-low,marker-supply-low")

    assert peer.printer.send(label("low")).certainty is Certainty.PRINTED

    assert peer.printer.health() == ()


def test_a_job_that_it_gives_up_is_for_a_person_to_look_at(peer: Peer) -> None:
    peer.says("STATE: +media-jam", sheets=0)
    command = peer.folder / "print"
    as_it_was = command.read_text()
    command.write_text(as_it_was + "exit 1\n")
    try:
        delivery = peer.printer.send(label("given-up"))
    finally:
        command.write_text(as_it_was)

    assert delivery.certainty is Certainty.UNKNOWN
    assert peer.printer.health() == ("media-jam",)


def tried(session: Session, printer: Printer, peer: Peer) -> tuple[TrialPrint, Document]:
    """Have a test label printed, and do what the worker does for the job that is owed."""
    by = make_actor(session, Role.TECHNICIAN)
    test = operations.try_printer(session, printer.id, by=by, now=NOW)
    work = PrintTest(lambda _: peer.printer)
    errand = work.begin(session, test.id, now=NOW)
    assert errand is not None
    work.end(session, errand, work.act(errand), last=False, now=NOW)
    return test, errand.document


def test_a_test_label_arrives_whole_and_its_codes_can_be_scanned(
    peer: Peer, session: Session
) -> None:
    make_site(session)
    printer = make_printer(session, peer.address)

    test, sent = tried(session, printer, peer)

    assert (test.state, printer.troubles) == (TrialState.PRINTED, [])
    [arrived] = [path.read_bytes() for path in peer.spool.glob(f"*-{sent.name}.pdf")]
    assert arrived == sent.content
    codes = {("Code 128", "TEST-LABEL"), ("Data Matrix", "TEST-LABEL")}
    assert scanned(arrived) == codes


def test_a_test_label_tells_that_the_labels_are_out(
    peer: Peer, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_site(session)
    printer = make_printer(session, peer.address)
    monkeypatch.setattr(ipp, "WATCH_SECONDS", 0.5)
    peer.holds(0)

    test, _ = tried(session, printer, peer)

    assert (test.state, test.reasons) == (TrialState.SENT, list(OUT))
    [seen] = queries.printers(session)
    assert [in_words(each) for each in seen.troubles] == [
        "Labels are out: put in a new roll.",
        "It wants other labels: put in the stock that it is set to.",
    ]
