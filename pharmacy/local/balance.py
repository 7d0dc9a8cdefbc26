"""A balance that is not there: it speaks both protocols, for the demo and for tests."""

import socketserver
import threading
import time
from typing import Final, Self

from pharmacy.kernel.quantities import Mass

PAUSE: Final = 0.02
SETTLING: Final = 2
"""Lines of continuous output before a weight is stable."""


class BalanceSimulator:
    """
    A balance on a loopback port of its own. What is put on it is what it shows.

    Args:
        continuous: Speak without being asked, instead of MT-SICS.
    """

    def __init__(self, *, continuous: bool = False) -> None:
        self._load: Mass | None = Mass.ZERO
        simulator = self

        class Wire(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                try:
                    if continuous:
                        simulator.tell(self)
                    else:
                        simulator.answer(self)
                except OSError:
                    return  # whoever listened has heard enough

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Wire)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def put(self, load: Mass | None) -> None:
        """Put a load on the pan, instead of what was there. None: more than it carries."""
        self._load = load

    def answer(self, wire: socketserver.StreamRequestHandler) -> None:
        for command in wire.rfile:
            if command.strip() in {b"S", b"SI"}:
                grams = None if self._load is None else self._load.mg / 1000
                shown = "S +" if grams is None else f"S S {grams:>10.4f} g"
            else:
                shown = "ES"
            wire.wfile.write(f"{shown}\r\n".encode())

    def tell(self, wire: socketserver.StreamRequestHandler) -> None:
        line = 0
        while True:
            grams = self._load.mg / 1000 if self._load is not None else None
            state = "OL" if grams is None else "ST" if line >= SETTLING else "US"
            wire.wfile.write(f"{state},NT,+{grams or 0:>9.4f} g\r\n".encode())
            line += 1
            time.sleep(PAUSE)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
