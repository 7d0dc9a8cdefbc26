"""Decisions about prescribers: who they are, whether they may prescribe, which keys are theirs."""

from pharmacy.prescribers.rules.npi import NpiInvalid, is_npi, require_npi

__all__ = ["NpiInvalid", "is_npi", "require_npi"]
