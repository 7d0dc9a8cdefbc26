"""Asking the sources about a prescriber, and keeping each answer as dated evidence."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from pharmacy.practice import queries as practice
from pharmacy.practice.rules import Policy
from pharmacy.prescribers import queries
from pharmacy.prescribers.models import (
    CheckKind,
    Prescriber,
    PrescriberCheck,
    RegistryProvider,
)
from pharmacy.prescribers.operations.identity import IdentityService, ask_identity
from pharmacy.prescribers.operations.inquiry import Inquiry, asked_of
from pharmacy.prescribers.operations.registry_rows import exclusion_of, license_of, provider_of
from pharmacy.prescribers.rules import exclusions, licenses
from pharmacy.prescribers.rules.answers import Answer, HoldReason
from pharmacy.prescribers.rules.identity import Provider
from pharmacy.prescribers.rules.keys import KeyState, state_at
from pharmacy.prescribers.rules.names import Likeness, PersonName, likeness_of_text, search_keys
from pharmacy.prescribers.rules.npi import is_npi

LEIE_FILE: Final = "import:leie"
REGISTER: Final = "register"
"""Our own register of prescribers and keys."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an order may go on, what it must wait for, and the evidence for that."""

    holds: tuple[HoldReason, ...]
    checks: tuple[PrescriberCheck, ...]

    @property
    def ok(self) -> bool:
        return not self.holds


def check(
    session: Session,
    *,
    npi: str,
    name_on_order: str,
    patient_state: str,
    now: datetime,
    policy: Policy,
    nppes: IdentityService | None = None,
    kid: str | None = None,
    received_at: datetime | None = None,
) -> Verdict:
    """
    Ask every source about a prescriber, on this day in the pharmacy's zone.

    Only a `verified` answer to every question lets the order go on. What is unknown, too old,
    unreadable or silent holds it with a code. An earlier verified answer to the same question from
    the same file counts again while the policy lets it.

    Args:
        name_on_order: The prescriber as the signed prescription names them, in one piece.
        nppes: Asked for identity besides the imported file, when given. Without it, what it
            answered last counts while the policy lets it.
        kid: The key that signed, with `received_at`, when the prescription arrived: asked again,
            because a key may turn out to have been in wrong hands.

    Source: domain.md 3.10.
    """
    zone = ZoneInfo(practice.site(session).time_zone)
    inquiry = Inquiry(session, npi, now, zone, policy)
    prescriber = session.get(Prescriber, npi) if is_npi(npi) else None
    if prescriber is None:
        code = "prescriber-not-enrolled" if is_npi(npi) else "npi-invalid"
        inquiry.keep(CheckKind.IDENTITY, REGISTER, Answer(code), asked={"npi": npi})
    else:
        _ask_all(inquiry, prescriber, name_on_order, patient_state, nppes)
        if kid is not None and received_at is not None:
            _ask_key(inquiry, kid, received_at)
    session.flush()
    return Verdict(tuple(inquiry.holds.values()), tuple(inquiry.checks))


def _ask_all(
    inquiry: Inquiry,
    prescriber: Prescriber,
    name_on_order: str,
    patient_state: str,
    nppes: IdentityService | None,
) -> None:
    own = queries.names(inquiry.session, prescriber)
    _ask_order_name(inquiry, name_on_order, own)
    ask_identity(inquiry, own, nppes)
    row = queries.provider(inquiry.session, inquiry.npi)
    provider = provider_of(row) if row else None
    names = (*own, *(provider.names if provider else ()))
    for state in _license_states(prescriber, patient_state, inquiry.policy):
        _ask_license(inquiry, state, names, provider)
    _ask_exclusion(inquiry, prescriber, names, row)


def _ask_order_name(inquiry: Inquiry, name_on_order: str, own: Sequence[PersonName]) -> None:
    alike = max(likeness_of_text(name_on_order, name) for name in own)
    if alike is not Likeness.SAME:
        code = "order-name-close" if alike is Likeness.CLOSE else "order-name-differs"
        answer = Answer(code, {"order_name": name_on_order, "enrolled_name": str(own[0])})
        asked = {"name": name_on_order}
        inquiry.keep(CheckKind.IDENTITY, REGISTER, answer, asked=asked)


