"""A prescriber is checked: what is not plainly good holds the order."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.infra.lookups import Outcome, Reply
from pharmacy.practice.rules import Policy
from pharmacy.prescribers.models import Prescriber, PrescriberCheck, PrescriberKey, Revocation
from pharmacy.prescribers.operations import Verdict, check
from pharmacy.prescribers.rules.answers import CODES
from tests.conftest import NOW
from tests.factories.practice import make_site
from tests.factories.prescribers import (
    JORDAN,
    KNOWN_TO_NPPES,
    NppesService,
    correct,
    make_exclusion,
    make_import,
    make_key,
    make_license,
    make_prescriber,
    make_provider,
    make_verifiable,
)

POLICY = Policy()
DAY = timedelta(days=1)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def site(session: Session) -> None:
    make_site(session)


BROKEN = Reply(Outcome.ERROR, "errors-with-200")


def make_known_to_the_service_alone(session: Session) -> Prescriber:
    """Enrol a physician where the provider registry was never imported."""
    prescriber = make_prescriber(session)
    make_license(session)
    make_import(session, "leie")
    return prescriber


def ask(session: Session, **changes: Any) -> Verdict:
    question: dict[str, Any] = {
        "npi": JORDAN,
        "name_on_order": "Jordan Testprescriber",
        "patient_state": "TX",
        "now": NOW,
        "policy": POLICY,
    }
    return check(session, **{**question, **changes})


def codes(verdict: Verdict) -> list[str]:
    return [hold.code for hold in verdict.holds]


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(PrescriberCheck)) or 0


def test_a_physician_of_whom_every_registry_says_good_passes_with_evidence(
    session: Session,
) -> None:
    make_verifiable(session)

    verdict = ask(session)

    assert verdict.ok
    assert [(row.kind.value, row.code) for row in verdict.checks] == [
        ("identity", "identity-verified"),
        ("license", "license-verified"),
        ("exclusion", "exclusion-none"),
    ]
    assert all(row.valid_until > NOW and len(row.answer_sha256) == 32 for row in verdict.checks)


def test_nothing_was_imported_so_nothing_passes(session: Session) -> None:
    make_prescriber(session)

    assert codes(ask(session)) == [
        "identity-file-missing",
        "license-file-missing",
        "exclusion-list-missing",
    ]


def test_a_wrong_check_digit_is_asked_nowhere(session: Session) -> None:
    service = NppesService(KNOWN_TO_NPPES)

    verdict = ask(session, npi="1234567890", nppes=service)

    assert codes(verdict) == ["npi-invalid"]
    assert service.asked == 0


def test_an_npi_that_is_not_enrolled_is_held(session: Session) -> None:
    assert codes(ask(session, npi="1999999984")) == ["prescriber-not-enrolled"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Jordan Testprescriber, MD", []),
        ("J Testprescriber", ["order-name-close"]),
        ("Casey Testprescriber", ["order-name-differs"]),
    ],
)
def test_the_order_must_name_whoever_was_enrolled(
    session: Session, name: str, expected: list[str]
) -> None:
    make_verifiable(session)

    assert codes(ask(session, name_on_order=name)) == expected


@pytest.mark.parametrize(
    ("age", "expected"),
    [(40, []), (41, ["identity-file-too-old", "license-file-too-old", "exclusion-list-too-old"])],
)
def test_files_count_for_forty_days(session: Session, age: int, expected: list[str]) -> None:
    make_prescriber(session)
    day = TODAY - age * DAY
    make_provider(session, file_date=day)
    make_license(session, file_date=day)
    make_import(session, "leie", on=day)

    assert codes(ask(session)) == expected


def test_a_licence_is_looked_for_in_the_state_of_practice(session: Session) -> None:
    make_prescriber(session, practice_state="CA")
    make_provider(session)
    make_license(session)
    make_import(session, "leie")

    assert codes(ask(session)) == ["license-file-missing"]


def test_the_policy_may_ask_in_the_patients_state_too(session: Session) -> None:
    make_verifiable(session)
    telehealth = Policy(license_in_patient_state=True)

    assert codes(ask(session, patient_state="OK", policy=telehealth)) == ["license-file-missing"]
    make_license(session, state="OK")
    assert ask(session, patient_state="OK", policy=telehealth).ok


def test_a_licence_ends_with_its_day_in_the_pharmacys_zone(session: Session) -> None:
    """23:30 in Houston on 2 March is 05:30 UTC on 3 March."""
    make_prescriber(session)
    make_provider(session)
    make_license(session, expires_on=date(2026, 3, 2))
    make_import(session, "leie")
    late = NOW.replace(day=3, hour=5, minute=30)

    verdict = ask(session, now=late)
    assert verdict.ok
    midnight = late.replace(hour=6, minute=0)
    assert verdict.checks[1].valid_until == midnight
    assert codes(ask(session, now=midnight)) == ["license-expired"]


def test_evidence_about_a_licence_never_outlives_it(session: Session) -> None:
    make_prescriber(session)
    make_provider(session)
    make_license(session, expires_on=date(2026, 3, 10))
    make_import(session, "leie")

    row = ask(session).checks[1]

    assert row.valid_until == NOW.replace(month=3, day=11, hour=5, minute=0), "CDT from 8 March"


def test_a_suspended_licence_is_found_by_the_number_that_nppes_lists(session: Session) -> None:
    make_prescriber(session)
    make_provider(session)
    make_license(session, None, number="T-0000", status_raw="Suspended")
    make_import(session, "leie")

    assert codes(ask(session)) == ["license-not-active"]


def test_an_excluded_namesake_in_the_state_is_for_a_human(session: Session) -> None:
    make_verifiable(session)
    make_exclusion(session)

    assert codes(ask(session)) == ["exclusion-possible"]


def test_a_known_birth_date_tells_an_excluded_namesake_apart(session: Session) -> None:
    make_prescriber(session, birth_date=date(1975, 1, 2))
    make_verifiable(session)
    make_exclusion(session, birth_date=date(1950, 3, 4))

    assert ask(session).ok


def test_the_same_question_to_the_same_file_is_answered_from_evidence(session: Session) -> None:
    make_verifiable(session)
    first = ask(session)

    again = ask(session, now=NOW + timedelta(hours=1))

    assert [row.id for row in again.checks] == [row.id for row in first.checks]
    assert count(session) == 3


def test_a_newer_file_is_asked_although_the_evidence_is_young(session: Session) -> None:
    make_verifiable(session)
    assert ask(session).ok
    make_exclusion(session, npi=JORDAN)

    assert codes(ask(session, now=NOW + timedelta(minutes=1))) == ["exclusion-listed"]


def test_after_a_day_everything_is_asked_again(session: Session) -> None:
    make_verifiable(session)
    ask(session)

    assert ask(session, now=NOW + DAY).ok
    assert count(session) == 6


def test_a_failed_answer_is_never_reused(session: Session) -> None:
    make_prescriber(session)
    ask(session)
    make_provider(session)
    make_license(session)
    make_import(session, "leie")

    assert ask(session).ok


def test_the_service_is_asked_besides_the_file(session: Session) -> None:
    make_verifiable(session)
    service = NppesService(KNOWN_TO_NPPES)

    verdict = ask(session, nppes=service)

    assert verdict.ok
    assert [row.source for row in verdict.checks][:2] == ["import:nppes", "nppes-api"]


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (BROKEN, "identity-source-failed"),
        (Reply(Outcome.ERROR, "timeout"), "identity-source-failed"),
        (Reply(Outcome.UNKNOWN), "identity-not-found"),
        (Reply(Outcome.FOUND, record={"number": JORDAN}), "identity-source-failed"),
        (
            Reply(Outcome.FOUND, record={**KNOWN_TO_NPPES.record, "enumeration_type": "NPI-2"}),
            "identity-organisation",
        ),
    ],
)
def test_a_service_that_fails_or_objects_holds_the_order(
    session: Session, reply: Reply, code: str
) -> None:
    make_verifiable(session)

    assert codes(ask(session, nppes=NppesService(reply))) == [code]


def test_the_service_alone_proves_identity(session: Session) -> None:
    make_known_to_the_service_alone(session)

    assert ask(session, nppes=NppesService(KNOWN_TO_NPPES)).ok


def test_a_service_down_is_outlasted_by_its_own_answer_within_policy(session: Session) -> None:
    make_verifiable(session)
    assert ask(session, nppes=NppesService(KNOWN_TO_NPPES)).ok

    within = ask(session, nppes=NppesService(BROKEN), now=NOW + 29 * DAY)
    beyond = ask(session, nppes=NppesService(BROKEN), now=NOW + 30 * DAY)

    assert within.ok
    assert [row.code for row in within.checks][1] == "identity-source-failed"
    assert codes(beyond) == ["identity-source-failed"]


def test_the_key_is_asked_about_again(session: Session) -> None:
    make_verifiable(session)
    key = make_key(session)
    asked: dict[str, Any] = {"kid": key.kid, "received_at": NOW}

    assert ask(session, **asked).ok
    key.row.revoked_at, key.row.revocation = NOW + DAY, Revocation.ROUTINE
    session.flush()
    assert ask(session, **asked, now=NOW + DAY).ok
    key.row.revocation, key.row.compromised_since = Revocation.COMPROMISED, NOW
    session.flush()
    assert codes(ask(session, **asked, now=NOW + DAY)) == ["key-compromised"]
    key.row.compromised_since = NOW + timedelta(seconds=1)
    session.flush()
    assert ask(session, **asked, now=NOW + DAY).ok


def test_a_key_of_nobody_or_of_somebody_else_is_held(session: Session) -> None:
    make_verifiable(session)
    other = make_key(session, "1999999984")

    assert codes(ask(session, kid="rxk_none", received_at=NOW)) == ["key-unknown"]
    assert codes(ask(session, kid=other.kid, received_at=NOW)) == ["key-not-theirs"]
    assert session.get(PrescriberKey, "rxk_none") is None


def test_what_the_service_verified_today_counts_where_it_is_not_at_hand(session: Session) -> None:
    make_known_to_the_service_alone(session)
    asked = ask(session, nppes=NppesService(KNOWN_TO_NPPES))

    again = ask(session, now=NOW + DAY - timedelta(minutes=1))

    assert again.ok
    assert asked.checks[1].source == "nppes-api"
    assert asked.checks[1] in again.checks, "the very answer is evidence again"


def test_yesterdays_answer_of_the_service_must_be_asked_for_again(session: Session) -> None:
    make_known_to_the_service_alone(session)
    ask(session, nppes=NppesService(KNOWN_TO_NPPES))

    late = ask(session, now=NOW + DAY)

    assert codes(late) == ["identity-answer-too-old"]
    assert ask(session, now=NOW + DAY, nppes=NppesService(KNOWN_TO_NPPES)).ok
    assert ask(session, now=NOW + DAY).ok


def test_a_service_that_fell_silent_takes_nothing_back(session: Session) -> None:
    make_known_to_the_service_alone(session)
    ask(session, nppes=NppesService(KNOWN_TO_NPPES))
    ask(session, nppes=NppesService(BROKEN), now=NOW + timedelta(hours=1))

    assert ask(session, now=NOW + timedelta(hours=2)).ok
    assert codes(ask(session, now=NOW + DAY)) == ["identity-answer-too-old"]


def test_a_good_answer_to_another_name_counts_no_more(session: Session) -> None:
    prescriber = make_known_to_the_service_alone(session)
    ask(session, nppes=NppesService(KNOWN_TO_NPPES))
    correct(session, prescriber, given="Casey")

    verdict = ask(session, name_on_order="Casey Testprescriber")

    assert "identity-answer-too-old" in codes(verdict)


def test_an_objection_of_the_service_outweighs_a_good_file(session: Session) -> None:
    make_verifiable(session)
    ask(session, nppes=NppesService(Reply(Outcome.UNKNOWN)))

    assert codes(ask(session, now=NOW + 29 * DAY)) == ["identity-not-found"]
    assert ask(session, now=NOW + 30 * DAY).ok, "it counts no longer than a good answer does"


def test_an_objection_is_over_when_the_service_takes_it_back(session: Session) -> None:
    make_verifiable(session)
    ask(session, nppes=NppesService(Reply(Outcome.UNKNOWN)))
    ask(session, nppes=NppesService(KNOWN_TO_NPPES), now=NOW + timedelta(hours=1))

    assert ask(session, now=NOW + timedelta(hours=2)).ok


def test_evidence_is_never_rewritten(session: Session) -> None:
    make_verifiable(session)
    ask(session)

    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(text("update prescriber_checks set outcome = 'verified'"))


def test_every_code_says_what_it_means_and_who_acts() -> None:
    assert all(known.words.endswith(".") or ":" in known.words for known in CODES.values())
    assert all((known.owner == "") == (known.meaning == "verified") for known in CODES.values())
