"""Taking a signed prescription in, with a real register and real constraints."""

from pharmacy.kernel.ids import new_id
from pharmacy.practice.rules import Policy
from pharmacy.prescriptions.operations import accept
from pharmacy.staff.rules import Actor, Role
from tests.conftest import NOW
from tests.factories.bundles import PHARMACY_NPI, sample_bundle, signed
from tests.factories.prescribers import make_key


def test_x(session):
    key = make_key(session)
    by = Actor(new_id(), "client", frozenset({Role.EHR_CLIENT}), frozenset({"1234567893"}))
    a = accept(
        session,
        signed(sample_bundle(), key),
        by=by,
        source_address="::1",
        site_npi=PHARMACY_NPI,
        policy=Policy(),
        now=NOW,
    )
    print(a)
    b = accept(
        session,
        signed(sample_bundle(), key),
        by=by,
        source_address="::1",
        site_npi=PHARMACY_NPI,
        policy=Policy(),
        now=NOW,
    )
    assert b.replayed
    assert [p.id for p in b.prescriptions] == [p.id for p in a.prescriptions]
