"""What a check may answer: its code, what that means for an order, and who must act."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final


class Meaning(StrEnum):
    """What an answer means. Only `verified` lets an order go on."""

    VERIFIED = "verified"
    FAILED = "failed"
    UNDECIDED = "undecided"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Known:
    """One code, with its meaning, its words for people and whoever must act."""

    meaning: Meaning
    words: str
    owner: str = "pharmacist"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one source said to one question."""

    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def known(self) -> Known:
        return CODES[self.code]

    @property
    def meaning(self) -> Meaning:
        return self.known.meaning


@dataclass(frozen=True, slots=True)
class HoldReason:
    """Why an order must wait: a code for programs, words for people, and who acts."""

    code: str
    words: str
    owner: str
    facts: Mapping[str, Any]


def hold_of(answer: Answer) -> HoldReason:
    """Return the hold that an answer makes necessary."""
    return HoldReason(
        code=answer.code,
        words=answer.known.words,
        owner=answer.known.owner,
        facts=dict(answer.facts),
    )


def _failed(words: str, owner: str = "pharmacist") -> Known:
    return Known(Meaning.FAILED, words, owner)


def _undecided(words: str, owner: str = "pharmacist") -> Known:
    return Known(Meaning.UNDECIDED, words, owner)


def _verified(words: str) -> Known:
    return Known(Meaning.VERIFIED, words, "")


CODES: Final[Mapping[str, Known]] = MappingProxyType(
    {
        "npi-invalid": _failed("The prescriber's NPI has a wrong check digit."),
        "prescriber-not-enrolled": _failed("Nobody is enrolled under this NPI.", "administrator"),
        # identity
        "identity-verified": _verified("A person with this NPI and name, a physician."),
        "identity-not-found": _failed("The registry does not know this NPI."),
        "identity-organisation": _failed("This NPI is an organization's; only persons prescribe."),
        "identity-deactivated": _failed("This NPI was deactivated."),
        "identity-type-unknown": _undecided("The registry does not say whose kind this NPI is."),
        "identity-name-differs": _failed("The registry has another name under this NPI."),
        "identity-name-close": _undecided("The registry writes the name in another way: compare."),
        "order-name-differs": _failed("The prescription names somebody else than was enrolled."),
        "order-name-close": _undecided(
            "The prescription writes the prescriber's name in another way: compare."
        ),
        "taxonomy-missing": _undecided("The registry does not say what the prescriber's work is."),
        "taxonomy-mixed": _undecided("The main taxonomy is no physician's, but another is."),
        "taxonomy-needs-person": _undecided("The prescriber is in training: a person decides."),
        "taxonomy-not-allowed": _failed("The registry does not list this prescriber as physician."),
        "identity-file-missing": _undecided(
            "No provider registry was imported: pharmacy registry import nppes.", "administrator"
        ),
        "identity-file-too-old": _undecided(
            "The imported provider registry is too old: import a newer file.", "administrator"
        ),
        "identity-answer-too-old": _undecided(
            "The provider registry's service must be asked again: its last answer is too old.",
            "clock",
        ),
        "identity-source-failed": Known(
            Meaning.ERROR, "The provider registry's service did not answer.", "clock"
        ),
        # license
        "license-verified": _verified("An active license in the State asked for."),
        "license-not-found": _undecided("The board's file has no license of this prescriber."),
        "license-not-linked": _undecided(
            "The board's file has a license under this name, but nothing shows whose it is."
        ),
        "license-name-differs": _undecided("The license has another name: compare."),
        "license-type-unknown": _undecided("The board's word for the license's kind is unknown."),
        "license-type-not-allowed": _failed("The only licenses found are no physician's."),
        "license-status-unknown": _undecided("The board's word for its status is unknown."),
        "license-no-expiry": _undecided("The board's file does not say until when it is valid."),
        "license-not-yet": _failed("The license is not valid yet.", "prescriber"),
        "license-expired": _failed("The license has expired.", "prescriber"),
        "license-not-active": _failed("The board does not list the license as active."),
        "license-restricted": _undecided("The license is active under probation or restriction."),
        "license-disciplined": _undecided("The board reports discipline: read the order."),
        "license-other-ended": _undecided(
            "One license is active; another in this State was taken away or given up."
        ),
        "license-state-unknown": _undecided("The State in which to ask is not known."),
        "license-file-missing": _undecided(
            "No license file of this State was imported: pharmacy registry import licenses.",
            "administrator",
        ),
        "license-file-too-old": _undecided(
            "The imported license file of this State is too old: import a newer one.",
            "administrator",
        ),
        # exclusion
        "exclusion-none": _verified("Not on the list of excluded individuals."),
        "exclusion-listed": _failed("The prescriber is on the list of excluded individuals."),
        "exclusion-waived": _undecided("The prescriber is excluded, with a waiver: read it."),
        "exclusion-possible": _undecided(
            "Somebody of this name is on the list of excluded individuals: compare."
        ),
        "exclusion-list-missing": _undecided(
            "No exclusion list was imported: pharmacy registry import leie.", "administrator"
        ),
        "exclusion-list-too-old": _undecided(
            "The imported exclusion list is too old: import this month's.", "administrator"
        ),
        # key
        "key-good": _verified("The key was good when the prescription arrived."),
        "key-unknown": _failed("The signing key is not, or no longer, in the register."),
        "key-not-theirs": _failed("The signing key is another prescriber's."),
        "key-not-valid": _failed("The signing key was not valid when the prescription arrived."),
        "key-compromised": _failed(
            "The signing key was in wrong hands when the prescription arrived.", "prescriber"
        ),
    }
)
"""Every code that a check can answer. Codes never change; words may."""
