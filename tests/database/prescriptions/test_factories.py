"""The factories give what intake gives."""

from tests.factories.prescriptions import make_maintenance, make_prescription


def test_a_made_maintenance_continues_a_made_titration(session):
    titration = make_prescription(session)
    maintenance = make_maintenance(session, follows=titration)

    assert maintenance.follows_id == titration.id
    assert maintenance.patient_id == titration.patient_id
    assert maintenance.evidence_id == titration.evidence_id
