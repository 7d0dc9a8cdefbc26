"""Who a prescriber is, as proven by papers, and what may be corrected of it."""

from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final, Self

from pharmacy.kernel.refusals import Conflict, Invalid, NotFound
from pharmacy.prescribers.rules.names import PersonName

STATE_LETTERS: Final = 2
EARLIEST_BIRTH: Final = date(1900, 1, 1)


class PrescriberInvalid(Invalid):
    """A prescriber needs a name and a State in which to look for the licence."""

    code = "prescriber-invalid"
    remedy = "Give both names, the State's two letters, and a birth date in the past or none."


class CorrectionEmpty(Invalid):
    """Nothing would be other than it is, or nobody said by which papers it is known."""

    code = "correction-empty"
    remedy = "Change something, and say which papers show it."


class CorrectionWaiting(Conflict):
    """Another correction of this prescriber waits for a second person."""

    code = "correction-waiting"
    remedy = "Have it confirmed or rejected first."


class CorrectionDecided(Conflict):
    """The correction was confirmed or rejected already."""

    code = "correction-decided"
    remedy = "Look at what is in the register now; propose another correction where it is wrong."


class CorrectionNotFound(NotFound):
    """Nobody proposed such a correction."""

    code = "correction-not-found"


class CorrectionReason(StrEnum):
    """Why a prescriber stands otherwise in the register."""

    CHANGED = "changed"
    """It changed: the former name is theirs too, on older prescriptions and in registries."""
    WRITTEN_WRONGLY = "written-wrongly"
    """It was never right, and speaks of them nowhere."""


class CorrectionDecision(StrEnum):
    """What another person made of a proposed correction."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A prescriber's name, the State in which a licence must be active, and the birth date."""

    family: str
    given: str
    practice_state: str
    birth_date: date | None

    @classmethod
    def proven(
        cls,
        *,
        family: str,
        given: str,
        practice_state: str,
        birth_date: date | None,
        today: date,
    ) -> Self:
        """Return a person as papers show them. Raises PrescriberInvalid."""
        state = practice_state.strip().upper()
        if not family.strip() or not given.strip() or len(state) != STATE_LETTERS:
            raise PrescriberInvalid("a prescriber needs both names and a State of two letters")
        if birth_date is not None and not EARLIEST_BIRTH <= birth_date < today:
            raise PrescriberInvalid("nobody was born on this day", field="birth_date")
        return cls(
            family=family.strip(),
            given=given.strip(),
            practice_state=state,
            birth_date=birth_date,
        )

    @property
    def name(self) -> PersonName:
        return PersonName(family=self.family, given=self.given)

    def to_data(self) -> dict[str, Any]:
        born = self.birth_date.isoformat() if self.birth_date else None
        return asdict(self) | {"birth_date": born}

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> Self:
        born = data["birth_date"]
        return cls(**data | {"birth_date": date.fromisoformat(born) if born else None})


def differs_in(one: Person, other: Person) -> tuple[str, ...]:
    """Return in what two differ, by the names of what a person has."""
    before, after = asdict(one), asdict(other)
    return tuple(name for name in before if before[name] != after[name])
