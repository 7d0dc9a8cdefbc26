"""Capsules at a laboratory: sent out of the stock, judged, and stopping what fails."""

import hashlib
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from pharmacy.compounding import operations, queries
from pharmacy.compounding.models import Batch, LabSample, SampleCause, SampleKind
from pharmacy.compounding.operations.sampling import ResultKnown
from pharmacy.compounding.rules.laboratory import ContentsWrong, SampleTooFew
from pharmacy.compounding.rules.life import BatchStatus
from pharmacy.inventory.models import CapsuleLot, LotStatus
from pharmacy.inventory.rules.lots import CertificateInvalid
from tests.conftest import NOW
from tests.factories.compounding import Laboratory

DOCUMENT = b"%PDF-1.4 what the laboratory found"
CONTENTS = ("98.2", "101.5", "97.4", "103.1", "99.0", "100.4", "96.8", "102.2", "98.9", "100.1")
"""Ten contents near the label, in per cent."""


def sent(laboratory: Laboratory, batch: Batch, **changes: Any) -> LabSample:
    values: dict[str, Any] = {
        "kind": SampleKind.ASSAY,
        "cause": SampleCause.NEW_FORMULATION,
        "capsules": 10,
        "laboratory": "Example Analytics",
        "by": laboratory.pharmacist,
        "now": NOW,
    }
    return operations.send_sample(laboratory.session, batch.id, **values | changes)


def answered(laboratory: Laboratory, sample: LabSample, *contents: Any, **changes: Any) -> Any:
    values = {"document": DOCUMENT, "by": laboratory.pharmacist, "now": NOW} | changes
    return operations.record_result(
        laboratory.session, sample.id, contents=[Decimal(each) for each in contents], **values
    )


def test_what_is_sent_leaves_the_lot(laboratory: Laboratory) -> None:
    batch = laboratory.released()
    lot = laboratory.session.get_one(CapsuleLot, batch.capsule_lot_id)
    before = lot.on_hand

    sample = sent(laboratory, batch)
    answered(laboratory, sample, "99.4")

    assert lot.on_hand == before - 10
    assert (sample.verdict, sample.document_sha256) == (
        "passed",
        hashlib.sha256(DOCUMENT).digest(),
    )
    assert batch.status is BatchStatus.RELEASED


def test_a_short_assay_stops_the_lot_of_its_blend(laboratory: Laboratory) -> None:
    """domain.md 2.10: 90.0 to 110.0 per cent of the label."""
    batch = laboratory.released()

    sample = answered(laboratory, sent(laboratory, batch), "89.9")

    lot = laboratory.session.get_one(CapsuleLot, batch.capsule_lot_id)
    assert (sample.verdict, batch.status) == ("failed", BatchStatus.QUARANTINED)
    assert lot.status is LotStatus.QUARANTINED
    opened = queries.open_investigation(laboratory.session, batch.id)
    assert opened is not None
    assert opened.code == "laboratory-failed"


def test_uniformity_is_judged_by_its_acceptance_value(laboratory: Laboratory) -> None:
    """
    USP <905>: mean 99.76, s 2.075, so M is the mean and AV = 2.4 s = 4.98, at most 15.
    """
    batch = laboratory.released()
    sample = sent(laboratory, batch, kind=SampleKind.UNIFORMITY, capsules=30)

    answered(laboratory, sample, *CONTENTS)

    assert sample.result is not None
    assert sample.verdict == "passed"
    assert Decimal(sample.result["value"]).quantize(Decimal("0.01")) == Decimal("4.98")


def test_figures_document_and_number_are_those_of_the_test(laboratory: Laboratory) -> None:
    batch = laboratory.released()
    with pytest.raises(SampleTooFew):
        sent(laboratory, batch, kind=SampleKind.UNIFORMITY, capsules=29)
    sample = sent(laboratory, batch)
    with pytest.raises(ContentsWrong):
        answered(laboratory, sample, "99", "100")
    with pytest.raises(CertificateInvalid):
        answered(laboratory, sample, "99", document=b"all is well")
    answered(laboratory, sample, "99")
    with pytest.raises(ResultKnown):
        answered(laboratory, sample, "101")


def test_the_database_too_keeps_a_result_as_it_was_written(laboratory: Laboratory) -> None:
    answered(laboratory, sent(laboratory, laboratory.released()), "99")

    with pytest.raises(IntegrityError, match="not rewritten"):
        laboratory.session.execute(update(LabSample).values(verdict="failed"))


def test_the_policy_says_what_is_due(laboratory: Laboratory) -> None:
    """domain.md 2.10: each new version, each new operator, then every quarter."""
    batch = laboratory.released()
    today = date(2026, 3, 2)
    due = queries.samples_due(laboratory.session, on=today)
    assert [each.cause for each in due] == [SampleCause.NEW_FORMULATION, SampleCause.NEW_OPERATOR]

    answered(laboratory, sent(laboratory, batch), "99")

    assert queries.samples_due(laboratory.session, on=today) == []
    (quarterly,) = queries.samples_due(laboratory.session, on=date(2026, 6, 2))
    assert (quarterly.cause, quarterly.batch_number) == (SampleCause.QUARTERLY, batch.number)
