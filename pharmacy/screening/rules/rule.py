"""What a rule is: words and a question to the facts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from pharmacy.screening.rules.facts import Facts


class Severity(StrEnum):
    """What a finding asks for (domain.md 4.1)."""

    BLOCK = "block"
    """Nothing goes on before data are corrected, or a pharmacist overrides with a reason and a
    note of whom they asked at the prescriber's."""
    REVIEW = "review"
    """A pharmacist decides, with a reason."""
    COUNSEL = "counsel"
    """Said to the patient, on the leaflet and at hand-over."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """That a rule spoke, and what it saw."""

    inputs: Mapping[str, Any]
    """Enough to check the finding again. A decision stands while these do not change."""
    severity: Severity | None = None
    """Where it is another than the rule's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule, as data. Its version grows whenever what it says or asks changes."""

    id: str
    version: int = 1
    severity: Severity
    wording: str
    source: str
    speaks: Callable[[Facts], Spoken | None]
    needs_prescriber: bool = False
    """The prescriber must be asked even where the severity would not ask for it."""
    is_overridable: bool = True
    """Off: only another answer or another prescription takes it away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """A finding, before it is stored."""

    rule: Rule
    severity: Severity
    inputs: Mapping[str, Any]


def raised(rules: tuple[Rule, ...], facts: Facts) -> list[Raised]:
    """Return what each rule that speaks has found, in the order of the rules."""
    found = []
    for rule in rules:
        if spoken := rule.speaks(facts):
            severity = spoken.severity or rule.severity
            found.append(Raised(rule=rule, severity=severity, inputs=dict(spoken.inputs)))
    return found
