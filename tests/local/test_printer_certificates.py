"""TLS to printers and to the server, with real handshakes: who is believed, and who is not."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pharmacy.infra.printers import Address, Certainty, Delivery, Document, sender
from pharmacy.infra.printers import ipp as ipp_sender
from pharmacy.local.print_agent import client_for
from pharmacy.local.printer import IppPrinterSimulator
from pharmacy.settings import FileMissing, Settings
from tests.factories.certificates import Authority
from tests.factories.printing import LOOPBACK

LABEL = Document("cpy_1", b"%PDF", "application/pdf", (4, 2))
NOT_TRUSTED = Delivery(Certainty.NOT_SENT, ("certificate-not-trusted",))


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ipp_sender, "WATCH_SECONDS", 0)


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ours")


def send(
    printer: IppPrinterSimulator, ca_file: Path | None = None, pinned: bytes | None = None
) -> Delivery:
    at = Address.read(printer.address)
    return sender(
        at, networks=LOOPBACK, folders=Path(), pinned_sha256=pinned, ca_file=ca_file
    ).send(LABEL)


def test_a_printer_of_the_pharmacys_own_authority_is_believed(ours: Authority) -> None:
    with IppPrinterSimulator(tls=ours.serving()[0]) as printer:
        assert send(printer, ours.file).certainty is Certainty.PRINTED
        assert printer.paper.times("cpy_1") == 1


def test_a_printer_of_another_authority_or_of_none_that_is_known_is_sent_nothing(
    ours: Authority, tmp_path: Path
) -> None:
    theirs = Authority(tmp_path / "theirs")
    with IppPrinterSimulator(tls=theirs.serving()[0]) as printer:
        assert send(printer, ours.file) == NOT_TRUSTED
        assert send(printer) == NOT_TRUSTED
        assert printer.asked_to_print == 0


def test_a_certificate_in_another_printers_name_is_not_believed(ours: Authority) -> None:
    with IppPrinterSimulator(tls=ours.serving("127.0.0.2")[0]) as printer:
        assert send(printer, ours.file) == NOT_TRUSTED


def test_a_pinned_certificate_is_the_only_one_that_is_believed(
    ours: Authority, tmp_path: Path
) -> None:
    shown, fingerprint = ours.serving()
    with IppPrinterSimulator(tls=shown) as printer:
        assert send(printer, pinned=fingerprint).certainty is Certainty.PRINTED
        assert send(printer, ours.file, pinned=bytes(32)) == NOT_TRUSTED
        assert printer.asked_to_print == 1


class _Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def server(ours: Authority) -> Iterator[str]:
    """A server whose certificate our own authority signed."""
    serving = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Hello)
    serving.socket = ours.serving()[0].wrap_socket(serving.socket, server_side=True)
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{serving.server_address[1]}"
    serving.shutdown()
    serving.server_close()
    thread.join()


def test_an_agent_believes_the_authority_that_it_was_given(server: str, ours: Authority) -> None:
    with client_for(server, "key", ca_file=ours.file) as client:
        assert client.get("/").status_code == 204


def test_an_agent_says_nothing_to_a_server_that_nobody_it_knows_vouches_for(
    server: str, tmp_path: Path
) -> None:
    theirs = Authority(tmp_path / "theirs")
    for ca_file in (None, theirs.file):
        with (
            client_for(server, "key", ca_file=ca_file) as client,
            pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
        ):
            client.get("/")


def test_a_file_of_authorities_that_is_not_there_stops_a_process_at_its_start() -> None:
    with pytest.raises(FileMissing):
        Settings.of({"PHARMACY_PRINTER_CA": "/nowhere/ca.pem"}, needs=())
