"""
Printing by IPP (RFC 8011), plain or over TLS: any CUPS queue or IPP Everywhere printer.

The printer's job is called like the attempt, so that it can be asked for after a broken connection.
A queue must be set to abort a failed job, never to try it again by itself.
"""

import hashlib
import http.client
import re
import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pharmacy.infra.printers import ipp_message as m
from pharmacy.infra.printers.address import Address, Networks, Scheme
from pharmacy.infra.printers.delivery import Certainty, Delivery, Document

PRINT_JOB: Final = 0x0002
GET_JOB_ATTRIBUTES: Final = 0x0009
GET_JOBS: Final = 0x000A
GET_PRINTER_ATTRIBUTES: Final = 0x000B
GOOD: Final = 0x00FF
"""Statuses up to this one mean that the operation was carried out."""
BUSY: Final = 0x0507
REFUSALS: Final = {  # said before there is a job; other errors may come after it
    0x0403: "forbidden",
    0x040A: "document-format-not-supported",
    0x040B: "attributes-not-supported",
    0x0506: "not-accepting-jobs",
    BUSY: "busy",
}
CANCELED: Final = 7
ABORTED: Final = 8
COMPLETED: Final = 9
CONNECT_SECONDS: Final = 5.0
ANSWER_SECONDS: Final = 15.0
WATCH_SECONDS: Final = 4.0
"""How long we wait to hear that the sheet is out; a person's scan comes later anyway."""
LONGEST_ANSWER: Final = 1_000_000
STOPPED: Final = 5
CUPS_RAW: Final = "application/vnd.cups-raw"
NOTHING_COMES_OUT: Final = frozenset(
    {
        *("media-empty", "media-needed", "media-jam", "input-tray-missing"),
        *("cover-open", "door-open", "interlock-open"),
        *("marker-supply-empty", "toner-empty", "paused"),
    }
)
"""Until somebody comes, whatever weight the printer hangs on it."""
MM_IN_AN_INCH: Final = 25.4
SAME_SIZE: Final = 0.04
"""Inches: a millimetre."""
MEDIA_SIZE: Final = re.compile(r"_(?P<wide>[0-9.]+)x(?P<high>[0-9.]+)(?P<unit>in|mm)$")
Request = list[tuple[int, list[m.Attribute]]]


class CertificateChanged(ssl.SSLError):
    """The printer shows another certificate than the one that was pinned."""


