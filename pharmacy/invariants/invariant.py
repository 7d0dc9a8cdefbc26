"""The form of an invariant, and of what breaks one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pharmacy.kernel import ids


@dataclass(frozen=True, slots=True)
class Invariant:
    """Something that is always true, and the question that finds where it is not."""

    name: str
    words: str
    """What is true, in one sentence."""
    about: str
    """The prefix of the identifiers that the statement returns: `ord`, `lot`, …"""
    sql: str
    """Returns `id`, and whatever else helps: numbers and codes, nothing of a patient."""


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that does not hold, and the rows for which it does not."""

    invariant: Invariant
    rows: tuple[Mapping[str, Any], ...]

    def lines(self) -> list[str]:
        """Return a line for each row: its public identifier, then what else is known."""
        return [self._line(row) for row in self.rows]

    def _line(self, row: Mapping[str, Any]) -> str:
        row_id, about = row["id"], self.invariant.about
        name = ids.encode(about, row_id) if isinstance(row_id, UUID) else f"{about} {row_id}"
        also = [f"{key}={value}" for key, value in row.items() if key != "id"]
        return " ".join([name, *also])
