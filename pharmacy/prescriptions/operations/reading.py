"""From a token to what it orders: the same steps today and over evidence years later."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import msgspec

from pharmacy.infra import signatures
from pharmacy.infra.signatures import EnrolledKey, Verified
from pharmacy.kernel import strict_json
from pharmacy.practice.rules import Policy
from pharmacy.prescriptions.rules import binding, profile
from pharmacy.prescriptions.rules.contents import Disagreement, Request, SignedSet
from pharmacy.prescriptions.rules.reconcile import disagreements

RULES: Final = "ldn-rx-profile/1"
"""Names the rules that were applied; the values of policies are kept beside it."""
CHECKS: Final = (
    *("size", "form", "header", "key", "client", "algorithm", "key-state", "signature"),
    *("json", "profile", "audience", "requester", "time"),
)
"""What a token passes, in this order, before anything is kept."""
POLICIES: Final = (
    *("accept_eddsa_name", "continue_final"),
    *("dose_min_ug", "dose_block_ug", "step_increase_hold_ug"),
)
"""The policies that intake depends on."""


@dataclass(frozen=True, slots=True)
class Read:
    """A set with a good signature that is bound to its signer, this pharmacy and its hour."""

    verified: Verified
    signed: SignedSet
    disagreements: tuple[tuple[Disagreement, ...], ...]
    """Of each request."""

    def to_data(self) -> list[dict[str, Any]]:
        """What the requests order, as it is kept."""
        pairs = zip(self.signed.requests, self.disagreements, strict=True)
        return [_data(request, found) for request, found in pairs]


def verified(
    token: bytes,
    *,
    key_of: Callable[[str], EnrolledKey | None],
    may_send_for: Callable[[str], bool],
    policy: Policy,
    received_at: datetime,
) -> Verified:
    """Return the signed bytes. Raises the refusals RX-SIG-001 to 014."""
    return signatures.verify(
        token,
        key_of=key_of,
        received_at=received_at,
        may_send_for=may_send_for,
        accept_old_name=policy.accept_eddsa_name,
    )


def contents(payload: bytes) -> SignedSet:
    """
    Return what signed bytes order.

    Raises:
        PayloadNotJson: RX-SIG-020.
        PayloadNameRepeated: RX-SIG-021.
        ProfileViolation: A rule of the profile, by its own code.
    """
    try:
        value = strict_json.read(payload)
    except strict_json.NameRepeated as error:
        raise binding.PayloadNameRepeated(str(error)) from None
    except strict_json.JsonMalformed as error:
        raise binding.PayloadNotJson(str(error)) from None
    return profile.read_set(value)


def reconciled(
    found: Verified, signed: SignedSet, *, policy: Policy, received_at: datetime
) -> Read:
    """Name everything that the requests say in two ways."""
    today = local_date(received_at, signed)
    named = (disagreements(each, policy=policy, today=today) for each in signed.requests)
    return Read(verified=found, signed=signed, disagreements=tuple(named))


def local_date(received_at: datetime, signed: SignedSet) -> date:
    """Return the day of receipt where the prescriber signed."""
    return received_at.astimezone(signed.signed_at.tzinfo).date()


def policy_values(policy: Policy) -> dict[str, Any]:
    return {name: getattr(policy, name) for name in POLICIES}


def ordered(request: Request) -> dict[str, Any]:
    """Return what a request orders, by the names of a prescription's columns."""
    return {
        "request_system": request.identifier.system,
        "request_value": request.identifier.value,
        "kind": request.kind,
        "written_on": request.authored_at.date(),
        "valid_from": request.valid_from,
        "valid_until": request.valid_until,
        "authorised_fills": request.authorised_fills,
        "days_per_fill": request.days_per_fill,
        "quantity": request.quantity,
        "regimen": request.regimen.to_data(),
    }


def _data(request: Request, found: tuple[Disagreement, ...]) -> dict[str, Any]:
    named = [each.to_data() for each in found]
    data: dict[str, Any] = msgspec.to_builtins({**ordered(request), "disagreements": named})
    return data
