"""Public identifiers of whatever the audit trail speaks of, and back."""

from typing import Final
from uuid import UUID

from pharmacy.kernel import ids
from pharmacy.kernel.refusals import NotFound

PREFIXES: Final = {
    "account": "acc",
    "clarification": "clr",
    "capsule-lot": "lot",
    "container": "ctr",
    "ehr-client": "ehr",
    "evidence": "evd",
    "finding": "fnd",
    "hold": "hld",
    "ingredient-lot": "ing",
    "label": "lbl",
    "label-copy": "cpy",
    "lot": "lot",
    "order": "ord",
    "parcel": "par",
    "patient": "pat",
    "picture": "pic",
    "plan": "pln",
    "prescription": "rx",
    "printer": "prn",
    "refill": "rfl",
    "staff": "acc",
    "client": "ehr",
}
"""By subject or kind of actor. Others are shown as plain UUIDs."""


def public(kind: str, value: UUID | None) -> str | None:
    """Return the public identifier of a subject or an actor of some kind."""
    if value is None:
        return None
    return ids.encode(PREFIXES[kind], value) if kind in PREFIXES else str(value)


def private(text: str | None) -> UUID | None:
    """Return the UUID behind a public identifier of any kind. Raises NotFound."""
    if text is None:
        return None
    prefix = text.partition("_")[0]
    if prefix not in PREFIXES.values():  # a refusal names a prefix of ours, never what was sent
        raise NotFound("there is no identifier of this form")
    return ids.decode(prefix, text)
