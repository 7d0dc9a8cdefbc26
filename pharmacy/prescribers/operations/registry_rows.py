"""Rows of the imported registries as the values that rules decide on."""

from pharmacy.prescribers.models import RegistryExclusion, RegistryLicense, RegistryProvider
from pharmacy.prescribers.rules.exclusions import Exclusion
from pharmacy.prescribers.rules.identity import Provider, Taxonomy
from pharmacy.prescribers.rules.licenses import License
from pharmacy.prescribers.rules.names import PersonName


def provider_of(row: RegistryProvider) -> Provider:
    """Return what NPPES says of an NPI."""
    names = [PersonName(family=row.family, given=row.given)]
    if row.other_family:
        names.append(PersonName(family=row.other_family, given=row.other_given or row.given))
    return Provider(
        npi=row.npi,
        entity_type=row.entity_type,
        names=tuple(names),
        taxonomies=tuple(
            Taxonomy(
                code=one["code"],
                is_primary=one["primary"],
                license=one["license"],
                state=one["state"],
            )
            for one in row.taxonomies
        ),
        practice_state=row.practice_state,
        deactivated_on=row.deactivated_on,
        reactivated_on=row.reactivated_on,
    )


def license_of(row: RegistryLicense) -> License:
    """Return a board's row."""
    return License(
        state=row.state,
        number=row.number,
        license_type=row.license_type,
        npi=row.npi,
        name=PersonName(family=row.family, given=row.given),
        status=row.status_raw,
        issued_on=row.issued_on,
        expires_on=row.expires_on,
        is_disciplined=row.disciplined,
    )


def exclusion_of(row: RegistryExclusion) -> Exclusion:
    """Return a row of the exclusion list."""
    return Exclusion(
        name=PersonName(family=row.family, given=row.given),
        npi=row.npi,
        birth_date=row.birth_date,
        state=row.state,
        excluded_on=row.excluded_on,
        exclusion_type=row.exclusion_type,
        reinstated_on=row.reinstated_on,
        waiver_on=row.waiver_on,
        waiver_state=row.waiver_state,
    )
