"""What ties a signed set to its signer, to this pharmacy and to the hour in which it arrived."""

from datetime import datetime, timedelta
from typing import Final

from pharmacy.kernel.refusals import Conflict, Invalid, Malformed
from pharmacy.prescriptions.rules.contents import SignedSet

OLDEST: Final = timedelta(hours=24)
CLOCK_DIFFERENCE: Final = timedelta(minutes=5)


class PayloadNotJson(Malformed):
    """The signed bytes are not JSON that can be read in one way."""

    code = "RX-SIG-020"
    remedy = (
        "Sign UTF-8 JSON without byte order mark, NaN, NUL, lone surrogates or endless nesting."
    )


class PayloadNameRepeated(Malformed):
    """The signed bytes have two members of one name in an object."""

    code = "RX-SIG-021"
    remedy = "Write every member of an object once."


class NotForThisPharmacy(Invalid):
    """The prescription was signed for another pharmacy."""

    code = "RX-SIG-030"
    remedy = "Send it to the pharmacy that it names, or sign a new one for this pharmacy."


class NotSignedNow(Invalid):
    """The times in the prescription do not agree with each other or with the hour of arrival."""

    code = "RX-SIG-031"
    remedy = "Set the clock; sign and send within 24 hours, with authoredOn on the day of signing."


class RequesterIsNotSigner(Invalid):
    """Whoever signed is not whoever orders."""

    code = "RX-SIG-032"
    remedy = "Let the prescriber who orders sign with a key of their own."


class IdentifierReused(Conflict):
    """A set or request of this identifier is here already, with other contents."""

    code = "RX-SIG-033"
    remedy = "Give a changed prescription a new identifier, and cancel the one that it replaces."


def require_bound(signed: SignedSet, *, key_npi: str, site_npi: str, received_at: datetime) -> None:
    """
    Let a set pass that its signer ordered, from this pharmacy, just now.

    Raises:
        NotForThisPharmacy: A performer is another pharmacy.
        RequesterIsNotSigner: A requester is not the owner of the key.
        NotSignedNow: Signed more than 24 hours ago, or in the future beyond what clocks differ; or
            written on another day than signed, by the dates that the prescriber's system wrote.

    Source: policy; docs/integrate-an-ehr.md, section 3.
    """
    if signed.audience_npis != {site_npi}:
        raise NotForThisPharmacy("the prescription names another pharmacy")
    if signed.requester_npis != {key_npi}:
        raise RequesterIsNotSigner("the requester is not the owner of the key")
    if not received_at - OLDEST <= signed.signed_at <= received_at + CLOCK_DIFFERENCE:
        raise NotSignedNow("the prescription was not signed within the last 24 hours")
    signed_on = signed.signed_at.date()
    if any(request.authored_at.date() != signed_on for request in signed.requests):
        raise NotSignedNow("a request was written on another day than it was signed")
