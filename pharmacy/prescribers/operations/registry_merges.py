"""The SQL that takes a staged file over into the tables of the registries."""

from typing import Final

STAGING: Final[dict[str, dict[str, str]]] = {
    "nppes": {
        "taxonomies": "jsonb",
        "deactivated_on": "date",
        "reactivated_on": "date",
        "updated_on": "date",
    },
    "leie": {
        "birth_date": "date",
        "excluded_on": "date",
        "reinstated_on": "date",
        "waiver_on": "date",
    },
    "licenses": {"issued_on": "date", "expires_on": "date", "disciplined": "boolean"},
}
"""Types of staged columns that are not text."""

NPPES: Final = (
    """
    insert into registry_providers as known
        (npi, entity_type, family, given, other_family, other_given, credential, practice_state,
         taxonomies, deactivated_on, reactivated_on, import_id)
    select distinct on (npi)
        npi, entity_type, family, given, other_family, other_given, credential, practice_state,
        taxonomies, deactivated_on, reactivated_on, cast(:import_id as uuid)
    from registry_staging order by npi, line desc
    on conflict (npi) do update set
        entity_type = excluded.entity_type, family = excluded.family, given = excluded.given,
        other_family = excluded.other_family, other_given = excluded.other_given,
        credential = excluded.credential, practice_state = excluded.practice_state,
        taxonomies = excluded.taxonomies, deactivated_on = excluded.deactivated_on,
        reactivated_on = excluded.reactivated_on, import_id = excluded.import_id
    """,
)
"""A weekly file has the changed NPIs only, so that none is ever taken away. A deactivated NPI stays
in the file with its date."""

LEIE: Final = (
    "delete from registry_exclusions",
    """
    insert into registry_exclusions
        (family, given, family_key, business, npi, birth_date, state, exclusion_type, excluded_on,
         reinstated_on, waiver_on, waiver_state, import_id)
    select distinct
        family, given, family_key, business, npi, birth_date, state, exclusion_type, excluded_on,
        reinstated_on, waiver_on, waiver_state, cast(:import_id as uuid)
    from registry_staging
    """,
)
"""The list is published whole; who is missing from it was reinstated."""

LICENSE_STATES: Final = """
    select staged.state, staged.rows,
           (select count(*) from registry_licenses as known where known.state = staged.state)
    from (select state, count(*) as rows from registry_staging group by state) as staged
    order by staged.state
"""

LICENSES: Final = (
    "delete from registry_licenses where state = :state",
    """
    insert into registry_licenses
        (state, number, license_type, npi, family, given, family_key, status_raw, issued_on,
         expires_on, disciplined, import_id)
    select distinct on (number)
        state, number, license_type, npi, family, given, family_key,
        case when count(*) over same > 1
                  and (min(status_raw) over same <> max(status_raw) over same
                       or min(family_key) over same <> max(family_key) over same)
             then 'rows of this licence contradict each other' else status_raw end,
        issued_on, expires_on, bool_or(disciplined) over same, cast(:import_id as uuid)
    from registry_staging where state = :state
    window same as (partition by number)
    order by number, line desc
    """,
)
"""Two rows of one licence that contradict each other get a status that nobody knows: undecided."""

_OF: Final = {
    "nppes": (
        "registry_providers",
        "npi in (select npi from registry_staging)",
        ("npi",),
        (
            *("entity_type", "family", "given", "other_family", "other_given", "credential"),
            *("practice_state", "taxonomies", "deactivated_on", "reactivated_on"),
        ),
    ),
    "leie": (
        "registry_exclusions",
        "true",
        (
            *("family", "given", "business", "npi", "birth_date", "state", "exclusion_type"),
            "excluded_on",
        ),
        ("reinstated_on", "waiver_on", "waiver_state"),
    ),
    "licenses": (
        "registry_licenses",
        "state = :state",
        ("state", "number"),
        (
            *("license_type", "npi", "family", "given", "status_raw", "issued_on", "expires_on"),
            "disciplined",
        ),
    ),
}
"""Of each kind: its table, what of it a file speaks of, what makes a row the same, what changes."""


def _keep_before(kind: str) -> tuple[str, ...]:
    table, scope, same, other = _OF[kind]
    columns = ", ".join((*same, *other))
    return (
        "drop table if exists registry_before",
        f"""create temporary table registry_before on commit drop as
            select {columns} from {table} where {scope}""",  # noqa: S608 - names of ours alone
    )


def _count(kind: str) -> str:
    """Return the query of how many rows were added, changed and closed since the table was kept."""
    table, scope, same, other = _OF[kind]
    columns, keys = ", ".join((*same, *other)), ", ".join(same)
    closed = (
        """select count(*) from fresh where deactivated_on is not null and npi in
            (select npi from registry_before where deactivated_on is null)"""
        if kind == "nppes"
        else f"select count(*) from (select {keys} from gone except all select {keys} from fresh) c"  # noqa: S608
    )
    return f"""
    with here as (select {columns} from {table} where {scope}),
         fresh as (select * from here except all select * from registry_before),
         gone as (select * from registry_before except all select * from here)
    select
        (select count(*) from (select {keys} from fresh except all select {keys} from gone) a),
        (select count(*) from (select {keys} from fresh intersect all select {keys} from gone) b),
        ({closed})
    """  # noqa: S608 - as above


KEEP_BEFORE: Final = {kind: _keep_before(kind) for kind in _OF}
COUNT: Final = {kind: _count(kind) for kind in _OF}
