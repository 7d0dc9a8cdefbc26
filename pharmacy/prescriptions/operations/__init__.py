"""Taking a signed prescription in, and looking at the evidence again later."""

from pharmacy.prescriptions.operations.intake import Accepted, accept
from pharmacy.prescriptions.operations.reverification import Difference, Reverified, verify_again
from pharmacy.prescriptions.operations.superseding import supersede

__all__ = ["Accepted", "Difference", "Reverified", "accept", "supersede", "verify_again"]
