"""Asking the imported registry, and the service where there is one, who has an NPI."""

from collections.abc import Sequence
from typing import Any, Final, Protocol

from pharmacy.infra.lookups import Outcome, Reply
from pharmacy.prescribers import queries
from pharmacy.prescribers.models import CheckKind, CheckOutcome
from pharmacy.prescribers.operations.inquiry import Inquiry, asked_of
from pharmacy.prescribers.operations.registry_rows import provider_of
from pharmacy.prescribers.rules import identity
from pharmacy.prescribers.rules.answers import Answer, Meaning
from pharmacy.prescribers.rules.names import PersonName

NPPES_FILE: Final = "import:nppes"
NPPES_API: Final = "nppes-api"
SOURCE_MISSING: Final = frozenset({"identity-file-missing", "identity-file-too-old"})
"""Answers that another source of identity may outweigh."""
TOO_OLD: Final = "identity-answer-too-old"
GOOD: Final = frozenset({CheckOutcome.VERIFIED})
SAID: Final = frozenset({CheckOutcome.VERIFIED, CheckOutcome.FAILED, CheckOutcome.UNDECIDED})
"""What a source said. Silence takes nothing of it back."""


class IdentityService(Protocol):
    """Something that can be asked about an NPI; `infra.nppes.NppesApi` is one."""

    def look_up(self, npi: str) -> Reply: ...


def ask_identity(
    inquiry: Inquiry, own: Sequence[PersonName], nppes: IdentityService | None
) -> None:
    """
    Ask the imported file, and the service.

    Where no service is at hand, as at a release, which waits for no network, what it answered last
    counts: verified, while it is fresh; an objection, while nothing newer took it back.

    Args:
        own: The name in the register first, then the former ones.
    """
    file_answer = _ask_identity_file(inquiry, own)
    api_answer = (
        _ask_identity_service(inquiry, own, nppes)
        if nppes is not None
        else _what_the_service_said(inquiry, own)
    )
    if file_answer is None:
        return
    if file_answer.code not in SOURCE_MISSING or api_answer is None:
        inquiry.hold(file_answer)
    elif api_answer.meaning is not Meaning.VERIFIED:
        inquiry.hold(api_answer if api_answer.code == TOO_OLD else file_answer)


def _ask_identity_file(inquiry: Inquiry, own: Sequence[PersonName]) -> Answer | None:
    """Ask the imported registry. Returns the answer where it is not verified."""
    policy = inquiry.policy
    file = queries.newest_import(inquiry.session, "nppes")
    asked = asked_of(file, **_question(inquiry, own))
    if inquiry.known(CheckKind.IDENTITY, NPPES_FILE, asked):
        return None
    valid_until = inquiry.in_days(policy.identity_valid_days)
    if file is None:
        answer = Answer("identity-file-missing")
    elif inquiry.is_too_old(file, policy.registry_file_max_age_days):
        answer = Answer("identity-file-too-old", {"file_date": file.file_date.isoformat()})
    else:
        row = queries.provider(inquiry.session, inquiry.npi)
        answer = _decide_identity(inquiry, provider_of(row) if row else None, own)
        end = inquiry.end_of_file(file, policy.registry_file_max_age_days)
        valid_until = min(valid_until, end)
    inquiry.keep(
        CheckKind.IDENTITY, NPPES_FILE, answer, asked=asked, valid_until=valid_until, holds=False
    )
    return None if answer.meaning is Meaning.VERIFIED else answer


def _ask_identity_service(
    inquiry: Inquiry, own: Sequence[PersonName], nppes: IdentityService
) -> Answer:
    """Ask the service. Its silence is outlasted only by its own earlier answer."""
    asked = _asked_of_service(inquiry, own)
    if inquiry.known(CheckKind.IDENTITY, NPPES_API, asked):
        return Answer("identity-verified")
    reply = nppes.look_up(inquiry.npi)
    answer = _answer_of(inquiry, reply, own)
    earlier = queries.latest_check(
        inquiry.session, inquiry.npi, CheckKind.IDENTITY, source=NPPES_API, outcomes=GOOD
    )
    outlasted = (
        answer.meaning is Meaning.ERROR
        and earlier is not None
        and earlier.valid_until > inquiry.now
        and earlier.facts["asked"] == asked
    )
    inquiry.keep(
        CheckKind.IDENTITY,
        NPPES_API,
        answer,
        asked=asked,
        valid_until=inquiry.in_days(inquiry.policy.identity_valid_days),
        sha256=reply.sha256,
        holds=not outlasted,
    )
    return Answer("identity-verified") if outlasted else answer


def _what_the_service_said(inquiry: Inquiry, own: Sequence[PersonName]) -> Answer | None:
    """
    Return what the service answered last, None where it never did.

    An objection to the same question holds for as long as a good answer would have counted.
    """
    said = queries.latest_check(
        inquiry.session, inquiry.npi, CheckKind.IDENTITY, source=NPPES_API, outcomes=SAID
    )
    if said is None:
        return None
    counts_from = inquiry.in_days(-inquiry.policy.identity_valid_days)
    asked = _asked_of_service(inquiry, own)
    if said.outcome is not CheckOutcome.VERIFIED:
        if said.facts["asked"] != asked or said.answered_at <= counts_from:
            return None
        answer = Answer(said.code, said.facts["answer"])
        inquiry.take_over(said)
        inquiry.hold(answer)
        return answer
    if not inquiry.is_fresh(said, asked):
        return Answer(TOO_OLD, {"answered_at": said.answered_at.isoformat()})
    inquiry.take_over(said)
    return Answer(said.code)


def _asked_of_service(inquiry: Inquiry, own: Sequence[PersonName]) -> dict[str, Any]:
    return asked_of(None, **_question(inquiry, own))


def _question(inquiry: Inquiry, own: Sequence[PersonName]) -> dict[str, Any]:
    """Another name, or another former one, makes it another question."""
    current, *former = map(str, own)
    also = {"former": former} if former else {}
    return {"name": current, "prefixes": list(inquiry.policy.taxonomy_prefixes), **also}


def _answer_of(inquiry: Inquiry, reply: Reply, own: Sequence[PersonName]) -> Answer:
    if reply.outcome is Outcome.ERROR:
        return Answer("identity-source-failed", {"reason": reply.reason})
    if reply.outcome is Outcome.UNKNOWN:
        return Answer("identity-not-found")
    try:
        provider = identity.provider_of_api(reply.record)
    except identity.RecordUnreadable as unreadable:
        return Answer("identity-source-failed", {"reason": str(unreadable)})
    return _decide_identity(inquiry, provider, own)


def _decide_identity(
    inquiry: Inquiry, provider: identity.Provider | None, own: Sequence[PersonName]
) -> Answer:
    policy = inquiry.policy
    physicians = identity.Physicians(policy.taxonomy_prefixes, policy.taxonomy_holds)
    answers = [
        identity.decide(provider, enrolled=name, physicians=physicians, day=inquiry.today)
        for name in own
    ]
    return next((each for each in answers if each.meaning is Meaning.VERIFIED), answers[0])
