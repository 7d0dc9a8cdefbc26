"""Every sentence that a prescriber signed, as it was received, with the place where it stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pharmacy.kernel import strict_json

SPOKEN: Final = frozenset({"text", "patientInstruction"})
"""Members that people write and people read; all others are codes and numbers."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One text out of the signed bytes, not a letter changed."""

    place: str
    """As in the prescription: `dosageInstruction[0].text`, `note[1].text`, `medication.text`."""
    text: str


def sentences(payload: bytes, *, system: str, value: str) -> tuple[Sentence, ...]:
    """
    Return what people wrote into one request of a signed set, in the order of the bytes.

    Args:
        payload: The signed bytes.
        system, value: The request's identifier. A set holds other requests too.

    Raises:
        JsonMalformed: The bytes are not the JSON that intake took.
    """
    bundle = strict_json.read(payload)
    entries = bundle.get("entry", []) if isinstance(bundle, dict) else []
    resources = {each.get("fullUrl"): each.get("resource", {}) for each in entries}
    request = next((each for each in resources.values() if _is(each, system, value)), None)
    if request is None:
        return ()
    medicine = resources.get(request.get("medicationReference", {}).get("reference"), {})
    told = [*_texts(medicine.get("code", {}), "medication"), *_texts(request, "")]
    return tuple(Sentence(place.lstrip("."), text) for place, text in told)


def _is(resource: dict[str, Any], system: str, value: str) -> bool:
    named = resource.get("identifier", [])
    return resource.get("resourceType") == "MedicationRequest" and any(
        (each.get("system"), each.get("value")) == (system, value) for each in named
    )


def _texts(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for at, each in enumerate(value):
            yield from _texts(each, f"{place}[{at}]")
    elif isinstance(value, dict):
        for name, each in value.items():
            if name in SPOKEN and isinstance(each, str):
                yield f"{place}.{name}", each
            else:
                yield from _texts(each, f"{place}.{name}")
