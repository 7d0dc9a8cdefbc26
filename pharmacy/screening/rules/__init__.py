"""Screening: rules as data, what they look at, and what may be decided about their findings."""

from pharmacy.screening.rules.decisions import Decision
from pharmacy.screening.rules.rule import Severity

__all__ = ["Decision", "Severity"]
