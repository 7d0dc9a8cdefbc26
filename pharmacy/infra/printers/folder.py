"""Printing into a folder: for the demo, for tests, and where a person prints the PDF by hand."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pharmacy.infra.printers.delivery import Certainty, Delivery, Document

ENDINGS: Final = {"application/pdf": "pdf", "application/vnd.zebra-zpl": "zpl"}


@dataclass(frozen=True, slots=True)
class FolderSender:
    """Writes one file for each document, whole or not at all."""

    path: Path

    def send(self, document: Document) -> Delivery:
        """Write the document under its name, once: a file that is there stays as it is."""
        wanted = self.path / f"{document.name}.{ENDINGS[document.media_type]}"
        making = wanted.with_suffix(f".{os.getpid()}.part")
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            with making.open("xb") as file:
                file.write(document.content)
                file.flush()
                os.fsync(file.fileno())
            os.link(making, wanted)
        except FileExistsError:
            return self.find(document.name)
        except OSError:
            return Delivery(Certainty.NOT_SENT, ("folder-not-writable",))
        finally:
            making.unlink(missing_ok=True)
        return Delivery(Certainty.PRINTED)

    def find(self, name: str) -> Delivery:
        """Say whether a document of this name was written."""
        found = [each for each in self.path.glob(f"{name}.*") if each.suffix != ".part"]
        if found:
            return Delivery(Certainty.PRINTED)
        return Delivery(Certainty.NOT_SENT, ("not-found",))

    def health(self) -> tuple[str, ...]:
        """Return what is wrong with the folder; nothing when it can be written to."""
        place = self.path if self.path.exists() else self.path.parent
        return () if os.access(place, os.W_OK) else ("folder-not-writable",)