def _license_states(prescriber: Prescriber, patient_state: str, policy: Policy) -> tuple[str, ...]:
    states = [prescriber.practice_state]
    if policy.license_in_patient_state:
        states.append(patient_state)
    return tuple(dict.fromkeys(states))


def _ask_license(
    inquiry: Inquiry,
    state: str,
    names: Iterable[PersonName],
    provider: Provider | None,
) -> None:
    policy = inquiry.policy
    source = f"import:licenses:{state}"
    file = queries.newest_import(inquiry.session, f"licenses:{state}")
    names = tuple(names)
    asked = asked_of(file, state=state, names=sorted({str(name) for name in names}))
    asked["day"] = inquiry.today.isoformat()
    if inquiry.known(CheckKind.LICENSE, source, asked):
        return
    valid_until = inquiry.in_days(policy.license_valid_days)
    if not state:
        answer = Answer("license-state-unknown")
    elif file is None:
        answer = Answer("license-file-missing", {"state": state})
    elif inquiry.is_too_old(file, policy.registry_file_max_age_days):
        answer = Answer("license-file-too-old", {"state": state, "file_date": str(file.file_date)})
    else:
        claimed = provider.taxonomies if provider else ()
        numbers = {one.license for one in claimed if one.state == state}
        holder = licenses.Holder(npi=inquiry.npi, names=names, numbers=numbers)
        rows = queries.licenses(inquiry.session, state, inquiry.npi, search_keys(*names))
        answer = licenses.decide([license_of(row) for row in rows], holder, day=inquiry.today)
        ends = [valid_until, inquiry.end_of_file(file, policy.registry_file_max_age_days)]
        if expires_on := answer.facts.get("expires_on"):
            ends.append(inquiry.end_of(date.fromisoformat(expires_on)))
        valid_until = min(ends)
    inquiry.keep(CheckKind.LICENSE, source, answer, asked=asked, valid_until=valid_until)


def _ask_exclusion(
    inquiry: Inquiry,
    prescriber: Prescriber,
    names: Iterable[PersonName],
    row: RegistryProvider | None,
) -> None:
    policy = inquiry.policy
    file = queries.newest_import(inquiry.session, "leie")
    names = tuple(names)
    states = {prescriber.practice_state, row.practice_state if row else ""} - {""}
    asked = asked_of(file, names=sorted({str(name) for name in names}), states=sorted(states))
    if inquiry.known(CheckKind.EXCLUSION, LEIE_FILE, asked):
        return
    valid_until = inquiry.in_days(policy.exclusion_valid_days)
    if file is None:
        answer = Answer("exclusion-list-missing")
    elif inquiry.is_too_old(file, policy.exclusion_file_max_age_days):
        answer = Answer("exclusion-list-too-old", {"file_date": file.file_date.isoformat()})
    else:
        person = exclusions.Person(
            npi=inquiry.npi,
            names=names,
            birth_date=prescriber.birth_date,
            states=frozenset(states),
        )
        listed = queries.exclusions(inquiry.session, inquiry.npi, search_keys(*names))
        answer = exclusions.decide([exclusion_of(one) for one in listed], person, day=inquiry.today)
        end = inquiry.end_of_file(file, policy.exclusion_file_max_age_days)
        valid_until = min(valid_until, end)
    inquiry.keep(CheckKind.EXCLUSION, LEIE_FILE, answer, asked=asked, valid_until=valid_until)


def _ask_key(inquiry: Inquiry, kid: str, received_at: datetime) -> None:
    """A routine end of a key leaves what arrived before it; a compromise reaches back."""
    row = queries.key(inquiry.session, kid)
    if row is None:
        answer = Answer("key-unknown", {"kid": kid})
    elif row.npi != inquiry.npi:
        answer = Answer("key-not-theirs", {"kid": kid})
    elif row.compromised_since is not None and row.compromised_since <= received_at:
        answer = Answer("key-compromised", {"kid": kid})
    else:
        state = state_at(
            received_at,
            not_before=row.not_before,
            not_after=row.not_after,
            revoked_at=row.revoked_at,
        )
        good = state is KeyState.ACTIVE
        answer = Answer("key-good" if good else "key-not-valid", {"kid": kid, "state": state})
    inquiry.keep(
        CheckKind.KEY,
        REGISTER,
        answer,
        asked={"kid": kid, "received_at": received_at.isoformat()},
        valid_until=inquiry.in_days(1),
    )
