"""
Sending bytes to a printer, and saying honestly what became of them.

Three ways: IPP (any CUPS or IPP Everywhere printer), raw TCP 9100 (label printers), and a folder.
A sender never says more than it knows: that nothing left, that all of it left, that the printer
says it is on paper, or that nobody can tell.
"""

from pharmacy.infra.printers.address import (
    Address,
    AddressForbidden,
    AddressMalformed,
    Networks,
    Scheme,
)
from pharmacy.infra.printers.delivery import Certainty, Delivery, Document
from pharmacy.infra.printers.sending import Sender, deliver, sender

__all__ = [
    "Address",
    "AddressForbidden",
    "AddressMalformed",
    "Certainty",
    "Delivery",
    "Document",
    "Networks",
    "Scheme",
    "Sender",
    "deliver",
    "sender",
]
