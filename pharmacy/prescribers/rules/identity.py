"""Whether an NPI belongs to the person who ordered, and whether that person is a physician."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from pharmacy.prescribers.rules.answers import Answer
from pharmacy.prescribers.rules.names import Likeness, PersonName, best_likeness


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """What a provider says their work is."""

    code: str
    is_primary: bool = False
    license: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What a registry says of an NPI."""

    npi: str
    entity_type: str
    """`1` a person, `2` an organisation, empty where a deactivated row says nothing."""
    names: tuple[PersonName, ...]
    taxonomies: tuple[Taxonomy, ...] = ()
    practice_state: str = ""
    deactivated_on: date | None = None
    reactivated_on: date | None = None
    is_active: bool = True
    """What the registry's own status says, where it has one."""

    def is_active_on(self, day: date) -> bool:
        """Say whether the NPI stands: never deactivated yet, or reactivated since."""
        if not self.is_active:
            return False
        if self.deactivated_on is None or self.deactivated_on > day:
            return True
        return self.reactivated_on is not None and self.deactivated_on <= self.reactivated_on <= day


@dataclass(frozen=True, slots=True)
class Physicians:
    """Which taxonomies may prescribe here."""

    prefixes: tuple[str, ...]
    held: tuple[str, ...] = ()
    """Codes about which a person decides, such as residents."""

    def allow(self, taxonomy: Taxonomy) -> bool:
        return taxonomy.code.startswith(self.prefixes) and taxonomy.code not in self.held


def decide(
    provider: Provider | None, *, enrolled: PersonName, physicians: Physicians, day: date
) -> Answer:
    """Return what a registry's row means. Source: domain.md 3.10."""
    if provider is None:
        return Answer("identity-not-found")
    if provider.entity_type == "2":
        return Answer("identity-organisation")
    if not provider.is_active_on(day):
        return Answer("identity-deactivated")
    if provider.entity_type != "1":
        return Answer("identity-type-unknown")
    alike = best_likeness(enrolled, provider.names)
    if alike is not Likeness.SAME:
        code = "identity-name-close" if alike is Likeness.CLOSE else "identity-name-differs"
        return Answer(code, {"registry_name": str(provider.names[0]) if provider.names else ""})
    return decide_taxonomy(provider.taxonomies, physicians)


def decide_taxonomy(taxonomies: Sequence[Taxonomy], physicians: Physicians) -> Answer:
    """Return whether the main taxonomy is a physician's; what is unclear is for a person."""
    facts = {"taxonomies": [taxonomy.code for taxonomy in taxonomies]}
    if not taxonomies:
        return Answer("taxonomy-missing", facts)
    main = [taxonomy for taxonomy in taxonomies if taxonomy.is_primary] or list(taxonomies)
    if all(physicians.allow(taxonomy) for taxonomy in main):
        return Answer("identity-verified", facts)
    if any(taxonomy.code in physicians.held for taxonomy in main):
        return Answer("taxonomy-needs-person", facts)
    if any(physicians.allow(taxonomy) for taxonomy in taxonomies):
        return Answer("taxonomy-mixed", facts)
    return Answer("taxonomy-not-allowed", facts)


class RecordUnreadable(ValueError):
    """The service's answer is not of the form that its documentation gives."""


def provider_of_api(record: Mapping[str, Any]) -> Provider:
    """
    Read one result of the NPPES API, version 2.1.

    Raises RecordUnreadable where a part that decides is missing or of another kind.

    Source: recorded answers of the API; domain.md 3.10.
    """
    basic = record.get("basic")
    kind = record.get("enumeration_type")
    if not isinstance(basic, dict) or kind not in {"NPI-1", "NPI-2"}:
        raise RecordUnreadable("no basic part or no enumeration type")
    others = _list_of_objects(record, "other_names")
    names = (_api_name(basic), *(_api_name(other) for other in others))
    locations = [
        address
        for address in _list_of_objects(record, "addresses")
        if address.get("address_purpose") == "LOCATION"
    ]
    return Provider(
        npi=str(record.get("number", "")),
        entity_type="1" if kind == "NPI-1" else "2",
        names=tuple(name for name in names if name.family),
        taxonomies=tuple(_api_taxonomy(entry) for entry in _list_of_objects(record, "taxonomies")),
        practice_state=str(locations[0].get("state", "")) if locations else "",
        is_active=basic.get("status") == "A",
    )


def _api_name(part: Mapping[str, Any]) -> PersonName:
    def said(*members: str) -> str:
        texts = (str(part.get(member) or "") for member in members)
        return " ".join(text for text in texts if text.strip("- "))

    return PersonName(
        family=said("last_name", "name_suffix"), given=said("first_name", "middle_name")
    )


def _api_taxonomy(entry: Mapping[str, Any]) -> Taxonomy:
    return Taxonomy(
        code=str(entry.get("code") or ""),
        is_primary=entry.get("primary") in {True, "true", "Y"},
        license=str(entry.get("license") or ""),
        state=str(entry.get("state") or ""),
    )


def _list_of_objects(record: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    entries = record.get(name) or []
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise RecordUnreadable(f"{name} is no list of objects")
    return entries
