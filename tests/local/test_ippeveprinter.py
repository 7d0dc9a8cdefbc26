"""A real IPP printer, not ours: the reference implementation, where it is installed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pharmacy.infra.printers import Address, Certainty, Document, sender
from pharmacy.labels import pdf
from tests.factories.printing import LOOPBACK
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
ATTRIBUTES = """
ATTR keyword media-supported "na_index-4x6_4x6in","oe_2x4-label_2x4in","custom_max_300x300mm"
ATTR keyword media-default "na_index-4x6_4x6in"
ATTR mimeMediaType document-format-supported "application/pdf","application/vnd.zebra-zpl"
"""
BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={socket}</listen>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/>
<allow receive_sender="*"/><allow send_type="method_call"/></policy></busconfig>
"""
AVAHI = "[server]\nallow-interfaces=lo\nuse-ipv6=no\nenable-dbus=yes\n"


@pytest.fixture
def printer(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The printer's address, and the folder into which it puts what it received."""
    socket = tmp_path / "bus"
    (tmp_path / "bus.conf").write_text(BUS.format(socket=socket))
    (tmp_path / "avahi.conf").write_text(AVAHI)
    (tmp_path / "printer.conf").write_text(ATTRIBUTES)
    spool = tmp_path / "spool"
    spool.mkdir()
    environment = os.environ | {
        "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={socket}",
        "PATH": PLACES,
    }
    port = own_port()
    processes: list[subprocess.Popen[bytes]] = []

    def start(*command: str) -> None:
        with (tmp_path / f"{command[0]}.log").open("wb") as log:
            processes.append(
                subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=tmp_path)
            )

    start("dbus-daemon", "--nofork", f"--config-file={tmp_path / 'bus.conf'}")
    _until(socket.exists, tmp_path)
    start("avahi-daemon", "--no-drop-root", "--no-chroot", "-f", str(tmp_path / "avahi.conf"))
    told = tmp_path / "avahi-daemon.log"
    _until(lambda: "startup complete" in told.read_text(errors="replace"), tmp_path)
    start(
        "ippeveprinter",
        *("-a", str(tmp_path / "printer.conf"), "-c", "/bin/true", "-k", "-d", str(spool)),
        *("-n", "localhost", "-p", str(port), "Bench"),
    )
    address = f"ipp://localhost:{port}/ipp/print"
    found = sender(Address.read(address), networks=LOOPBACK, folders=tmp_path)
    _until(lambda: found.health() == (), tmp_path)
    yield address, spool
    for process in reversed(processes):
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _until(true: object, folder: Path) -> None:
    deadline = time.monotonic() + 120
    while not true():  # type: ignore[operator]
        logs = "\n".join(path.read_text(errors="replace") for path in folder.glob("*.log"))
        assert time.monotonic() < deadline, logs
        time.sleep(0.1)


def test_a_label_is_printed_received_whole_and_found_again(
    printer: tuple[str, Path], tmp_path: Path
) -> None:
    address, spool = printer
    content = pdf.test_page("Bench", on="27 Nov 2026", inches=(4, 2))
    document = Document("cpy_of_a_test", content, "application/pdf", (4, 2))
    at = sender(Address.read(address), networks=LOOPBACK, folders=tmp_path)

    delivery = at.send(document)

    assert delivery.certainty in {Certainty.PRINTED, Certainty.SENT}, delivery
    assert content in [path.read_bytes() for path in spool.iterdir()]
    assert at.find("cpy_of_a_test").certainty is delivery.certainty
    assert at.find("cpy_of_nothing").reasons == ("job-not-found",)
