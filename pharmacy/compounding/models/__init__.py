"""Tables of the compounding record."""

from pharmacy.compounding.models.batch import (
    Balance,
    Batch,
    BatchActiveLot,
    BatchEvent,
    BatchTest,
    CapsuleWeight,
    Captured,
    Investigation,
    Item,
    Need,
    Outcome,
    Protocol,
    Weighing,
    WeightKind,
)
from pharmacy.compounding.models.laboratory import LabSample, SampleCause, SampleKind
from pharmacy.compounding.models.preparation import BatchCall, BatchPhoto, BatchStep, StepCheck

__all__ = [
    "Balance",
    "Batch",
    "BatchActiveLot",
    "BatchCall",
    "BatchEvent",
    "BatchPhoto",
    "BatchStep",
    "BatchTest",
    "CapsuleWeight",
    "Captured",
    "Investigation",
    "Item",
    "LabSample",
    "Need",
    "Outcome",
    "Protocol",
    "SampleCause",
    "SampleKind",
    "StepCheck",
    "Weighing",
    "WeightKind",
]