@dataclass(frozen=True, slots=True)
class IppSender:
    """
    Speaks to one printer.

    Args:
        pinned_sha256: The fingerprint of the certificate that an `ipps` printer must show. None:
            it must be in the printer's name, and signed by an authority of `ca_file`.
        ca_file: Authorities in PEM. None: those that this machine trusts.
    """

    address: Address
    networks: Networks
    pinned_sha256: bytes | None = None
    ca_file: Path | None = None

    def send(self, document: Document) -> Delivery:
        """Print a document, once. Raises AddressForbidden; says everything else in the answer."""
        try:
            connection = self._connected()
        except OSError as error:
            return Delivery(Certainty.NOT_SENT, (_why_not_reached(error),))
        try:
            return self._print(connection, document)
        finally:
            connection.close()

    def find(self, name: str) -> Delivery:
        """Say what the printer knows of a job of this name, after whoever sent it was cut off."""
        try:
            jobs, all_of_them = self._jobs()
        except (OSError, http.client.HTTPException, m.NotIpp):
            return Delivery(Certainty.UNKNOWN, ("offline",))
        for job in jobs:
            if name in job.get("job-name", []):
                return _of_job(job, self.health())
        return Delivery(Certainty.UNKNOWN, ("job-not-found" if all_of_them else "no-memory",))

    def health(self) -> tuple[str, ...]:
        """Return what is wrong with the printer, in RFC 8011's words; nothing when it is well."""
        try:
            return self._reasons()
        except OSError as error:
            return (_why_not_reached(error),)
        except (http.client.HTTPException, m.NotIpp):
            return ("not-understood",)

    def _print(self, connection: http.client.HTTPConnection, document: Document) -> Delivery:
        try:
            connection.request(
                "POST", self.address.path, self._print_job(document), _headers(self.address)
            )
        except OSError:
            # cut off before the end of the request: a printer that never heard of the job has none
            found = self.find(document.name)
            gone = found.reasons == ("job-not-found",)
            return Delivery(Certainty.NOT_SENT, ("connection-lost",)) if gone else found
        try:
            answer = _answer(connection)
        except (OSError, http.client.HTTPException, m.NotIpp):
            return self.find(document.name)
        if answer.code in REFUSALS:
            return Delivery(Certainty.NOT_SENT, (REFUSALS[answer.code],))
        if answer.code > GOOD:
            return self.find(document.name)
        return self._watched(answer.first(m.JOB_GROUP))

    def _watched(self, job: dict[str, list[m.Value]]) -> Delivery:
        """Ask after an accepted job for a few seconds."""
        deadline = time.monotonic() + WATCH_SECONDS
        number = job.get("job-id", [0])[0]
        while True:
            try:
                answer = self._ask(
                    GET_JOB_ATTRIBUTES, [(m.INTEGER, "job-id", [number])], wanted=JOB_ATTRIBUTES
                )
                job = answer.first(m.JOB_GROUP) or job
            except (OSError, http.client.HTTPException, m.NotIpp):
                return Delivery(Certainty.SENT, ("offline",))
            if job.get("job-state", [0])[0] in {CANCELED, ABORTED, COMPLETED}:
                return _of_job(job, self.health())
            if time.monotonic() > deadline:
                return _of_job(job, self.health())
            time.sleep(0.1)

    def _print_job(self, document: Document) -> bytes:
        printer = self._what_it_takes()
        operation: list[m.Attribute] = [
            *self._to_printer(),
            (m.NAME, "job-name", [document.name]),
            (m.MEDIA_TYPE, "document-format", [_format(document.media_type, printer)]),
        ]
        job: list[m.Attribute] = [(m.INTEGER, "copies", [1])]
        if media := _media(document.size, printer):
            job.append((m.KEYWORD, "media", [media]))
        groups: Request = [(m.OPERATION_GROUP, operation), (m.JOB_GROUP, job)]
        return m.encoded(PRINT_JOB, 1, groups, document.content)

    def _what_it_takes(self) -> dict[str, list[m.Value]]:
        """Return the papers and formats that the printer names; nothing when it names none."""
        wanted = ["media-supported", "document-format-supported"]
        try:
            return self._ask(GET_PRINTER_ATTRIBUTES, [], wanted=wanted).first(m.PRINTER_GROUP)
        except (OSError, http.client.HTTPException, m.NotIpp):
            return {}

    def _to_printer(self) -> list[m.Attribute]:
        uri = str(self.address)
        return [
            (m.CHARSET, "attributes-charset", ["utf-8"]),
            (m.LANGUAGE, "attributes-natural-language", ["en"]),
            (m.URI, "printer-uri", [uri]),
        ]

    def _reasons(self) -> tuple[str, ...]:
        answer = self._ask(
            GET_PRINTER_ATTRIBUTES,
            [],
            wanted=["printer-state", "printer-state-reasons", "printer-is-accepting-jobs"],
        )
        printer = answer.first(m.PRINTER_GROUP)
        reasons = [str(each) for each in printer.get("printer-state-reasons", [])]
        found = [_short(each) for each in reasons if _matters(each)]
        if printer.get("printer-is-accepting-jobs", [True])[0] is False:
            found.append("not-accepting-jobs")
        if printer.get("printer-state", [0])[0] == STOPPED and not found:
            found.append("stopped")
        return tuple(dict.fromkeys(found))

    def _jobs(self) -> tuple[list[dict[str, list[m.Value]]], bool]:
        """Return the jobs that the printer knows, and whether ended ones are among them."""
        answer = self._ask(GET_JOBS, [(m.KEYWORD, "which-jobs", ["all"])], wanted=JOB_ATTRIBUTES)
        all_of_them = answer.code <= GOOD
        if not all_of_them:
            answer = self._ask(GET_JOBS, [], wanted=JOB_ATTRIBUTES)
        return answer.all(m.JOB_GROUP), all_of_them

    def _ask(self, operation: int, also: list[m.Attribute], *, wanted: list[str]) -> m.Message:
        connection = self._connected()
        asked: m.Attribute = (m.KEYWORD, "requested-attributes", wanted)
        request: Request = [(m.OPERATION_GROUP, [*self._to_printer(), *also, asked])]
        try:
            body = m.encoded(operation, 1, request)
            connection.request("POST", self.address.path, body, _headers(self.address))
            return _answer(connection)
        finally:
            connection.close()

    def _connected(self) -> http.client.HTTPConnection:
        """Connect to the very address that was checked, and check who answers."""
        number = self.networks.resolve(self.address)
        wire = socket.create_connection((number, self.address.port), timeout=CONNECT_SECONDS)
        wire.settimeout(ANSWER_SECONDS)
        if self.address.scheme is Scheme.IPPS:
            wire = self._secured(wire)
        connection = http.client.HTTPConnection(self.address.host, self.address.port)
        connection.sock = wire
        return connection

    def _secured(self, wire: socket.socket) -> ssl.SSLSocket:
        context = ssl.create_default_context(cafile=self.ca_file)
        if self.pinned_sha256 is not None:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            secured = context.wrap_socket(wire, server_hostname=self.address.host)
        except OSError:
            wire.close()
            raise
        if self.pinned_sha256 is not None:
            shown = hashlib.sha256(secured.getpeercert(binary_form=True) or b"").digest()
            if shown != self.pinned_sha256:
                secured.close()
                raise CertificateChanged("the certificate is not the pinned one")
        return secured


