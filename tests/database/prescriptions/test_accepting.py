"""Taking a signed prescription in, with a real register and real constraints."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from pharmacy.kernel.ids import new_id
from pharmacy.patients.models import Patient
from pharmacy.practice.rules import Policy
from pharmacy.prescriptions import queries
from pharmacy.prescriptions.models import Evidence, Prescription, Verification
from pharmacy.prescriptions.operations import accept, verify_again
from pharmacy.prescriptions.rules.binding import IdentifierReused, NotSignedNow
from pharmacy.prescriptions.rules.kinds import PrescriptionKind
from pharmacy.staff.rules import Actor, Role
from tests.conftest import NOW
from tests.factories.bundles import (
    PHARMACY_NPI,
    fresh_bundle,
    maintenance,
    resource,
    sample_bundle,
    signed,
    titration,
    titration_alone,
)
from tests.factories.prescribers import JORDAN, make_key
from tests.statements import statements

CLINIC = Actor(new_id(), "client", frozenset({Role.EHR_CLIENT}), frozenset({JORDAN}))


@pytest.fixture
def key(session):
    return make_key(session)


def take(session, token, *, by=CLINIC, now=NOW, policy=None):
    return accept(
        session,
        token,
        by=by,
        source_address="192.0.2.7",
        site_npi=PHARMACY_NPI,
        policy=policy or Policy(),
        now=now,
    )


def stored(session, accepted):
    """Return evidence, verification and prescriptions as the database has them."""
    session.expire_all()
    evidence = queries.evidence(session, accepted.evidence.id)
    (verification,) = queries.verifications(session, evidence.id)
    return evidence, verification, queries.of_evidence(session, evidence.id)


def test_what_was_signed_is_kept_with_its_proof(session, key):
    token = signed(sample_bundle(), key)
    accepted = take(session, token)
    evidence, verification, (first, second) = stored(session, accepted)

    assert bytes(evidence.jws) == token
    assert evidence.client_id == CLINIC.id
    assert (verification.kid, verification.alg) == (key.kid, "Ed25519")
    assert verification.key["jwk"] == key.row.public_jwk
    assert {check["result"] for check in verification.checks} == {"passed"}
    assert (first.kind, second.kind) == (PrescriptionKind.TITRATION, PrescriptionKind.MAINTENANCE)
    assert (first.follows_id, second.follows_id) == (None, first.id)
    assert (first.authorised_fills, second.authorised_fills) == (1, 2)
    assert [step["dose_ug"] for step in first.regimen["steps"]] == [1500, 3000, 4500]
    assert first.facts["patient"]["address_lines"] == ["100 Example Street", "Houston, TX 77002"]
    assert first.facts["payload_sha256"] == evidence.payload_sha256.hex()
    assert queries.following(session, first.id) is second


def test_what_is_returned_is_what_is_stored(session, key):
    accepted = take(session, signed(sample_bundle(), key))
    _, _, rows = stored(session, accepted)

    columns = [column.name for column in Prescription.__table__.columns]
    for made, row in zip(accepted.prescriptions, rows, strict=True):
        assert {name: getattr(made, name) for name in columns} == {
            name: getattr(row, name) for name in columns
        }


def test_intake_is_a_handful_of_statements(session, key):
    """Key, evidence, patient with its audit entry, then everything else in one statement."""
    session.expunge_all()
    with statements(session) as sent:
        take(session, signed(sample_bundle(), key))

    assert len(sent) == 5, sent


def test_the_same_bytes_again_change_nothing(session, key):
    token = signed(sample_bundle(), key)
    first, again = take(session, token), take(session, token)

    assert (first.replayed, again.replayed) == (False, True)
    assert [row.id for row in first.prescriptions] == [row.id for row in again.prescriptions]
    for table in (Evidence, Verification, Patient):
        assert session.scalar(select(func.count()).select_from(table)) == 1


def test_the_same_bytes_are_known_even_when_they_come_too_late(session, key):
    token = signed(sample_bundle(), key)
    first = take(session, token)

    assert take(session, token, now=NOW + timedelta(days=5)).evidence.id == first.evidence.id
    with pytest.raises(NotSignedNow):
        take(session, signed(fresh_bundle(), key), now=NOW + timedelta(days=5))


def test_a_set_identifier_means_one_set_of_bytes(session, key):
    take(session, signed(sample_bundle(), key))
    with pytest.raises(IdentifierReused):
        take(session, signed(sample_bundle(titration_alone), key))


def test_a_request_identifier_means_one_request(session, key):
    take(session, signed(sample_bundle(), key))

    def same_request(bundle):
        maintenance(bundle)["identifier"][0]["value"] = "RX-2026-000123-1"

    with pytest.raises(IdentifierReused):
        take(session, signed(fresh_bundle(same_request), key))


def test_identifiers_are_a_prescribers_own(session, key):
    """Two clinics may count alike."""
    take(session, signed(sample_bundle(), key))
    other = make_key(session, "1999999992")

    def elsewhere(bundle):
        resource(bundle, "Practitioner")["identifier"][0]["value"] = "1999999992"

    both = Actor(new_id(), "client", CLINIC.roles, frozenset({JORDAN, "1999999992"}))
    assert not take(session, signed(sample_bundle(elsewhere), other), by=both).replayed


def test_disagreements_are_kept_with_the_prescription(session, key):
    def two_ways(bundle):
        titration(bundle)["dosageInstruction"][0]["text"] = "Take 3 mg at bedtime for 28 days."

    accepted = take(session, signed(sample_bundle(two_ways), key))

    assert accepted.disagreements == (
        {
            "code": "text-dose-differs",
            "words": "The words say 3 mg, the structure 1.5 mg.",
            "step": 1,
        },
    )
    assert stored(session, accepted)[2][0].disagreements == list(accepted.disagreements)


def test_another_name_under_a_known_identifier_is_a_disagreement(session, key):
    take(session, signed(sample_bundle(), key))

    def renamed(bundle):
        resource(bundle, "Patient")["name"][0]["family"] = "Elsewhere"
        resource(bundle, "Patient")["identifier"][0]["value"] = "MRN-TEST-0042"

    accepted = take(session, signed(fresh_bundle(renamed), key))

    assert [each["code"] for each in accepted.disagreements] == ["patient-details-differ"]
    assert accepted.prescriptions[0].facts["patient"]["name"] == "Avery M Elsewhere"


@pytest.mark.parametrize("table", ["evidence", "verifications"])
def test_evidence_is_never_changed(session, key, table):
    take(session, signed(sample_bundle(), key))
    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(text(f"delete from {table}"))


def test_the_decision_comes_out_again_from_the_evidence_alone(session, key):
    accepted = take(session, signed(sample_bundle(), key))
    evidence, verification, rows = stored(session, accepted)
    key.row.revoked_at, key.row.revocation = NOW, "routine"  # what happened later does not count

    again = verify_again(evidence, verification, rows)

    assert (again.decision, again.holds) == ("accepted", True)


def test_the_decision_comes_out_again_where_storing_added_a_disagreement(session, key):
    take(session, signed(sample_bundle(), key))

    def renamed(bundle):
        resource(bundle, "Patient")["name"][0]["family"] = "Elsewhere"
        resource(bundle, "Patient")["identifier"][0]["value"] = "MRN-TEST-0042"

    accepted = take(session, signed(fresh_bundle(renamed), key))

    assert verify_again(*stored(session, accepted)).holds


def test_changed_evidence_is_found_out(session, key):
    accepted = take(session, signed(sample_bundle(), key))
    evidence, verification, rows = stored(session, accepted)
    session.expunge_all()
    evidence.jws = bytes(evidence.jws).replace(b".ey", b".fy")

    again = verify_again(evidence, verification, rows)

    assert again.decision == "RX-SIG-003"
    assert [each.what for each in again.differences] == ["jws_sha256", "decision"]


def test_a_changed_prescription_is_found_out(session, key):
    accepted = take(session, signed(sample_bundle(), key))
    evidence, verification, rows = stored(session, accepted)
    session.expunge_all()
    rows[0].authorised_fills = 12

    again = verify_again(evidence, verification, rows)

    assert [(each.what, each.stored, each.found) for each in again.differences] == [
        ("prescription RX-2026-000123-1 authorised_fills", "12", "1")
    ]


def test_a_decision_follows_the_policies_of_its_time(session, key):
    going_on = Policy(continue_final=True)

    def repeated(bundle):
        request = titration(bundle)
        request["dispenseRequest"]["numberOfRepeatsAllowed"] = 1
        request["dosageInstruction"][2]["text"] += " Continue thereafter."

    accepted = take(session, signed(sample_bundle(repeated), key), policy=going_on)

    assert accepted.disagreements == ()
    assert verify_again(*stored(session, accepted)).holds
