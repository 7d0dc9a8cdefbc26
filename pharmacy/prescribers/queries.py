"""Reading prescribers, their keys and what was found out about them."""

from sqlalchemy.orm import Session

from pharmacy.kernel.refusals import NotFound
from pharmacy.prescribers.models import Prescriber, PrescriberKey


class PrescriberNotFound(NotFound):
    """Nobody is enrolled under this NPI, or nobody that the caller may see."""

    code = "prescriber-not-found"
    remedy = "Enrol the prescriber first: pharmacy keys enrol."


def get(session: Session, npi: str) -> Prescriber:
    """Return an enrolled prescriber. Raises PrescriberNotFound."""
    prescriber = session.get(Prescriber, npi)
    if prescriber is None:
        raise PrescriberNotFound("no prescriber is enrolled under this NPI")
    return prescriber


def key(session: Session, kid: str) -> PrescriberKey | None:
    """Return a key, in whatever state it is, or None."""
    return session.get(PrescriberKey, kid)