JOB_ATTRIBUTES: Final = [
    "job-id",
    "job-name",
    "job-state",
    "job-state-reasons",
    "job-impressions-completed",
]


def _media(size: tuple[float, float], printer: dict[str, list[m.Value]]) -> str | None:
    """Return the printer's name for a paper; None when it has none, and takes what is in it."""
    names = (str(name) for name in printer.get("media-supported", []))
    return next((name for name in names if _is_of_size(name, size)), None)


def _format(media_type: str, printer: dict[str, list[m.Value]]) -> str:
    """Return what to call a document: CUPS takes a label printer's language as raw bytes only."""
    formats = printer.get("document-format-supported", [])
    return CUPS_RAW if media_type not in formats and CUPS_RAW in formats else media_type


def _is_of_size(media: str, size: tuple[float, float]) -> bool:
    """Say whether a media name of PWG 5101.1, such as `oe_2x4-label_2x4in`, is of this paper."""
    found = MEDIA_SIZE.search(media)
    if found is None or media.startswith("custom_"):
        return False
    inches = 1 if found["unit"] == "in" else MM_IN_AN_INCH
    sides = sorted(float(found[side]) / inches for side in ("wide", "high"))
    return all(abs(a - b) < SAME_SIZE for a, b in zip(sides, sorted(size), strict=True))


def _of_job(job: dict[str, list[m.Value]], health: tuple[str, ...]) -> Delivery:
    state, sheets = job.get("job-state", [0])[0], job.get("job-impressions-completed", [None])[0]
    facts = {"job": str(job.get("job-id", ["?"])[0]), "sheets": str(sheets)}
    if state == COMPLETED:
        out = isinstance(sheets, int) and sheets >= 1
        return Delivery(Certainty.PRINTED if out else Certainty.SENT, health, facts)
    if state in {CANCELED, ABORTED}:
        # the printer had it; a count of no sheets is what many say who count none
        reasons = tuple(_short(str(each)) for each in job.get("job-state-reasons", []))
        return Delivery(Certainty.UNKNOWN, reasons or ("aborted",), facts)
    return Delivery(Certainty.SENT, health, facts)


def _answer(connection: http.client.HTTPConnection) -> m.Message:
    answer = connection.getresponse()
    if answer.status != http.client.OK:
        raise m.NotIpp("the printer did not answer in IPP")
    return m.decoded(answer.read(LONGEST_ANSWER))


def _headers(address: Address) -> dict[str, str]:
    return {
        "Content-Type": "application/ipp",
        "Accept": "application/ipp",
        "Host": f"{address.host}:{address.port}",
    }


def _matters(reason: str) -> bool:
    """
    Say whether somebody should know. A mere report says that the printer goes on; but one that has
    nothing to do just now says no more than that when its labels are out (RFC 8011, 5.4.12).
    """
    return reason != "none" and (
        not reason.endswith("-report") or _short(reason) in NOTHING_COMES_OUT
    )


def _short(reason: str) -> str:
    """Return a reason without the weight that printers hang on it."""
    for weight in ("-error", "-warning", "-report"):
        reason = reason.removesuffix(weight)
    return reason


def _why_not_reached(error: OSError) -> str:
    return "certificate-not-trusted" if isinstance(error, ssl.SSLError) else "offline"
