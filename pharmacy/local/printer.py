"""
Printers that are not there: one that speaks IPP and one that takes ZPL, for the demo and for tests.

What goes wrong with real ones can be scripted, one fault for each job that comes.
"""

import http.server
import itertools
import socket
import socketserver
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Self

from pharmacy.infra.printers import ipp
from pharmacy.infra.printers import ipp_message as m

OK: Final = 0x0000
NOT_FOUND: Final = 0x0406
BAD_FORMAT: Final = 0x040A
FIRST_BYTES: Final = 200
AT_ONCE: Final = struct.pack("ii", 1, 0)
"""Linger for no second: who still writes to a connection that is closed so is told at once."""


class Fault(StrEnum):
    """What goes wrong with one job."""

    NONE = "none"
    REFUSES = "refuses"
    """Hangs up on whoever is connected, before a byte of the document can leave."""
    HALF_READS = "half-reads"
    """Reads half of the document, all of which has left, and hangs up; nothing comes out."""
    DROPS_BEFORE_ANSWERING = "drops-before-answering"
    """Prints, and hangs up without an answer."""
    PAPER_OUT = "paper-out"
    """Takes the job, and has nothing to print it on."""
    HANGS = "hangs"
    """Prints, and neither answers nor hangs up."""
    HANGS_MIDWAY = "hangs-midway"
    """Reads a part of the document, and then neither reads on nor hangs up."""
    PRINTS_TWICE = "prints-twice"
    WRONG_FORMAT = "wrong-format"
    BUSY = "busy"


@dataclass
class Job:
    """A job as the printer remembers it."""

    number: int
    name: str
    state: int
    sheets: int


@dataclass
class Paper:
    """What came out, and what waits for paper."""

    sheets: list[tuple[str, bytes]] = field(default_factory=list)
    """The job's name and its document, once for each time that it came out."""
    waiting: list[Job] = field(default_factory=list)

    def times(self, name: str) -> int:
        return sum(each == name for each, _ in self.sheets)


def _body(door: http.server.BaseHTTPRequestHandler) -> Iterator[bytes]:
    """Yield a request's body as it is asked for: its first bytes, then what follows."""
    if door.headers.get("Transfer-Encoding", "").lower() != "chunked":
        left = int(door.headers.get("Content-Length", 0))
        yield door.rfile.read(min(left, FIRST_BYTES))
        yield door.rfile.read(max(0, left - FIRST_BYTES))
        return
    while size := int(door.rfile.readline().split(b";")[0], 16):
        yield door.rfile.read(size)
        door.rfile.readline()
    door.rfile.readline()


