"""
What stands on one container label, as frozen text, and which of it must be there.

A label that lacks an element is not drawn: the refusal names the element and where it comes from.
The rules are rows, with the States that ask for them. The default (policy) prints all of them
everywhere, since a capsule may travel with its patient.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from pharmacy.kernel.refusals import Invalid


class ElementMissing(Invalid):
    """Something that must stand on the label is empty."""

    code = "label-element-missing"
    remedy = "Complete what the message names; the order's labels are then drawn again."


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerLabel:
    """Every text of one container label, in the words in which it is printed."""

    patient: str
    drug: str
    strength: str
    """With the dosage form, ISMP style: `1.5 mg capsule`."""
    directions: str
    dates: str
    """From when to when this container is taken: `Mon 5 Jan to Sun 1 Feb 2026`."""
    doses: str

    rx_number: str
    container_code: str
    """What the Data Matrix says; every container has its own."""
    step: str
    part: str
    filled_on: str
    quantity: str
    prescriber: str
    refills: str
    lot: str
    discard_after: str
    capsule: str
    """Colour and shape."""
    filler: str
    pharmacy: str
    address: tuple[str, ...]
    phone: str
    route: str
    storage: str
    compounded: str
    auxiliaries: tuple[str, ...]
    purpose: str = ""
    """Why it is taken, in the prescriber's words: the last of the patient's cluster."""
    reprint: str = ""
    """What a second copy says of itself; nothing on the first."""

    language: str = "en"
    also: str = ""
    """The directions in English, on a label in another language."""
    until: str = "to"
    """The word between two dates."""
    onward: str = "More on label 2 of 2."
    second: str = "Label 2 of 2 of this container"
    versions: str = ""
    """Which reviewed words it speaks: for the record, not printed."""
    faces: str = ""
    """Which font files stand in for what ours lack, with their digests: no others may draw it."""

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> Self:
        """Return the content that was stored beside a drawn label."""
        lists = {name: tuple(data[name]) for name in ("address", "auxiliaries")}
        return cls(**(dict(data) | lists))


@dataclass(frozen=True, slots=True)
class Element:
    """One thing that a law or a standard wants on the label."""

    fields: tuple[str, ...]
    words: str
    source: str
    states: frozenset[str] | None = None
    """Where it is law. None: everywhere."""


_CA: Final = frozenset({"CA"})
_NJ: Final = frozenset({"NJ"})

ELEMENTS: Final = (
    Element(("pharmacy", "address"), "name and address of the pharmacy", "21 USC 353(b)(2)"),
    Element(("rx_number",), "serial (Rx) number", "21 USC 353(b)(2)"),
    Element(("filled_on",), "date of filling", "21 USC 353(b)(2)"),
    Element(("prescriber",), "name of the prescriber", "21 USC 353(b)(2)"),
    Element(("patient",), "name of the patient", "21 USC 353(b)(2)"),
    Element(("directions",), "directions", "21 USC 353(b)(2)"),
    Element(("auxiliaries",), "cautionary statements", "21 USC 353(b)(2)"),
    Element(("drug", "strength"), "active ingredient, amount and dosage form", "USP <795>"),
    Element(("container_code", "lot"), "internal identification number", "USP <795>"),
    Element(("discard_after",), "beyond-use date", "USP <795>"),
    Element(("storage",), "storage conditions", "USP <795>"),
    Element(("route",), "route of administration", "USP <795>"),
    Element(("quantity",), "total amount", "Cal. HSC 111480", _CA),
    Element(("refills",), "until when the prescription is effective", "Cal. HSC 111480", _CA),
    Element(("capsule",), "physical description", "Cal. BPC 4076", _CA),
    Element(("phone",), "telephone number of the pharmacy", "N.J.A.C. 13:39-11A.13", _NJ),
    Element(("compounded",), "that it was compounded", "OAC 535:15-10-62", frozenset({"OK"})),
    Element(("dates", "doses", "step", "part"), "which step, from when to when", "domain.md 5.1"),
    Element(("filler",), "inactive ingredient", "domain.md 5.1"),
)
"""Source of the list: domain.md 3.6. USP <795> wording is *unconfirmed* there."""


def require_complete(label: ContainerLabel, *, states: frozenset[str] | None = None) -> None:
    """
    Make sure that nothing which must stand on a label is empty.

    Args:
        states: The States whose laws apply: the pharmacy's and the patient's. None (the default
            policy): every rule counts wherever the medicine goes.

    Raises:
        ElementMissing: Names the first element that is missing and the rule that wants it.
    """
    for element in ELEMENTS:
        if states is not None and element.states is not None and not element.states & states:
            continue
        for name in element.fields:
            if not _said(getattr(label, name)):
                raise ElementMissing(
                    f"the label lacks {element.words} ({element.source})",
                    element=name,
                    source=element.source,
                )


def _said(value: str | tuple[str, ...]) -> bool:
    texts = (value,) if isinstance(value, str) else value
    return bool(texts) and all(text.strip() for text in texts)
