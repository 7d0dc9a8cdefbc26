"""Lots: what a certificate may say, until when capsules are good, which lot a patient gets."""

from pharmacy.inventory.rules.lots import LotStatus

__all__ = ["LotStatus"]