def _hang_up(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    connection.close()


class IppPrinterSimulator:
    """
    An IPP printer on a loopback port of its own.

    Args:
        faults: What goes wrong with the first, second, … job; nothing with those after them.
        tls: Its certificate and key, if it is spoken to by `ipps`.
    """

    def __init__(self, *faults: Fault, tls: ssl.SSLContext | None = None) -> None:
        self.paper = Paper()
        self.jobs: list[Job] = []
        self.faults = deque(faults)
        self.asked_to_print = 0
        """How often a job was begun to be sent, whatever became of it."""
        self.half_read: list[bytes] = []
        """What it read of the jobs on which it hung up."""
        self.holding = threading.Event()
        """Set as soon as a connection hangs."""
        self._closing = threading.Event()
        self._refused: list[socket.socket] = []
        self._numbers = itertools.count(1)
        simulator = self

        class Door(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # one packet for an answer, or each waits for the other side to nod

            def do_POST(self) -> None:
                simulator.serve(self)

            def log_message(self, *_: object) -> None:
                return

        class Server(http.server.ThreadingHTTPServer):
            def process_request(self, request: Any, client_address: Any) -> None:
                if not simulator.refuses(request):
                    super().process_request(request, client_address)

        self._server = Server(("127.0.0.1", 0), Door)
        self._scheme = "ipps" if tls else "ipp"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def address(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}/ipp/print"

    def refuses(self, connection: socket.socket) -> bool:
        """
        Say whether whoever connects is hung up on: while they ask the next thing, on a connection
        of its own. So they were connected, and can send nothing.
        """
        while self._refused:
            _hang_up(self._refused.pop())
        if not self.faults or self.faults[0] is not Fault.REFUSES:
            return False
        self.faults.popleft()
        self._refused.append(connection)
        return True

    def serve(self, door: http.server.BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        rest = _body(door)
        head = next(rest, b"")
        operation = int.from_bytes(head[2:4], "big")
        fault = Fault.NONE
        if operation == ipp.PRINT_JOB:
            self.asked_to_print += 1
            fault = self.faults.popleft() if self.faults else Fault.NONE
        if fault is Fault.HALF_READS:
            half = int(door.headers["Content-Length"]) // 2
            self.half_read.append(head + door.rfile.read(half - len(head)))
            door.close_connection = True
            return
        if fault is Fault.HANGS_MIDWAY:
            self._hang(door)
            return
        request = m.decoded(b"".join([head, *rest]))
        answer = self._answers[operation](self, request, fault)
        if fault is Fault.HANGS:
            self._hang(door)
            return
        if fault is Fault.DROPS_BEFORE_ANSWERING:
            door.close_connection = True
            return
        door.send_response(http.HTTPStatus.OK)
        door.send_header("Content-Type", "application/ipp")
        door.send_header("Content-Length", str(len(answer)))
        door.end_headers()
        door.wfile.write(answer)

    def _hang(self, door: http.server.BaseHTTPRequestHandler) -> None:
        self.holding.set()
        self._closing.wait()
        door.close_connection = True

    def load_paper(self) -> None:
        """Put paper in: what waited comes out."""
        for job in self.paper.waiting:
            job.state, job.sheets = ipp.COMPLETED, 1
            self.paper.sheets.append((job.name, b""))
        self.paper.waiting.clear()

    def _print(self, request: m.Message, fault: Fault) -> bytes:
        asked = request.first(m.OPERATION_GROUP)
        if fault is Fault.BUSY:
            return self._told(ipp.BUSY, request)
        if fault is Fault.WRONG_FORMAT:
            return self._told(BAD_FORMAT, request)
        job = Job(next(self._numbers), str(asked["job-name"][0]), ipp.COMPLETED, 1)
        self.jobs.append(job)
        if fault is Fault.PAPER_OUT:
            job.state, job.sheets = 5, 0
            self.paper.waiting.append(job)
        else:
            times = 2 if fault is Fault.PRINTS_TWICE else 1
            job.sheets = times
            self.paper.sheets += [(job.name, request.data)] * times
        return self._told(OK, request, [self._described(job)])

    def _one(self, request: m.Message, _fault: Fault) -> bytes:
        number = request.first(m.OPERATION_GROUP).get("job-id", [0])[0]
        found = [job for job in self.jobs if job.number == number]
        if not found:
            return self._told(NOT_FOUND, request)
        return self._told(OK, request, [self._described(found[0])])

    def _all(self, request: m.Message, _fault: Fault) -> bytes:
        return self._told(OK, request, [self._described(job) for job in self.jobs])

    def _myself(self, request: m.Message, _fault: Fault) -> bytes:
        reason = "media-empty-error" if self.paper.waiting else "none"
        about: list[m.Attribute] = [
            (m.ENUM, "printer-state", [5 if self.paper.waiting else 3]),
            (m.KEYWORD, "printer-state-reasons", [reason]),
            (m.BOOLEAN, "printer-is-accepting-jobs", [True]),
        ]
        return m.encoded(OK, request.request_id, [self._head(), (m.PRINTER_GROUP, about)])

    _answers: Final[dict[int, Callable[["IppPrinterSimulator", m.Message, Fault], bytes]]] = {
        ipp.PRINT_JOB: _print,
        ipp.GET_JOB_ATTRIBUTES: _one,
        ipp.GET_JOBS: _all,
        ipp.GET_PRINTER_ATTRIBUTES: _myself,
    }

    @staticmethod
    def _head() -> tuple[int, list[m.Attribute]]:
        charset: m.Attribute = (m.CHARSET, "attributes-charset", ["utf-8"])
        return m.OPERATION_GROUP, [charset, (m.LANGUAGE, "attributes-natural-language", ["en"])]

    def _told(
        self, status: int, request: m.Message, jobs: list[list[m.Attribute]] | None = None
    ) -> bytes:
        groups = [self._head(), *((m.JOB_GROUP, job) for job in jobs or [])]
        return m.encoded(status, request.request_id, groups)

    @staticmethod
    def _described(job: Job) -> list[m.Attribute]:
        return [
            (m.INTEGER, "job-id", [job.number]),
            (m.NAME, "job-name", [job.name]),
            (m.ENUM, "job-state", [job.state]),
            (m.KEYWORD, "job-state-reasons", ["none"]),
            (m.INTEGER, "job-impressions-completed", [job.sheets]),
        ]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        while self._refused:
            self._refused.pop().close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class RawPrinterSimulator:
    """A label printer that takes ZPL on a loopback port of its own, and answers `~HS`."""

    def __init__(self, *faults: Fault) -> None:
        self.received: list[bytes] = []
        """What came out, once for each time that it did."""
        self.half_read: list[bytes] = []
        """What it read of the labels on which it hung up."""
        self.cover_is_open = False
        self.faults = deque(faults)
        simulator = self

        class Wire(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                simulator.serve(self)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Wire)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def address(self) -> str:
        return f"raw://127.0.0.1:{self._server.server_address[1]}"

    def serve(self, wire: socketserver.StreamRequestHandler) -> None:
        """Take one connection: status requests are answered, everything else is printed."""
        fault = self.faults.popleft() if self.faults else Fault.NONE
        if fault is Fault.REFUSES:
            wire.connection.recv(1)
            _hang_up(wire.connection)
            return
        out = fault is Fault.PAPER_OUT
        heard = b""
        while received := wire.connection.recv(
            FIRST_BYTES if fault is Fault.HALF_READS else 65_536
        ):
            heard += received
            while b"~HS" in heard:
                before, _, heard = heard.partition(b"~HS")
                self._put_out(before, fault)
                if before and fault is Fault.DROPS_BEFORE_ANSWERING:
                    return
                wire.wfile.write(self.status(paper_out=out, is_open=self.cover_is_open))
            if fault is Fault.HALF_READS and heard:
                self.half_read.append(heard)
                return
        self._put_out(heard, fault)

    def _put_out(self, document: bytes, fault: Fault) -> None:
        if document:
            self.received += [document] * (2 if fault is Fault.PRINTS_TWICE else 1)

    @staticmethod
    def status(*, paper_out: bool, is_open: bool = False) -> bytes:
        """Return the three strings that `~HS` is answered with."""
        first = f"030,{int(paper_out)},0,1245,000,0,0,0,000,0,0,0"
        second = f"000,0,{int(is_open)},0,1,2,4,0,00000000,1,000"
        return b"".join(b"\x02%b\x03\r\n" % each.encode() for each in (first, second, "1234,0"))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
