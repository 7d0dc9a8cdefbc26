"""What a label's Data Matrix says: a container, and from the second copy on which copy it is."""

import re
from dataclasses import dataclass
from typing import Self

from pharmacy.kernel import ids
from pharmacy.kernel.refusals import Invalid, NotFound

SCANNED_BEFORE = (
    "This label was scanned before. If you hold another piece of paper than then, it came out"
    " twice: stop, keep one of the two and destroy the other."
)
"""What no machine can tell: one label scanned twice, or two that a printer made of one."""


class CodeUnreadable(Invalid):
    """What was scanned is not the code of a container's label."""

    code = "label-code-unreadable"
    remedy = "Scan the square code on the container's label."


@dataclass(frozen=True, slots=True)
class ScannedCode:
    """A container and the copy of its label."""

    container: str
    copy_no: int

    @classmethod
    def read(cls, text: str) -> Self:
        """Return what a scanned text says. Raises CodeUnreadable."""
        container, dot, number = text.strip().partition(".")
        if not _is_container(container) or (dot and not re.fullmatch(r"[0-9]{2}", number)):
            raise CodeUnreadable("this is not the code of a container's label")
        copy_no = int(number) if dot else 1
        if copy_no < 1 or (dot and copy_no == 1):
            raise CodeUnreadable("this is not the code of a container's label")
        return cls(container, copy_no)

    def __str__(self) -> str:
        return self.container if self.copy_no == 1 else f"{self.container}.{self.copy_no:02}"


def _is_container(code: str) -> bool:
    try:
        ids.decode("ctr", code)
    except NotFound:
        return False
    return True
