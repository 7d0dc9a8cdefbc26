"""The sender for an address."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from pharmacy.infra.printers.address import Address, Networks, Scheme
from pharmacy.infra.printers.delivery import Certainty, Delivery, Document
from pharmacy.infra.printers.folder import FolderSender
from pharmacy.infra.printers.ipp import IppSender
from pharmacy.infra.printers.raw import RawSender
from pharmacy.kernel.refusals import Refusal


class Sender(Protocol):
    """Prints on one printer."""

    def send(self, document: Document) -> Delivery:
        """Print a document, once."""
        ...

    def find(self, name: str) -> Delivery:
        """Say what is known of a document that somebody sent and could not tell of."""
        ...

    def health(self) -> tuple[str, ...]:
        """Return what is wrong with the printer; nothing when it is well."""
        ...


def deliver(sender_for: Callable[[], Sender], document: Document, *, only_ask: bool) -> Delivery:
    """
    Print a document, or ask for one that may have left; say what is known of it afterwards.

    Args:
        sender_for: Returns who prints. Where the address is not, or no longer, one that we may
            speak to, it was not sent; but what may have left before, nobody can tell of then.
    """
    try:
        printer = sender_for()
        return printer.find(document.name) if only_ask else printer.send(document)
    except Refusal as refusal:
        certainty = Certainty.UNKNOWN if only_ask else Certainty.NOT_SENT
        return Delivery(certainty, (refusal.code,))


def sender(
    address: Address,
    *,
    networks: Networks,
    folders: Path,
    pinned_sha256: bytes | None = None,
    ca_file: Path | None = None,
) -> Sender:
    """
    Return what prints at an address.

    Args:
        networks: Where printers may be.
        folders: The folder in which printers that are folders have theirs.
        pinned_sha256: The certificate that an `ipps` printer must show.
        ca_file: The authorities of one whose certificate is not pinned. None: the machine's.
    """
    match address.scheme:
        case Scheme.FOLDER:
            return FolderSender(folders / address.host)
        case Scheme.RAW:
            return RawSender(address, networks)
        case _:
            return IppSender(address, networks, pinned_sha256, ca_file)
